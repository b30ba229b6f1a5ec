"""Acceptors: what is compared, and whether a response or an error meets the condition."""

from __future__ import annotations

from typing import Any

import pytest

from ecrclient import ServiceError
from ecrclient._awsjson.many.acceptors import compared, is_met
from ecrclient._awsjson.protocol.operation import Acceptor
from ecrclient._awsjson.protocol.raw_response import RawResponse
from ecrclient.operations import DESCRIBE_IMAGES

BODY = b"""{"imageDetails": [
    {"imageDigest": "a", "imageTags": ["v1", "v2"], "imageSizeInBytes": 1, "newMember": "n"},
    {"imageDigest": "b", "imageSizeInBytes": 2}
], "newList": [1, 2]}"""
ERROR = ServiceError("Gone", status=404)


def response(body: bytes = BODY, status: int = 200) -> Any:
    return RawResponse(DESCRIBE_IMAGES, status, {}, body, 1, 0.0).parse()


DIGESTS = "image_details[].image_digest"


@pytest.mark.parametrize(
    ("acceptor", "met"),
    [
        (Acceptor("success", "pathAny", ("b", "c"), DIGESTS), True),
        (Acceptor("success", "pathAny", ("c",), DIGESTS), False),
        (Acceptor("success", "pathAll", ("a",), DIGESTS), False),
        (Acceptor("success", "pathAll", ("b",), "image_details[-1].image_digest"), False),
        (Acceptor("success", "path", ("b",), "image_details[-1].image_digest"), True),
        (Acceptor("success", "path", (2,), "image_details[-1].image_size_in_bytes"), True),
        (Acceptor("success", "path", ("c",), "next_token"), False),
        (Acceptor("success", "status", (200,)), True),
        (Acceptor("success", "status", (404,)), False),
        (Acceptor("success", "error", (False,)), True),
        (Acceptor("success", "error", (True,)), False),
        (Acceptor("success", "error", ("Gone",)), False),
        (Acceptor("success", "path", (2,), expression="length(imageDetails)"), True),
        (Acceptor("success", "path", (True,), expression="imageDetails[0].newMember=='n'"), True),
        (Acceptor("success", "pathAny", (2,), expression="newList"), True),
        (Acceptor("success", "path", (True,), expression="length(nothing) == `0`"), False),
        (
            Acceptor("success", "pathAll", ("v2",), expression="imageDetails[].imageTags[1]"),
            True,
        ),
    ],
)
def test_the_conditions_that_a_response_meets(acceptor: Acceptor, *, met: bool) -> None:
    assert is_met(acceptor, response()) is met


@pytest.mark.parametrize(
    ("acceptor", "met"),
    [
        (Acceptor("success", "error", ("Gone",)), True),
        (Acceptor("success", "error", ("Other", "Gone")), True),
        (Acceptor("success", "error", ("Other",)), False),
        (Acceptor("success", "error", (True,)), True),
        (Acceptor("success", "error", (False,)), False),
        (Acceptor("success", "status", (404,)), True),
        (Acceptor("success", "status", (200,)), False),
        (Acceptor("success", "path", ("Gone",), "code"), False),
        (Acceptor("success", "pathAny", ("a",), DIGESTS), False),
        (Acceptor("success", "path", (0,), expression="length(`[]`)"), False),
    ],
)
def test_the_conditions_that_an_error_meets(acceptor: Acceptor, *, met: bool) -> None:
    assert is_met(acceptor, ERROR) is met


@pytest.mark.parametrize("matcher", ["pathAny", "pathAll"])
@pytest.mark.parametrize("path", [DIGESTS, "next_token", "nothing[].more"])
def test_an_empty_or_absent_list_meets_nothing(matcher: Any, path: str) -> None:
    assert not is_met(Acceptor("success", matcher, ("a",), path), response(b"{}"))


def test_what_is_compared() -> None:
    assert compared(Acceptor("success", "pathAny", ("b",), DIGESTS), response()) == ["a", "b"]
    assert compared(Acceptor("success", "status", (200,)), response(b"{}", 201)) == 201
    assert compared(Acceptor("success", "error", ("Gone",)), response()) is None
    assert compared(Acceptor("success", "status", (200,)), object()) is None

"""The functions of endpoint rules return what botocore's return."""

from __future__ import annotations

from typing import Any

import pytest

from ecrclient._awsjson.settings.endpoint_rules import (
    is_valid_host_label,
    item_at,
    parse_arn,
    parse_url,
    substring,
    uri_encode,
)
from tests.tools.botocore_calls import botocore

LIBRARY = botocore("endpoint_provider").RuleSetStandardLibrary({"partitions": []})


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def as_botocore(value: Any) -> Any:
    """A named tuple of the client as the dictionary of botocore."""
    if not hasattr(value, "_asdict"):
        return value
    members: dict[str, Any] = {camel(name): part for name, part in value._asdict().items()}
    if "resourceId" in members:
        members["resourceId"] = list(members["resourceId"])
    return members


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:s3:eu-west-1:123456789012:bucket/a:b/c",
        "arn:aws:s3:::bucket",
        "arn:aws:iam::123456789012:user",
        "arn:aws:s3:eu-west-1:1:",
        "arn::s3:eu-west-1:1:a",
        "arn:aws::eu-west-1:1:a",
        "arn:aws:s3:eu-west-1:1",
        "urn:aws:s3:eu-west-1:1:a",
        "",
        None,
    ],
)
def test_an_arn_has_botocores_parts(text: str | None) -> None:
    assert as_botocore(parse_arn(text)) == LIBRARY.aws_parse_arn(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com",
        "http://example.com:8000/a/b",
        "https://example.com/a//b/",
        "https://example.com/ü",
        "https://10.0.0.1:80",
        "https://[::1]:80/a",
        "https://example.com?a=b",
        "https://example.com:port",
        "ftp://example.com",
        "example.com",
        None,
    ],
)
def test_a_url_has_botocores_parts(text: str | None) -> None:
    assert as_botocore(parse_url(text)) == LIBRARY.parse_url(text)


@pytest.mark.parametrize("subdomains", [True, False])
@pytest.mark.parametrize(
    "text", ["a", "a-b", "A1", "-a", "a-", "a_b", "a.b", "a..b", ".", "a" * 63, "a" * 64, None]
)
def test_a_host_label_is_one_for_botocore(text: str | None, *, subdomains: bool) -> None:
    found = is_valid_host_label(text, allow_subdomains=subdomains)
    assert found == LIBRARY.is_valid_host_label(text, subdomains)


def test_an_empty_text_and_one_with_a_line_break_are_not_host_labels() -> None:
    assert not is_valid_host_label("", allow_subdomains=True)
    assert not is_valid_host_label("a\n", allow_subdomains=False)


@pytest.mark.parametrize("reverse", [True, False])
@pytest.mark.parametrize("text", ["", "a", "abcdef", "abcdé", "abcdefgh"])
@pytest.mark.parametrize(("start", "stop"), [(0, 1), (2, 5), (3, 3), (4, 2), (0, 6)])
def test_a_substring_is_botocores(text: str, start: int, stop: int, *, reverse: bool) -> None:
    found = substring(text, start, stop, reverse=reverse)
    assert found == LIBRARY.substring(text, start, stop, reverse)


@pytest.mark.parametrize("text", ["a b", "a/b:c", "é~-_.", "%20", None])
def test_a_text_is_encoded_as_botocore_encodes_it(text: str | None) -> None:
    assert uri_encode(text) == LIBRARY.uri_encode(text)


def test_an_item_that_does_not_exist_is_none() -> None:
    assert item_at(("a", "b"), 1) == "b"
    assert item_at(("a", "b"), 2) is None
    assert item_at(None, 0) is None

"""The constant part of the requests of an operation."""

from __future__ import annotations

from typing import Any

from ecrclient._awsjson.attempts.request_head import RequestHead, RequestHeads
from ecrclient._awsjson.protocol.operation import Operation, Service
from ecrclient._awsjson.version import __version__

SERVICE = Service("ECR", "ecr", "1.1", {}, "some.package")
LIST: Operation[Any] = Operation("ListImages", "list_images", "ECR_V1.ListImages", SERVICE)
PUT: Operation[Any] = Operation("PutImage", "put_image", "ECR_V1.PutImage", SERVICE)
USER_AGENT = f"some.package/{__version__}".encode()


def test_fields_and_lines_are_the_same() -> None:
    head = RequestHead(LIST, b"ecr.example:8080")
    assert head.headers == [
        (b"host", b"ecr.example:8080"),
        (b"content-type", b"application/x-amz-json-1.1"),
        (b"x-amz-target", b"ECR_V1.ListImages"),
        (b"user-agent", USER_AGENT),
        (b"accept-encoding", b"identity"),
    ]
    assert head.lines == (
        b"POST / HTTP/1.1\r\n"
        b"host: ecr.example:8080\r\n"
        b"content-type: application/x-amz-json-1.1\r\n"
        b"x-amz-target: ECR_V1.ListImages\r\n"
        b"user-agent: " + USER_AGENT + b"\r\n"
        b"accept-encoding: identity\r\n"
    )


def test_the_values_to_sign_are_those_that_are_sent() -> None:
    head = RequestHead(LIST, b"ecr.example")
    fields = dict(head.headers)
    assert head.host == fields[b"host"]
    assert head.content_type == fields[b"content-type"]
    assert head.target == fields[b"x-amz-target"]


def test_a_head_is_created_once_for_each_operation() -> None:
    heads = RequestHeads(b"ecr.example")
    assert heads.of(LIST) is heads.of(LIST)
    assert heads.of(LIST).host == b"ecr.example"
    assert heads.of(PUT).target == b"ECR_V1.PutImage"
    assert heads.of(LIST).target == b"ECR_V1.ListImages"

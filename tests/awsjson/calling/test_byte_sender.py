"""The bytes that the default sender passes to its transport."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from ecrclient import Credentials
from ecrclient._awsjson.attempts.attempt import Attempt
from ecrclient._awsjson.attempts.request_head import RequestHead
from ecrclient._awsjson.attempts.signing import Signer
from ecrclient._awsjson.calling.byte_sender import ByteSender
from ecrclient._awsjson.protocol.operation import Operation, Service
from ecrclient._awsjson.settings.endpoints import Endpoint
from ecrclient._awsjson.transport.origin import Origin
from ecrclient._awsjson.transport.response import ByteResponse
from ecrclient._awsjson.transport.timer import AttemptTimer

SERVICE = Service("ECR", "ecr", "1.1", {}, "some.package")
ENDPOINT = Endpoint("http://ecr.example:8080", "ecr.example:8080", "eu-west-1")
KEY = Credentials("AKIDEXAMPLE", "secret", "token")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Transport:
    """Records the arguments of ``post``."""

    def __init__(self) -> None:
        self.posted: list[Any] = []

    async def post(self, *arguments: Any, **named: Any) -> ByteResponse:
        self.posted += [*arguments, named]
        return ByteResponse(201, [(b"X-A", b"1"), (b"x-a", b"2")], b"content")


@pytest.mark.anyio
@pytest.mark.parametrize("retry_safe", [True, False])
async def test_a_request_and_its_response(retry_safe: bool) -> None:
    operation: Operation[Any] = Operation(
        "ListImages", "list_images", "ECR_V1.ListImages", SERVICE, retry_safe=retry_safe
    )
    transport, timer = Transport(), AttemptTimer(None, None)

    async def credentials() -> Credentials:
        return KEY

    sender = ByteSender(ENDPOINT, 3.1, Signer("eu-west-1", "ecr"), cast(Any, transport))
    response = await sender.send(
        Attempt(operation, b"{}", {"amz-a": "1", "amz-b": "2"}, timer, credentials, lambda: NOW)
    )
    assert response == (201, {"x-a": "1, 2"}, b"content")
    origin, head, body, connect_timeout, used_timer, named = transport.posted
    assert origin == Origin("http", "ecr.example", 8080)
    assert (body, connect_timeout, used_timer) == (b"{}", 3.1, timer)
    assert named == {"resend": retry_safe}
    constant = RequestHead(operation, b"ecr.example:8080")
    signature = Signer("eu-west-1", "ecr").sign(
        KEY,
        host=constant.host,
        content_type=constant.content_type,
        target=constant.target,
        body=b"{}",
        now=NOW,
    )
    fields = [(b"amz-a", b"1"), (b"amz-b", b"2"), *signature, (b"Content-Length", b"2")]
    lines = b"".join(b"%b: %b\r\n" % field for field in fields)
    assert head == constant.lines + lines + b"\r\n"

"""The requests that the httpx sender creates, signs and passes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from ecrclient import CallNext, ConfigurationError, Credentials, Middleware, ReadError
from ecrclient._awsjson.attempts.attempt import Attempt, HTTPResponse
from ecrclient._awsjson.attempts.request_head import RequestHead
from ecrclient._awsjson.attempts.signing import Signer
from ecrclient._awsjson.over_httpx.sender import HttpxSender
from ecrclient._awsjson.protocol.operation import Operation, Service
from ecrclient._awsjson.settings.endpoints import Endpoint
from ecrclient._awsjson.transport.timer import EXTENSION, AttemptTimer

pytestmark = pytest.mark.anyio
SERVICE = Service("ECR", "ecr", "1.1", {}, "some.package")
ENDPOINT = Endpoint("http://ecr.example:8080", "ecr.example:8080", "eu-west-1")
KEY = Credentials("AKIDEXAMPLE", "secret", "token")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIST: Operation[Any] = Operation("ListImages", "list_images", "ECR_V1.ListImages", SERVICE)


class Stream(httpx.AsyncByteStream):
    """A body that is read from a connection."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces
        self.closed = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def aclose(self) -> None:
        await anyio.lowlevel.checkpoint()
        self.closed += 1


class Transport(httpx.AsyncBaseTransport):
    """Records requests, and returns or raises *outcome*."""

    def __init__(self, outcome: Any = None) -> None:
        self.requests: list[httpx.Request] = []
        self.outcome = httpx.Response(200, content=b"{}") if outcome is None else outcome

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        response: httpx.Response = self.outcome
        return response


async def get_credentials() -> Credentials:
    return KEY


def attempt(
    timer: AttemptTimer | None = None, operation: Operation[Any] = LIST, body: bytes = b"{}"
) -> Attempt:
    timer = timer or AttemptTimer(None, None)
    return Attempt(operation, body, {"amz-a": "1"}, timer, get_credentials, lambda: NOW)


async def send(
    transport: httpx.AsyncBaseTransport,
    *middleware: Middleware,
    what: Attempt | None = None,
    connect_timeout: float | None = None,
) -> HTTPResponse:
    signer = Signer("eu-west-1", "ecr")
    sender = HttpxSender(ENDPOINT, connect_timeout, signer, transport, middleware)
    return await sender.send(what or attempt())


async def test_the_signed_request() -> None:
    transport = Transport(httpx.Response(201, headers=[("X-A", "1"), ("x-a", "2")], content=b"ok"))
    timer = AttemptTimer(None, None)
    response = await send(transport, what=attempt(timer))
    assert response == (201, {"x-a": "1, 2", "content-length": "2"}, b"ok")
    (request,) = transport.requests
    assert (request.method, str(request.url)) == ("POST", "http://ecr.example:8080/")
    assert await request.aread() == b"{}"
    assert request.extensions[EXTENSION] is timer
    head = RequestHead(LIST, b"ecr.example:8080")
    signature = Signer("eu-west-1", "ecr").sign(
        KEY,
        host=head.host,
        content_type=head.content_type,
        target=head.target,
        body=b"{}",
        now=NOW,
    )
    expected = [*head.headers, (b"amz-a", b"1"), (b"Content-Length", b"2"), *signature]
    assert request.headers.raw == expected


@pytest.mark.parametrize(
    ("timeout", "pool", "connect", "expected"),
    [
        (None, None, None, (None, None, None, None)),
        (60.0, 5.0, None, (60.0, 60.0, 60.0, 5.0)),
        (60.0, 60.0, 3.1, (3.1, 60.0, 60.0, 60.0)),
        (2.0, 5.0, 3.1, (2.0, 2.0, 2.0, 5.0)),
        (None, 5.0, 3.1, (3.1, None, None, 5.0)),
    ],
)
async def test_timeouts(
    timeout: float | None,
    pool: float | None,
    connect: float | None,
    expected: tuple[float | None, ...],
) -> None:
    transport = Transport()
    await send(transport, what=attempt(AttemptTimer(timeout, pool)), connect_timeout=connect)
    timeouts = transport.requests[0].extensions["timeout"]
    assert timeouts == dict(zip(("connect", "read", "write", "pool"), expected, strict=True))


@pytest.mark.parametrize("retry_safe", [True, False])
async def test_the_transport_knows_idempotent_requests(retry_safe: bool) -> None:
    operation: Operation[Any] = Operation("A", "a", "ECR_V1.A", SERVICE, retry_safe=retry_safe)
    transport = Transport()
    await send(transport, what=attempt(operation=operation))
    assert transport.requests[0].extensions["idempotent"] is retry_safe


async def test_middleware_sees_the_unsigned_request() -> None:
    seen: list[httpx.Request] = []
    headers: list[list[tuple[bytes, bytes]]] = []

    async def look(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        seen.append(request)
        headers.append(request.headers.raw)
        response = await call_next(request)
        assert response.request is request
        assert response.content == b"{}"
        assert response.is_closed
        return response

    await send(Transport(), look)
    names = [name for name, _ in headers[0]]
    assert b"authorization" not in names
    assert EXTENSION not in seen[0].extensions


async def test_what_middleware_sends_is_signed() -> None:
    async def change(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        changed = httpx.Request(
            "POST",
            "http://other.example/",
            headers={**request.headers, "host": "other.example", "content-length": "5"},
            content=b"other",
            extensions={"trace": "kept"},
        )
        return await call_next(changed)

    transport = Transport()
    await send(transport, change)
    (request,) = transport.requests
    assert str(request.url) == "http://other.example/"
    assert await request.aread() == b"other"
    assert request.extensions["trace"] == "kept"
    assert EXTENSION in request.extensions
    signature = Signer("eu-west-1", "ecr").sign(
        KEY,
        host=b"other.example",
        content_type=b"application/x-amz-json-1.1",
        target=b"ECR_V1.ListImages",
        body=b"other",
        now=NOW,
    )
    for name, value in signature:
        assert request.headers[name.decode()] == value.decode()


async def test_the_body_is_read_and_the_response_closed() -> None:
    stream = Stream(b"one", b"two")
    response = await send(Transport(httpx.Response(200, stream=stream)))
    assert response.content == b"onetwo"
    assert stream.closed == 1


async def test_the_response_is_closed_after_an_error() -> None:
    stream = Stream(b"one", httpx.ReadError("broken"))
    with pytest.raises(ReadError, match="broken"):
        await send(Transport(httpx.Response(200, stream=stream)))
    assert stream.closed == 1


async def test_the_response_is_closed_after_a_cancellation() -> None:
    class Slow(Stream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            scope.cancel()
            await anyio.sleep_forever()
            yield b""

    stream = Slow()
    with anyio.CancelScope() as scope:
        await send(Transport(httpx.Response(200, stream=stream)))
    assert scope.cancelled_caught
    assert stream.closed == 1


@pytest.mark.parametrize("middleware", [False, True])
async def test_an_error_of_the_transport_has_the_unsigned_request(middleware: bool) -> None:
    caught: list[tuple[httpx.RequestError, bool]] = []

    async def look(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        try:
            return await call_next(request)
        except httpx.RequestError as error:
            caught.append((error, error.request is request))
            raise

    failure = httpx.ReadError("broken")
    with pytest.raises(ReadError, match=r"^broken$") as raised:
        await send(Transport(failure), *([look] if middleware else []))
    assert raised.value.__context__ is None or raised.value.__context__ is raised.value.__cause__
    assert failure.request is not None
    assert "authorization" not in failure.request.headers
    assert caught == ([(failure, True)] if middleware else [])


@pytest.mark.parametrize("where", ["the transport returns", "middleware returns"])
async def test_what_is_not_a_response_is_refused(where: str) -> None:
    async def nothing(_: httpx.Request, __: CallNext) -> Any:
        return 5

    with pytest.raises(ConfigurationError) as caught:
        if where.startswith("middleware"):
            await send(Transport(), nothing)
        else:
            await send(Transport(5))
    assert str(caught.value) == f"what {where} must be a response, not 5"


async def test_an_unread_response_of_middleware_is_read() -> None:
    stream = Stream(b"cached")

    async def respond(_: httpx.Request, __: CallNext) -> httpx.Response:
        return httpx.Response(203, stream=stream)

    transport = Transport()
    response = await send(transport, respond)
    assert (response.status, response.content) == (203, b"cached")
    assert transport.requests == []

"""Encoded responses on every path from a server to the caller."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator, Callable
from typing import cast

import httpx
import pytest

from ecrclient import CallNext, ECRClient, Middleware, PooledTransport, ReadError, ResponseTooLarge
from ecrclient._awsjson.over_httpx.proxied_transport import LimitedTransport
from ecrclient._awsjson.transport.content_encoding import UnsupportedEncodingError
from tests.awsjson.transport.conftest import request, send
from tests.awsjson.transport.loops import describe_registry, post
from tests.awsjson.transport.server import Peer, http_response, respond_with, serve
from tests.bounded import run_bounded
from tests.middleware import pass_on
from tests.tools.scripted import NO_WAIT, Scripted, client, ok

Make = Callable[..., PooledTransport]

BODY = b'{"registryId": "1"}'


# -- memory ----------------------------------------------------------------------------------------


def bomb(kind: str) -> tuple[bytes, str]:
    """Return a small body that is very large when decoded, and its encoding."""
    compressor = zlib.compressobj(wbits=zlib.MAX_WBITS + (0 if kind == "deflate" else 16))
    once = b"".join(compressor.compress(bytes(1_000_000)) for _ in range(300)) + compressor.flush()
    if kind == "nested":
        return gzip.compress(gzip.compress(once)), "gzip, gzip, gzip"
    return once, kind


def post_and_get_a_bomb(backend: str, parser: str, kind: str) -> tuple[int, str]:
    body, encoding = bomb(kind)
    return post(backend, parser, respond_with(http_response(body, f"Content-Encoding: {encoding}")))


def describe_and_get_a_bomb(backend: str, path: str, kind: str) -> tuple[str, int]:
    body, encoding = bomb(kind)
    script = respond_with(http_response(body, f"Content-Encoding: {encoding}"))
    return describe_registry(backend, path, script)


@pytest.mark.parametrize(
    ("kind", "error"),
    [("gzip", "is larger than"), ("deflate", "is larger than"), ("nested", "content encoding")],
)
def test_a_bomb_over_the_wire_takes_bounded_memory(
    anyio_backend: str, parser: str, kind: str, error: str
) -> None:
    length, message = run_bounded(post_and_get_a_bomb, anyio_backend, parser, kind, memory_mib=150)
    assert length == -1
    assert error in message


@pytest.mark.parametrize("path", ["middleware", "httpx"])
@pytest.mark.parametrize(
    ("kind", "error"), [("gzip", "ResponseTooLarge"), ("nested", "UnsupportedEncodingError")]
)
def test_a_bomb_as_an_httpx_response_takes_bounded_memory(
    anyio_backend: str, path: str, kind: str, error: str
) -> None:
    result = run_bounded(describe_and_get_a_bomb, anyio_backend, path, kind, memory_mib=150)
    assert result == [error, 1]


# -- a transport -----------------------------------------------------------------------------------

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "unknown", "gzip, gzip"])
async def test_other_encodings_are_refused_before_the_body(make: Make, encoding: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        head, _, _ = http_response(b"x" * 100, f"Content-Encoding: {encoding}").partition(b"xxx")
        await peer.send(head)
        await peer.closed()

    async with serve(script, respond_with(http_response(b"next"))) as server:
        transport = make()
        with pytest.raises(httpx.DecodingError, match=f"content encoding '{encoding}'"):
            await send(transport, server.url)
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)
        assert (await send(transport, server.url)).content == b"next"


async def test_a_response_without_a_body_may_name_any_encoding(make: Make) -> None:
    head = b"HTTP/1.1 204 No Content\r\nContent-Encoding: br\r\n\r\n"
    async with serve(respond_with(head, http_response(b"", "Content-Encoding: gzip"))) as server:
        transport = make()
        for _ in range(2):
            assert (await send(transport, server.url)).content == b""


async def test_a_truncated_encoding_is_an_error(make: Make) -> None:
    data = http_response(gzip.compress(BODY)[:-1], "Content-Encoding: gzip")
    async with serve(respond_with(data)) as server:
        transport = make()
        with pytest.raises(httpx.DecodingError, match="before its gzip data is complete"):
            await send(transport, server.url)
        assert transport.stats().in_use == 0


async def test_an_httpx_client_asks_only_for_supported_encodings(make: Make) -> None:
    heads: list[bytes] = []

    async def script(peer: Peer) -> None:
        while True:
            heads.append((await peer.request()).lower())
            await peer.send(http_response(zlib.compress(BODY), "Content-Encoding: deflate"))

    async with (
        serve(script) as server,
        httpx.AsyncClient(transport=make(), base_url=server.url) as plain,
    ):
        plain.headers["accept-encoding"] = "gzip, deflate, br, zstd"
        assert (await plain.get("/")).content == BODY
        plain.headers["accept-encoding"] = "br"
        assert (await plain.get("/")).content == BODY
    assert b"\r\naccept-encoding: gzip, deflate\r\n" in heads[0]
    assert b"\r\naccept-encoding: identity\r\n" in heads[1]


@pytest.mark.filterwarnings(
    # httpcore's generators, which are not exhausted and cannot be reached.
    "ignore:.*async_generator object:pytest.PytestUnraisableExceptionWarning",
    "ignore:Async generator:ResourceWarning",
)
async def test_an_encoded_response_behind_a_proxy(make: Make) -> None:
    responses = [
        http_response(gzip.compress(BODY), "Content-Encoding: gzip"),
        http_response(BODY, "Content-Encoding: br"),
        http_response(gzip.compress(bytes(1_000_000)), "Content-Encoding: gzip"),
    ]
    async with serve(
        respond_with(*responses[:1]), respond_with(*responses[1:2]), respond_with(*responses[2:])
    ) as server:
        limited = LimitedTransport(
            httpx.AsyncHTTPTransport, max_connections=1, max_response_bytes=500_000
        )
        async with limited:
            assert (await send(limited, server.url)).content == BODY
            await limited.aclose()
        limited = LimitedTransport(
            httpx.AsyncHTTPTransport, max_connections=1, max_response_bytes=500_000
        )
        async with limited:
            with pytest.raises(httpx.DecodingError, match="content encoding 'br'"):
                await send(limited, server.url)
            with pytest.raises(httpx.RemoteProtocolError, match="larger than 500000"):
                await send(limited, server.url)
            assert (limited.stats().open, limited.stats().in_use) == (0, 0)


# -- the user's transport, and middleware -----------------------------------------------------


class Stream(httpx.AsyncByteStream):
    """A body that has not been read, in two pieces."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._data[:3]
        yield self._data[3:]

    async def aclose(self) -> None:
        self.closed = True


def encoded(body: bytes, encoding: str) -> httpx.Response:
    return httpx.Response(200, headers={"content-encoding": encoding}, stream=Stream(body))


def build(transport: Scripted, *middleware: Middleware) -> ECRClient:
    return client(transport, middleware=middleware, retry=NO_WAIT)


@pytest.mark.parametrize("middleware", [[], [pass_on]], ids=["no middleware", "middleware"])
@pytest.mark.parametrize(
    ("body", "encoding"),
    [(gzip.compress(BODY, mtime=0), "gzip"), (zlib.compress(BODY), "deflate"), (BODY, "identity")],
)
async def test_an_encoded_response_of_another_transport(
    middleware: list[Middleware], body: bytes, encoding: str
) -> None:
    response = encoded(body, encoding)
    stream = cast("Stream", response.stream)
    described = await build(Scripted(response), *middleware).describe_registry()
    assert described.registry_id == "1"
    assert response.is_closed
    assert stream.closed


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "unknown"])
async def test_another_encoding_of_another_transport_is_refused_once(encoding: str) -> None:
    response = encoded(gzip.compress(BODY), encoding)
    stream = cast("Stream", response.stream)
    with pytest.raises(UnsupportedEncodingError, match="content encoding") as caught:
        await build(Scripted(response)).describe_registry()
    assert isinstance(caught.value, ReadError)
    assert caught.value.attempts == 1
    assert response.is_closed
    assert stream.closed


async def test_a_damaged_encoding_is_retried() -> None:
    damaged = encoded(gzip.compress(BODY)[:-3], "gzip")
    described = await build(Scripted(damaged, ok({"registryId": "1"}))).describe_registry()
    assert described.response_metadata.attempts == 2


async def test_middleware_sees_the_decoded_content() -> None:
    seen: list[bytes] = []

    async def look(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        response = await call_next(request)
        seen.append(response.content)
        assert response.json() == {"registryId": "1"}
        assert await response.aread() == response.content
        return response

    await build(Scripted(encoded(gzip.compress(BODY), "gzip")), look).describe_registry()
    assert seen == [BODY]


@pytest.mark.parametrize(
    "make_response",
    [
        lambda: httpx.Response(200, content=BODY),
        lambda: httpx.Response(200, stream=Stream(BODY)),
        lambda: encoded(gzip.compress(BODY), "gzip"),
    ],
    ids=["content", "stream", "gzip"],
)
async def test_middleware_creates_a_response(make_response: Callable[[], httpx.Response]) -> None:
    async def respond(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        return make_response()

    described = await build(Scripted(), respond).describe_registry()
    assert described.registry_id == "1"


async def test_the_response_of_middleware_is_bounded() -> None:
    async def respond(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        return encoded(gzip.compress(bytes(70_000_000), 1), "gzip")

    with pytest.raises(ResponseTooLarge):
        await build(Scripted(), respond).describe_registry()


async def test_a_streamed_response_is_decoded_as_it_is_iterated_over(make: Make) -> None:
    text = b"a word " * 100_000
    async with serve(
        respond_with(http_response(gzip.compress(text), "Content-Encoding: gzip"))
    ) as server:
        response = await make().handle_async_request(request(server.url))
        assert b"".join([piece async for piece in response.aiter_bytes(1000)]) == text

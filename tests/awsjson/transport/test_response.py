"""Requests and responses with every framing."""

from __future__ import annotations

import gzip
import pickle
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import anyio
import anyio.lowlevel
import httpx
import pytest

from ecrclient._awsjson.over_httpx.pooled_transport import PooledTransport
from tests.awsjson.transport.conftest import request, send
from tests.awsjson.transport.server import (
    Peer,
    http_response,
    respond_and_close,
    respond_with,
    serve,
)

pytestmark = pytest.mark.anyio
Make = Callable[..., PooledTransport]

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_response(make: Make) -> None:
    async with serve(
        respond_with(http_response(b"hello", "X-One: 1", "x-one: 2", status="201 Made"))
    ) as server:
        response = await send(transport := make(), server.url)
        assert response.status_code == 201
        assert response.reason_phrase == "Made"
        assert response.http_version == "HTTP/1.1"
        assert response.content == b"hello"
        assert response.headers.get_list("x-one") == ["1", "2"]
        assert response.request.url == f"{server.url}/"
        assert response.is_closed
        assert transport.stats().idle == 1


async def test_complete_response_can_be_read_in_every_way(make: Make) -> None:
    async with serve(respond_with(http_response(b'["line 1\\nline 2"]'))) as server:
        transport = make()
        response = await send(transport, server.url)
        assert response.text == '["line 1\\nline 2"]'
        assert response.json() == ["line 1\nline 2"]
        assert b"".join([piece async for piece in response.aiter_bytes(3)]) == response.content
        assert pickle.loads(pickle.dumps(response)).content == response.content
        unread = await transport.handle_async_request(request(server.url))
        assert b"".join([piece async for piece in unread.aiter_raw()]) == response.content
        unread = await transport.handle_async_request(request(server.url))
        assert [line async for line in unread.aiter_lines()] == ['["line 1\\nline 2"]']


async def test_sent_bytes(make: Make) -> None:
    got: list[bytes] = []

    async def script(peer: Peer) -> None:
        while True:
            got.append(await peer.request())
            await peer.send(http_response())

    async with serve(script) as server:
        transport = make()
        host = server.url.removeprefix("http://")
        await transport.handle_async_request(
            httpx.Request("PUT", f"{server.url}/a%20b?c=d", headers={"X-Y": "z"}, content=b"body")
        )
        await transport.handle_async_request(httpx.Request("GET", server.url))
        assert got == [
            f"PUT /a%20b?c=d HTTP/1.1\r\nHost: {host}\r\nX-Y: z\r\nContent-Length: 4\r\n\r\n"
            "body".encode(),
            f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(),
        ]


@pytest.mark.parametrize("tls", [False, True])
async def test_large_request_body_is_sent_completely(
    make: Make, good_context: ssl.SSLContext, tls: bool
) -> None:
    body = bytes(range(256)) * 40_000  # ten megabytes

    async def script(peer: Peer) -> None:
        whole = await peer.request()
        await anyio.sleep(0.05)
        await peer.send(http_response(str(whole.endswith(b"\r\n\r\n" + body)).encode()))

    async with serve(script, context=good_context if tls else None) as server:
        assert (await send(make(), server.url, body=body)).content == b"True"


async def test_request_body_in_pieces(make: Make) -> None:
    async def pieces() -> AsyncGenerator[bytes]:
        yield b"one"
        yield b""
        yield b"three"

    async def script(peer: Peer) -> None:
        await peer.send(http_response(await peer.until(b"0\r\n\r\n")))
        await peer.send(http_response((await peer.request()).partition(b"\r\n\r\n")[2]))

    async with serve(script) as server:
        transport = make()
        chunked = httpx.Request("POST", server.url, content=pieces())
        response = await transport.handle_async_request(chunked)
        assert (await response.aread()).endswith(b"\r\n\r\n3\r\none\r\n5\r\nthree\r\n0\r\n\r\n")
        counted = httpx.Request(
            "POST", server.url, content=pieces(), headers={"content-length": "8"}
        )
        response = await transport.handle_async_request(counted)
        assert await response.aread() == b"onethree"


@pytest.mark.parametrize("length", [7, 9])
async def test_request_body_of_another_length_than_announced(make: Make, length: int) -> None:
    class Pieces:  # not a generator: httpx does not close those, and trio warns
        def __init__(self) -> None:
            self.left = [b"one", b"three"]

        def __aiter__(self) -> AsyncIterator[bytes]:
            return self

        async def __anext__(self) -> bytes:
            if not self.left:
                raise StopAsyncIteration
            return self.left.pop(0)

    async with serve(respond_with(http_response())) as server:
        transport = make()
        headers = {"content-length": str(length)}
        for content in (Pieces(), b"onethree"):
            with pytest.raises(httpx.LocalProtocolError, match="content-length"):
                await transport.handle_async_request(
                    httpx.Request("POST", server.url, content=content, headers=headers)
                )
        assert (await send(transport, server.url)).status_code == 200


async def test_request_body_that_raises(make: Make) -> None:
    async def pieces() -> AsyncGenerator[bytes]:
        yield b"one"
        raise OSError("the disk is gone")

    async with serve(respond_with(http_response())) as server:
        transport = make()
        with pytest.raises(OSError, match="the disk is gone"):
            await transport.handle_async_request(
                httpx.Request("POST", server.url, content=pieces())
            )
        assert transport.stats().open == 0
        assert transport.stats().in_use == 0


@pytest.mark.parametrize(
    ("method", "url", "headers"),
    [
        ("GET", "/", {"x": "a\r\nHost: evil"}),
        ("GET", "/", {"x": "a\nb"}),
        ("GET", "/", {"x": "a\0b"}),
        ("GET", "/", {"x\r\ny": "a"}),
        ("GET", "/", {"x y": "a"}),
        ("GET", "/", {"": "a"}),
        ("GET / HTTP/1.1\r\nX: y\r\n\r\nGET", "/", {}),
        ("CONNECT", "/", {}),
    ],
)
async def test_request_smuggling_is_refused(
    make: Make, method: str, url: str, headers: dict[str, str]
) -> None:
    async with serve(respond_with(http_response())) as server:
        with pytest.raises(httpx.LocalProtocolError):
            await make().handle_async_request(
                httpx.Request(method, server.url + url, headers=headers)
            )
        assert server.connections == 0


@pytest.mark.parametrize(
    "data",
    [
        CHUNKED + b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        CHUNKED + b"5\r\nhello\r\n0\r\nA: b\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nX: y\r\n\r\n"
        + http_response(b"hello"),
        b"HTTP/1.1 200\r\ncontent-length:5\r\n\r\nhello",
    ],
    ids=["chunked", "trailers", "informational", "bare"],
)
async def test_framings_that_keep_the_connection(make: Make, data: bytes) -> None:
    async def byte_by_byte(peer: Peer) -> None:
        while True:
            await peer.request()
            for index in range(len(data)):
                await peer.send(data[index : index + 1])
                await anyio.lowlevel.checkpoint()

    for script in (respond_with(data), byte_by_byte):
        async with serve(script) as server:
            transport = make()
            for _ in range(3):
                response = await send(transport, server.url)
                assert (response.status_code, response.content) == (200, b"hello")
                assert "x" not in response.headers
            assert server.connections == 1


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        http_response(b"hello", "Connection: close"),
        http_response(b"hello", "connection: Close"),
    ],
)
async def test_framings_that_end_the_connection(make: Make, data: bytes) -> None:
    async with serve(respond_and_close(data)) as server:
        transport = make()
        for _ in range(2):
            response = await send(transport, server.url)
            assert response.content == b"hello"
            assert transport.stats().open == 0
        assert server.connections == 2
        assert transport.stats().created == 2


async def test_http_1_0_with_keep_alive(make: Make) -> None:
    data = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello"
    async with serve(respond_with(data)) as server:
        transport = make()
        for _ in range(2):
            response = await send(transport, server.url)
            assert (response.content, response.http_version) == (b"hello", "HTTP/1.0")


@pytest.mark.parametrize(
    ("method", "data"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("POST", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("POST", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        ("POST", b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ],
)
async def test_responses_without_a_body(make: Make, method: str, data: bytes) -> None:
    async with serve(respond_with(data, http_response(b"next"))) as server:
        transport = make()
        assert (await send(transport, server.url, method=method)).content == b""
        assert (await send(transport, server.url)).content == b"next"
        assert server.connections == 1


async def test_gzip_is_decoded(make: Make) -> None:
    text = b"a word " * 100_000
    body = gzip.compress(text)
    packed = http_response(body, "Content-Encoding: gzip")
    async with serve(respond_with(packed, packed, http_response(b"plain"))) as server:
        transport = make()
        assert (await send(transport, server.url)).content == text
        response = await transport.handle_async_request(request(server.url))
        assert b"".join([piece async for piece in response.aiter_raw()]) == body
        assert (await send(transport, server.url)).content == b"plain"
        assert server.connections == 1


async def test_redirect_is_not_followed(make: Make) -> None:
    async with serve(
        respond_with(http_response(b"", "Location: /there", status="302 Found"))
    ) as server:
        assert (await send(make(), server.url)).status_code == 302


async def test_transport_of_an_httpx_client(make: Make, good_context: ssl.SSLContext) -> None:
    body = b"0123456789" * 300_000
    async with (
        serve(
            respond_with(http_response(b'{"a": 1}'), http_response(body)), context=good_context
        ) as server,
        httpx.AsyncClient(transport=make(), base_url=server.url) as client,
    ):
        response = await client.post("/", json={"b": 2})
        assert response.json() == {"a": 1}
        assert response.elapsed.total_seconds() > 0
        async with client.stream("GET", "/") as response:
            assert b"".join([piece async for piece in response.aiter_bytes()]) == body
        assert server.connections == 1

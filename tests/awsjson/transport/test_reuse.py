"""Kept-alive connections: when they are used again, and when not."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncGenerator, Callable

import anyio
import httpx
import pytest

from ecrclient._awsjson.over_httpx.pooled_transport import PooledTransport
from tests.awsjson.transport.backends import anyio_backend as anyio_backend
from tests.awsjson.transport.conftest import request, send
from tests.awsjson.transport.server import (
    Peer,
    Script,
    http_response,
    respond_and_close,
    respond_with,
    serve,
)

pytestmark = pytest.mark.anyio
Make = Callable[..., PooledTransport]


@pytest.fixture(params=["plain", "tls"])
def context(request: pytest.FixtureRequest, good_context: ssl.SSLContext) -> ssl.SSLContext | None:
    return good_context if request.param == "tls" else None


@pytest.mark.parametrize(
    "extra",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        b"garbage\r\n\r\n",
        b"H",
        b"\0" * 100_000,
    ],
)
@pytest.mark.parametrize("later", [False, True])
async def test_bytes_after_a_response_are_not_part_of_the_next(
    make: Make, context: ssl.SSLContext | None, extra: bytes, later: bool
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        if later:
            await peer.send(http_response(b"first"))
            await peer.send(extra)  # another segment, another TLS record
        else:
            await peer.send(http_response(b"first") + extra)
        await peer.closed()

    async with serve(script, respond_with(http_response(b"second")), context=context) as server:
        transport = make()
        assert (await send(transport, server.url)).content == b"first"
        await anyio.sleep(0.05)
        assert (await send(transport, server.url)).content == b"second"
        assert server.connections == 2


async def test_bytes_after_a_chunked_response(make: Make) -> None:
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n"
    async with serve(
        respond_with(data + b"HTTP/1.1 200 OK\r\n"), respond_with(http_response(b"second"))
    ) as server:
        transport = make()
        assert (await send(transport, server.url)).content == b"first"
        assert transport.stats().open == 0
        assert (await send(transport, server.url)).content == b"second"


async def test_unsolicited_response_on_an_idle_connection(
    make: Make, context: ssl.SSLContext | None
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(http_response(b"first"))
        await anyio.sleep(0.05)
        await peer.send(http_response(b"evil"))
        await peer.closed()

    async with serve(script, respond_with(http_response(b"second")), context=context) as server:
        transport = make()
        assert (await send(transport, server.url)).content == b"first"
        await anyio.sleep(0.2)
        assert (await send(transport, server.url)).content == b"second"
        stats = transport.stats()
        assert (stats.open, stats.created, stats.reused) == (1, 2, 0)


async def closes_when_idle(peer: Peer) -> None:
    await peer.request()
    await peer.send(http_response(b"first"))


async def closes_on_the_next_request(peer: Peer) -> None:
    await closes_when_idle(peer)
    await peer.request()


async def resets_on_the_next_request(peer: Peer) -> None:
    await closes_on_the_next_request(peer)
    await peer.reset()


async def resets_at_the_next_head(peer: Peer) -> None:
    await closes_when_idle(peer)
    await peer.head()
    await peer.reset()


@pytest.mark.parametrize(
    "script",
    [
        closes_when_idle,
        closes_on_the_next_request,
        resets_on_the_next_request,
        resets_at_the_next_head,
    ],
)
async def test_dead_connection_is_replaced_silently(
    make: Make, context: ssl.SSLContext | None, script: Script
) -> None:
    async with serve(script, respond_with(http_response(b"second")), context=context) as server:
        transport = make()
        assert (await send(transport, server.url)).content == b"first"
        await anyio.sleep(0.05)
        body = b"x" * (2_000_000 if script is resets_at_the_next_head else 10)
        response = await send(transport, server.url, body=body, method="PUT")
        assert response.content == b"second"
        assert server.connections == 2
        assert transport.stats().open == 1


async def test_body_in_a_byte_stream_is_sent_again(make: Make) -> None:
    """The client passes its bodies in this way."""
    async with serve(closes_on_the_next_request, respond_with(http_response(b"second"))) as server:
        transport = make()
        await send(transport, server.url)
        headers = {"host": "h", "content-length": "4"}
        response = await transport.handle_async_request(
            httpx.Request("PUT", server.url, headers=headers, stream=httpx.ByteStream(b"body"))
        )
        assert await response.aread() == b"second"


async def test_request_is_sent_at_most_twice_and_idle_connections_are_closed(make: Make) -> None:
    together = anyio.Event()
    count = 0

    async def first(peer: Peer) -> None:
        nonlocal count
        await peer.request()
        count += 1
        if count == 3:
            together.set()
        await together.wait()
        await peer.send(http_response(b"first"))
        await peer.request()

    async def dies(peer: Peer) -> None:
        await peer.request()

    async with serve(first, first, first, dies) as server:
        transport = make()
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(send, transport, server.url)
        assert transport.stats().idle == 3
        with pytest.raises(httpx.RemoteProtocolError):
            await send(transport, server.url, method="GET")
        assert server.connections == 4, "one more, not the two other idle ones"
        assert transport.stats().open == 0


async def test_request_is_not_sent_again_after_a_byte_of_the_response(make: Make) -> None:
    async def script(peer: Peer) -> None:
        await closes_when_idle(peer)
        await peer.request()
        await peer.send(b"H")

    async with serve(script) as server:
        transport = make()
        await send(transport, server.url)
        with pytest.raises(httpx.RemoteProtocolError):
            await send(transport, server.url)
        assert server.connections == 1


async def test_request_with_a_consumed_body_is_not_sent_again(make: Make) -> None:
    async def pieces() -> AsyncGenerator[bytes]:
        yield b"one"

    async with serve(closes_on_the_next_request) as server:
        transport = make()
        await send(transport, server.url)
        with pytest.raises(httpx.ReadError, match="cannot be sent again"):
            await transport.handle_async_request(
                httpx.Request("POST", server.url, content=pieces())
            )
        assert transport.stats().in_use == 0


async def test_request_is_not_sent_again_after_a_timeout(make: Make) -> None:
    async def script(peer: Peer) -> None:
        await closes_when_idle(peer)
        await peer.request()
        await peer.closed()

    async with serve(script) as server:
        transport = make()
        await send(transport, server.url)
        with pytest.raises(httpx.ReadTimeout):
            await send(transport, server.url, read=0.1)
        assert server.connections == 1


async def test_abandoned_response_closes_its_connection(make: Make) -> None:
    async with serve(
        respond_with(http_response(b"x" * 3_000_000)), respond_with(http_response(b"fine"))
    ) as server:
        transport = make()
        response = await transport.handle_async_request(request(server.url))
        assert transport.stats().in_use == 1
        await response.aclose()
        await response.aclose()
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)
        with pytest.raises(httpx.StreamClosed):
            await response.aread()
        assert (await send(transport, server.url)).content == b"fine"


async def test_most_recently_used_connection_is_used_first(make: Make) -> None:
    """So the others expire, and are closed."""
    names: list[bytes] = []
    together = anyio.Event()

    async def script(peer: Peer) -> None:
        name = b"%d" % server.connections
        await peer.request()
        names.append(name)
        if len(names) == 3:
            together.set()
        await together.wait()
        await anyio.sleep(0.05 * int(name))
        while True:
            await peer.send(http_response(name))
            await peer.request()

    async with serve(script) as server:
        transport = make(keepalive_expiry=0.6)
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(send, transport, server.url)
        assert transport.stats().idle == 3
        ends = time.monotonic() + 1.2
        while time.monotonic() < ends:
            assert (await send(transport, server.url)).content == b"3"
            await anyio.sleep(0.05)
        assert (transport.stats().open, server.connections) == (1, 3)


async def test_expiry(make: Make) -> None:
    async with serve(respond_with(http_response())) as server:
        never = make(keepalive_expiry=0)
        for _ in range(2):
            await send(never, server.url)
        assert never.stats().created == 2
        shortly = make(keepalive_expiry=0.1)
        await send(shortly, server.url)
        await anyio.sleep(0.15)
        await send(shortly, server.url)
        assert (shortly.stats().created, shortly.stats().open) == (2, 1)


async def test_connection_that_the_server_asks_to_close(make: Make) -> None:
    async with serve(respond_and_close(http_response(b"a", "Connection: close"))) as server:
        transport = make()
        for _ in range(3):
            assert (await send(transport, server.url)).content == b"a"
        assert transport.stats().reused == 0

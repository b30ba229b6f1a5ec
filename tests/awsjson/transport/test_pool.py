"""Slots: limited, passed on in order, and always released."""

from __future__ import annotations

import asyncio
import gc
import os
import warnings
from collections import Counter
from collections.abc import Callable

import anyio
import anyio.lowlevel
import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from ecrclient._awsjson.over_httpx.pooled_transport import PooledTransport
from ecrclient._awsjson.protocol.errors import ClientClosedError
from tests.awsjson.transport.backends import anyio_backend as anyio_backend
from tests.awsjson.transport.conftest import request, send
from tests.awsjson.transport.server import Peer, http_response, respond_with, serve

pytestmark = pytest.mark.anyio
Make = Callable[..., PooledTransport]
CLOSED_WHILE_CONNECTING = "^the transport was closed while a call connected$"


async def test_no_more_connections_than_allowed(make: Make) -> None:
    now = most = 0

    async def script(peer: Peer) -> None:
        nonlocal now, most
        while True:
            await peer.request()
            now += 1
            most = max(most, now)
            await anyio.sleep(0.002)
            now -= 1
            await peer.send(http_response())

    async with serve(script) as server:
        transport = make(max_connections=5)
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(send, transport, server.url)
        assert most == 5
        stats = transport.stats()
        assert (stats.open, stats.idle, stats.in_use, stats.waiting) == (5, 5, 0, 0)
        assert (stats.created, stats.reused) == (5, 95)


async def test_slots_are_passed_on_in_the_order_of_arrival(make: Make) -> None:
    served: list[bytes] = []
    all_in_line = anyio.Event()

    async def script(peer: Peer) -> None:
        while True:
            served.append((await peer.request()).rpartition(b"\n")[2])
            await all_in_line.wait()
            await peer.send(http_response())

    async with serve(script) as server:
        transport = make(max_connections=1)

        async def call(number: int) -> None:
            await send(transport, server.url, body=b"%d" % number)

        async with anyio.create_task_group() as tasks:
            for number in range(30):
                tasks.start_soon(call, number)
                while transport.stats().in_use + transport.stats().waiting <= number:
                    await anyio.lowlevel.checkpoint()
            all_in_line.set()
        assert [int(body) for body in served] == list(range(30))


async def test_pool_timeout(make: Make) -> None:
    async with serve(respond_with(http_response(b"x" * 3_000_000))) as server:
        transport = make(max_connections=1)
        held = await transport.handle_async_request(request(server.url))
        with pytest.raises(httpx.PoolTimeout, match="1 of 1 in use, 0 idle") as caught:
            await send(transport, server.url, pool=0.05)
        assert caught.value.request is not None
        assert transport.stats().waiting == 0
        await held.aread()
        assert (await send(transport, server.url, pool=0.05)).status_code == 200


# -- closing -------------------------------------------------------------------------------------


async def holds(peer: Peer) -> None:
    await peer.request()
    await peer.send(http_response(b"half")[:-2])
    await peer.closed()


async def test_closing_ends_every_call(make: Make) -> None:
    """One call receives, one connects, one waits; and one response has not been read."""
    errors: list[Exception] = []

    async def call(**arguments: object) -> None:
        try:
            await send(transport, server.url, **arguments)
        except ClientClosedError as error:
            errors.append(error)

    async with serve(holds) as server:
        transport = make(max_connections=2)
        unread = await transport.handle_async_request(request(server.url))
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                for number in range(4):
                    tasks.start_soon(call)
                    while transport.stats().in_use + transport.stats().waiting < number + 2:
                        await anyio.lowlevel.checkpoint()
                await anyio.sleep(0.05)
                assert (transport.stats().in_use, transport.stats().waiting) == (2, 3)
                await transport.aclose()
            assert Counter(map(str, errors)) == {
                "the transport was closed while a call was under way": 1,
                "the transport was closed while a call waited for a connection": 3,
            }
            with pytest.raises(ClientClosedError):
                await unread.aread()
            await unread.aclose()
            await server.wait_until_open(0)
        assert transport.stats().in_use == 0
        await transport.aclose()
        with pytest.raises(ClientClosedError, match="is closed"):
            await send(transport, server.url)


async def test_closing_while_connecting(make: Make) -> None:
    async def deaf(_: Peer) -> None:
        await anyio.sleep_forever()

    async with serve(deaf) as server:
        transport = make()
        url = server.url.replace("http://127.0.0.1", "https://localhost")

        async def close() -> None:
            await server.wait_until_open(1)
            await transport.aclose()

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(close)
                with pytest.raises(ClientClosedError, match=CLOSED_WHILE_CONNECTING):
                    await send(transport, url)
        assert transport.stats().in_use == 0


def warnings_of(act: Callable[[], None]) -> list[str]:
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act()
        gc.collect()
    # With its source, tracemalloc can show where the object was created.
    assert {(each.category, each.source is None) for each in caught} <= {(ResourceWarning, False)}
    return [str(warning.message) for warning in caught]


async def test_dropped_without_being_closed(ca: object, parser: str) -> None:
    async with serve(respond_with(http_response())) as server:
        kept = [PooledTransport(parser=parser)]
        await send(kept[0], server.url)
        assert warnings_of(kept.clear) == [
            f"a transport to {server.url} was dropped without being closed"
        ]
        await server.wait_until_open(0)


async def test_no_warning_for_an_unused_or_closed_transport(parser: str) -> None:
    async with serve(respond_with(http_response())) as server:
        kept = [PooledTransport(parser=parser), PooledTransport(parser=parser)]
        await send(kept[0], server.url)
        await kept[0].aclose()
        assert warnings_of(kept.clear) == []


async def test_unread_response_that_is_dropped_releases_its_slot(make: Make) -> None:
    async with serve(respond_with(http_response(b"x" * 3_000_000))) as server:
        transport = make(max_connections=1)
        kept = [await transport.handle_async_request(request(server.url))]
        said = warnings_of(kept.clear)
        assert len(said) == 1
        assert "neither read nor closed" in said[0]
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)
        assert len((await send(transport, server.url)).content) == 3_000_000


# -- event loops and processes -------------------------------------------------------------------


@pytest.mark.parametrize("backends", [("asyncio", "asyncio"), ("asyncio", "trio"), ("trio",) * 2])
def test_one_event_loop_after_another(parser: str, backends: tuple[str, str]) -> None:
    """An idle connection does not belong to an event loop: another one can use it."""
    with start_blocking_portal() as portal:
        manager = portal.wrap_async_context_manager(serve(respond_with(http_response(b"fine"))))
        with manager as server:
            transport = PooledTransport(parser=parser, max_connections=1)
            for backend in backends:
                for _ in range(2):
                    response = anyio.run(lambda: send(transport, server.url), backend=backend)
                    assert response.content == b"fine"
            assert transport.stats().created == 1
            anyio.run(transport.aclose, backend=backends[1])


def test_event_loop_that_was_stopped_during_a_call(parser: str) -> None:
    async def silent_once(peer: Peer) -> None:
        await peer.request()
        await peer.closed()

    with start_blocking_portal() as portal:
        manager = portal.wrap_async_context_manager(
            serve(silent_once, respond_with(http_response(b"fine")))
        )
        with manager as server:
            transport = PooledTransport(parser=parser, max_connections=1)

            async def abandon() -> None:
                task = asyncio.ensure_future(send(transport, server.url))
                await asyncio.sleep(0.1)
                assert not task.done()

            asyncio.run(abandon())
            assert transport.stats().in_use == 0
            assert asyncio.run(send(transport, server.url)).content == b"fine"
            asyncio.run(transport.aclose())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_child_process_does_not_use_the_connections_of_its_parent(parser: str) -> None:
    with start_blocking_portal() as portal:
        script = respond_with(
            http_response(b"fine"), http_response(b"x" * 3_000_000), http_response(b"fine")
        )
        manager = portal.wrap_async_context_manager(serve(script))
        with manager as server:
            transport = PooledTransport(parser=parser, max_connections=1)
            anyio.run(lambda: send(transport, server.url))
            under_way = anyio.run(transport.handle_async_request, request(server.url))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # threads and fork
                child = os.fork()
            if child == 0:  # pragma: no cover - another process
                code = 1
                try:
                    anyio.run(lambda: send(transport, server.url))
                    stats = transport.stats()
                    code = 0 if (stats.created, stats.reused, stats.in_use) == (1, 0, 0) else 2
                finally:
                    os._exit(code)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            assert len(anyio.run(under_way.aread)) == 3_000_000
            anyio.run(lambda: send(transport, server.url))
            assert (transport.stats().created, transport.stats().reused) == (1, 2)
            assert server.connections == 2
            anyio.run(transport.aclose)

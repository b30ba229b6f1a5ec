"""Closing a transport after its event loop was closed."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Awaitable, Callable, Generator
from contextlib import closing, suppress
from typing import Any

import anyio
import pytest

from ecrclient import CallOptions, Credentials, ECRClient, PooledTransport
from ecrclient._awsjson.calling.client_state import ClientState
from ecrclient._awsjson.transport.pool import Pool
from tests.awsjson.transport.conftest import send

# The tasks of a closed loop cannot leave anyio's cancel scopes when they are collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def listener() -> Generator[socket.socket]:
    """A server that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener
    gc.collect()


def abandon(
    call: Callable[[], Awaitable[Any]], until: Callable[[], bool]
) -> list[asyncio.Task[Any]]:
    """Start six calls in an event loop, and close the loop during them."""

    async def main() -> list[asyncio.Task[Any]]:
        tasks = [asyncio.ensure_future(call()) for _ in range(6)]
        async with asyncio.timeout(20):
            while not until():
                await asyncio.sleep(0)
        return tasks

    loop = asyncio.new_event_loop()
    with closing(loop):
        return loop.run_until_complete(main())


def check_closed(listener: socket.socket, count: int) -> None:
    """Check that the server sees the end of each connection."""
    for _ in range(count):
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(20)
            while peer.recv(65536):
                pass


def test_a_transport_is_closed_after_its_loop(
    anyio_backend: str, listener: socket.socket, parser: str
) -> None:
    """The second call is in another loop than the first, on asyncio or trio."""
    transport = PooledTransport(max_connections=5, parser=parser)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def waits() -> bool:
        stats = transport.stats()
        return (stats.open, stats.waiting) == (5, 1)

    tasks = abandon(lambda: send(transport, url), waits)
    anyio.run(transport.aclose, backend=anyio_backend)
    check_closed(listener, 5)
    assert transport.stats().waiting == 0
    anyio.run(transport.aclose, backend=anyio_backend)
    assert not any(task.done() for task in tasks)


def test_a_client_is_closed_after_its_loop(anyio_backend: str, listener: socket.socket) -> None:
    ecr = ECRClient(
        region="eu-west-1",
        credentials=Credentials("AKIDEXAMPLE", "secret"),
        endpoint_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
        options=CallOptions(timeout=None),
        max_connections=5,
    )
    accepted: list[socket.socket] = []
    listener.setblocking(False)

    def accept() -> bool:
        try:
            accepted.append(listener.accept()[0])
        except BlockingIOError:
            return False
        return len(accepted) == 5

    tasks = abandon(ecr.describe_registry, accept)
    anyio.run(ecr.aclose, backend=anyio_backend)
    for peer in accepted:
        with peer:
            peer.settimeout(20)
            while peer.recv(65536):
                pass
    anyio.run(ecr.aclose, backend=anyio_backend)
    assert not any(task.done() for task in tasks)


def test_a_second_close_completes_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = 0

    async def close_transport(core: ClientState) -> None:
        nonlocal closed
        closed += 1
        if closed == 1:
            raise RuntimeError("interrupted")

    async def main() -> None:
        ecr = ECRClient(region="eu-west-1")
        monkeypatch.setattr(ClientState, "_close_transports", close_transport)
        with pytest.raises(RuntimeError, match="interrupted"):
            await ecr.aclose()
        await ecr.aclose()

    asyncio.run(main())
    assert closed == 2


def test_slots_are_not_passed_to_calls_of_a_closed_loop() -> None:
    pool: Pool[None] = Pool(1)
    assert pool.try_acquire()
    tasks: list[Any] = []
    tasks += abandon(lambda: pool.acquire(None), lambda: pool.stats().waiting == 6)

    async def main() -> None:
        waiter = asyncio.ensure_future(pool.acquire(None))
        await asyncio.sleep(0)
        pool.release()
        async with asyncio.timeout(20):
            await waiter

    asyncio.run(main())
    assert (pool.stats().in_use, pool.stats().waiting) == (1, 0)
    for task in tasks:
        task._log_destroy_pending = False
        with suppress(RuntimeError):  # anyio's cancel scopes cannot be left outside a task
            task.get_coro().close()
    assert pool.stats().in_use == 1  # they owned no slot


def test_connecting_calls_of_a_closed_loop_are_not_cancelled(anyio_backend: str) -> None:
    """Cancelling them would make the next loop retry forever."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        transport = PooledTransport(max_connections=6)
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        turns = 0

        def many_turns() -> bool:
            nonlocal turns
            turns += 1
            return turns > 200 and transport.stats().in_use == 6

        tasks = abandon(lambda: send(transport, url), many_turns)
        anyio.run(transport.aclose, backend=anyio_backend)
        assert not any(task.done() for task in tasks)
        for other in others:
            other.close()

"""Waiting for a socket: one place in asyncio's selector, given up whenever it must be."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
import warnings
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

import anyio
import anyio.to_thread
import pytest
import trio

from ecrclient._runtime.transport.watch import Watch


class Line:
    """A socket that is watched, the other end, and what was received."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)
        self.number = self.near.fileno()
        self.error: Exception | None = None
        self.received = b""
        self.watch = Watch(self.near)

    def receive(self) -> bool | None:
        if self.error is not None:
            raise self.error
        try:
            data = self.near.recv(100)
        except BlockingIOError:
            return None
        self.received += data
        return bool(data)

    async def hear(self, data: bytes) -> bool | None:
        self.far.send(data)
        with anyio.fail_after(10):
            return await self.watch.receive(self.receive)

    def is_watched_by(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether it had a place there, which it has lost now."""
        return loop.remove_reader(self.number)


@pytest.fixture
def line() -> Generator[Line]:
    line = Line()
    yield line
    line.watch.close()
    line.far.close()


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done to selectors."""
    done: list[str] = []

    def count(name: str) -> None:
        original: Callable[..., Any] = getattr(asyncio.SelectorEventLoop, name)

        def counted(*arguments: Any) -> Any:
            done.append(name)
            return original(*arguments)

        monkeypatch.setattr(asyncio.SelectorEventLoop, name, counted)

    count("add_reader")
    count("remove_reader")
    return done


async def test_what_is_received(line: Line, anyio_backend: str) -> None:
    assert await line.hear(b"a") is True
    assert await line.hear(b"b") is True
    assert line.received == b"ab"
    line.far.shutdown(socket.SHUT_WR)
    assert await line.watch.receive(line.receive) is False


async def test_what_reading_raises(line: Line, anyio_backend: str) -> None:
    line.error = ConnectionResetError("gone")
    with pytest.raises(ConnectionResetError, match="gone"):
        await line.hear(b"a")
    line.error = None
    assert await line.watch.receive(line.receive) is True


async def test_closing_tells_who_waits(anyio_backend: str) -> None:
    line = Line()
    with line.far:
        async with anyio.create_task_group() as tasks:

            async def wait() -> None:
                with pytest.raises(anyio.ClosedResourceError):
                    await line.watch.receive(line.receive)

            tasks.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            if anyio_backend == "trio":  # which connections tell themselves
                anyio.notify_closing(line.near)
            line.watch.close()
    assert line.near.fileno() == -1


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_one_place_for_many_waits(line: Line, taken: list[str], anyio_backend: str) -> None:
    for _ in range(10):
        await line.hear(b"a")
    assert taken == ["add_reader"]
    line.watch.close()
    assert taken == ["add_reader", "remove_reader"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_news_that_nobody_listens_to(
    line: Line, taken: list[str], anyio_backend: str
) -> None:
    await line.hear(b"a")
    line.far.send(b"b")
    for _ in range(5):
        await asyncio.sleep(0.001)
    assert taken == ["add_reader", "remove_reader"]
    assert line.received == b"a"
    assert await line.watch.receive(line.receive) is True
    assert line.received == b"ab"


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_news_after_a_cancelled_wait(line: Line, anyio_backend: str) -> None:
    with anyio.move_on_after(0.01):
        await line.watch.receive(line.receive)
    line.far.send(b"a")
    await asyncio.sleep(0.01)
    assert line.received == b""
    assert not line.is_watched_by(asyncio.get_running_loop())


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_an_error_that_a_cancelled_task_does_not_fetch(
    line: Line, anyio_backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    line.error = ConnectionResetError("gone")
    task = asyncio.create_task(line.watch.receive(line.receive))
    await asyncio.sleep(0)
    line.far.send(b"a")
    asyncio.get_running_loop().call_later(0, task.cancel)
    with pytest.raises((asyncio.CancelledError, ConnectionResetError)):
        await task
    gc.collect()
    assert not caplog.records


async def test_a_wait_that_leaves_it_unread(line: Line, anyio_backend: str) -> None:
    await line.hear(b"a")
    line.far.send(b"b")
    await line.watch.readable()
    assert line.received == b"a"
    assert await line.watch.receive(line.receive) is True
    assert await line.hear(b"c") is True
    assert line.received == b"abc"


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_loop_that_watches_no_sockets(
    line: Line, anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()

    def cannot(*_: object) -> None:
        raise NotImplementedError

    async def poll(sock: socket.socket) -> None:
        """What anyio does there, without its thread."""
        while not sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
            await asyncio.sleep(0)

    monkeypatch.setattr(loop, "add_reader", cannot)
    monkeypatch.setattr(anyio, "wait_readable", poll)
    assert await line.hear(b"a") is True
    assert await line.hear(b"b") is True


# -- other loops, other threads, other processes --------------------------------------------------


def test_a_loop_after_another_that_is_still_open(line: Line) -> None:
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    try:
        for loop, other in ((first, second), (second, first), (first, second)):
            assert loop.run_until_complete(line.hear(b"a")) is True
            assert not line.is_watched_by(other)
        assert line.is_watched_by(first)
    finally:
        first.close()
        second.close()
    assert asyncio.run(line.hear(b"b")) is True
    assert trio.run(line.hear, b"c") is True
    assert asyncio.run(line.hear(b"d")) is True


def test_trio_as_a_guest_of_asyncio(line: Line) -> None:
    async def host() -> bool | None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()

        async def guest() -> bool | None:
            with trio.fail_after(10):
                line.far.send(b"a")
                return await line.watch.receive(line.receive)

        trio.lowlevel.start_guest_run(
            guest, run_sync_soon_threadsafe=loop.call_soon_threadsafe, done_callback=done.set_result
        )
        found: bool | None = (await done).unwrap()
        assert not line.is_watched_by(loop)
        return found

    assert asyncio.run(host()) is True


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_dropped_in_another_thread(anyio_backend: str, taken: list[str]) -> None:
    line = Line()
    await line.hear(b"a")
    threads: list[int] = []
    loop = asyncio.get_running_loop()
    original = loop.remove_reader

    def remove_reader(number: int) -> bool:
        threads.append(threading.get_ident())
        return original(number)

    loop.remove_reader = remove_reader  # type: ignore[method-assign,assignment]
    with line.far:
        await asyncio.to_thread(line.watch.close)
        while line.near.fileno() != -1:
            await asyncio.sleep(0)
    assert threads == [threading.get_ident()]
    assert not line.is_watched_by(loop)


def test_closed_after_its_loop() -> None:
    line = Line()
    asyncio.run(line.hear(b"a"))
    with line.far:
        line.watch.close()
    assert line.near.fileno() == -1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_child_leaves_the_selector_to_its_parent(line: Line, anyio_backend: str) -> None:
    await line.hear(b"a")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads and fork
        child = os.fork()
    if not child:
        try:
            with suppress(TimeoutError):
                asyncio.run(asyncio.wait_for(line.watch.receive(line.receive), 0.01))
            line.watch.close()
        finally:
            os._exit(0)
    await anyio.to_thread.run_sync(os.waitpid, child, 0)
    # The parent's own place is still there: nothing else would wake it up.
    assert await line.hear(b"b") is True

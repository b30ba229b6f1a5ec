"""Waiting for a socket: one registration in asyncio's selector, removed when necessary."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
import warnings
import weakref
from collections.abc import Awaitable, Callable, Generator
from contextlib import closing, suppress
from contextvars import ContextVar
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest
import trio

from ecrclient._awsjson.transport.byte_transport import ByteTransport
from ecrclient._awsjson.transport.origin import Origin
from ecrclient._awsjson.transport.readiness import Watch
from tests.awsjson.transport.backends import ASYNCIO
from tests.awsjson.transport.backends import anyio_backend as anyio_backend


class Line:
    """A socket that is watched, the other end, and what was received."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)
        self.number = self.near.fileno()
        self.error: BaseException | None = None
        self.received = b""
        self.written = 0
        self.watch = Watch(self.near)

    async def wait(self, receive: Callable[[], bool | None] | None = None) -> bool | None:
        return await self.watch.current().receive(receive or self.receive)

    def receive(self) -> bool | None:
        if self.error is not None:
            raise self.error
        try:
            data = self.near.recv(100)
        except BlockingIOError:
            return None
        self.received += data
        return bool(data)

    async def transfer(self, data: bytes) -> bool | None:
        self.far.send(data)
        with anyio.fail_after(10):
            return await self.wait()

    async def write(self) -> None:
        await self.watch.writable()
        self.written += self.near.send(b"x")

    def fill(self) -> None:
        """Send until the socket accepts no more."""
        with suppress(BlockingIOError):
            while True:
                self.near.send(b"x" * 65536)

    def drain(self) -> None:
        """Read what *fill* has sent."""
        with suppress(BlockingIOError):
            while True:
                self.far.recv(65536, socket.MSG_DONTWAIT)

    def is_watched_by(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether it was registered there; removes the registration."""
        return loop.remove_reader(self.number)


@pytest.fixture
def line() -> Generator[Line]:
    line = Line()
    yield line
    line.watch.close()
    line.far.close()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls that changed selectors."""
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


@pytest.fixture
def removers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[asyncio.AbstractEventLoop, int]]:
    """The loops whose registrations were removed, and the threads that did so."""
    removers: list[tuple[asyncio.AbstractEventLoop, int]] = []
    original = asyncio.SelectorEventLoop.remove_reader

    def remove_reader(loop: asyncio.SelectorEventLoop, number: int) -> bool:
        removers.append((loop, threading.get_ident()))
        return original(loop, number)

    monkeypatch.setattr(asyncio.SelectorEventLoop, "remove_reader", remove_reader)
    return removers


async def test_received_data(line: Line, anyio_backend: str) -> None:
    assert await line.transfer(b"a") is True
    assert await line.transfer(b"b") is True
    assert line.received == b"ab"
    line.far.shutdown(socket.SHUT_WR)
    assert await line.wait() is False


@pytest.mark.parametrize("error", [ConnectionResetError, KeyboardInterrupt])
async def test_error_while_receiving(
    line: Line, error: type[BaseException], anyio_backend: str
) -> None:
    line.error = error("gone")
    with pytest.raises(error, match="gone"):
        await line.transfer(b"a")
    line.error = None
    assert await line.wait() is True


@pytest.mark.parametrize("wait", [Line.wait, Line.write], ids=["to read", "to write"])
async def test_closing_wakes_the_waiting_task(
    wait: Callable[[Line], Awaitable[object]], anyio_backend: str
) -> None:
    line = Line()
    line.fill()

    async def wait_in_vain() -> None:
        with pytest.raises(anyio.ClosedResourceError):
            await wait(line)

    with line.far, anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait_in_vain)
            await anyio.wait_all_tasks_blocked()
            line.watch.close()
    assert line.near.fileno() == -1


async def test_wait_to_write(line: Line, anyio_backend: str) -> None:
    """Also if data arrives meanwhile, which the loop would report again and again."""
    await line.transfer(b"a")
    line.fill()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(line.write)
        await anyio.wait_all_tasks_blocked()
        line.far.send(b"b")
        for _ in range(5):
            await anyio.sleep(0.001)
        assert line.written == 0
        line.drain()
    assert line.written == 1
    assert await line.wait() is True
    assert line.received == b"ab"


@pytest.mark.parametrize("anyio_backend", ASYNCIO)
async def test_cancelled_wait_to_write_leaves_no_registration(
    line: Line, anyio_backend: str
) -> None:
    line.fill()
    with anyio.move_on_after(0.01):
        await line.write()
    assert not asyncio.get_running_loop().remove_writer(line.number)
    assert not line.is_watched_by(asyncio.get_running_loop())


@pytest.mark.parametrize("anyio_backend", ASYNCIO)
async def test_closing_removes_the_registration_immediately(anyio_backend: str) -> None:
    """Another socket may get the number before the waiting task has resumed."""
    line = Line()
    line.fill()
    task = asyncio.create_task(line.write())
    await asyncio.sleep(0)
    with line.far:
        line.watch.close()
        assert not asyncio.get_running_loop().remove_writer(line.number)
        with pytest.raises(anyio.ClosedResourceError):
            await task


@pytest.mark.parametrize("anyio_backend", ASYNCIO)
async def test_closing_in_the_loop_is_immediate(line: Line, anyio_backend: str) -> None:
    await line.transfer(b"a")
    line.watch.close()
    assert line.near.fileno() == -1


def test_closing_while_the_loop_is_being_closed(line: Line) -> None:
    """Its thread has closed it after this one has seen it run."""

    class Closed:
        """A loop that looks as if it runs."""

        def is_running(self) -> bool:
            return True

        def is_closed(self) -> bool:
            return False

        def call_soon_threadsafe(self, *_: object) -> None:
            raise RuntimeError("Event loop is closed")

    readiness = cast(Any, line.watch)._asyncio
    readiness._loop, readiness._pid = Closed(), os.getpid()
    line.watch.close()
    assert line.near.fileno() == -1


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_many_waits_use_one_registration(
    line: Line, calls: list[str], anyio_backend: str
) -> None:
    for _ in range(10):
        await line.transfer(b"a")
    assert calls == ["add_reader"]
    line.watch.close()
    assert calls == ["add_reader", "remove_reader"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_data_that_arrives_while_no_task_waits(
    line: Line, calls: list[str], anyio_backend: str
) -> None:
    await line.transfer(b"a")
    line.far.send(b"b")
    for _ in range(5):
        await asyncio.sleep(0.001)
    assert calls == ["add_reader", "remove_reader"]
    assert line.received == b"a"
    assert await line.wait() is True
    assert line.received == b"ab"


@pytest.mark.parametrize("anyio_backend", ASYNCIO)
async def test_data_that_arrives_after_a_cancelled_wait(line: Line, anyio_backend: str) -> None:
    with anyio.move_on_after(0.01):
        await line.wait()
    line.far.send(b"a")
    await asyncio.sleep(0.01)
    assert line.received == b""
    assert not line.is_watched_by(asyncio.get_running_loop())


@pytest.mark.parametrize("anyio_backend", ASYNCIO)
async def test_error_that_a_cancelled_task_does_not_retrieve(
    line: Line, anyio_backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    line.error = ConnectionResetError("gone")
    task = asyncio.create_task(line.wait())
    await asyncio.sleep(0)
    line.far.send(b"a")
    asyncio.get_running_loop().call_later(0, task.cancel)
    with pytest.raises((asyncio.CancelledError, ConnectionResetError)):
        await task
    gc.collect()
    assert not caplog.records


async def test_error_is_not_in_a_reference_cycle(line: Line, anyio_backend: str) -> None:
    class Held:
        pass

    def fail() -> bool:
        held = Held()
        refs.append(weakref.ref(held))
        raise ConnectionResetError

    refs: list[weakref.ref[Held]] = []
    line.far.send(b"a")
    gc.disable()
    try:
        with suppress(ConnectionResetError):
            await line.wait(fail)
        await anyio.lowlevel.checkpoint()  # until then the loop itself refers to the future
        assert [held() for held in refs] == [None]
    finally:
        gc.enable()


async def test_registration_does_not_keep_the_context_of_a_call(
    line: Line, anyio_backend: str
) -> None:
    class Span:
        pass

    async def call() -> weakref.ref[Span]:
        span = Span()
        current.set(span)
        await line.transfer(b"a")
        return weakref.ref(span)

    current: ContextVar[Span] = ContextVar("current")
    refs: list[weakref.ref[Span]] = []

    async def keep() -> None:
        refs.append(await call())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keep)
    gc.collect()
    assert refs[0]() is None


async def test_wait_that_does_not_read(line: Line, anyio_backend: str) -> None:
    await line.transfer(b"a")
    line.far.send(b"b")
    await line.watch.readable()
    assert line.received == b"a"
    assert await line.wait() is True
    assert await line.transfer(b"c") is True
    assert line.received == b"abc"


@pytest.mark.parametrize("anyio_backend", ASYNCIO)
async def test_loop_without_add_reader(
    line: Line, anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()

    def fail(*_: object) -> None:
        raise NotImplementedError

    async def poll(sock: socket.socket) -> None:
        """What anyio does on such a loop, without its thread."""
        while not sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
            await asyncio.sleep(0)

    monkeypatch.setattr(loop, "add_reader", fail)
    monkeypatch.setattr(anyio, "wait_readable", poll)
    assert await line.transfer(b"a") is True
    assert await line.transfer(b"b") is True


# -- in the pool ----------------------------------------------------------------------------------


@pytest.mark.parametrize("anyio_backend", ASYNCIO)
async def test_exchange_that_ends_when_its_last_byte_is_read(anyio_backend: str) -> None:
    """The loop has read it and the task has not resumed: it must get its own response."""
    loop = asyncio.get_running_loop()
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        closing(ByteTransport(max_connections=2, parser="h11")) as wire,
    ):
        listener.setblocking(False)
        origin = Origin("http", "127.0.0.1", listener.getsockname()[1])
        begun = asyncio.create_task(
            wire.begin(origin, "POST", b"POST / HTTP/1.1\r\n\r\n", b"", {}, resend=True)
        )
        far, _ = await loop.sock_accept(listener)
        with far:
            far.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nAA")
            exchange = await begun
            await exchange.receive_body()
            reader = asyncio.create_task(exchange.receive_body())
            await asyncio.sleep(0)
            far.send(b"BB")
            while not exchange.parser.done:
                await asyncio.sleep(0)
            assert not reader.done()
            exchange.end()
            assert (wire.stats().idle, wire.stats().in_use) == (0, 0)
            assert await reader == b"BB"


# -- other loops, other threads, other processes --------------------------------------------------


def test_second_loop_while_the_first_is_open(line: Line) -> None:
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    try:
        for loop, other in ((first, second), (second, first), (first, second)):
            assert loop.run_until_complete(line.transfer(b"a")) is True
            assert not line.is_watched_by(other)
        assert line.is_watched_by(first)
    finally:
        first.close()
        second.close()
    assert asyncio.run(line.transfer(b"b")) is True
    assert trio.run(line.transfer, b"c") is True
    assert asyncio.run(line.transfer(b"d")) is True


def test_trio_as_a_guest_of_asyncio(line: Line) -> None:
    async def host() -> bool | None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()

        async def guest() -> bool | None:
            with trio.fail_after(10):
                line.far.send(b"a")
                return await line.wait()

        trio.lowlevel.start_guest_run(
            guest, run_sync_soon_threadsafe=loop.call_soon_threadsafe, done_callback=done.set_result
        )
        found: bool | None = (await done).unwrap()
        assert not line.is_watched_by(loop)
        return found

    assert asyncio.run(host()) is True


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_close_in_another_thread(
    anyio_backend: str, removers: list[tuple[asyncio.AbstractEventLoop, int]]
) -> None:
    line = Line()
    loop = asyncio.get_running_loop()
    await line.transfer(b"a")
    with line.far:
        await asyncio.to_thread(line.watch.close)
        with anyio.fail_after(10):
            while line.near.fileno() != -1:
                await asyncio.sleep(0)
    assert removers == [(loop, threading.get_ident())]
    assert not line.is_watched_by(loop)


@pytest.mark.parametrize("anyio_backend", ASYNCIO)
async def test_close_in_another_thread_while_a_task_waits(anyio_backend: str) -> None:
    asyncio.get_running_loop().set_debug(True)  # so that it checks which thread calls
    line = Line()
    task = asyncio.create_task(line.wait())
    await asyncio.sleep(0)
    with line.far, pytest.raises(anyio.ClosedResourceError), anyio.fail_after(10):
        await asyncio.to_thread(line.watch.close)
        await task
    assert line.near.fileno() == -1


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_use_in_another_thread(
    line: Line, anyio_backend: str, removers: list[tuple[asyncio.AbstractEventLoop, int]]
) -> None:
    await line.transfer(b"a")
    here = asyncio.get_running_loop()
    assert await asyncio.to_thread(asyncio.run, line.transfer(b"b")) is True
    assert await line.transfer(b"c") is True
    assert line.received == b"abc"
    assert {thread for loop, thread in removers if loop is here} <= {threading.get_ident()}


def test_close_after_its_loop() -> None:
    line = Line()
    asyncio.run(line.transfer(b"a"))
    with line.far:
        line.watch.close()
    assert line.near.fileno() == -1


def test_close_after_a_loop_that_was_closed_while_a_task_waited() -> None:
    line = Line()
    loop = asyncio.new_event_loop()
    task = loop.create_task(line.wait())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()

    async def close() -> None:
        line.watch.close()

    with line.far:
        asyncio.run(close())
    assert line.near.fileno() == -1
    task.get_coro().close()
    task._log_destroy_pending = False  # type: ignore[attr-defined]


def close_in_a_child(line: Line) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads and fork
        child = os.fork()
    if not child:
        code = 1
        try:
            with suppress(TimeoutError):
                asyncio.run(asyncio.wait_for(line.wait(), 0.01))
            line.watch.close()
            code = 0 if line.near.fileno() == -1 else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0) == (child, 0)


# Only if the parent's registration still exists does the parent receive afterwards.


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.parametrize("anyio_backend", ASYNCIO)
async def test_fork_in_a_loop(line: Line, anyio_backend: str) -> None:
    await line.transfer(b"a")
    close_in_a_child(line)
    assert await line.transfer(b"b") is True


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_fork_while_no_loop_runs(line: Line) -> None:
    with asyncio.Runner() as runner:
        runner.run(line.transfer(b"a"))
        close_in_a_child(line)
        assert runner.run(line.transfer(b"b")) is True

"""The state of one connection, without a pool."""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, cast

import anyio
import pytest

from ecrclient._awsjson.transport.connection import Connection
from ecrclient._awsjson.transport.h11_parser import H11Parser


@pytest.fixture
def ends() -> Generator[tuple[Connection, socket.socket]]:
    """A connection, and the server's end."""
    near, far = socket.socketpair()
    near.setblocking(False)
    connection = Connection(near, H11Parser())
    with far:
        yield connection, far
        connection.close()


Ends = tuple[Connection, socket.socket]


def test_a_new_connection_has_carried_nothing(ends: Ends) -> None:
    connection, _ = ends
    flags = [
        connection.heard,
        connection.sent,
        connection.was_cut,
        connection.hides_cuts,
        connection.closed,
        connection.waiting,
        cast(Any, connection)._is_at_eof,
        cast(Any, connection)._receive_must_write,
    ]
    assert flags == [False] * 8
    assert (connection.requests, connection.expires) == (0, 0.0)


def test_a_request_resets_what_the_last_one_left(ends: Ends) -> None:
    connection, _ = ends
    connection.start_request("POST")
    connection.parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    connection.heard = connection.sent = True
    connection.start_request("POST")
    assert (connection.heard, connection.sent, connection.requests) == (False, False, 2)


@pytest.mark.parametrize("event", ["bytes", "end"])
def test_a_connection_is_stale_after_an_event_of_the_server(ends: Ends, event: str) -> None:
    connection, far = ends
    assert not connection.is_stale()
    if event == "bytes":
        far.send(b"x")
    else:
        far.shutdown(socket.SHUT_WR)
    assert connection.is_stale()


def test_stale_connections_are_found_without_select(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``select`` fails if a process has more than 1,024 descriptors."""

    def fail(*_: object) -> None:
        raise ValueError("filedescriptor out of range in select()")

    monkeypatch.setattr(select, "select", fail)
    connection, far = ends
    assert not connection.is_stale()
    far.send(b"x")
    assert connection.is_stale()


def test_looking_for_events_does_not_wait(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    class Poll:
        def poll(self, milliseconds: int) -> list[object]:
            waited.append(milliseconds)
            return []

    waited: list[int] = []
    connection, _ = ends
    cast(Any, connection)._poll = Poll()
    assert not connection.is_stale()
    assert waited == [0]


def test_a_connection_with_decrypted_bytes_is_stale() -> None:
    class Pending(ssl.SSLSocket):
        def pending(self) -> int:
            return count

    count = 0
    context = ssl.create_default_context()
    context.sslsocket_class = Pending
    near, far = socket.socketpair()
    near.setblocking(False)
    with far:
        sock = context.wrap_socket(near, server_hostname="h", do_handshake_on_connect=False)
        connection = Connection(sock, H11Parser())
        assert not connection.is_stale()
        count = 1
        assert connection.is_stale()
        connection.close()


@pytest.mark.parametrize("hides_cuts", [True, False])
def test_a_context_that_hides_cuts(hides_cuts: bool) -> None:
    context = ssl.create_default_context()
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    if hides_cuts:
        context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    near, far = socket.socketpair()
    near.setblocking(False)
    with far:
        sock = context.wrap_socket(near, server_hostname="h", do_handshake_on_connect=False)
        connection = Connection(sock, H11Parser())
        assert connection.hides_cuts is hides_cuts
        connection.close()


# -- waiting ---------------------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"


class Waits(Connection):
    """Records what it waits for instead of waiting."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock, H11Parser())
        self.waits: list[tuple[str, float | None]] = []

    async def _wait(self, ready: Any, timeout: float | None) -> Any:
        self.waits.append((ready.__name__.strip("_"), timeout))
        return self._receive_now() if ready == self._receive_when_ready else None


class Outcomes(ssl.SSLSocket):
    """A TLS socket whose operations have these outcomes."""

    outcomes: list[Any]

    def play(self, *_: Any) -> Any:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    do_handshake = send = recv = cast(Any, play)


@pytest.fixture
def over_tls() -> Generator[Callable[..., Waits]]:
    """Create connections over TLS sockets with these outcomes."""
    made: list[Waits] = []

    def make(*outcomes: Any) -> Waits:
        context = ssl.create_default_context()
        context.sslsocket_class = Outcomes
        near, far = socket.socketpair()
        far.close()
        near.setblocking(False)
        sock = context.wrap_socket(near, server_hostname="h", do_handshake_on_connect=False)
        cast(Outcomes, sock).outcomes = list(outcomes)
        made.append(Waits(sock))
        made[-1].start_request("POST")
        return made[-1]

    yield make
    for connection in made:
        connection.close()


Make = Callable[..., Waits]


@pytest.mark.anyio
async def test_a_handshake_waits_for_what_tls_needs(over_tls: Make) -> None:
    connection = over_tls(ssl.SSLWantReadError(), ssl.SSLWantWriteError(), None)
    await connection.handshake()
    assert connection.waits == [("readable", None), ("writable", None)]


@pytest.mark.anyio
async def test_sending_waits_for_what_tls_needs(over_tls: Make) -> None:
    connection = over_tls(ssl.SSLWantReadError(), ssl.SSLWantWriteError(), 2, 3)
    await connection.send(b"12345", 7)
    assert connection.waits == [("readable", 7), ("writable", 7)]
    assert connection.sent
    assert cast(Any, connection)._socket.outcomes == [], "the rest was not sent"


@pytest.mark.anyio
@pytest.mark.parametrize("outcome", [ssl.SSLWantReadError(), ssl.SSLWantWriteError()])
async def test_a_refused_tls_record_may_have_been_sent(over_tls: Make, outcome: Exception) -> None:
    connection = over_tls(outcome, OSError("broken"))
    with pytest.raises(OSError, match="broken"):
        await connection.send(b"x", None)
    assert connection.sent


@pytest.mark.anyio
@pytest.mark.parametrize(("size", "sent"), [(16 * 1024, False), (16 * 1024 + 1, True)])
async def test_one_of_several_tls_records_may_have_been_sent(
    over_tls: Make, size: int, sent: bool
) -> None:
    connection = over_tls(OSError("broken"))
    with pytest.raises(OSError, match="broken"):
        await connection.send(bytes(size), None)
    assert connection.sent is sent


@pytest.mark.anyio
async def test_receiving_waits_for_what_tls_needs(over_tls: Make) -> None:
    connection = over_tls(ssl.SSLWantWriteError(), HEAD, ssl.SSLWantWriteError(), b"body")
    assert await connection.receive(7)
    assert cast(Any, connection)._receive_must_write
    assert await connection.receive(8)
    assert connection.parser.done
    assert connection.waits == [
        ("receive_when_ready", 7),
        ("receive_when_ready", 7),
        ("receive_when_ready", 8),
    ]


@pytest.mark.anyio
async def test_after_all_was_read_the_next_wait_comes_first(over_tls: Make) -> None:
    connection = over_tls(HEAD, ssl.SSLWantReadError(), b"body")
    assert await connection.receive(7)
    assert await connection.receive(8)
    assert connection.parser.done
    assert connection.waits == [("receive_when_ready", 7), ("receive_when_ready", 8)]


@pytest.mark.anyio
async def test_a_wait_to_write_is_over_when_tls_wants_to_read(over_tls: Make) -> None:
    connection = over_tls(ssl.SSLWantWriteError(), ssl.SSLWantReadError(), HEAD + b"body")
    assert await connection.receive(None)
    assert not cast(Any, connection)._receive_must_write


@pytest.mark.anyio
@pytest.mark.parametrize("end", [b"", ssl.SSLEOFError()])
async def test_after_the_end_nothing_is_read(over_tls: Make, end: Any) -> None:
    connection = over_tls(end, AssertionError("read again"))
    assert not await connection.receive(None)
    assert not await connection.receive(None)
    assert connection.was_cut is (end != b"")
    assert not connection.heard


@pytest.mark.anyio
async def test_what_has_arrived_is_read_without_waiting(over_tls: Make) -> None:
    """After a burst that ended early, there may be more."""
    connection = over_tls(HEAD + b"b", b"ody")
    connection.parser.pieces = [b""] * 5000
    assert await connection.receive(None)
    assert await connection.receive(None)
    assert connection.parser.done
    assert connection.waits == [("receive_when_ready", None)]


@pytest.mark.anyio
async def test_a_burst_is_bounded(over_tls: Make) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    connection = over_tls(head, *[b"x"] * 30)
    assert await connection.receive(None)
    assert len(connection.parser.pieces) == 16
    assert len(connection.waits) == 1


@pytest.mark.anyio
async def test_every_wait_of_a_closed_connection_is_refused(ends: Ends) -> None:
    connection, _ = ends
    connection.close()
    with pytest.raises(anyio.ClosedResourceError):
        await connection.receive(None)
    assert not connection.waiting


@pytest.mark.anyio
async def test_a_wait_ends_after_the_timeout(ends: Ends) -> None:
    connection, far = ends
    connection.start_request("POST")
    with pytest.raises(TimeoutError):
        await connection.receive(0.01)
    assert not connection.waiting
    far.send(HEAD + b"body")
    assert await connection.receive(20)
    assert (connection.parser.done, connection.heard) == (True, True)


@pytest.mark.anyio
@pytest.mark.parametrize("must_write", [True, False])
async def test_the_event_that_a_receive_waits_for(ends: Ends, must_write: bool) -> None:
    """There is something to read, but nothing can be written."""
    connection, far = ends
    with suppress(BlockingIOError):
        while True:
            cast(Any, connection)._socket.send(bytes(1 << 16))
    connection.start_request("POST")
    cast(Any, connection)._receive_must_write = must_write
    far.send(HEAD + b"body")
    if must_write:
        with pytest.raises(TimeoutError):
            await connection.receive(0.01)
        far.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                far.recv(1 << 20)
    assert await connection.receive(20)
    assert connection.parser.done


@pytest.mark.anyio
async def test_sending_more_than_the_socket_accepts(ends: Ends) -> None:
    connection, far = ends
    far.setblocking(False)
    data = bytes(range(256)) * 8192
    received = bytearray()

    async def drain() -> None:
        while len(received) < len(data):
            await anyio.wait_readable(far)
            received.extend(far.recv(1 << 20))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(drain)
            await connection.send(data, 20)
    assert received == data


@pytest.mark.anyio
async def test_closing_wakes_the_task_that_waits(ends: Ends) -> None:
    connection, _ = ends
    connection.start_request("POST")

    async def receive() -> None:
        with pytest.raises(anyio.ClosedResourceError):
            await connection.receive(None)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(receive)
            await anyio.wait_all_tasks_blocked()
            connection.close()
    assert cast(Any, connection)._socket.fileno() == -1

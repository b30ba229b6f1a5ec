"""One exchange, over a connection that plays a script."""

from __future__ import annotations

import gzip
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, cast

import anyio
import pytest

from ecrclient._awsjson.protocol.errors import ClientClosedError
from ecrclient._awsjson.transport.connection import Connection
from ecrclient._awsjson.transport.errors import (
    ReadError,
    ReadTimeout,
    ResponseTooLarge,
    WriteError,
    WriteTimeout,
)
from ecrclient._awsjson.transport.exchange import (
    Exchange,
    ExchangeLimits,
    StaleConnectionError,
    describe,
)
from ecrclient._awsjson.transport.h11_parser import H11Parser
from ecrclient._awsjson.transport.pool import Pool

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
NOW = 1000.0
END = b""
TIMEOUTS = {"write": 5.0, "read": 3.0}


class Scripted:
    """A connection: receives the pieces, or raises them."""

    def __init__(self, *received: bytes | Exception, refusal: Exception | None = None) -> None:
        self.parser = H11Parser()
        self.received = list(received)
        self.refusal = refusal
        self.written: list[tuple[bytes, float | None]] = []
        self.waited: list[float | None] = []
        self.requests = 0
        self.expires = 0.0
        self.heard = self.sent = self.waiting = self.closed = False
        self.was_cut = self.hides_cuts = False

    def start_request(self, method: str) -> None:
        self.requests += 1
        self.parser.start(method)

    async def send(self, data: bytes, timeout: float | None) -> None:
        self.written.append((data, timeout))
        self.sent = True
        if self.refusal is not None:
            raise self.refusal

    async def receive(self, timeout: float | None) -> bool:
        self.waited.append(timeout)
        piece = self.received.pop(0)
        if isinstance(piece, Exception):
            raise piece
        self.heard = self.heard or bool(piece)
        if piece:
            self.parser.feed(piece)
        return bool(piece)

    def close(self) -> None:
        self.closed = True


def begin(
    connection: Scripted | None = None,
    *,
    method: str = "POST",
    limit: int = 1000,
    timeouts: Mapping[str, float | None] = TIMEOUTS,
) -> tuple[Exchange, Pool[Connection]]:
    """An exchange that owns the only slot of a pool."""
    pool: Pool[Connection] = Pool(1)
    assert pool.try_acquire()
    exchange = Exchange(pool, ExchangeLimits(30.0, limit), method, timeouts)
    if connection is not None:
        pool.busy.add(cast(Any, connection))
    return exchange, pool


def idle_of(pool: Pool[Connection]) -> list[Any]:
    return [*pool.idle]


async def send(
    exchange: Exchange, connection: Scripted, body: bytes | AsyncGenerator[bytes] = b"{}"
) -> None:
    await exchange.send_request(cast(Any, connection), b"HEAD\r\n\r\n", body)


# -- the end ---------------------------------------------------------------------------------------


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: NOW)


async def ended(
    connection: Scripted, spoil: Callable[[Exchange, Pool[Connection]], None] | None = None
) -> Pool[Connection]:
    exchange, pool = begin(connection)
    await send(exchange, connection)
    if spoil is not None:
        spoil(exchange, pool)
    for _ in range(2):
        exchange.end()
        assert (exchange.ended, pool.taken, len(pool.busy)) == (True, 0, 0)
    return pool


@pytest.mark.anyio
@pytest.mark.usefixtures("now")
async def test_the_connection_of_a_complete_exchange_is_kept() -> None:
    connection = Scripted(OK)
    pool = await ended(connection)
    assert idle_of(pool) == [connection]
    assert not connection.closed
    assert connection.expires == NOW + 30


SPOILED: dict[str, Callable[[Exchange, Pool[Connection]], None]] = {
    "incomplete": lambda exchange, _: setattr(exchange.parser, "done", False),
    "not reusable": lambda exchange, _: setattr(exchange.parser, "reusable", False),
    "a task waits": lambda exchange, _: setattr(exchange.connection, "waiting", True),
    "closed": lambda exchange, _: setattr(exchange.connection, "closed", True),
    "pool closed": lambda _, pool: setattr(pool, "closed", True),
    "not sent": lambda exchange, _: setattr(exchange, "_write_error", OSError("reset")),
}


@pytest.mark.anyio
@pytest.mark.parametrize("reason", SPOILED)
async def test_other_connections_are_closed(reason: str) -> None:
    connection = Scripted(OK)
    pool = await ended(connection, SPOILED[reason])
    assert pool.idle == []
    assert connection.closed


@pytest.mark.anyio
@pytest.mark.usefixtures("now")
@pytest.mark.parametrize(("expires", "is_closed"), [(NOW - 1, True), (NOW, True), (NOW + 1, False)])
async def test_the_oldest_idle_connection_is_closed_when_it_expires(
    expires: float, is_closed: bool
) -> None:
    idle = [Scripted(), Scripted()]
    for each in idle:
        each.expires = expires

    def add(_: Exchange, pool: Pool[Connection]) -> None:
        pool.idle += cast(Any, idle)

    connection = Scripted(OK)
    pool = await ended(connection, add)
    assert [each.closed for each in idle] == [is_closed, False]
    assert idle_of(pool) == [*(idle[1:] if is_closed else idle), connection]


def test_an_exchange_without_a_connection_releases_its_slot() -> None:
    exchange, pool = begin()
    assert (exchange.connection, exchange.ended) == (None, False)
    exchange.end()
    assert pool.taken == 0


# -- the request -----------------------------------------------------------------------------------


@pytest.mark.anyio
@pytest.mark.parametrize(("size", "sends"), [(0, 1), (65536, 1), (65537, 2)])
async def test_a_small_body_is_sent_with_the_head(size: int, sends: int) -> None:
    connection = Scripted(OK)
    exchange, _ = begin(connection)
    await send(exchange, connection, bytes(size))
    assert b"".join(data for data, _ in connection.written) == b"HEAD\r\n\r\n" + bytes(size)
    assert [timeout for _, timeout in connection.written] == [5.0] * sends
    assert connection.waited == [3.0]
    assert connection.requests == 1
    assert exchange.connection is cast(Any, connection)


@pytest.mark.anyio
async def test_without_timeouts_there_is_no_limit() -> None:
    connection = Scripted(OK)
    exchange, _ = begin(connection, timeouts={})
    await send(exchange, connection)
    assert connection.written == [(b"HEAD\r\n\r\n{}", None)]
    assert connection.waited == [None]


class Pieces:
    """The pieces of a body, and how many were taken."""

    def __init__(self, *pieces: bytes) -> None:
        self.taken = 0
        self.closed = False
        self._pieces = pieces

    async def generate(self) -> AsyncGenerator[bytes]:
        try:
            for piece in self._pieces:
                self.taken += 1
                yield piece
        finally:
            self.closed = True


@pytest.mark.anyio
async def test_pieces_are_sent_one_by_one() -> None:
    connection, pieces = Scripted(OK), Pieces(b"one", b"", b"two")
    exchange, _ = begin(connection)
    await send(exchange, connection, pieces.generate())
    assert [data for data, _ in connection.written] == [b"HEAD\r\n\r\n", b"one", b"", b"two"]
    assert pieces.closed


@pytest.mark.anyio
@pytest.mark.parametrize("body", [b"x" * 65537, Pieces(b"one", b"two")])
async def test_a_refused_request_may_get_a_response(body: bytes | Pieces) -> None:
    """The server has responded and closed before it has read everything."""
    connection = Scripted(OK, refusal=BrokenPipeError("broken pipe"))
    exchange, pool = begin(connection)
    await send(exchange, connection, body if isinstance(body, bytes) else body.generate())
    assert [data for data, _ in connection.written] == [b"HEAD\r\n\r\n"]
    assert isinstance(body, bytes) or not body.taken
    assert (await exchange.receive_response()).content == b"ok"
    assert connection.closed
    assert pool.idle == []


@pytest.mark.anyio
async def test_a_second_request_forgets_the_refusal_of_the_first() -> None:
    first = Scripted(END, refusal=BrokenPipeError("broken pipe"))
    exchange, pool = begin(first)
    with pytest.raises(WriteError):
        await send(exchange, first)
    second = Scripted(OK)
    await send(exchange, second)
    exchange.end()
    assert idle_of(pool) == [second]


# -- errors ----------------------------------------------------------------------------------------

CLOSED = "the transport was closed while a call was under way"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("refusal", "received", "kind", "message"),
    [
        (TimeoutError(), OK, WriteTimeout, "the server accepted no bytes for 5.0 s"),
        (BrokenPipeError("broken pipe"), END, WriteError, "broken pipe"),
        (BrokenPipeError(), ConnectionResetError("reset"), WriteError, "BrokenPipeError"),
        (anyio.ClosedResourceError(), OK, ClientClosedError, CLOSED),
        (None, TimeoutError(), ReadTimeout, "the server sent nothing for 3.0 s"),
        (None, ConnectionResetError("reset"), ReadError, "reset"),
        (None, ConnectionResetError(), ReadError, "ConnectionResetError"),
        (None, anyio.ClosedResourceError(), ClientClosedError, CLOSED),
        (
            None,
            END,
            ReadError,
            "the server closed the connection before the head of the response was complete",
        ),
    ],
)
async def test_failures(
    refusal: Exception | None, received: bytes | Exception, kind: type[Exception], message: str
) -> None:
    connection = Scripted(received, refusal=refusal)
    exchange, _ = begin(connection)
    with pytest.raises(kind) as caught:
        await send(exchange, connection)
    assert type(caught.value) is kind
    assert str(caught.value) == message
    if refusal is not None:
        assert caught.value.__cause__ is refusal
    elif isinstance(received, Exception):
        assert caught.value.__cause__ is received
    else:
        assert type(caught.value.__cause__).__name__ == "ParseError"


@pytest.mark.anyio
@pytest.mark.parametrize("refused", [True, False])
async def test_an_error_after_the_transport_was_closed(refused: bool) -> None:
    error = OSError("bad file descriptor")
    connection = Scripted(error, refusal=error if refused else None)
    connection.closed = True
    exchange, _ = begin(connection)
    with pytest.raises(ClientClosedError) as caught:
        await send(exchange, connection)
    assert str(caught.value) == CLOSED
    assert caught.value.__cause__ is error


@pytest.mark.anyio
@pytest.mark.parametrize("sent", [True, False])
async def test_an_error_reports_whether_a_byte_was_sent(sent: bool) -> None:
    connection = Scripted(ConnectionResetError("reset"))
    exchange, _ = begin(connection)

    async def send_nothing(data: bytes, timeout: float | None) -> None:
        connection.sent = sent

    cast(Any, connection).send = send_nothing
    with pytest.raises(ReadError) as caught:
        await send(exchange, connection)
    assert caught.value.may_have_arrived is sent


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("earlier", "received", "is_stale"),
    [
        (0, [END], False),
        (1, [END], True),
        (2, [END], True),
        (1, [b"HTTP/1.1 2", END], False),
    ],
)
async def test_stale_connections(earlier: int, received: list[bytes], is_stale: bool) -> None:
    connection = Scripted(*received)
    connection.requests = earlier
    exchange, _ = begin(connection)
    with pytest.raises(StaleConnectionError if is_stale else ReadError) as caught:
        await send(exchange, connection)
    if is_stale:
        stale = cast(StaleConnectionError, caught.value)
        assert type(stale.failure) is ReadError
        assert str(stale) == str(stale.failure)
        assert stale.failure.may_have_arrived


@pytest.mark.anyio
@pytest.mark.parametrize("flag", ["was_cut", "hides_cuts"])
async def test_a_response_whose_end_may_be_a_truncation(flag: str) -> None:
    connection = Scripted(b"HTTP/1.1 200 OK\r\n\r\n", b"half", END)
    setattr(connection, flag, True)
    exchange, _ = begin(connection)
    await send(exchange, connection)
    assert await exchange.receive_body() == b"half"
    with pytest.raises(ReadError) as caught:
        await exchange.receive_body()
    assert str(caught.value) == (
        "the server closed the connection before the response was complete"
        if flag == "was_cut"
        else "the response has neither a length nor chunks, and whether it was truncated is "
        "unknown: the SSLContext has OP_IGNORE_UNEXPECTED_EOF, which must not be set for such "
        "servers"
    )


# -- the response ----------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_a_plain_response_ends_the_exchange() -> None:
    connection = Scripted(OK)
    exchange, pool = begin(connection)
    await send(exchange, connection)
    assert exchange.is_plain
    response = await exchange.receive_response()
    assert response == (200, [(b"Content-Length", b"2")], b"ok")
    assert idle_of(pool) == [connection]


@pytest.mark.anyio
async def test_a_plain_response_in_chunks() -> None:
    connection = Scripted(CHUNKED + b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
    exchange, _ = begin(connection)
    await send(exchange, connection)
    assert exchange.is_plain
    assert (await exchange.receive_response()).content == b"ab"


@pytest.mark.anyio
async def test_a_body_that_arrives_later() -> None:
    connection = Scripted(CHUNKED, b"1\r\na\r\n1\r\nb\r\n", b"2\r\ncd\r\n", b"0\r\n\r\n")
    exchange, _ = begin(connection)
    await send(exchange, connection)
    assert not exchange.is_plain
    assert await exchange.receive_body() == b"ab"
    assert await exchange.receive_body() == b"cd"
    assert [await exchange.receive_body() for _ in range(2)] == [b"", b""]
    assert connection.waited == [3.0] * 4


@pytest.mark.anyio
@pytest.mark.parametrize("encoded", [True, False])
async def test_the_whole_body_is_decoded(encoded: bool) -> None:
    data = gzip.compress(b"text") if encoded else b"text"
    header = b"Content-Encoding: gzip\r\n" if encoded else b""
    head = b"HTTP/1.1 201 OK\r\n%bContent-Length: %d\r\n\r\n" % (header, len(data))
    for pieces in ([head + data], [head, data[:3], data[3:]]):
        connection = Scripted(*pieces)
        exchange, _ = begin(connection)
        await send(exchange, connection)
        status, headers, content = await exchange.receive_response()
        assert (status, content) == (201, b"text")
        assert headers[-1] == (b"Content-Length", b"%d" % len(data))


TOO_LARGE = "the response is larger than 5 bytes"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "head", "body", "refused"),
    [
        ("POST", b"Content-Length: 5\r\n\r\n", b"", False),
        ("POST", b"Content-Length: 6\r\n\r\n", b"", True),
        ("POST", b"content-length: 6\r\n\r\n", b"12345", True),
        ("POST", b"X-Length: 6\r\nContent-Length: 5\r\n\r\n", b"", False),
        ("HEAD", b"Content-Length: 6\r\n\r\n", b"", False),
        ("POST", b"\r\n", b"", False),
    ],
)
async def test_an_announced_length_beyond_the_limit(
    method: str, head: bytes, body: bytes, refused: bool
) -> None:
    connection = Scripted(b"HTTP/1.1 200 OK\r\n" + head + body)
    exchange, _ = begin(connection, method=method, limit=5)
    assert exchange.max_response_bytes == 5
    if refused:
        with pytest.raises(ResponseTooLarge) as caught:
            await send(exchange, connection)
        assert str(caught.value) == TOO_LARGE
    else:
        await send(exchange, connection)


@pytest.mark.anyio
@pytest.mark.parametrize("pieces", [[CHUNKED + b"%b0\r\n\r\n"], [CHUNKED, b"%b", b"0\r\n\r\n"]])
async def test_a_body_beyond_the_limit(pieces: list[bytes]) -> None:
    for chunks, is_refused in ((b"5\r\n12345\r\n", False), (b"6\r\n123456\r\n", True)):
        connection = Scripted(*(piece.replace(b"%b", chunks) for piece in pieces))
        exchange, _ = begin(connection, limit=5)
        await send(exchange, connection)
        if is_refused:
            with pytest.raises(ResponseTooLarge) as caught:
                await exchange.receive_response()
            assert str(caught.value) == TOO_LARGE
        else:
            assert (await exchange.receive_response()).content == b"12345"


@pytest.mark.anyio
async def test_the_limit_is_for_all_pieces_together() -> None:
    connection = Scripted(CHUNKED, b"3\r\n123\r\n", b"3\r\n456\r\n")
    exchange, _ = begin(connection, limit=5)
    await send(exchange, connection)
    assert await exchange.receive_body() == b"123"
    with pytest.raises(ResponseTooLarge):
        await exchange.receive_body()


def test_the_text_of_an_error() -> None:
    assert describe(OSError("reset")) == "reset"
    assert describe(OSError()) == "OSError"

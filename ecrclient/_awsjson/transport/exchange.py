"""One request and its response: the owner of a slot of the pool and of the connection used in it.

`Exchange.end` is called however an exchange ends: the response was read or abandoned, an
error, a cancellation, or the transport was closed. The method is idempotent and does not await, so
it cannot be interrupted.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import NoReturn

import anyio

from ecrclient._awsjson.protocol.errors import ClientClosedError
from ecrclient._awsjson.transport.body import Body
from ecrclient._awsjson.transport.connection import Connection
from ecrclient._awsjson.transport.content_encoding import is_encoded
from ecrclient._awsjson.transport.errors import (
    ReadError,
    ReadTimeout,
    ResponseTooLarge,
    TransportError,
    WriteError,
    WriteTimeout,
)
from ecrclient._awsjson.transport.parser import ParseError, ResponseParser
from ecrclient._awsjson.transport.pool import Pool
from ecrclient._awsjson.transport.response import ByteResponse, too_large

__all__ = ["Exchange", "ExchangeLimits", "StaleConnectionError", "describe"]

_SMALL_BODY = 64 * 1024
"""Up to this size, appending the body to the head is cheaper than sending twice."""

_LARGE_PIECE = 16 * 1024

_UNVERIFIED_END = (
    "the response has neither a length nor chunks, and whether it was truncated is unknown: the "
    "SSLContext has OP_IGNORE_UNEXPECTED_EOF, which must not be set for such servers"
)


class StaleConnectionError(Exception):
    """A kept-alive connection broke before a byte of the response had arrived."""

    def __init__(self, failure: TransportError) -> None:
        super().__init__(str(failure))
        self.failure = failure
        """The error to raise if the request must not be sent again."""


class ExchangeLimits:
    """The limits of every exchange of a transport."""

    __slots__ = ("keepalive_expiry", "max_response_bytes")

    def __init__(self, keepalive_expiry: float, max_response_bytes: int) -> None:
        self.keepalive_expiry = keepalive_expiry
        self.max_response_bytes = max_response_bytes


class Exchange:
    """A call that owns a slot of the pool."""

    __slots__ = (
        "_ended",
        "_limits",
        "_method",
        "_pool",
        "_size",
        "_write_error",
        "connection",
        "timeouts",
    )

    def __init__(
        self,
        pool: Pool[Connection],
        limits: ExchangeLimits,
        method: str,
        timeouts: Mapping[str, float | None],
    ) -> None:
        self._pool = pool
        self._limits = limits
        self._method = method
        self._ended = False
        self._size = 0
        self._write_error: OSError | None = None
        self.timeouts = timeouts
        self.connection: Connection | None = None

    @property
    def parser(self) -> ResponseParser:
        """The parser of the response."""
        assert self.connection is not None
        return self.connection.parser

    @property
    def max_response_bytes(self) -> int:
        """The longest body, as received and as decoded, that is accepted."""
        return self._limits.max_response_bytes

    @property
    def ended(self) -> bool:
        """Whether the slot and the connection have been given up."""
        return self._ended

    def end(self) -> None:
        """Keep the connection for the next request or close it; release the slot. Idempotent."""
        if self._ended:
            return
        self._ended = True
        connection, pool = self.connection, self._pool
        if connection is not None:
            pool.busy.discard(connection)
            parser = connection.parser
            if (
                not (parser.done and parser.reusable)
                or self._write_error is not None
                or connection.waiting  # another task would receive the next response
                or connection.closed
                or pool.closed
            ):
                connection.close()
            else:
                now = time.monotonic()
                connection.expires = now + self._limits.keepalive_expiry
                pool.idle.append(connection)
                # Calls take the last one: without this, the first ones would never be closed.
                if pool.idle[0].expires <= now:
                    pool.idle.pop(0).close()
        pool.release()

    # -- the request -----------------------------------------------------------------------------

    async def send_request(
        self,
        connection: Connection,
        head: bytes,
        body: bytes | bytearray | AsyncGenerator[bytes],
    ) -> None:
        """Send the request over a connection and receive the head of the response.

        Raises:
            StaleConnectionError: A kept-alive connection is broken; another may work.
            TransportError: There was no response, or it cannot be read.
        """
        self.connection = connection
        self._write_error = None
        connection.start_request(self._method)
        if not isinstance(body, (bytes, bytearray)):
            await self._send_stream(head, body)
        elif len(body) <= _SMALL_BODY:
            await self._send_bytes(head + body)
        elif await self._send_bytes(head):
            await self._send_bytes(body)
        parser = connection.parser
        while not parser.head_done:
            await self._receive(connection)
        if not parser.done:  # as the response to a HEAD request is
            self._check_announced()

    async def _send_stream(self, head: bytes, body: AsyncGenerator[bytes]) -> None:
        async with aclosing(body):
            is_open = await self._send_bytes(head)
            while is_open:
                piece = await anext(body, None)
                if piece is None:
                    break
                is_open = await self._send_bytes(piece)

    async def _send_bytes(self, data: bytes | bytearray) -> bool:
        """False: the server does not accept more bytes. It may have responded nevertheless."""
        assert self.connection is not None
        timeout = self.timeouts.get("write")
        try:
            await self.connection.send(data, timeout)
        except TimeoutError as error:
            raise WriteTimeout(f"the server accepted no bytes for {timeout} s") from error
        except (OSError, anyio.ClosedResourceError) as error:
            if self.connection.closed or not isinstance(error, OSError):
                raise self._closed() from error
            self._write_error = error
            return False
        return True

    # -- the response ------------------------------------------------------------------------------

    async def _receive(self, connection: Connection) -> None:
        """Receive more of the response, or its end."""
        timeout = self.timeouts.get("read")
        try:
            if await connection.receive(timeout):
                return
            connection.parser.feed_eof(cut=connection.was_cut)
            if connection.hides_cuts:  # the response has ended with the connection
                raise ParseError(_UNVERIFIED_END)  # noqa: TRY301 - translated as the parser's own
        except TimeoutError as error:
            raise ReadTimeout(f"the server sent nothing for {timeout} s") from error
        except ParseError as error:
            self._fail(ReadError(str(error)), error)
        except anyio.ClosedResourceError as error:
            raise self._closed() from error
        except OSError as error:
            if connection.closed:
                raise self._closed() from error
            self._fail(ReadError(describe(error)), error)

    def _fail(self, failure: TransportError, cause: Exception) -> NoReturn:
        """Raise *failure*, or the earlier error in sending the request that caused it."""
        assert self.connection is not None
        if self._write_error is not None:
            cause = self._write_error
            failure = WriteError(describe(cause))
        failure.may_have_arrived = self.connection.sent
        if self.connection.requests > 1 and not self.connection.heard:
            raise StaleConnectionError(failure) from cause
        raise failure from cause

    def _closed(self) -> ClientClosedError:
        return ClientClosedError("the transport was closed while a call was under way")

    async def receive_response(self) -> ByteResponse:
        """Receive the body; return the complete response."""
        assert self.connection is not None
        parser = self.connection.parser
        if self.is_plain:
            content = self.take_body()
        else:
            body = Body(parser.headers, self.max_response_bytes)
            while piece := await self.receive_body():
                await body.add(piece)
            content = body.finish()
        return ByteResponse(parser.status, parser.headers, content)

    @property
    def is_plain(self) -> bool:
        """Whether the body is complete and needs no decoding."""
        parser = self.parser
        return parser.done and (not parser.pieces or not is_encoded(parser.headers))

    def take_body(self) -> bytes:
        """Return the body of a plain response, and end the exchange."""
        assert self.connection is not None
        body = b"".join(self.connection.parser.pieces)
        if len(body) > self._limits.max_response_bytes:
            raise self._too_large()
        self.end()
        return body

    async def receive_body(self) -> bytes:
        """Return some of what has arrived of the body; empty at the end.

        Small pieces are joined, since a server can send a large body in very small ones. Large ones
        are returned one after the other, because joining them would copy the body once more.
        """
        assert self.connection is not None
        parser = self.connection.parser
        while not parser.pieces and not parser.done:
            await self._receive(self.connection)
        if parser.pieces and len(parser.pieces[0]) >= _LARGE_PIECE:
            received = parser.pieces.pop(0)
        else:
            pieces, parser.pieces = parser.pieces, []
            received = b"".join(pieces)
        self._size += len(received)
        if self._size > self._limits.max_response_bytes:
            raise self._too_large()
        return received

    def _check_announced(self) -> None:
        """Refuse a body whose announced length is too large before reading it."""
        for name, value in self.parser.headers:
            if (
                name.lower() == b"content-length"
                and value.isdigit()
                and int(value) > self._limits.max_response_bytes
            ):
                raise self._too_large()

    def _too_large(self) -> ResponseTooLarge:
        return ResponseTooLarge(too_large(self._limits.max_response_bytes))


def describe(error: Exception) -> str:
    """The text of an error, or the name of its type if it has none."""
    return str(error) or type(error).__name__

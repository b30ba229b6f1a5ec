"""One request and its answer: what owns a slot, and the connection used in it, and gives them up.

However an exchange ends (the answer read, or abandoned; an error; a cancellation; the transport
closed under it), :meth:`Exchange.end` is called, and only its first call counts. It does not
await, so nothing can come in between.
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
from ecrclient._awsjson.transport.response import Answer, too_large

__all__ = ["Exchange", "Limits", "StaleConnectionError"]

_SMALL_BODY = 64 * 1024
"""Up to this size, copying the body behind the head is cheaper than sending twice."""

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


class Limits:
    """What holds for every exchange of a transport."""

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
        limits: Limits,
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
        """What has been understood of the answer."""
        assert self.connection is not None
        return self.connection.parser

    @property
    def max_response_bytes(self) -> int:
        """The longest body, as received or as decoded, that is accepted."""
        return self._limits.max_response_bytes

    @property
    def ended(self) -> bool:
        """The slot and the connection are not ours any more."""
        return self._ended

    def end(self) -> None:
        """Keep the connection for the next request or close it, and release the slot."""
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
                or connection.waiting  # another task, for what is to be the next one's
                or connection.closed
                or pool.closed
            ):
                connection.close()
            else:
                now = time.monotonic()
                connection.expires = now + self._limits.keepalive_expiry
                pool.idle.append(connection)
                # Calls take the last one: without this the first ones would stay for ever.
                if pool.idle[0].expires <= now:
                    pool.idle.pop(0).close()
        pool.release()

    # -- the request -----------------------------------------------------------------------------

    async def converse(
        self, connection: Connection, head: bytes, body: bytes | AsyncGenerator[bytes]
    ) -> None:
        """Send the request over a connection and await the answer's head.

        Raises:
            StaleConnectionError: the connection was an old one and is broken; another may work.
            TransportError: no answer came.
        """
        self.connection = connection
        self._write_error = None
        connection.start_request(self._method)
        if not isinstance(body, bytes):
            await self._send_stream(head, body)
        elif len(body) <= _SMALL_BODY:
            await self._send(head + body)
        elif await self._send(head):
            await self._send(body)
        parser = connection.parser
        while not parser.head_done:
            await self._receive(connection)
        if not parser.done:
            self._check_announced()

    async def _send_stream(self, head: bytes, body: AsyncGenerator[bytes]) -> None:
        async with aclosing(body):
            going = await self._send(head)
            while going:
                piece = await anext(body, None)
                if piece is None:
                    break
                going = await self._send(piece)

    async def _send(self, data: bytes) -> bool:
        """False: the server does not listen any more. It may have answered all the same."""
        assert self.connection is not None
        timeout = self.timeouts.get("write")
        try:
            await self.connection.send(data, timeout)
        except TimeoutError as error:
            raise WriteTimeout(f"the server took none of the request for {timeout} s") from error
        except (OSError, anyio.ClosedResourceError) as error:
            if self.connection.closed or not isinstance(error, OSError):
                raise self._closed() from error
            self._write_error = error
            return False
        return True

    # -- the answer ------------------------------------------------------------------------------

    async def _receive(self, connection: Connection) -> None:
        """Get some more of the answer, or its end."""
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
            self._fail(ReadError(told(error)), error)

    def _fail(self, failure: TransportError, cause: Exception) -> NoReturn:
        """Raise *failure*, or the error in sending the request that it follows from."""
        assert self.connection is not None
        if self._write_error is not None:
            cause = self._write_error
            failure = WriteError(told(cause))
        failure.may_have_arrived = self.connection.sent
        if self.connection.requests > 1 and not self.connection.heard:
            raise StaleConnectionError(failure) from cause
        raise failure from cause

    def _closed(self) -> ClientClosedError:
        return ClientClosedError("the transport was closed while a call was under way")

    async def whole_answer(self) -> Answer:
        """The answer with all of its body, once its head is there."""
        assert self.connection is not None
        parser = self.connection.parser
        if self.is_plain:
            content = self.take_body()
        else:
            body = Body(parser.headers, self.max_response_bytes)
            while piece := await self.receive_body():
                await body.add(piece)
            content = body.finish()
        return Answer(parser.status, parser.headers, content)

    @property
    def is_plain(self) -> bool:
        """Whether the body is complete and needs no decoding."""
        parser = self.parser
        return parser.done and (not parser.pieces or not is_encoded(parser.headers))

    def take_body(self) -> bytes:
        """Return the body of a plain response; the exchange is over with it."""
        assert self.connection is not None
        body = b"".join(self.connection.parser.pieces)
        if len(body) > self._limits.max_response_bytes:
            raise self._too_large()
        self.end()
        return body

    async def receive_body(self) -> bytes:
        """Return what has arrived of the body since the last time; nothing: that was all.

        One object, however small the pieces are in which the server has sent it.
        """
        assert self.connection is not None
        parser = self.connection.parser
        while not parser.pieces and not parser.done:
            await self._receive(self.connection)
        pieces, parser.pieces = parser.pieces, []
        received = b"".join(pieces)
        self._size += len(received)
        if self._size > self._limits.max_response_bytes:
            raise self._too_large()
        return received

    def _check_announced(self) -> None:
        """Refuse what is announced as too large before any of it is read."""
        for name, value in self.parser.headers:
            if (
                name.lower() == b"content-length"
                and value.isdigit()
                and int(value) > self._limits.max_response_bytes
                and self._method != "HEAD"
            ):
                raise self._too_large()

    def _too_large(self) -> ResponseTooLarge:
        return ResponseTooLarge(too_large(self._limits.max_response_bytes))


def told(error: Exception) -> str:
    """What an error says, or its name."""
    return str(error) or type(error).__name__

"""One request and its answer: what owns a slot, and the connection used in it, and gives them up.

However an exchange ends (the answer read, or abandoned; an error; a cancellation; the transport
closed under it), :meth:`Exchange.end` is called, and only its first call counts. It does not
await, so nothing can come in between.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import NoReturn

import anyio
import httpx

from ecrclient._runtime.errors import ClientClosedError
from ecrclient._runtime.transport.connection import Connection
from ecrclient._runtime.transport.messages import (
    Answer,
    EncodedResponse,
    ResponseTooLarge,
    WholeResponse,
    is_encoded,
)
from ecrclient._runtime.transport.parsers import ParseError
from ecrclient._runtime.transport.pool import Pool

__all__ = ["Exchange", "Limits", "StaleConnectionError"]

_SMALL_BODY = 64 * 1024
"""Up to this size, copying the body behind the head is cheaper than sending twice."""


class StaleConnectionError(Exception):
    """A kept-alive connection broke before a byte of the answer had arrived."""


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
        "_write_error",
        "connection",
        "request",
        "timeouts",
    )

    def __init__(
        self,
        pool: Pool[Connection],
        limits: Limits,
        method: str,
        timeouts: Mapping[str, float | None],
        request: httpx.Request | None = None,
    ) -> None:
        self._pool = pool
        self._limits = limits
        self._method = method
        self._ended = False
        self._write_error: OSError | None = None
        self.request = request
        """What errors and the answer carry."""
        self.timeouts = timeouts
        self.connection: Connection | None = None

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
            StaleConnectionError: the connection was an old one and is broken; use another.
            httpx.TransportError: no answer came.
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
            raise httpx.WriteTimeout(
                f"the server took none of the request for {timeout} s", request=self.request
            ) from error
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
            if self._is_stale(connection):
                raise StaleConnectionError
            connection.parser.feed_eof(cut=connection.was_cut)
        except TimeoutError as error:
            raise httpx.ReadTimeout(
                f"the server sent nothing for {timeout} s", request=self.request
            ) from error
        except ParseError as error:
            self._fail(httpx.RemoteProtocolError(str(error), request=self.request), error)
        except anyio.ClosedResourceError as error:
            raise self._closed() from error
        except OSError as error:
            if connection.closed:
                raise self._closed() from error
            if self._is_stale(connection):
                raise StaleConnectionError from error
            self._fail(httpx.ReadError(told(error), request=self.request), error)

    def _is_stale(self, connection: Connection) -> bool:
        return connection.requests > 1 and not connection.heard

    def _fail(self, failure: httpx.TransportError, cause: Exception) -> NoReturn:
        """Raise *failure*, unless it only follows from the request not having been taken."""
        if self._write_error is None:
            raise failure from cause
        error = self._write_error
        raise httpx.WriteError(told(error), request=self.request) from error

    def _closed(self) -> ClientClosedError:
        return ClientClosedError("the transport was closed while a call was under way")

    async def whole_answer(self) -> Answer:
        """The answer with all of its body, once its head is there."""
        assert self.connection is not None
        parser = self.connection.parser
        if parser.done and not is_encoded(parser.headers):
            return Answer(parser.status, parser.headers, self._body())
        response = self.response()
        return Answer(parser.status, parser.headers, await response.aread())

    def _body(self) -> bytes:
        """The body of an answer that is complete; the exchange is over with it."""
        assert self.connection is not None
        body = b"".join(self.connection.parser.pieces)
        if len(body) > self._limits.max_response_bytes:
            raise ResponseTooLarge(self._limits.max_response_bytes, request=self.request)
        self.end()
        return body

    def response(self) -> httpx.Response:
        """The answer, once its head is there; the rest is read as it is asked for."""
        connection = self.connection
        assert connection is not None
        parser = connection.parser
        encoded = is_encoded(parser.headers)
        extensions = {"http_version": parser.version, "reason_phrase": parser.reason}
        limit = self._limits.max_response_bytes
        if parser.done and not encoded:
            body = self._body()
            return WholeResponse(parser.status, parser.headers, body, extensions, self.request)
        kind = EncodedResponse if encoded else httpx.Response
        response = kind(
            parser.status,
            headers=parser.headers,
            stream=BodyStream(self, connection, limit),
            extensions=extensions,
            request=self.request,
        )
        announced = response.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > limit and self._method != "HEAD":
            raise ResponseTooLarge(limit, request=self.request)
        if isinstance(response, EncodedResponse):
            response.limit = limit
        return response

    async def receive_body(self, connection: Connection) -> list[bytes]:
        """The next pieces of the body; none: that was all."""
        parser = connection.parser
        while not parser.pieces and not parser.done:
            await self._receive(connection)
        pieces, parser.pieces = parser.pieces, []
        return pieces


class BodyStream(httpx.AsyncByteStream):
    """The rest of a body, read as it is iterated over."""

    def __init__(self, exchange: Exchange, connection: Connection, limit: int) -> None:
        self._exchange = exchange
        self._connection = connection
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        exchange, size = self._exchange, 0
        try:
            while not exchange.ended:
                pieces = await exchange.receive_body(self._connection)
                if not pieces:
                    return
                for piece in pieces:
                    size += len(piece)
                    if size > self._limit:
                        raise ResponseTooLarge(self._limit, request=exchange.request)
                    yield piece
            raise httpx.StreamClosed
        finally:
            exchange.end()

    async def aclose(self) -> None:
        """Give the connection up; it is kept if the answer is complete."""
        self._exchange.end()

    def __del__(self) -> None:
        exchange: Exchange | None = getattr(self, "_exchange", None)
        if exchange is not None and not exchange.ended:
            exchange.end()
            warnings.warn(
                f"the answer to {exchange.request!r} was neither read nor closed",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )


def told(error: Exception) -> str:
    """What an error says, or its name."""
    return str(error) or type(error).__name__

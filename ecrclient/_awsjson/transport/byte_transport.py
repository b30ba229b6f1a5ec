"""Sends requests as bytes to one origin, over a bounded pool of connections.

The steps of a request::

    begin                           takes a slot of the pool, or waits for one
      -> _send_over_connection      uses an idle connection or opens one; opens another if the idle
                                    one is broken and the request may be sent again
      -> Exchange.send_request      sends the request and receives the head of the response
    Exchange.end                    keeps or closes the connection, and releases the slot
"""

from __future__ import annotations

import asyncio
import math
import os
import socket
import ssl
import time
import warnings
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import anyio
import anyio.to_thread

from ecrclient._awsjson.protocol.argument_checks import check_count, check_instance, check_seconds
from ecrclient._awsjson.protocol.errors import ClientClosedError
from ecrclient._awsjson.transport.connecting import open_connection
from ecrclient._awsjson.transport.connection import Connection
from ecrclient._awsjson.transport.errors import ConnectError, ConnectTimeout, ReadError
from ecrclient._awsjson.transport.exchange import (
    Exchange,
    ExchangeLimits,
    StaleConnectionError,
    describe,
)
from ecrclient._awsjson.transport.origin import DEFAULT_PORTS, Origin, OtherOriginError
from ecrclient._awsjson.transport.parser_choice import find_parser
from ecrclient._awsjson.transport.pool import Pool, PoolStats
from ecrclient._awsjson.transport.readiness import current_loop
from ecrclient._awsjson.transport.response import MAX_RESPONSE_BYTES, ByteResponse
from ecrclient._awsjson.transport.tls import shared_context

if TYPE_CHECKING:
    from ecrclient._awsjson.transport.timer import AttemptTimer

__all__ = ["ByteTransport"]


class _Opening(NamedTuple):
    """A connection that is being opened."""

    scope: anyio.CancelScope
    loop: asyncio.AbstractEventLoop | None
    sockets: set[socket.socket]


class ByteTransport:
    """HTTP/1.1 to one origin, that of its first request, on asyncio and trio.

    Args:
        max_connections: The number of connections, idle ones included.
        keepalive_expiry: Seconds for which an idle connection is kept.
        verify: The CA bundle, or the TLS settings; None: see `shared_context`.
        max_response_bytes: The longest body that is accepted, as received and as decoded.
        parser: ``h11`` or ``httptools``; None: the fastest that is installed.

    Raises:
        ConfigurationError: An argument is wrong.
    """

    def __init__(
        self,
        *,
        max_connections: int,
        keepalive_expiry: float = 15.0,
        verify: ssl.SSLContext | str | os.PathLike[str] | None = None,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        parser: str | None = None,
    ) -> None:
        check_count("max_connections", max_connections)
        check_seconds("keepalive_expiry", keepalive_expiry, zero=True, infinite=True)
        check_instance(
            "verify",
            verify,
            (ssl.SSLContext, str, os.PathLike),
            "a path or an SSLContext",
            none=True,
        )
        check_count("max_response_bytes", max_response_bytes)
        self._new_parser = find_parser(parser)
        self._pool: Pool[Connection] = Pool(max_connections)
        self._limits = ExchangeLimits(keepalive_expiry, max_response_bytes)
        self._ssl_context = verify if isinstance(verify, ssl.SSLContext) else None
        self._ca_bundle = (
            None if verify is None or isinstance(verify, ssl.SSLContext) else os.fspath(verify)
        )
        self.origin: Origin | None = None
        """None before the first request."""
        self._opening: list[_Opening] = []
        self._pid = os.getpid()

    def stats(self) -> PoolStats:
        """The current and total numbers of connections and calls."""
        return self._pool.stats()

    @property
    def max_response_bytes(self) -> int:
        """The longest body that is accepted."""
        return self._limits.max_response_bytes

    async def post(
        self,
        origin: Origin,
        head: bytes,
        body: bytes | bytearray,
        connect_timeout: float | None,
        timer: AttemptTimer,
        *,
        resend: bool,
    ) -> ByteResponse:
        """Send the bytes of a POST request and receive the complete response.

        The caller is responsible for a correct head, and limits the time of everything but
        connecting. *resend* is described at `begin`.

        Raises:
            TransportError: There was no response, or it cannot be read.
            ClientClosedError: The transport is closed.
        """
        timeouts = {"connect": connect_timeout, "pool": timer.pool_timeout}
        exchange = await self.begin(origin, "POST", head, body, timeouts, timer, resend=resend)
        try:
            return await exchange.receive_response()
        finally:
            exchange.end()

    async def begin(
        self,
        origin: Origin,
        method: str,
        head: bytes,
        body: bytes | bytearray | AsyncGenerator[bytes],
        timeouts: Mapping[str, float | None],
        timer: AttemptTimer | None = None,
        *,
        resend: bool,
    ) -> Exchange:
        """Send a request and receive the head of the response; the caller must end the exchange.

        Args:
            origin: The origin of this transport.
            method: The method that the head names.
            head: The request line and the headers.
            body: The body, or its pieces.
            timeouts: Seconds for ``pool``, ``connect``, and each ``write`` and ``read``; None: no
                limit.
            timer: The attempt's timer; it is paused during the wait for a connection.
            resend: Whether the request is idempotent: when a kept-alive connection breaks before
                a byte of the response has arrived, it is sent again on a new connection although
                the server may have received it.

        Raises:
            TransportError: There was no response, or it cannot be read.
            ClientClosedError: The transport is closed.
        """
        pool = self._open_pool()
        if origin is not self.origin:
            self._check_origin(origin)
        exchange = Exchange(pool, self._limits, method, timeouts)
        if not pool.try_acquire():
            await pool.acquire(timeouts.get("pool"), timer)
        try:
            await self._send_over_connection(exchange, origin, head, body, resend=resend)
        except BaseException:
            exchange.end()
            raise
        return exchange

    def _open_pool(self) -> Pool[Connection]:
        if self._pid != os.getpid():
            self._leave_to_parent()
        if self._pool.closed:
            raise ClientClosedError("the transport is closed")
        return self._pool

    def _check_origin(self, origin: Origin) -> None:
        if self.origin is None:
            self.origin = origin
        elif origin != self.origin:
            raise OtherOriginError(
                f"a transport is for one origin only: this one is for {self.origin}, not for "
                f"{origin}"
            )

    def close(self) -> None:
        """Close every connection; current and waiting calls raise ``ClientClosedError``.

        Idempotent. It may be called in another event loop than the calls', also after that loop was
        closed.
        """
        for connection in self._pool.close():
            connection.close()
        for opening in self._opening:
            if opening.loop is None or not opening.loop.is_closed():
                opening.scope.cancel()
            else:  # its task will never resume
                for sock in opening.sockets:
                    sock.close()

    def __del__(self) -> None:
        pool: Pool[Connection] | None = getattr(self, "_pool", None)
        if pool is not None and not pool.closed:
            pool.closed = True  # exchanges that have not ended close their connections
            was_used = bool(pool.idle) and self._pid == os.getpid()
            _close_idle(pool)
            if was_used:  # at the end, since a filter may turn the warning into an error
                message = f"a transport to {self.origin} was dropped without being closed"
                warnings.warn(message, ResourceWarning, stacklevel=2, source=self)

    # -- sending -----------------------------------------------------------------------------

    async def _send_over_connection(
        self,
        exchange: Exchange,
        origin: Origin,
        head: bytes,
        body: bytes | bytearray | AsyncGenerator[bytes],
        *,
        resend: bool,
    ) -> None:
        pool = self._pool
        connection = self._take_idle(pool)
        if connection is not None:
            try:
                await exchange.send_request(connection, head, body)
            except StaleConnectionError as stale:
                pool.busy.discard(connection)
                connection.close()
                _close_idle(pool)  # the server has probably closed the others too
                if not isinstance(body, (bytes, bytearray)):
                    raise ReadError(
                        "the server had closed the connection; the body cannot be sent again"
                    ) from stale
                if stale.failure.may_have_arrived and not resend:
                    raise stale.failure from stale.__cause__
            else:
                return
        connection = await self._open(origin, exchange, pool)
        await exchange.send_request(connection, head, body)

    def _take_idle(self, pool: Pool[Connection]) -> Connection | None:
        """The idle connection that was used last; closes those that are unusable."""
        while pool.idle:
            connection = pool.idle.pop()
            if connection.expires > time.monotonic() and not connection.is_stale():
                pool.reused += 1
                pool.busy.add(connection)
                return connection
            connection.close()
        return None

    async def _open(self, origin: Origin, exchange: Exchange, pool: Pool[Connection]) -> Connection:
        timeout = exchange.timeouts.get("connect")
        is_tls = origin.scheme == "https"
        deadline = math.inf if timeout is None else anyio.current_time() + timeout
        connection: Connection | None = None
        with anyio.CancelScope(deadline=deadline) as scope:
            opening = _Opening(scope, current_loop(), set())
            self._opening.append(opening)
            try:
                connection = await open_connection(
                    origin.host,
                    origin.port or DEFAULT_PORTS[origin.scheme],
                    await self._context() if is_tls else None,
                    self._new_parser(),
                    opening.sockets,
                )
            except (OSError, UnicodeError) as error:  # UnicodeError: not a valid host name
                raise ConnectError(describe(error)) from error
            finally:
                opening.sockets.clear()
                if opening in self._opening:
                    self._opening.remove(opening)
        if pool.closed:
            if connection is not None:
                connection.close()
            raise ClientClosedError("the transport was closed while a call connected")
        if connection is None:
            message = f"not connected within {timeout} s"
            raise ConnectTimeout(message) from TimeoutError(message)
        pool.created += 1
        pool.busy.add(connection)
        return connection

    async def _context(self) -> ssl.SSLContext:
        if self._ssl_context is None:
            self._ssl_context = await anyio.to_thread.run_sync(
                shared_context, self._ca_bundle, abandon_on_cancel=True
            )
        return self._ssl_context

    def _leave_to_parent(self) -> None:
        """After a fork: close this process's copies of the connections, which the parent uses."""
        parents, self._pool = self._pool, Pool(self._pool.size)
        self._pool.closed, parents.closed = parents.closed, True
        _close_idle(parents)
        self._opening = []
        self._pid = os.getpid()


def _close_idle(pool: Pool[Connection]) -> None:
    while pool.idle:
        pool.idle.pop().close()

"""Requests to one origin and their answers, as bytes, over a bounded pool of connections.

A call goes through it like this::

    begin                    a slot of the pool: at once, or waiting in line
      -> _send               an idle connection, or a new one; again if the idle one was dead and
                             the request has not arrived, or may be sent again
      -> Exchange.converse   the request out, the answer's head in
    Exchange.end             the connection kept or closed, the slot released
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
from ecrclient._awsjson.transport.exchange import Exchange, Limits, StaleConnectionError, told
from ecrclient._awsjson.transport.origin import DEFAULT_PORTS, Origin, OtherOriginError
from ecrclient._awsjson.transport.parser_choice import find_parser
from ecrclient._awsjson.transport.pool import Pool, PoolStats
from ecrclient._awsjson.transport.readiness import current_loop
from ecrclient._awsjson.transport.response import MAX_RESPONSE_BYTES, Answer
from ecrclient._awsjson.transport.tls import shared_context

if TYPE_CHECKING:
    from ecrclient._awsjson.transport.timer import AttemptTimer

__all__ = ["ByteTransport"]


class _Opening(NamedTuple):
    """A connection that is being made."""

    scope: anyio.CancelScope
    loop: asyncio.AbstractEventLoop | None
    sockets: set[socket.socket]


class ByteTransport:
    """HTTP/1.1 to one origin, that of its first request, on asyncio and on trio.

    The arguments are those of :class:`~ecrclient.PooledTransport`.
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
        self._limits = Limits(keepalive_expiry, max_response_bytes)
        self._ssl_context = verify if isinstance(verify, ssl.SSLContext) else None
        self._ca_bundle = (
            None if verify is None or isinstance(verify, ssl.SSLContext) else os.fspath(verify)
        )
        self.origin: Origin | None = None
        """None before the first request."""
        self._opening: list[_Opening] = []
        self._pid = os.getpid()

    def stats(self) -> PoolStats:
        """How many connections and calls there are at the moment, and have been."""
        return self._pool.stats()

    @property
    def max_response_bytes(self) -> int:
        """Larger answers are refused."""
        return self._limits.max_response_bytes

    async def post(
        self,
        origin: Origin,
        head: bytes,
        body: bytes,
        connect_timeout: float | None,
        timer: AttemptTimer,
        *,
        resend: bool,
    ) -> Answer:
        """Send the bytes of a POST request and await the whole answer.

        The caller answers for the head, and bounds the time of all but connecting. *resend* is
        that of :meth:`begin`.

        Raises:
            TransportError: no answer came, or none that can be read.
            ClientClosedError: the transport is closed.
        """
        timeouts = {"connect": connect_timeout, "pool": timer.pool_timeout}
        exchange = await self.begin(origin, "POST", head, body, timeouts, timer, resend=resend)
        try:
            return await exchange.whole_answer()
        finally:
            exchange.end()

    async def begin(
        self,
        origin: Origin,
        method: str,
        head: bytes,
        body: bytes | AsyncGenerator[bytes],
        timeouts: Mapping[str, float | None],
        timer: AttemptTimer | None = None,
        *,
        resend: bool,
    ) -> Exchange:
        """Send a request and await the answer's head; the caller must end the exchange.

        Args:
            origin: The origin of this wire.
            method: The method that the head names.
            head: The request line and the headers.
            body: The body, or its pieces.
            timeouts: Seconds for ``pool``, ``connect``, and each ``write`` and ``read``.
            timer: The attempt's timer; it is paused during the wait for a connection.
            resend: Whether the request is idempotent: when a kept-alive connection breaks before
                a byte of the response has arrived, it is sent again on a new connection although
                the server may have received it.

        Raises:
            TransportError: no answer came, or none that can be read.
            ClientClosedError: the transport is closed.
        """
        pool = self._open_pool()
        if origin is not self.origin:
            self._check(origin)
        exchange = Exchange(pool, self._limits, method, timeouts)
        if not pool.try_acquire():
            await pool.acquire(timeouts.get("pool"), timer)
        try:
            await self._send(exchange, origin, head, body, resend=resend)
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

    def _check(self, origin: Origin) -> None:
        if self.origin is None:
            self.origin = origin
        elif origin != self.origin:
            raise OtherOriginError(
                f"a transport to {self.origin} cannot be used for {origin.scheme}://{origin.host}: "
                "one origin only"
            )

    def close(self) -> None:
        """Close every connection; calls under way and waiting get ``ClientClosedError``.

        It may be called again, in another event loop, and after the loop of those calls was closed.
        """
        for connection in self._pool.close():
            connection.close()
        for opening in self._opening:
            if opening.loop is None or not opening.loop.is_closed():
                opening.scope.cancel()
            else:  # that task will never run again
                for sock in opening.sockets:
                    sock.close()

    def __del__(self) -> None:
        pool: Pool[Connection] | None = getattr(self, "_pool", None)
        if pool is not None and not pool.closed:
            pool.closed = True  # answers that are still being read close their connections
            was_used = bool(pool.idle) and self._pid == os.getpid()
            _close_idle(pool)
            if was_used:  # last, for a filter may turn the warning into an error
                message = f"a transport to {self.origin} was dropped without being closed"
                warnings.warn(message, ResourceWarning, stacklevel=2, source=self)

    # -- one request -----------------------------------------------------------------------------

    async def _send(
        self,
        exchange: Exchange,
        origin: Origin,
        head: bytes,
        body: bytes | AsyncGenerator[bytes],
        *,
        resend: bool,
    ) -> None:
        pool = self._pool
        connection = self._take_idle(pool)
        if connection is not None:
            try:
                await exchange.converse(connection, head, body)
            except StaleConnectionError as stale:
                pool.busy.discard(connection)
                connection.close()
                _close_idle(pool)  # the server drops connections: the others are no better
                if not isinstance(body, bytes):
                    raise ReadError(
                        "the server had closed the connection; the body cannot be sent again"
                    ) from stale
                if stale.failure.may_have_arrived and not resend:
                    raise stale.failure from stale.__cause__
            else:
                return
        connection = await self._open(origin, exchange, pool)
        await exchange.converse(connection, head, body)

    def _take_idle(self, pool: Pool[Connection]) -> Connection | None:
        """The idle connection that was used last; the ones that are no good are closed."""
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
            except (OSError, UnicodeError) as error:  # UnicodeError: that is no host's name
                raise ConnectError(told(error)) from error
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
        """After a fork: the connections are the parent's; only our copies are closed."""
        parents, self._pool = self._pool, Pool(self._pool.size)
        self._pool.closed, parents.closed = parents.closed, True
        _close_idle(parents)
        self._opening = []
        self._pid = os.getpid()


def _close_idle(pool: Pool[Connection]) -> None:
    while pool.idle:
        pool.idle.pop().close()

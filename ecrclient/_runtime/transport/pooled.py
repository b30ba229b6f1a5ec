"""The default transport: HTTP/1.1 to one origin over a bounded pool of connections.

A call goes through it like this::

    handle_async_request     a slot of the pool: at once, or waiting in line
      -> _send               an idle connection, or a new one; again if the idle one was dead
      -> Exchange.converse   the request out, the answer's head in
      -> Exchange.end        the connection kept or closed, the slot released
"""

from __future__ import annotations

import math
import os
import ssl
import time
import warnings
from collections.abc import AsyncGenerator

import anyio
import anyio.to_thread
import httpx

from ecrclient._runtime.errors import ClientClosedError
from ecrclient._runtime.transport.connecting import open_connection
from ecrclient._runtime.transport.connection import Connection
from ecrclient._runtime.transport.exchange import Exchange, Limits, StaleConnectionError, told
from ecrclient._runtime.transport.messages import Answer, encode_head, request_body
from ecrclient._runtime.transport.parsers import find_parser
from ecrclient._runtime.transport.pool import Pool, PoolStats
from ecrclient._runtime.transport.tls import shared_context

__all__ = ["PooledTransport"]

_Origin = tuple[bytes, bytes, int | None]


class PooledTransport(httpx.AsyncBaseTransport):
    """An HTTP/1.1 transport to one origin, that of its first request, on asyncio and on trio.

    Use it with ``ECRClient(transport=...)`` or in any ``httpx.AsyncClient``. It follows no
    redirects and knows no proxies.

    Args:
        max_connections: Connections at the most; calls beyond wait their turn in line.
        keepalive_expiry: Seconds after which an idle connection is not used again.
        verify: How to verify the server: a CA bundle's path, or a context of your own; None: the
            certificates that httpx trusts.
        max_response_bytes: Larger answers, as received or as decoded, are refused with
            ``ResponseTooLarge``.
        parser: ``h11`` or ``httptools``; None: the fastest that is installed.
    """

    def __init__(
        self,
        *,
        max_connections: int = 50,
        keepalive_expiry: float = 15.0,
        verify: ssl.SSLContext | str | os.PathLike[str] | None = None,
        max_response_bytes: int = 64 * 1024 * 1024,
        parser: str | None = None,
    ) -> None:
        if max_connections < 1:
            raise ValueError(f"max_connections must be at least 1, not {max_connections}")
        self._new_parser = find_parser(parser)
        self._pool: Pool[Connection] = Pool(max_connections)
        self._limits = Limits(keepalive_expiry, max_response_bytes)
        self._ssl_context = verify if isinstance(verify, ssl.SSLContext) else None
        self._ca_bundle = (
            None if verify is None or isinstance(verify, ssl.SSLContext) else os.fspath(verify)
        )
        self._origin: _Origin | None = None
        self._url: httpx.URL | None = None
        """One whose origin is known to be that: a client sends all its requests to the same."""
        self._opening: set[anyio.CancelScope] = set()
        self._pid = os.getpid()

    def __repr__(self) -> str:
        if self._origin is None:
            return "<PooledTransport>"
        scheme, host, port = self._origin
        shown_port = "" if port is None else f":{port}"
        return f"<PooledTransport to {scheme.decode()}://{host.decode()}{shown_port}>"

    def stats(self) -> PoolStats:
        """How many connections and calls there are at the moment, and have been."""
        return self._pool.stats()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and await the answer's head; a small answer is complete then.

        Raises:
            httpx.TransportError: no answer came, or none that can be read.
            ClientClosedError: the transport is closed.
        """
        pool = self._open_pool()
        self._check_origin(request.url, request)
        head = encode_head(request)
        body = request_body(request, head)
        timeouts = request.extensions.get("timeout", {})
        exchange = Exchange(pool, self._limits, request.method, timeouts, request)
        if not pool.try_acquire():
            timeout = exchange.timeouts.get("pool")
            try:
                await pool.acquire(timeout)
            except TimeoutError as error:
                message = f"all {pool.size} connections stayed in use for {timeout} s"
                raise httpx.PoolTimeout(message, request=request) from error
        try:
            await self._send(exchange, request.url, head, body)
            return exchange.response()
        except BaseException:
            exchange.end()
            raise

    async def post(
        self, url: httpx.URL, head: bytes, body: bytes, connect_timeout: float | None
    ) -> Answer:
        """Send the bytes of a POST request and await the whole answer.

        For callers that need no request and response objects. They answer for the head, and bound
        the time of all but connecting.

        Raises:
            httpx.TransportError: no answer came, or none that can be read.
            ClientClosedError: the transport is closed.
        """
        pool = self._open_pool()
        self._check_origin(url)
        exchange = Exchange(pool, self._limits, "POST", {"connect": connect_timeout})
        if not pool.try_acquire():
            await pool.acquire(None)
        try:
            await self._send(exchange, url, head, body)
            return await exchange.whole_answer()
        finally:
            exchange.end()

    def _open_pool(self) -> Pool[Connection]:
        if self._pid != os.getpid():
            self._leave_to_parent()
        if self._pool.closed:
            raise ClientClosedError("the transport is closed")
        return self._pool

    async def aclose(self) -> None:
        """Close every connection; calls under way and waiting get ``ClientClosedError``."""
        for connection in self._pool.close():
            connection.close()
        for scope in self._opening:
            scope.cancel()

    def __del__(self) -> None:
        pool: Pool[Connection] | None = getattr(self, "_pool", None)
        if pool is not None and not pool.closed:
            pool.closed = True  # answers that are still being read close their connections
            was_used = bool(pool.idle) and self._pid == os.getpid()
            _close_idle(pool)
            if was_used:  # last, for a filter may turn the warning into an error
                message = f"{self!r} was dropped without being closed"
                warnings.warn(message, ResourceWarning, stacklevel=2, source=self)

    # -- one request -----------------------------------------------------------------------------

    async def _send(
        self,
        exchange: Exchange,
        url: httpx.URL,
        head: bytes,
        body: bytes | AsyncGenerator[bytes],
    ) -> None:
        pool = self._pool
        connection = self._take_idle(pool)
        if connection is not None:
            try:
                await exchange.converse(connection, head, body)
            except StaleConnectionError as error:
                pool.busy.discard(connection)
                connection.close()
                _close_idle(pool)  # the server drops connections: the others are no better
                if not isinstance(body, bytes):
                    message = "the server had closed the connection; the body cannot be sent again"
                    raise httpx.ReadError(message, request=exchange.request) from error
            else:
                return
        connection = await self._open(url, exchange, pool)
        await exchange.converse(connection, head, body)

    def _take_idle(self, pool: Pool[Connection]) -> Connection | None:
        """The idle connection that was used last; the ones that are no good are closed."""
        while pool.idle:
            connection = pool.idle.pop()
            if connection.expires > time.monotonic() and not connection.has_news():
                pool.reused += 1
                pool.busy.add(connection)
                return connection
            connection.close()
        return None

    async def _open(self, url: httpx.URL, exchange: Exchange, pool: Pool[Connection]) -> Connection:
        request, timeout = exchange.request, exchange.timeouts.get("connect")
        is_tls = url.scheme == "https"
        deadline = math.inf if timeout is None else anyio.current_time() + timeout
        connection: Connection | None = None
        with anyio.CancelScope(deadline=deadline) as scope:
            self._opening.add(scope)
            try:
                connection = await open_connection(
                    url.raw_host.decode("ascii"),
                    url.port or (443 if is_tls else 80),
                    await self._context() if is_tls else None,
                    self._new_parser(),
                )
            except (OSError, UnicodeError) as error:  # UnicodeError: that is no host's name
                raise httpx.ConnectError(told(error), request=request) from error
            finally:
                self._opening.discard(scope)
        if pool.closed:
            if connection is not None:
                connection.close()
            raise ClientClosedError("the transport was closed while a call connected")
        if connection is None:
            message = f"not connected within {timeout} s"
            raise httpx.ConnectTimeout(message, request=request) from TimeoutError(message)
        pool.created += 1
        pool.busy.add(connection)
        return connection

    async def _context(self) -> ssl.SSLContext:
        if self._ssl_context is None:
            self._ssl_context = await anyio.to_thread.run_sync(
                shared_context, self._ca_bundle, abandon_on_cancel=True
            )
        return self._ssl_context

    def _check_origin(self, url: httpx.URL, request: httpx.Request | None = None) -> None:
        if url is self._url:
            return
        origin = (url.raw_scheme, url.raw_host, url.port)
        if origin == self._origin:
            self._url = url
            return
        if self._origin is not None:
            message = f"{self!r} cannot be used for {url.scheme}://{url.host}: one origin only"
            raise httpx.LocalProtocolError(message, request=request)
        if url.scheme not in {"http", "https"} or not url.host:
            message = f"{url.scheme}://{url.host} is no http:// or https:// URL"
            raise httpx.UnsupportedProtocol(message, request=request)
        self._origin = origin

    def _leave_to_parent(self) -> None:
        """After a fork: the connections are the parent's; only our copies are closed."""
        parents, self._pool = self._pool, Pool(self._pool.size)
        self._pool.closed, parents.closed = parents.closed, True
        _close_idle(parents)
        self._opening = set()
        self._pid = os.getpid()


def _close_idle(pool: Pool[Connection]) -> None:
    while pool.idle:
        pool.idle.pop().close()

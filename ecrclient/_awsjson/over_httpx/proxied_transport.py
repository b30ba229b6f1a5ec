"""httpx's transport with limits, for requests through a proxy."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Callable

import anyio
import anyio.lowlevel
import httpx

from ecrclient._awsjson.over_httpx.error_translation import to_httpx
from ecrclient._awsjson.over_httpx.messages import HttpxResponseTooLarge
from ecrclient._awsjson.over_httpx.responses import BoundedResponse
from ecrclient._awsjson.protocol.errors import ClientClosedError, ConfigurationError
from ecrclient._awsjson.transport.content_encoding import UnsupportedEncodingError
from ecrclient._awsjson.transport.errors import PoolTimeout
from ecrclient._awsjson.transport.pool import Pool, PoolStats
from ecrclient._awsjson.transport.response import too_large
from ecrclient._awsjson.transport.timer import EXTENSION

__all__ = ["LimitedTransport", "proxied_transport"]

_CLOSING_SECONDS = 2.0
_BODILESS = frozenset({204, 304})
_FRAMING_HEADERS = frozenset({"content-length", "transfer-encoding"})
_UNVERIFIED_END = (
    "the response has neither a length nor chunks, and whether it was truncated is unknown"
)


def proxied_transport(
    proxy: str, ssl_context: ssl.SSLContext, *, max_connections: int, max_response_bytes: int
) -> LimitedTransport:
    """Return a transport that sends requests through *proxy*.

    Raises:
        ConfigurationError: The proxy's URL is invalid, or the package for SOCKS is missing.
    """

    def make() -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(
            verify=ssl_context,
            trust_env=False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            proxy=httpx.Proxy(proxy, ssl_context=ssl_context if is_tls else None),
        )

    is_tls = proxy.startswith("https:")
    problem = _problem(make)
    if problem is not None:
        raise ConfigurationError(f"the environment's proxy cannot be used: {problem}")
    return LimitedTransport(
        make, max_connections=max_connections, max_response_bytes=max_response_bytes
    )


def _problem(make: Callable[[], object]) -> str | None:
    """Return why the proxy cannot be used; None if it can.

    The result does not contain httpx's message, and the error must not have httpx's exception as
    its context: they quote the URL, or the part that was parsed as the port, which is the password
    if that contains a ``/``.
    """
    try:
        make()
    except ImportError:
        return "a SOCKS proxy needs the package socksio (pip install 'httpx[socks]')"
    except (ValueError, httpx.InvalidURL):
        return (
            "it must be a URL with the scheme http, https, socks5 or socks5h and a host; in a user "
            "name or password, characters such as / ? # @ : must be percent-encoded"
        )
    return None


class LimitedTransport(httpx.AsyncBaseTransport):
    """A limited number of transports, each of which carries one request at a time.

    The pool of ``httpx.AsyncHTTPTransport`` loses slots when a request is cancelled (httpcore's
    issue 1093), and shielding the pool from the cancellation would delay the caller's. Therefore
    each transport is a pool with a single connection, this class enforces the limit, and a
    transport whose request did not complete is closed and discarded.

    Args:
        make: Creates a transport for one connection.
        max_connections: The maximum number of concurrent requests; further ones wait in order of
            arrival.
        max_response_bytes: The maximum size of a response; larger ones are refused.
    """

    def __init__(
        self,
        make: Callable[[], httpx.AsyncBaseTransport],
        *,
        max_connections: int,
        max_response_bytes: int,
    ) -> None:
        self._make = make
        self._limit = max_response_bytes
        self._pool: Pool[httpx.AsyncBaseTransport] = Pool(max_connections)
        self._owner: object = None

    def stats(self) -> PoolStats:
        """Return the current numbers of transports and calls, and the totals."""
        return self._pool.stats()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and receive the response's head.

        Raises:
            httpx.TransportError: There was no response.
            httpx.ProxyError: The proxy refused the request.
            ClientClosedError: The transport is closed.
        """
        pool = self._current_pool()
        if pool.closed:
            raise ClientClosedError("the transport is closed")
        if not pool.try_acquire():
            extensions = request.extensions
            try:
                await pool.acquire(
                    extensions.get("timeout", {}).get("pool"), extensions.get(EXTENSION)
                )
            except PoolTimeout as error:
                raise to_httpx(error, request) from error
        transport: httpx.AsyncBaseTransport | None = None
        try:
            if pool.idle:
                transport = pool.idle.pop()
                pool.reused += 1
            else:
                transport = self._make()
                pool.created += 1
            pool.busy.add(transport)
            response = await transport.handle_async_request(request)
            _check_end(request, response)
            return BoundedResponse(
                response.status_code,
                response.headers.raw,
                _LimitedStream(pool, transport, response, self._limit),
                response.extensions,
                request,
                limit=self._limit,
            )
        except UnsupportedEncodingError as error:
            await _discard(pool, transport)
            raise to_httpx(error, request) from error
        except BaseException:
            await _discard(pool, transport)
            raise

    def _current_pool(self) -> Pool[httpx.AsyncBaseTransport]:
        """Return the pool of this event loop and process; each new one needs a new pool."""
        owner = (anyio.lowlevel.current_token(), os.getpid())
        if self._owner != owner:
            if self._owner is not None:
                closed, self._pool = self._pool.closed, Pool(self._pool.size)
                self._pool.closed = closed
            self._owner = owner
        return self._pool

    async def aclose(self) -> None:
        """Close every connection; calls that wait get ``ClientClosedError``."""
        for transport in self._current_pool().close():
            await _close(transport)


def _check_end(request: httpx.Request, response: httpx.Response) -> None:
    """Refuse a response that ends with its TLS connection: httpx accepts truncated ones."""
    if (
        request.url.scheme == "https"
        and request.method != "HEAD"
        and response.status_code not in _BODILESS
        and not _FRAMING_HEADERS.intersection(response.headers)
    ):
        raise httpx.RemoteProtocolError(_UNVERIFIED_END, request=request)


class _LimitedStream(httpx.AsyncByteStream):
    """The body of a response and its iterator; at its end the transport becomes idle."""

    def __init__(
        self,
        pool: Pool[httpx.AsyncBaseTransport],
        transport: httpx.AsyncBaseTransport,
        response: httpx.Response,
        limit: int,
    ) -> None:
        self._pool = pool
        self._transport = transport
        self._pieces = response.aiter_raw()
        self._limit = limit
        self._size = 0
        self._is_complete = False
        self._is_closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._is_closed:
            raise httpx.StreamClosed
        try:
            piece = await anext(self._pieces)
            self._count(piece)
        except BaseException as error:
            self._is_complete = isinstance(error, StopAsyncIteration)
            await self.aclose()
            raise
        return piece

    def _count(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            raise HttpxResponseTooLarge(too_large(self._limit))

    async def aclose(self) -> None:
        """Keep the transport for the next request, or close it if the response is incomplete."""
        if self._is_closed:
            return
        self._is_closed = True
        if not self._is_complete or self._pool.closed:
            await _discard(self._pool, self._transport)
            return
        self._pool.busy.discard(self._transport)
        self._pool.idle.append(self._transport)
        self._pool.release()


async def _discard(
    pool: Pool[httpx.AsyncBaseTransport], transport: httpx.AsyncBaseTransport | None
) -> None:
    try:
        if transport is not None:
            pool.busy.discard(transport)
            await _close(transport)
    finally:
        pool.release()


async def _close(transport: httpx.AsyncBaseTransport) -> None:
    with anyio.move_on_after(_CLOSING_SECONDS, shield=True):
        await transport.aclose()

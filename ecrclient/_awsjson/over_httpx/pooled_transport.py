"""The byte transport as an ``httpx`` transport: for middleware, and for ``httpx.AsyncClient``."""

from __future__ import annotations

import os
import ssl
import warnings
from collections.abc import AsyncIterator

import httpx

from ecrclient._awsjson.over_httpx.error_translation import to_httpx
from ecrclient._awsjson.over_httpx.messages import encode_head, request_body
from ecrclient._awsjson.over_httpx.responses import BoundedResponse, WholeResponse
from ecrclient._awsjson.transport.byte_transport import ByteTransport
from ecrclient._awsjson.transport.errors import TransportError
from ecrclient._awsjson.transport.exchange import Exchange
from ecrclient._awsjson.transport.origin import Origin
from ecrclient._awsjson.transport.pool import PoolStats
from ecrclient._awsjson.transport.response import MAX_RESPONSE_BYTES
from ecrclient._awsjson.transport.timer import EXTENSION

__all__ = ["ByteTransportAdapter", "PooledTransport", "byte_transport_of"]

# RFC 9110, section 9.2.2.
_IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})


class ByteTransportAdapter(httpx.AsyncBaseTransport):
    """A byte transport as an ``httpx`` transport; closing it closes the byte transport."""

    def __init__(self, transport: ByteTransport) -> None:
        self._byte_transport = transport

    def __repr__(self) -> str:
        origin = self._byte_transport.origin
        return (
            f"<{type(self).__name__}>" if origin is None else f"<{type(self).__name__} to {origin}>"
        )

    @property
    def byte_transport(self) -> ByteTransport:
        """The adapted transport."""
        return self._byte_transport

    def stats(self) -> PoolStats:
        """Return the current numbers of connections and calls, and the totals."""
        return self._byte_transport.stats()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and receive the response's head, and its body if that is small.

        Raises:
            httpx.TransportError: There was no response, or it is not valid HTTP/1.1.
            ClientClosedError: The transport is closed.
            ConfigurationError: The CA bundle cannot be read.
        """
        origin = _origin(request)
        head = encode_head(request)
        body = request_body(request, head)
        timeouts = request.extensions.get("timeout", {})
        try:
            exchange = await self._byte_transport.begin(
                origin,
                request.method,
                head,
                body,
                timeouts,
                request.extensions.get(EXTENSION),
                resend=_is_idempotent(request),
            )
            try:
                return _response(exchange, request)
            except BaseException:
                exchange.end()
                raise
        except TransportError as error:
            raise to_httpx(error, request) from error

    async def aclose(self) -> None:
        """Close every connection; calls in progress or waiting get ``ClientClosedError``."""
        self._byte_transport.close()


class PooledTransport(ByteTransportAdapter):
    """An HTTP/1.1 transport to one origin, that of its first request, on asyncio and on trio.

    Pass it as the ``transport`` of a client or of any ``httpx.AsyncClient``. It does not follow
    redirects and does not use proxies.

    A response may have one content encoding, gzip or deflate. Any other encoding is removed from
    the ``Accept-Encoding`` header, and a response with it raises an ``httpx.DecodingError``.

    If a kept-alive connection breaks before a byte of the response has arrived, the request is sent
    again on a new connection, provided that it cannot have arrived or is idempotent. Requests are
    idempotent if RFC 9110 defines their methods as such, which excludes POST and PATCH. The
    request's extension ``idempotent`` (a bool) takes precedence; a client sets it for each
    operation.

    Args:
        max_connections: The maximum number of connections, at least 1; further calls wait in order
            of arrival.
        keepalive_expiry: Seconds after which an idle connection is not used again.
        verify: How to verify the server: the path of a CA bundle, or an ``ssl.SSLContext``; None:
            with the certificates that httpx trusts. If the context has
            ``ssl.OP_IGNORE_UNEXPECTED_EOF``, a response that ends with the connection is refused,
            since it may be truncated.
        max_response_bytes: The maximum size of a response, as received and as decoded. If it is
            exceeded, a client raises ``ResponseTooLarge``, and the transport itself an
            ``httpx.RemoteProtocolError``.
        parser: ``h11`` or ``httptools``; None: the fastest one that is installed.
    """

    def __init__(
        self,
        *,
        max_connections: int = 50,
        keepalive_expiry: float = 15.0,
        verify: ssl.SSLContext | str | os.PathLike[str] | None = None,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        parser: str | None = None,
    ) -> None:
        super().__init__(
            ByteTransport(
                max_connections=max_connections,
                keepalive_expiry=keepalive_expiry,
                verify=verify,
                max_response_bytes=max_response_bytes,
                parser=parser,
            )
        )


def byte_transport_of(transport: httpx.AsyncBaseTransport) -> ByteTransport | None:
    """Return the byte transport of a ``PooledTransport``.

    None for its subclasses, which may change requests.
    """
    if type(transport) is PooledTransport:
        return transport.byte_transport
    return None


def _is_idempotent(request: httpx.Request) -> bool:
    return bool(request.extensions.get("idempotent", request.method in _IDEMPOTENT_METHODS))


def _origin(request: httpx.Request) -> Origin:
    url = request.url
    if url.scheme not in {"http", "https"} or not url.host:
        message = f"the URL must begin with http:// or https://, not {url.scheme}://{url.host}"
        raise httpx.UnsupportedProtocol(message, request=request)
    return Origin(url.scheme, url.raw_host.decode("ascii").lower(), url.port)


def _response(exchange: Exchange, request: httpx.Request) -> httpx.Response:
    """Return the response after its head has been received; the rest is read on demand."""
    parser = exchange.parser
    extensions = {"http_version": parser.version, "reason_phrase": parser.reason}
    if exchange.is_plain:
        body = exchange.take_body()
        return WholeResponse(parser.status, parser.headers, body, extensions, request)
    return BoundedResponse(
        parser.status,
        parser.headers,
        _BodyStream(exchange, request),
        extensions,
        request,
        limit=exchange.max_response_bytes,
    )


class _BodyStream(httpx.AsyncByteStream):
    """The rest of a body, read on demand.

    The stream is its own iterator, because a generator that is not exhausted must be closed.
    """

    def __init__(self, exchange: Exchange, request: httpx.Request) -> None:
        self._exchange = exchange
        self._request = request

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        exchange = self._exchange
        if exchange.ended:
            raise httpx.StreamClosed
        piece = b""
        try:
            piece = await exchange.receive_body()
        except TransportError as error:
            raise to_httpx(error, self._request) from error
        finally:
            if not piece:
                exchange.end()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Release the connection, which is kept alive if the response is complete."""
        self._exchange.end()

    def __del__(self) -> None:
        exchange: Exchange | None = getattr(self, "_exchange", None)
        if exchange is not None and not exchange.ended:
            exchange.end()
            warnings.warn(
                f"the response to {self._request!r} was neither read nor closed",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )

"""The choice between bytes and httpx objects, made once per endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ecrclient._awsjson.attempts.attempt import Attempt, HTTPResponse
from ecrclient._awsjson.attempts.signing import Signer
from ecrclient._awsjson.calling.byte_sender import ByteSender
from ecrclient._awsjson.settings.endpoints import Endpoint
from ecrclient._awsjson.transport.byte_transport import ByteTransport

if TYPE_CHECKING:
    import httpx

    from ecrclient._awsjson.over_httpx.middleware import Middleware

__all__ = ["Sender", "make_sender"]


class Sender(Protocol):
    """Signs and sends attempts."""

    async def send(self, attempt: Attempt) -> HTTPResponse:
        """Sign and send an attempt, and receive the complete response.

        Raises:
            TransportError: There was no complete response.
        """
        ...


def make_sender(
    endpoint: Endpoint,
    connect_timeout: float | None,
    signer: Signer,
    transport: ByteTransport | httpx.AsyncBaseTransport,
    middleware: Sequence[Middleware],
) -> Sender:
    """Return a sender to an endpoint.

    Middleware and users' transports work on httpx objects; without them httpx is not imported. Call
    this function in a worker thread, because importing httpx takes some time.
    """
    byte_transport = _byte_transport(transport)
    if byte_transport is not None and not middleware:
        return ByteSender(endpoint, connect_timeout, signer, byte_transport)
    from ecrclient._awsjson.over_httpx.pooled_transport import ByteTransportAdapter
    from ecrclient._awsjson.over_httpx.sender import HttpxSender

    if isinstance(transport, ByteTransport):
        transport = ByteTransportAdapter(transport)
    return HttpxSender(endpoint, connect_timeout, signer, transport, middleware)


def _byte_transport(transport: ByteTransport | httpx.AsyncBaseTransport) -> ByteTransport | None:
    """Return *transport* itself, or the byte transport of a ``PooledTransport``."""
    if isinstance(transport, ByteTransport):
        return transport
    from ecrclient._awsjson.over_httpx.pooled_transport import byte_transport_of

    return byte_transport_of(transport)

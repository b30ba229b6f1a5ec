"""Transports to the origins that responses refer to, such as those of presigned URLs."""

from __future__ import annotations

import os
import ssl
import sys
from typing import TYPE_CHECKING

import anyio.to_thread

from ecrclient._awsjson.over_httpx.default_transport import default_transport
from ecrclient._awsjson.transport.byte_transport import ByteTransport
from ecrclient._awsjson.transport.origin import Origin

if TYPE_CHECKING:
    import httpx

__all__ = ["Origins"]


class Origins:
    """One transport for each origin, with the client's proxy, certificates and pool size.

    Args:
        transport: The transport that the caller passed to the client; it is used for every origin,
            unless it is a ``PooledTransport``.
        max_connections: The number of connections to each origin.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport | None, max_connections: int) -> None:
        self._passed = transport
        self._max_connections = max_connections
        self._transports: dict[Origin, httpx.AsyncBaseTransport] = {}
        self.ca_bundle: str | os.PathLike[str] | ssl.SSLContext | None = None
        """The client's setting, once it has been resolved."""

    async def transport_to(self, url: str) -> httpx.AsyncBaseTransport:
        """Return the transport to the origin of *url*."""
        return await anyio.to_thread.run_sync(self._transport_to, url)

    def _transport_to(self, url: str) -> httpx.AsyncBaseTransport:
        # httpx is imported here, because clients that only call operations do not need it.
        from ecrclient._awsjson.over_httpx.pooled_transport import (
            ByteTransportAdapter,
            byte_transport_of,
        )

        if self._passed is not None and byte_transport_of(self._passed) is None:
            return self._passed
        origin = Origin.of(url)
        transport = self._transports.get(origin)
        if transport is None:
            new = default_transport(
                url,
                self._max_connections,
                ca_bundle=self.ca_bundle,
                max_response_bytes=sys.maxsize,  # bodies are streamed
            )
            made = ByteTransportAdapter(new) if isinstance(new, ByteTransport) else new
            # Another thread may have created one at the same time.
            transport = self._transports.setdefault(origin, made)
        return transport

    async def aclose(self) -> None:
        """Close the transports that were created here."""
        while self._transports:
            _, transport = self._transports.popitem()
            await transport.aclose()

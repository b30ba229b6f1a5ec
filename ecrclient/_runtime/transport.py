"""How requests travel: any ``httpx.AsyncBaseTransport``.

The default is httpx's own for now.
"""

from __future__ import annotations

import httpx

from ecrclient._runtime.errors import (
    ConnectError,
    ConnectTimeout,
    PoolTimeout,
    ReadError,
    ReadTimeout,
    TransportError,
    WriteError,
    WriteTimeout,
)

__all__ = ["default_transport", "translate_error"]

_KEEPALIVE_EXPIRY = 15.0

# The first that fits: subclasses stand before their parents.
_TRANSLATIONS: tuple[tuple[type[httpx.RequestError], type[TransportError]], ...] = (
    (httpx.ConnectTimeout, ConnectTimeout),
    (httpx.ReadTimeout, ReadTimeout),
    (httpx.WriteTimeout, WriteTimeout),
    (httpx.PoolTimeout, PoolTimeout),
    (httpx.ConnectError, ConnectError),
    (httpx.ReadError, ReadError),
    (httpx.RemoteProtocolError, ReadError),
    (httpx.WriteError, WriteError),
    (httpx.LocalProtocolError, WriteError),
    (httpx.DecodingError, ReadError),
)


def default_transport(
    endpoint_url: str,  # noqa: ARG001
    max_connections: int,
    *,
    ca_bundle: str | None = None,  # noqa: ARG001
) -> httpx.AsyncBaseTransport:
    """A transport with a bounded pool; it builds a TLS context, so make it off the event loop."""
    limits = httpx.Limits(
        max_connections=max_connections,
        max_keepalive_connections=max_connections,
        keepalive_expiry=_KEEPALIVE_EXPIRY,
    )
    return httpx.AsyncHTTPTransport(limits=limits, retries=0)


def translate_error(error: httpx.RequestError) -> TransportError:
    """The exception of ours that says the same."""
    kind = next(
        (ours for theirs, ours in _TRANSLATIONS if isinstance(error, theirs)), TransportError
    )
    return kind(str(error) or type(error).__name__)

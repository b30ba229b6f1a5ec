"""The transport that a client gets when it is given none, and what its errors become."""

from __future__ import annotations

import ipaddress
import os
import ssl
import warnings

import httpx

from ecrclient._runtime.errors import (
    ConnectError,
    ConnectTimeout,
    PoolTimeout,
    ReadError,
    ReadTimeout,
    ResponseTooLarge,
    TransportError,
    WriteError,
    WriteTimeout,
)
from ecrclient._runtime.transport import messages
from ecrclient._runtime.transport.pooled import PooledTransport
from ecrclient._runtime.transport.proxies import environment_proxy, proxied_transport
from ecrclient._runtime.transport.tls import shared_context

__all__ = ["default_transport", "translate_error"]

_MAX_RESPONSE_BYTES = 64 * 1024 * 1024

# The first that fits: subclasses stand before their parents.
_TRANSLATIONS: tuple[tuple[type[httpx.RequestError], type[TransportError]], ...] = (
    (httpx.ConnectTimeout, ConnectTimeout),
    (httpx.ReadTimeout, ReadTimeout),
    (httpx.WriteTimeout, WriteTimeout),
    (httpx.PoolTimeout, PoolTimeout),
    (httpx.ConnectError, ConnectError),
    (httpx.ProxyError, ConnectError),
    (httpx.ReadError, ReadError),
    (messages.ResponseTooLarge, ResponseTooLarge),
    (httpx.RemoteProtocolError, ReadError),
    (httpx.DecodingError, ReadError),
    (httpx.WriteError, WriteError),
    (httpx.LocalProtocolError, WriteError),
)


def default_transport(
    endpoint_url: str,
    max_connections: int = 50,
    *,
    ca_bundle: str | os.PathLike[str] | ssl.SSLContext | None = None,
) -> httpx.AsyncBaseTransport:
    """The transport to an endpoint: our own, or httpx's through the environment's proxy.

    It reads certificates, so make it off the event loop.

    Raises:
        ConfigurationError: the CA bundle cannot be read.
    """
    url = httpx.URL(endpoint_url)
    if url.scheme == "http" and not _is_loopback(url.host):
        warnings.warn(
            f"requests and their credentials go to http://{url.host} unencrypted",
            UserWarning,
            stacklevel=2,
        )
    proxy = environment_proxy(url)
    verify = ca_bundle
    if not isinstance(verify, ssl.SSLContext) and (proxy is not None or url.scheme == "https"):
        verify = shared_context(None if verify is None else os.fspath(verify))
    if proxy is not None:
        assert isinstance(verify, ssl.SSLContext)
        return proxied_transport(
            proxy,
            verify,
            max_connections=max_connections,
            max_response_bytes=_MAX_RESPONSE_BYTES,
        )
    return PooledTransport(
        max_connections=max_connections, verify=verify, max_response_bytes=_MAX_RESPONSE_BYTES
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def translate_error(error: httpx.RequestError) -> TransportError:
    """The exception of ours that says the same."""
    kind = next(
        (ours for theirs, ours in _TRANSLATIONS if isinstance(error, theirs)), TransportError
    )
    return kind(str(error) or type(error).__name__)

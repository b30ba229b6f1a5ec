"""The transport of a client to which none was passed."""

from __future__ import annotations

import ipaddress
import os
import ssl
import sys
import warnings
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ecrclient._awsjson.transport.byte_transport import ByteTransport
from ecrclient._awsjson.transport.response import MAX_RESPONSE_BYTES
from ecrclient._awsjson.transport.tls import shared_context

if TYPE_CHECKING:
    from ecrclient._awsjson.over_httpx.proxied_transport import LimitedTransport

__all__ = ["default_transport", "environment_proxy"]


def default_transport(
    endpoint_url: str,
    max_connections: int = 50,
    *,
    ca_bundle: str | os.PathLike[str] | ssl.SSLContext | None = None,
    max_response_bytes: int = MAX_RESPONSE_BYTES,
) -> ByteTransport | LimitedTransport:
    """Return the transport to an endpoint: bytes, or httpx if the environment names a proxy.

    Call it in a worker thread, because it reads certificates.

    Args:
        endpoint_url: The endpoint; plain HTTP causes a warning unless the host is local.
        max_connections: The maximum number of connections; at least 1.
        ca_bundle: The path of a CA bundle, or a context; None: the certificates that httpx trusts.
        max_response_bytes: The longest body of a response.

    Raises:
        ConfigurationError: The CA bundle cannot be read, or the proxy cannot be used.
    """
    url = urlsplit(endpoint_url)
    host = url.hostname or ""
    if url.scheme == "http" and not _is_loopback(host):
        warnings.warn(
            f"requests to http://{host} are unencrypted, including their signatures and tokens",
            UserWarning,
            stacklevel=2,
        )
    proxy = environment_proxy(url.scheme, host)
    verify = ca_bundle
    if not isinstance(verify, ssl.SSLContext) and (proxy is not None or url.scheme == "https"):
        verify = shared_context(None if verify is None else os.fspath(verify))
    if proxy is not None:
        from ecrclient._awsjson.over_httpx.proxied_transport import proxied_transport

        assert isinstance(verify, ssl.SSLContext)
        return proxied_transport(
            proxy,
            verify,
            max_connections=max_connections,
            max_response_bytes=max_response_bytes,
        )
    return ByteTransport(
        max_connections=max_connections, verify=verify, max_response_bytes=max_response_bytes
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def environment_proxy(scheme: str, host: str) -> str | None:
    """Return the proxy that ``HTTPS_PROXY``, ``HTTP_PROXY`` or ``ALL_PROXY`` names for a host.

    The standard library reads the environment (and the system's settings on macOS and Windows),
    ``NO_PROXY`` included, as it does for botocore.
    """
    if sys.platform not in {"darwin", "win32"} and not any(
        name.lower().endswith("_proxy") for name in os.environ
    ):
        return None  # importing urllib.request is slow
    import urllib.request

    proxies = urllib.request.getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"

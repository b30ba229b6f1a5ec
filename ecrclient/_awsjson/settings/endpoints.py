"""The endpoints of a client: the service's rules, applied to the settings and to a call."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ecrclient._awsjson.protocol.errors import ConfigurationError
from ecrclient._awsjson.settings.shared_config import ConfigValue
from ecrclient._awsjson.support.record import Record

if TYPE_CHECKING:
    from ecrclient._awsjson.settings.endpoint_rules import SignedURL

__all__ = ["Endpoint", "EndpointSettings", "ResolveEndpoint", "host_header", "host_of"]

ResolveEndpoint = Callable[..., "str | SignedURL"]
"""The generated ``resolve_endpoint``. Its keywords are region, use_fips, use_dualstack, endpoint,
and the parameters of the service's rules that depend on the call."""

# Unlike botocore's, this pattern allows underscores, which names of containers contain.
_ENDPOINT = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?|\[(?P<ipv6>[0-9a-f:.]+)\])"
    r"(?::(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE | re.ASCII,
)
_MAX_PORT = 65535


class Endpoint(NamedTuple):
    """Where requests go, and what they are signed for."""

    url: str
    """The scheme, the host and optionally a port."""
    host: str
    """The host header: the host, with its port unless it is the scheme's default."""
    signing_region: str
    signing_name: str | None = None
    """None: the service's name."""


class EndpointSettings(Record):
    """The settings on which an endpoint depends."""

    region: str
    use_fips: bool
    use_dualstack: bool
    configured: ConfigValue | None
    """The configured endpoint; None: the service's."""
    account_id_mode: str = "preferred"
    """Whether the account's endpoint is used: ``preferred``, ``disabled`` or ``required``."""

    def resolve(
        self,
        rules: ResolveEndpoint,
        parameters: Mapping[str, object] | None = None,
        host_prefix: str = "",
    ) -> Endpoint:
        """Return the endpoint.

        Args:
            rules: The service's rules.
            parameters: The parameters that depend on the call.
            host_prefix: The beginning of the host. A configured endpoint is used without it.

        Raises:
            ConfigurationError: The rules have no endpoint for these settings.
        """
        found = rules(
            region=self.region,
            use_fips=self.use_fips,
            use_dualstack=self.use_dualstack,
            endpoint=self.configured.text if self.configured else None,
            **(parameters or {}),
        )
        url, signing_region, signing_name = (found, None, None) if isinstance(found, str) else found
        if host_prefix and self.configured is None:
            url = url.replace("://", f"://{host_prefix}", 1)
        origin = self.configured or ConfigValue(url, f"the endpoint of region {self.region}")
        return Endpoint(
            url.rstrip("/"),
            host_header(ConfigValue(url, origin.origin)),
            signing_region or self.region,
            signing_name,
        )


def host_of(url: str) -> str | None:
    """Return the host header of an endpoint; None if *url* is not a valid endpoint."""
    match = _ENDPOINT.fullmatch(url)
    if match is None or int(match["port"] or 0) > _MAX_PORT or not _is_ipv6(match["ipv6"]):
        return None
    scheme, host, port = match["scheme"].lower(), match["host"].lower(), match["port"]
    default_port = 443 if scheme == "https" else 80
    return host if int(port or default_port) == default_port else f"{host}:{port}"


def host_header(endpoint: ConfigValue) -> str:
    """Return the host header.

    Raises:
        ConfigurationError: The endpoint is invalid. The message does not contain the URL, because
            that may contain a password.
    """
    host = host_of(endpoint.text)
    if host is None:
        raise ConfigurationError(
            f"{endpoint.origin} must be an endpoint: http:// or https://, a host, optionally a "
            "port, and nothing else"
        )
    return host


def _is_ipv6(address: str | None) -> bool:
    try:
        return address is None or bool(ipaddress.IPv6Address(address))
    except ValueError:
        return False

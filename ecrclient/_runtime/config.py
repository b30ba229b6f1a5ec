"""Settings: what a call may override, and what a client resolves at its first call."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ecrclient._runtime.errors import ConfigurationError
from ecrclient._runtime.retry import RetryPolicy
from ecrclient._runtime.shared_config import ask_botocore, open_session

__all__ = ["CallOptions", "ClientArguments", "ResolveEndpoint", "Settings", "resolve_settings"]

ResolveEndpoint = Callable[..., str]
"""The generated ``resolve_endpoint``: keywords region, use_fips, use_dualstack, endpoint."""

# A region becomes part of a host name: RFC 1123, section 2.1.
_HOST_LABEL = re.compile(r"(?!-)[a-zA-Z0-9-]{1,63}(?<!-)")
_ENDPOINT = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-zA-Z0-9._-]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>\d{1,5}))?/?",
    re.IGNORECASE,
)
_MAX_PORT = 65535
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What may differ from call to call; see ``with_options``."""

    timeout: float | None = 60.0
    """Seconds for one attempt, from the first byte sent to the last received; None: no limit."""
    deadline: float | None = None
    """Seconds for the whole call: attempts, sleeps and credentials; None: no limit."""
    retry: RetryPolicy | None = None
    """The retry policy; None: the client's own."""

    def __post_init__(self) -> None:
        for name in ("timeout", "deadline"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ConfigurationError(f"{name} must be more than 0 seconds, not {value!r}")


@dataclass(frozen=True, slots=True)
class ClientArguments:
    """The settings as they were passed to the client; None is still to be resolved."""

    region: str | None
    profile: str | None
    endpoint_url: str | None
    use_fips: bool | None
    use_dualstack: bool | None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings as a call uses them."""

    region: str
    endpoint_url: str
    host: str
    """The host header: the endpoint's host, with its port unless it is the scheme's own."""


def resolve_settings(
    arguments: ClientArguments,
    resolve_endpoint: ResolveEndpoint,
    service_id: str,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Arguments, then the environment, then (for the region) the shared configuration.

    It may read files: call it in a worker thread.

    Raises:
        ConfigurationError: a setting is missing or wrong; the message names its source.
    """
    environ = os.environ if environ is None else environ
    region = _region(arguments, environ)
    if not _HOST_LABEL.fullmatch(region):
        raise ConfigurationError(f"region {region!r} cannot be part of a host name")
    url = resolve_endpoint(
        region=region,
        use_fips=_flag(arguments.use_fips, environ, "AWS_USE_FIPS_ENDPOINT"),
        use_dualstack=_flag(arguments.use_dualstack, environ, "AWS_USE_DUALSTACK_ENDPOINT"),
        endpoint=_endpoint_url(arguments, environ, service_id),
    )
    return Settings(region=region, endpoint_url=url.rstrip("/"), host=_host(url))


def _region(arguments: ClientArguments, environ: Mapping[str, str]) -> str:
    found = (
        arguments.region
        or environ.get("AWS_DEFAULT_REGION")
        or environ.get("AWS_REGION")
        or _configured(arguments.profile, "region")
    )
    if not found:
        raise ConfigurationError(
            "no region: pass region= to the client, set AWS_DEFAULT_REGION, or set region in the "
            "profile"
        )
    return found


def _configured(profile: str | None, name: str) -> str | None:
    """A value of the shared configuration files, read by botocore."""
    value: str | None = ask_botocore(
        lambda: open_session(profile).get_config_variable(name), ConfigurationError
    )
    return value


def _endpoint_url(
    arguments: ClientArguments, environ: Mapping[str, str], service_id: str
) -> str | None:
    if arguments.endpoint_url:
        return arguments.endpoint_url
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    variable = f"AWS_ENDPOINT_URL_{service_id.upper().replace(' ', '_')}"
    return environ.get(variable) or environ.get("AWS_ENDPOINT_URL") or None


def _flag(argument: bool | None, environ: Mapping[str, str], variable: str) -> bool:  # noqa: FBT001
    if argument is not None:
        return argument
    text = environ.get(variable, "")
    if text.lower() not in _BOOLEANS and text:
        raise ConfigurationError(f"{variable} must be true or false, not {text!r}")
    return _BOOLEANS.get(text.lower(), False)


def _host(url: str) -> str:
    """The host header for *url*.

    The URL itself is in no message: it may hold a password.
    """
    match = _ENDPOINT.fullmatch(url)
    if match is None or int(match["port"] or 0) > _MAX_PORT:
        raise ConfigurationError(
            "the endpoint must be http:// or https://, a host and at the most a port: nothing else"
        )
    scheme, host, port = match["scheme"].lower(), match["host"].lower(), match["port"]
    default_port = 443 if scheme == "https" else 80
    return host if int(port or default_port) == default_port else f"{host}:{port}"

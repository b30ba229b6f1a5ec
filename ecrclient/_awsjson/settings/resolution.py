"""Settings: what a call may override, and what a client resolves at its first call.

A setting is looked for where botocore 1.44.5 looks for it, in its order: the argument, the
environment, the profile. Wherever botocore has an answer this has the same, but for these, where
botocore guesses: a flag that is neither true nor false is refused (botocore takes it for false); an
empty variable counts as unset (botocore fails on most, and takes an empty flag for false);
``use_fips=True`` or ``use_dualstack=True`` passed beside an endpoint is refused (botocore drops the
flag, as is done here with a flag of the environment or the profile). And where botocore finds no
region, ``AWS_REGION`` is taken, which the other AWS SDKs read and Lambda and ECS set.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ecrclient._awsjson.protocol.errors import ConfigurationError
from ecrclient._awsjson.settings.shared_config import ConfigValue, Profile, load_profile

__all__ = ["ClientArguments", "ResolveEndpoint", "Settings", "resolve_settings"]

ResolveEndpoint = Callable[..., str]
"""The generated ``resolve_endpoint``: keywords region, use_fips, use_dualstack, endpoint."""

_LOGGER = logging.getLogger(__name__)
# A region becomes part of a host name: RFC 1123, section 2.1; digits alone are no region.
_REGION = re.compile(r"(?![0-9]+\Z)(?!-)[a-zA-Z0-9-]{1,63}(?<!-)")
# Unlike botocore this allows the underscore, which names of containers have.
_ENDPOINT = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?|\[(?P<ipv6>[0-9a-f:.]+)\])"
    r"(?::(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE | re.ASCII,
)
_MAX_PORT = 65535
_BOOLEANS = {"true": True, "false": False}
_RETRY_MODES = ("legacy", "standard", "adaptive")
# Seconds to connect. Source: botocore/data/sdk-default-configuration.json.
_CONNECT_TIMEOUTS = {
    "legacy": None,
    "standard": 3.1,
    "in-region": 1.1,
    "cross-region": 3.1,
    "mobile": 30.0,
}


class ClientArguments(NamedTuple):
    """The settings as they were passed to the client; None is still to be resolved."""

    region: str | None
    profile: str | None
    endpoint_url: str | None
    use_fips: bool | None
    use_dualstack: bool | None


class Settings(NamedTuple):
    """The settings as a call uses them."""

    region: str
    endpoint_url: str
    host: str
    """The host header: the endpoint's host, with its port unless it is the scheme's own."""
    pseudo_region: str | None = None
    """The FIPS pseudo-region that was given, if one was: for the STS that assumes a role."""
    ca_bundle: str | None = None
    """The file with the certificates to trust; None: the default ones."""
    retry_mode: str | None = None
    """``legacy``, ``standard`` or ``adaptive``; None where nothing says."""
    max_attempts: int | None = None
    """Attempts in all; None where nothing says."""
    defaults_mode: str = "legacy"
    """One of AWS's defaults modes; ``legacy`` where nothing says."""
    connect_timeout: float | None = None
    """Seconds to connect, where the defaults mode says."""


def resolve_settings(
    arguments: ClientArguments,
    resolve_endpoint: ResolveEndpoint,
    service_id: str,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings, from arguments, environment and profile.

    It looks for files, and may read them: call it in a worker thread.

    Raises:
        ConfigurationError: a setting is missing or wrong; the message names its source.
    """
    environ = os.environ if environ is None else environ
    sources = _Sources(environ, load_profile(arguments.profile, environ))
    given = sources.region(arguments.region)
    # As botocore does: fips-us-east-1 and us-east-1-fips are us-east-1 with FIPS.
    region = given.text.replace("fips-", "").replace("-fips", "")
    pseudo = region != given.text
    if pseudo:
        _LOGGER.warning(
            "%s is the pseudo-region %s: taken for %s with FIPS; use_fips is the better way",
            *(given.origin, given.text, region),
        )
    endpoint = sources.endpoint_url(arguments.endpoint_url, service_id.lower().replace(" ", "_"))
    url = resolve_endpoint(
        region=region,
        use_fips=(pseudo and endpoint is None)
        or sources.variant(arguments.use_fips, endpoint, "use_fips_endpoint"),
        use_dualstack=sources.variant(arguments.use_dualstack, endpoint, "use_dualstack_endpoint"),
        endpoint=endpoint.text if endpoint else None,
    )
    found = endpoint or ConfigValue(url, f"the endpoint of region {region}")
    defaults_mode = sources.choice("defaults_mode", (*_CONNECT_TIMEOUTS, "auto"))
    return Settings(
        region=region,
        endpoint_url=url.rstrip("/"),
        host=_host(found),
        pseudo_region=given.text if pseudo else None,
        ca_bundle=sources.ca_bundle(),
        retry_mode=sources.choice("retry_mode", _RETRY_MODES),
        max_attempts=sources.max_attempts(),
        defaults_mode=defaults_mode or "legacy",
        connect_timeout=_connect_timeout(defaults_mode or "legacy", region, environ),
    )


class _Sources(NamedTuple):
    """The environment and the profile, and what is looked for in them."""

    environ: Mapping[str, str]
    profile: Profile

    def find(self, key: str, variable: str | None = None) -> ConfigValue | None:
        """A setting by its name in a profile, whose variable is ``AWS_`` and the same."""
        return self.variable(variable or f"AWS_{key.upper()}") or self.profile.find(key)

    def variable(self, name: str) -> ConfigValue | None:
        text = self.environ.get(name)
        return ConfigValue(text, f"environment variable {name}") if text else None

    def region(self, argument: str | None) -> ConfigValue:
        found = (
            ConfigValue(argument, "argument region")
            if argument
            else self.find("region", "AWS_DEFAULT_REGION") or self.variable("AWS_REGION")
        )
        if found is None:
            raise ConfigurationError(
                "no region: pass region= to the client, set AWS_DEFAULT_REGION, or set region in "
                "the profile"
            )
        if not _REGION.fullmatch(found.text):
            raise ConfigurationError(
                f"{found.origin} is {found.text!r}, which cannot be part of a host name"
            )
        return found

    def endpoint_url(self, argument: str | None, service: str) -> ConfigValue | None:
        if argument:
            return ConfigValue(argument, "argument endpoint_url")
        if self.flag("ignore_configured_endpoint_urls"):
            return None
        return (
            self.variable(f"AWS_ENDPOINT_URL_{service.upper()}")
            or self.variable("AWS_ENDPOINT_URL")
            or self.profile.find_service_endpoint(service)
            or self.profile.find("endpoint_url")
        )

    def variant(self, argument: bool | None, endpoint: ConfigValue | None, key: str) -> bool:  # noqa: FBT001
        """Whether FIPS or dual-stack is wanted; with an endpoint only the argument counts."""
        if argument is not None or endpoint is not None:
            return argument is True
        return self.flag(key)

    def flag(self, key: str) -> bool:
        found = self.find(key)
        if found is None:
            return False
        if found.text.lower() not in _BOOLEANS:
            raise found.wrong("must be true or false")
        return _BOOLEANS[found.text.lower()]

    def choice(self, key: str, choices: tuple[str, ...]) -> str | None:
        found = self.find(key)
        if found is None:
            return None
        # Of the two that are chosen from so, botocore reads the defaults mode in any case.
        text = found.text.lower() if key == "defaults_mode" else found.text
        if text not in choices:
            raise found.wrong(f"must be one of {', '.join(choices)}")
        return text

    def max_attempts(self) -> int | None:
        found = self.find("max_attempts")
        if found is None:
            return None
        try:
            number = int(found.text)
        except ValueError:
            raise found.wrong("must be a whole number") from None
        if number < 1:
            raise found.wrong("must be at least 1")
        return number

    def ca_bundle(self) -> str | None:
        found = self.find("ca_bundle") or self.variable("REQUESTS_CA_BUNDLE")
        if found is None:
            return None
        if not os.path.exists(found.text):
            raise found.wrong("must be a file with certificates, which exists")
        return found.text


def _connect_timeout(mode: str, region: str, environ: Mapping[str, str]) -> float | None:
    if mode == "auto":
        # botocore asks the instance's metadata service where the environment does not tell: a
        # network call before the first one, to choose between 1.1 and 3.1 seconds. Not here.
        here = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
        at_home = bool(environ.get("AWS_EXECUTION_ENV")) and here == region
        mode = "in-region" if at_home else "standard"
    return _CONNECT_TIMEOUTS[mode]


def _host(endpoint: ConfigValue) -> str:
    """The host header.

    The URL itself is in no message: it may hold a password.
    """
    match = _ENDPOINT.fullmatch(endpoint.text)
    if match is None or int(match["port"] or 0) > _MAX_PORT or not _is_ipv6(match["ipv6"]):
        raise ConfigurationError(
            f"{endpoint.origin} must be an endpoint: http:// or https://, a host and at the most a "
            "port, nothing else"
        )
    scheme, host, port = match["scheme"].lower(), match["host"].lower(), match["port"]
    default_port = 443 if scheme == "https" else 80
    return host if int(port or default_port) == default_port else f"{host}:{port}"


def _is_ipv6(address: str | None) -> bool:
    try:
        return address is None or bool(ipaddress.IPv6Address(address))
    except ValueError:
        return False

"""The settings of a client, which are resolved at its first call.

The sources of a setting and their order are those of botocore 1.44.5: the argument, the
environment, the profile. The results are the same, with these exceptions:

- A flag must be true or false; botocore treats any other value as false.
- An empty variable counts as unset; botocore fails on most, and treats an empty flag as false.
- The arguments ``use_fips=True`` and ``use_dualstack=True`` are refused if there is an endpoint;
  botocore ignores them. Both ignore flags of the environment and the profile in this case.
- If botocore does not find a region, ``AWS_REGION`` is used, which other AWS SDKs read and which
  Lambda and ECS set.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping

from ecrclient._awsjson.protocol.errors import ConfigurationError
from ecrclient._awsjson.settings.endpoints import EndpointSettings, host_header
from ecrclient._awsjson.settings.shared_config import ConfigValue, Profile, load_profile
from ecrclient._awsjson.support.record import Record

__all__ = ["ClientArguments", "Settings", "resolve_settings"]

_LOGGER = logging.getLogger(__name__)
# A region becomes part of a host name: RFC 1123, section 2.1. It must not consist of digits only.
_REGION = re.compile(r"(?![0-9]+\Z)(?!-)[a-zA-Z0-9-]{1,63}(?<!-)")
_BOOLEANS = {"true": True, "false": False}
_RETRY_MODES = ("legacy", "standard", "adaptive")
_ACCOUNT_ID_MODES = ("preferred", "disabled", "required")
# In seconds. Source: botocore/data/sdk-default-configuration.json.
_CONNECT_TIMEOUTS = {
    "legacy": None,
    "standard": 3.1,
    "in-region": 1.1,
    "cross-region": 3.1,
    "mobile": 30.0,
}


class ClientArguments(Record):
    """The settings that were passed to the client; None: to be resolved."""

    region: str | None
    profile: str | None
    endpoint_url: str | None
    use_fips: bool | None
    use_dualstack: bool | None


class Settings(Record):
    """The resolved settings."""

    region: str
    endpoint: EndpointSettings
    """What the endpoints depend on."""
    pseudo_region: str | None = None
    """The configured FIPS pseudo-region, for the STS that assumes a role; None: the region is not
    a pseudo-region."""
    ca_bundle: str | None = None
    """The path of a file or directory with certificates to trust; None: the default ones."""
    retry_mode: str | None = None
    """``legacy``, ``standard`` or ``adaptive``; None: not configured."""
    max_attempts: int | None = None
    """The maximum number of attempts; None: not configured."""
    defaults_mode: str = "legacy"
    """One of AWS's defaults modes; ``legacy`` if none is configured."""
    connect_timeout: float | None = None
    """Seconds to connect, by the defaults mode; None: it does not define a timeout."""


def resolve_settings(
    arguments: ClientArguments, service_id: str, environ: Mapping[str, str] | None = None
) -> Settings:
    """Resolve the settings from arguments, environment and profile.

    Call it in a worker thread, because it may read files.

    Args:
        arguments: The arguments of the client.
        service_id: The service's identifier, from which the names of its settings derive.
        environ: The environment; None: that of the process.

    Raises:
        ConfigurationError: A setting is missing or invalid; the message names its origin.
    """
    environ = os.environ if environ is None else environ
    sources = _Sources(environ, load_profile(arguments.profile, environ))
    configured = sources.region(arguments.region)
    # As in botocore: fips-us-east-1 and us-east-1-fips mean us-east-1 with FIPS.
    region = configured.text.replace("fips-", "").replace("-fips", "")
    is_pseudo = region != configured.text
    if is_pseudo:
        _LOGGER.warning(
            "%s is the pseudo-region %s, which is treated as %s with FIPS; use use_fips instead",
            *(configured.origin, configured.text, region),
        )
    endpoint = sources.endpoint_url(arguments.endpoint_url, service_id.lower().replace(" ", "_"))
    if endpoint is not None:
        host_header(endpoint)  # raises an error if it is invalid
    defaults_mode = sources.choice("defaults_mode", (*_CONNECT_TIMEOUTS, "auto"))
    return Settings(
        region=region,
        endpoint=EndpointSettings(
            region=region,
            use_fips=(is_pseudo and endpoint is None)
            or sources.variant(arguments.use_fips, endpoint, "use_fips_endpoint"),
            use_dualstack=sources.variant(
                arguments.use_dualstack, endpoint, "use_dualstack_endpoint"
            ),
            configured=endpoint,
            account_id_mode=sources.choice("account_id_endpoint_mode", _ACCOUNT_ID_MODES)
            or "preferred",
        ),
        pseudo_region=configured.text if is_pseudo else None,
        ca_bundle=sources.ca_bundle(),
        retry_mode=sources.choice("retry_mode", _RETRY_MODES),
        max_attempts=sources.max_attempts(),
        defaults_mode=defaults_mode or "legacy",
        connect_timeout=_connect_timeout(defaults_mode or "legacy", region, environ),
    )


class _Sources(Record):
    """The environment and the profile."""

    environ: Mapping[str, str]
    profile: Profile

    def find(self, key: str, variable: str | None = None) -> ConfigValue | None:
        """Return a setting by its name in a profile; the variable is ``AWS_`` and that name."""
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
        """Return whether to use FIPS or dual-stack; with an endpoint only the argument counts."""
        if argument is not None or endpoint is not None:
            return argument is True
        return self.flag(key)

    def flag(self, key: str) -> bool:
        found = self.find(key)
        if found is None:
            return False
        if found.text.lower() not in _BOOLEANS:
            raise found.error("must be true or false")
        return _BOOLEANS[found.text.lower()]

    def choice(self, key: str, choices: tuple[str, ...]) -> str | None:
        found = self.find(key)
        if found is None:
            return None
        # botocore ignores the case of the other modes.
        text = found.text if key == "retry_mode" else found.text.lower()
        if text not in choices:
            raise found.error(f"must be one of {', '.join(choices)}")
        return text

    def max_attempts(self) -> int | None:
        found = self.find("max_attempts")
        if found is None:
            return None
        try:
            number = int(found.text)
        except ValueError:
            raise found.error("must be a whole number") from None
        if number < 1:
            raise found.error("must be at least 1")
        return number

    def ca_bundle(self) -> str | None:
        found = self.find("ca_bundle") or self.variable("REQUESTS_CA_BUNDLE")
        if found is None:
            return None
        if not os.path.exists(found.text):
            raise found.error("must be an existing file with certificates")
        return found.text


def _connect_timeout(mode: str, region: str, environ: Mapping[str, str]) -> float | None:
    if mode == "auto":
        # Without these variables botocore queries the instance's metadata service. That network
        # request, which chooses between 1.1 and 3.1 seconds, is omitted here.
        own_region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
        is_in_region = bool(environ.get("AWS_EXECUTION_ENV")) and own_region == region
        mode = "in-region" if is_in_region else "standard"
    return _CONNECT_TIMEOUTS[mode]

"""All use of botocore: its parser of the shared configuration files, and its session.

botocore is imported at the first use, and the functions of this module may block: call them in a
worker thread.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from ecrclient._awsjson.protocol.errors import (
    AWSClientError,
    ConfigurationError,
    CredentialsError,
)
from ecrclient._awsjson.support.record import Record

__all__ = ["ConfigValue", "Profile", "call_botocore", "load_profile", "open_session"]

T = TypeVar("T")
Section = Mapping[str, Any]
"""Names and values; a value is a string, or a mapping of strings if its lines were indented."""

_CONFIG = ("AWS_CONFIG_FILE", "~/.aws/config")
_CREDENTIALS = ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")


def open_session(profile: str | None, region: str | None = None) -> Any:
    """Return a ``botocore.session.Session``, which has no types.

    Args:
        profile: The profile to use; None: the one that botocore chooses.
        region: The region of the clients that botocore creates to get credentials; None: the one
            that botocore chooses.
    """
    session = _import("botocore.session", CredentialsError).Session(profile=profile)
    if region is not None:
        session.set_config_variable("region", region)
    return session


def call_botocore(
    function: Callable[[], T], error_type: type[AWSClientError], *, is_foreign: bool = False
) -> T:
    """Return the result of *function*; other exceptions are raised as *error_type*.

    Args:
        function: Calls botocore.
        error_type: The error to raise.
        is_foreign: Whether code of the application runs in *function* too, such as the callback of
            a session that it configured. Of other exceptions than botocore's only the type is shown
            then, because their messages may contain a secret.
    """
    exceptions = _import("botocore.exceptions", error_type)
    try:
        return function()
    except (exceptions.BotoCoreError, exceptions.ClientError) as error:
        message = str(error)
    except AWSClientError:
        raise
    except Exception as error:  # noqa: BLE001 - botocore can raise any exception
        if isinstance(error, OSError | RuntimeError) and not is_foreign:
            # For instance, a credential process does not exist, or its credentials have expired.
            message = f"{type(error).__name__}: {error}"
        else:
            # Only the type: a JSONDecodeError contains the whole output of a credential process.
            message = f"botocore raised {type(error).__name__}"
    # Not ``from`` the error: the cause of botocore's parsing error quotes lines of the file, which
    # may contain a key.
    raise error_type(message)


def _import(module: str, error_type: type[AWSClientError], purpose: str = "") -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # A deployment may have left it out; docs/guides/deployment.md describes when it can.
        raise error_type(f"botocore is needed{purpose}: {error}") from error


class ConfigValue(Record):
    """The text of a setting, and its origin, such as an environment variable."""

    text: str
    origin: str

    def error(self, problem: str) -> ConfigurationError:
        """Return an error that names the origin of an invalid value."""
        return ConfigurationError(f"{self.origin} {problem}, not {self.text!r}")


class Profile(Record):
    """A profile of the shared configuration files; empty if the files do not have it."""

    name: str = "default"
    config_file: str = _CONFIG[1]
    credentials_file: str = _CREDENTIALS[1]
    config: Section = MappingProxyType({})
    """The profile's section of the configuration file."""
    credentials: Section = MappingProxyType({})
    """The profile's section of the credentials file. As in botocore, it may contain any setting,
    and takes precedence."""
    services: Section = MappingProxyType({})
    """The configuration file's ``services`` sections."""

    def __repr__(self) -> str:
        # Without the sections, which may contain keys.
        return f"Profile({self.name!r}, {self.config_file!r}, {self.credentials_file!r})"

    def find(self, key: str) -> ConfigValue | None:
        """Return a setting of the profile; None if it is missing or empty.

        Raises:
            ConfigurationError: The setting is a block of settings.
        """
        for section, file in (
            (self.credentials, self.credentials_file),
            (self.config, self.config_file),
        ):
            if key in section:
                return _config_value(section[key], f"{key} of profile {self.name} in {file}")
        return None

    def find_service_endpoint(self, service: str) -> ConfigValue | None:
        """Return the ``endpoint_url`` of *service* in the profile's ``services`` section.

        Raises:
            ConfigurationError: The profile names a section that does not exist, or the service's
                settings are not a block.
        """
        services = self.find("services")
        if services is None:
            return None
        section = self.services.get(services.text)
        if not section:
            raise ConfigurationError(
                f"{services.origin} names the services section {services.text!r}, which "
                f"{self.config_file} does not have"
            )
        settings: Any = section.get(service, {})
        origin = f"{service} of services {services.text} in {self.config_file}"
        if isinstance(settings, str):
            raise ConfigurationError(f"{origin} must be a block of settings")
        return _config_value(settings.get("endpoint_url", ""), f"endpoint_url of {origin}")


def load_profile(argument: str | None, environ: Mapping[str, str]) -> Profile:
    """Return the profile: the one passed, else the environment's, else ``default``.

    botocore's parser reads the files, because its rules for section names and indented blocks
    differ from those of other parsers. Its import takes about 20 ms, and is skipped if there is no
    file. The session, which takes about 180 ms, is not used.

    Args:
        argument: The profile that was passed to the client; None or empty: none.
        environ: The environment.

    Raises:
        ConfigurationError: A file cannot be parsed, or neither file has the profile that was named.
    """
    name, origin = _profile_name(argument, environ)
    config_file, credentials_file = (
        environ.get(variable) or default for variable, default in (_CONFIG, _CREDENTIALS)
    )
    config = _parse(config_file, "load_config")
    credentials = _parse(credentials_file, "raw_config_parse")
    profiles = config.get("profiles", {})
    chosen = name or "default"
    if name and name not in profiles and name not in credentials:
        raise ConfigurationError(
            f"{origin} names the profile {name!r}, which is neither in {config_file} nor in "
            f"{credentials_file}"
        )
    return Profile(
        chosen,
        config_file,
        credentials_file,
        profiles.get(chosen, {}),
        credentials.get(chosen, {}),
        config.get("services", {}),
    )


def _profile_name(argument: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    if argument:
        return argument, "argument profile"
    # botocore's order, which differs from that of other SDKs.
    for variable in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE"):
        if environ.get(variable):
            return environ[variable], f"environment variable {variable}"
    return "", ""


def _parse(file: str, parser: str) -> dict[str, Any]:
    path = os.path.expanduser(os.path.expandvars(file))
    if not os.path.isfile(path):
        return {}
    parse = getattr(
        _import("botocore.configloader", ConfigurationError, f" to read {file}"), parser
    )
    parsed: dict[str, Any] = call_botocore(lambda: parse(path), ConfigurationError)
    return parsed


def _config_value(value: object, origin: str) -> ConfigValue | None:
    if not isinstance(value, str):
        raise ConfigurationError(f"{origin} must be one value, not a block of settings")
    return ConfigValue(value, origin) if value else None

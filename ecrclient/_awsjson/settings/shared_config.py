"""The only door to botocore: the shared configuration files, and its session for credentials.

botocore is imported at the first use, and whatever is done here may block: call it from a worker
thread.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from ecrclient._awsjson.protocol.errors import AWSClientError, ConfigurationError

__all__ = ["ConfigValue", "Profile", "call_botocore", "load_profile", "open_session"]

T = TypeVar("T")
Section = Mapping[str, Any]
"""Names and values; a value is a text, or a mapping of texts where lines were indented."""

_CONFIG = ("AWS_CONFIG_FILE", "~/.aws/config")
_CREDENTIALS = ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")


def open_session(profile: str | None, region: str | None = None) -> Any:
    """A ``botocore.session.Session``; botocore has no types, so what it gives is Any."""
    session = importlib.import_module("botocore.session").Session(profile=profile)
    if region is not None:
        # The clients that botocore makes to get credentials take it from here.
        session.set_config_variable("region", region)
    return session


def call_botocore(question: Callable[[], T], failure: type[AWSClientError]) -> T:
    """The answer to *question*; botocore's own exceptions come out as *failure*."""
    exceptions = importlib.import_module("botocore.exceptions")
    try:
        return question()
    except (exceptions.BotoCoreError, exceptions.ClientError) as error:
        told = str(error)
    except (OSError, RuntimeError) as error:
        # A credential process that is not there; credentials that are expired when they come.
        told = f"{type(error).__name__}: {error}"
    except AWSClientError:
        raise
    except Exception as error:  # noqa: BLE001 - botocore has no limit to what it raises
        # Only its type: a JSONDecodeError keeps all that a credential process has written.
        told = f"botocore raised {type(error).__name__}"
    # Not from the error: what lies behind a parsing error of botocore's quotes lines of the file,
    # and they may hold a key.
    raise failure(told)


class ConfigValue(NamedTuple):
    """The text of a setting, and where it stands."""

    text: str
    origin: str

    def wrong(self, problem: str) -> ConfigurationError:
        """The error that names the source of a wrong value."""
        return ConfigurationError(f"{self.origin} {problem}, not {self.text!r}")


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of the shared configuration files; empty where there is none."""

    name: str = "default"
    config_file: str = _CONFIG[1]
    credentials_file: str = _CREDENTIALS[1]
    config: Section = field(default_factory=dict[str, Any], repr=False)
    """What the configuration file says of the profile."""
    credentials: Section = field(default_factory=dict[str, Any], repr=False)
    """What the credentials file says of it; for botocore any setting may stand there, and wins."""
    services: Section = field(default_factory=dict[str, Any], repr=False)
    """The configuration file's ``services`` sections."""

    def find(self, key: str) -> ConfigValue | None:
        """A setting of the profile; an empty one is as good as none.

        Raises:
            ConfigurationError: it is no text but a block of settings.
        """
        for section, file in (
            (self.credentials, self.credentials_file),
            (self.config, self.config_file),
        ):
            if key in section:
                return _found(section[key], f"{key} of profile {self.name} in {file}")
        return None

    def find_service_endpoint(self, service: str) -> ConfigValue | None:
        """The ``endpoint_url`` of *service* in the ``services`` section that the profile names.

        Raises:
            ConfigurationError: there is no such section, or it is no block of settings.
        """
        named = self.find("services")
        if named is None:
            return None
        section = self.services.get(named.text)
        if not section:
            raise ConfigurationError(
                f"{named.origin} names the services section {named.text!r}, which "
                f"{self.config_file} does not have"
            )
        settings: Any = section.get(service, {})
        where = f"{service} of services {named.text} in {self.config_file}"
        if isinstance(settings, str):
            raise ConfigurationError(f"{where} must be a block of settings")
        return _found(settings.get("endpoint_url", ""), f"endpoint_url of {where}")


def load_profile(argument: str | None, environ: Mapping[str, str]) -> Profile:
    """The profile that applies: the one passed, else the environment's, else ``default``.

    Without a file to read nothing of botocore is imported. Where there is one, botocore's own
    parser reads it, which costs some 20 ms once and off the event loop: its rules for section names
    and indented blocks are nobody else's, and a second parser would have to follow them for ever.
    The session, which costs 180 ms, is not needed for it.

    Raises:
        ConfigurationError: a file cannot be parsed, or the profile that was named is in neither.
    """
    name, origin = _profile_name(argument, environ)
    config_file, credentials_file = (
        environ.get(variable) or default for variable, default in (_CONFIG, _CREDENTIALS)
    )
    config = _parse(config_file, "load_config")
    credentials = _parse(credentials_file, "raw_config_parse")
    profiles = config.get("profiles", {})
    wanted = name or "default"
    if name and name not in profiles and name not in credentials:
        raise ConfigurationError(
            f"{origin} names the profile {name!r}, which is neither in {config_file} nor in "
            f"{credentials_file}"
        )
    return Profile(
        wanted,
        config_file,
        credentials_file,
        profiles.get(wanted, {}),
        credentials.get(wanted, {}),
        config.get("services", {}),
    )


def _profile_name(argument: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    if argument:
        return argument, "argument profile"
    # In botocore's order, which is not that of the other SDKs.
    for variable in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE"):
        if environ.get(variable):
            return environ[variable], f"environment variable {variable}"
    return "", ""


def _parse(file: str, parser: str) -> dict[str, Any]:
    path = os.path.expanduser(os.path.expandvars(file))
    if not os.path.isfile(path):
        return {}
    parse = getattr(importlib.import_module("botocore.configloader"), parser)
    parsed: dict[str, Any] = call_botocore(lambda: parse(path), ConfigurationError)
    return parsed


def _found(value: object, origin: str) -> ConfigValue | None:
    if not isinstance(value, str):
        raise ConfigurationError(f"{origin} must be one value, not a block of settings")
    return ConfigValue(value, origin) if value else None

"""The built-in providers: fixed keys, the environment, botocore's credential chain."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ecrclient._awsjson.credentials.base import TIMEOUT, Credentials, full_name
from ecrclient._awsjson.credentials.botocore_objects import (
    is_async_source,
    is_botocore_source,
    read_frozen,
    read_source,
)
from ecrclient._awsjson.credentials.refresh import RefreshingCredentials
from ecrclient._awsjson.protocol.argument_checks import check_instance, check_text
from ecrclient._awsjson.protocol.errors import ConfigurationError, CredentialsError
from ecrclient._awsjson.settings.shared_config import call_botocore, open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ecrclient._awsjson.credentials.botocore_objects import BotocoreSource

__all__ = [
    "BotocoreCredentials",
    "EnvironmentCredentials",
    "StaticCredentials",
    "environment_credentials",
]


class StaticCredentials:
    """A provider of fixed credentials.

    Raises:
        CredentialsError: The argument is not a ``Credentials``.
    """

    def __init__(self, credentials: Credentials) -> None:
        if not isinstance(credentials, Credentials):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise CredentialsError(
                f"the argument must be Credentials, not {full_name(credentials)}"
            )
        self._credentials = credentials

    async def get(self) -> Credentials:
        """Return the credentials."""
        return self._credentials

    async def invalidate(self) -> None:
        """Do nothing: there are no other credentials."""


class EnvironmentCredentials:
    """A provider of the environment's key, read at the first use and after it has expired.

    Args:
        environ: The environment; None: that of the process.
        clock: Returns the current time, with a time zone.
    """

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._environ = environ
        self._clock = clock
        self._credentials: Credentials | None = None

    async def get(self) -> Credentials:
        """Return the environment's credentials.

        Raises:
            CredentialsError: A variable is missing or invalid, or the credentials have expired.
        """
        if self._credentials is None or self._expired(self._credentials):
            found = environment_credentials(self._environ)
            if found is None:
                raise CredentialsError("environment variable AWS_ACCESS_KEY_ID is no longer set")
            if self._expired(found):
                raise CredentialsError(
                    "the credentials in the environment have expired: AWS_CREDENTIAL_EXPIRATION "
                    f"is {found.expires_at}"
                )
            self._credentials = found
        return self._credentials

    async def invalidate(self) -> None:
        """Read the environment again at the next call."""
        self._credentials = None

    def _expired(self, credentials: Credentials) -> bool:
        return credentials.expires_at is not None and credentials.expires_at <= self._clock()


def environment_credentials(environ: Mapping[str, str] | None = None) -> Credentials | None:
    """Return the environment's credentials; None if ``AWS_ACCESS_KEY_ID`` is not set.

    As in botocore, a secret without that variable is ignored, and ``AWS_SECURITY_TOKEN``, the older
    name of the token's variable, takes precedence over ``AWS_SESSION_TOKEN``.

    Raises:
        CredentialsError: The key's secret is not set, or its expiry is not a time.
    """
    environ = os.environ if environ is None else environ
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not key:
        return None
    if not secret:
        raise CredentialsError(
            "AWS_ACCESS_KEY_ID is set in the environment, but AWS_SECRET_ACCESS_KEY is not set"
        )
    token = environ.get("AWS_SECURITY_TOKEN") or environ.get("AWS_SESSION_TOKEN")
    expires_at = _moment(environ.get("AWS_CREDENTIAL_EXPIRATION"))
    return Credentials(key, secret, token or None, expires_at)


class BotocoreCredentials(RefreshingCredentials):
    """botocore's credential chain, or what a boto3 or botocore session has.

    The chain contains files, profiles, SSO, roles, web identity, processes, containers and IMDS.
    botocore is imported at the first call. Only its session and its chain are used; botocore
    creates clients for AWS STS or SSO if a source of the chain needs them.

    A session or a credentials object is asked in a separate thread: when credentials are first
    needed, before they expire, and after the service has refused them. It decides itself when it
    gets new ones. Keys without an expiry are read once.

    Args:
        source: A ``boto3.Session``, a botocore session, or the credentials object of either,
            frozen or not; None: botocore's chain. Only its credentials are used, not its region.
        profile: The profile of the chain; it takes precedence over credentials in the environment.
        region: The region whose AWS STS assumes a role of the chain; None: botocore chooses one.
        timeout: Seconds that getting credentials may take; None: no limit.
        clock: Returns the current time, with a time zone.

    Raises:
        ConfigurationError: An argument has the wrong type or is out of range, or there is a profile
            or a region as well as a *source*.
    """

    def __init__(
        self,
        source: BotocoreSource | None = None,
        *,
        profile: str | None = None,
        region: str | None = None,
        timeout: float | None = TIMEOUT,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        check_text("profile", profile)
        check_text("region", region)
        _check_source(source, profile, region)
        super().__init__(self._resolve, start_over=self._drop, timeout=timeout, clock=clock)
        self._profile = profile
        self._region = region
        self._object = source
        self._found: Any = None

    def _drop(self) -> None:
        # A session caches the result of its chain: only a new one goes through the chain again.
        self._found = None

    def _resolve(self) -> Credentials:
        source = self._object
        if source is not None:
            return call_botocore(lambda: read_source(source), CredentialsError, is_foreign=True)
        return call_botocore(self._run_chain, CredentialsError)

    def _run_chain(self) -> Credentials:
        # A local name, because a refresh that hung can return while another one starts over.
        frozen, found = None, self._found
        if found is None:
            found = self._found = open_session(self._profile, self._region).get_credentials()
            # Some sources already have credentials here. If these live for less than botocore's
            # windows, get_frozen_credentials would get others: a process would run twice.
            frozen = getattr(found, "_frozen_credentials", None)
        if found is None:
            raise CredentialsError(
                "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a "
                "profile, or pass credentials= to the client"
            )
        if frozen is None:
            # This may block: botocore refreshes some credentials here.
            frozen = found.get_frozen_credentials()
        return read_frozen(frozen, found)


def _check_source(source: object, profile: str | None, region: str | None) -> None:
    if source is None:
        return
    if isinstance(source, str):
        raise ConfigurationError(
            "source must be a session, not a string: pass profile= to name one"
        )
    if is_async_source(source) or not is_botocore_source(source):
        what = "a boto3 or botocore session or its credentials"
        check_instance("source", source, (), what)
    for name, value in (("profile", profile), ("region", region)):
        if value is not None:
            raise ConfigurationError(f"{name} must be None if there is a source, which has its own")


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CredentialsError(
            f"environment variable AWS_CREDENTIAL_EXPIRATION must be an ISO 8601 time, not {text!r}"
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

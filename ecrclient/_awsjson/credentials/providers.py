"""The built-in providers: fixed keys, the environment, botocore's credential chain."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ecrclient._awsjson.credentials.base import TIMEOUT, Credentials
from ecrclient._awsjson.credentials.refresh import RefreshingCredentials
from ecrclient._awsjson.protocol.argument_checks import check_text
from ecrclient._awsjson.protocol.errors import CredentialsError
from ecrclient._awsjson.settings.shared_config import call_botocore, open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "BotocoreCredentials",
    "EnvironmentCredentials",
    "StaticCredentials",
    "environment_credentials",
    "expiry_of",
]


class StaticCredentials:
    """A provider of fixed credentials.

    Raises:
        CredentialsError: The argument is not a ``Credentials``.
    """

    def __init__(self, credentials: Credentials) -> None:
        if not isinstance(credentials, Credentials):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise CredentialsError(
                f"the argument must be Credentials, not {type(credentials).__name__}"
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
    account_id = environ.get("AWS_ACCOUNT_ID") or None
    return Credentials(key, secret, token or None, expires_at, account_id)


class BotocoreCredentials(RefreshingCredentials):
    """botocore's credential chain.

    It contains files, profiles, SSO, roles, web identity, processes, containers and IMDS. botocore
    is imported at the first call. Only its session and its chain are used; botocore creates clients
    for AWS STS or SSO if a source of the chain needs them.

    Args:
        profile: The profile to use; it takes precedence over credentials in the environment.
        region: The region whose AWS STS assumes a role; None: botocore chooses one.
        timeout: Seconds that the chain may take; None: no limit.
        clock: Returns the current time, with a time zone.
    """

    def __init__(
        self,
        profile: str | None = None,
        region: str | None = None,
        *,
        timeout: float | None = TIMEOUT,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        check_text("profile", profile)
        check_text("region", region)
        super().__init__(self._resolve, start_over=self._drop, timeout=timeout, clock=clock)
        self._profile = profile
        self._region = region
        self._found: Any = None

    def _drop(self) -> None:
        # A session caches the result of its chain: only a new one goes through the chain again.
        self._found = None

    def _resolve(self) -> Credentials:
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
        return Credentials(
            frozen.access_key,
            frozen.secret_key,
            frozen.token or None,
            expiry_of(found),
            frozen.account_id or None,
        )


def expiry_of(found: Any) -> datetime | None:
    """Return when a ``botocore.credentials.Credentials`` expires; None if it does not.

    botocore has no public name for it. If a later version removes the private one, credentials are
    renewed only after the service has refused them.
    """
    moment = getattr(found, "_expiry_time", None)
    return moment if isinstance(moment, datetime) else None


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

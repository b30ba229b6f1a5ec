"""The providers that are built in: fixed keys, the environment, botocore's whole chain."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ecrclient._awsjson.credentials.base import TIMEOUT, Credentials
from ecrclient._awsjson.credentials.refresh import RefreshingCredentials
from ecrclient._awsjson.protocol.argument_checks import check_text
from ecrclient._awsjson.protocol.errors import CredentialsError
from ecrclient._awsjson.settings.shared_config import ask_botocore, open_session

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
    """Always the same credentials."""

    def __init__(self, credentials: Credentials) -> None:
        if not isinstance(credentials, Credentials):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise CredentialsError(f"these are not Credentials but {type(credentials).__name__}")
        self._credentials = credentials

    async def get(self) -> Credentials:
        """The credentials that were given."""
        return self._credentials

    async def invalidate(self) -> None:
        """Nothing can be done: there are no others."""


class EnvironmentCredentials:
    """The environment's key, read at the first use and again when it is no good any more."""

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._environ = environ
        self._clock = clock
        self._held: Credentials | None = None

    async def get(self) -> Credentials:
        """The environment's credentials.

        Raises:
            CredentialsError: a variable is missing or wrong, or the credentials have expired.
        """
        if self._held is None or self._expired(self._held):
            found = environment_credentials(self._environ)
            if found is None:
                raise CredentialsError("AWS_ACCESS_KEY_ID is not set any more")
            if self._expired(found):
                raise CredentialsError(
                    "the credentials in the environment have expired: AWS_CREDENTIAL_EXPIRATION "
                    f"is {found.expires_at}"
                )
            self._held = found
        return self._held

    async def invalidate(self) -> None:
        """Read the environment anew at the next call."""
        self._held = None

    def _expired(self, credentials: Credentials) -> bool:
        return credentials.expires_at is not None and credentials.expires_at <= self._clock()


def environment_credentials(environ: Mapping[str, str] | None = None) -> Credentials | None:
    """``AWS_ACCESS_KEY_ID`` and what belongs to it; None if it is not set.

    As for botocore, a secret without it is nothing, and ``AWS_SECURITY_TOKEN``, the older name of
    the token, goes before ``AWS_SESSION_TOKEN``.

    Raises:
        CredentialsError: the key's secret is not set, or its expiry is no time.
    """
    environ = os.environ if environ is None else environ
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not key:
        return None
    if not secret:
        raise CredentialsError(
            "the environment has only half a key: AWS_SECRET_ACCESS_KEY is not set"
        )
    token = environ.get("AWS_SECURITY_TOKEN") or environ.get("AWS_SESSION_TOKEN")
    expires_at = _moment(environ.get("AWS_CREDENTIAL_EXPIRATION"))
    return Credentials(key, secret, token or None, expires_at)


class BotocoreCredentials(RefreshingCredentials):
    """botocore's whole chain: files, profiles, SSO, roles, web identity, process, container, IMDS.

    botocore is imported at the first call. Of it only the session and its chain are used; a client
    is made where a source of the chain needs AWS STS or SSO, and by that source.

    Args:
        profile: The profile to use, and to prefer to the environment's credentials.
        region: The region whose AWS STS assumes a role; botocore finds one where it is None.
        timeout: Seconds that the chain may take; None: no limit.
        clock: Tells the time, with its zone.
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
        # A session keeps what its chain found: only a new one goes through the chain again.
        self._found = None

    def _resolve(self) -> Credentials:
        return ask_botocore(self._ask_chain, CredentialsError)

    def _ask_chain(self) -> Credentials:
        # A local name: a refresh that hung may come back while another one starts over.
        frozen, found = None, self._found
        if found is None:
            found = self._found = open_session(self._profile, self._region).get_credentials()
            # Some sources have asked already, and botocore would at once ask those again whose
            # credentials live for less than its own windows: a process would run twice.
            frozen = getattr(found, "_frozen_credentials", None)
        if found is None:
            raise CredentialsError(
                "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a "
                "profile, or pass credentials= to the client"
            )
        if frozen is None:
            # This may block: botocore has credentials of its own that refresh themselves.
            frozen = found.get_frozen_credentials()
        return Credentials(
            frozen.access_key, frozen.secret_key, frozen.token or None, expiry_of(found)
        )


def expiry_of(found: Any) -> datetime | None:
    """When a ``botocore.credentials.Credentials`` expires.

    botocore has no public name for it. Should the private one go, credentials would be asked for
    again when the service refuses them, and not before.
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
            f"environment variable AWS_CREDENTIAL_EXPIRATION is no ISO 8601 time: {text!r}"
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

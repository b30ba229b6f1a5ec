"""Where credentials come from.

A provider answers :meth:`CredentialsProvider.get` as often as it is asked and keeps what it found;
:meth:`CredentialsProvider.invalidate` tells it that the service has refused what it gave.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import anyio
import anyio.to_thread

from ecrclient._runtime.errors import CredentialsError
from ecrclient._runtime.shared_config import ask_botocore, open_session

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "BotocoreCredentials",
    "Credentials",
    "CredentialsProvider",
    "StaticCredentials",
    "default_provider",
    "environment_credentials",
]


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key. Its ``repr`` shows the key's id and nothing secret."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    """When the service will refuse them (UTC); None for keys that last."""

    def __post_init__(self) -> None:
        for name in ("access_key_id", "secret_access_key"):
            value: object = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise CredentialsError(f"{name} must be a text that is not empty")
        if _has_surrogates(self.secret_access_key):
            raise CredentialsError("secret_access_key holds text that UTF-8 cannot encode")
        for name in ("access_key_id", "session_token"):
            text: object = getattr(self, name) or ""
            # It becomes part of a header: a line break would end it.
            if not isinstance(text, str) or not text.isascii() or not text.isprintable():
                raise CredentialsError(f"{name} holds characters that no header may carry")


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


@runtime_checkable
class CredentialsProvider(Protocol):
    """Anything that can be asked for credentials."""

    async def get(self) -> Credentials:
        """The credentials to sign with now.

        Raises:
            CredentialsError: there are none.
        """
        ...

    async def invalidate(self) -> None:
        """Forget what was given last: the service has refused it."""
        ...


class StaticCredentials:
    """Always the same credentials."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def get(self) -> Credentials:
        """The credentials that were given."""
        return self._credentials

    async def invalidate(self) -> None:
        """Nothing can be done: there are no others."""


class BotocoreCredentials:
    """botocore's whole chain: files, profiles, SSO, roles, web identity, process, container, IMDS.

    botocore is imported at the first call. Its chain blocks, so it runs in a worker thread, once
    however many callers wait. botocore refreshes what expires when it is asked again.
    """

    def __init__(self, profile: str | None = None) -> None:
        self._profile = profile
        self._lock = anyio.Lock()
        self._source: Any = None

    async def get(self) -> Credentials:
        """The chain's credentials, fresh ones where the last have expired.

        Raises:
            CredentialsError: the chain found none, or one of its sources failed.
        """
        async with self._lock:
            return await anyio.to_thread.run_sync(
                ask_botocore, self._resolve, CredentialsError, abandon_on_cancel=True
            )

    async def invalidate(self) -> None:
        """Go through the chain anew at the next call."""
        self._source = None

    def _resolve(self) -> Credentials:
        if self._source is None:
            self._source = open_session(self._profile).get_credentials()
        if self._source is None:
            raise CredentialsError(
                "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a "
                "profile, or pass credentials= to the client"
            )
        frozen = self._source.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def environment_credentials(environ: Mapping[str, str] | None = None) -> Credentials | None:
    """``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY`` and ``AWS_SESSION_TOKEN``; None if unset.

    Raises:
        CredentialsError: one half of the key is set without the other.
    """
    environ = os.environ if environ is None else environ
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not key and not secret:
        return None
    if not key or not secret:
        missing = "AWS_SECRET_ACCESS_KEY" if key else "AWS_ACCESS_KEY_ID"
        raise CredentialsError(f"the environment has only half a key: {missing} is not set")
    # botocore still knows the older name of the token.
    token = environ.get("AWS_SESSION_TOKEN") or environ.get("AWS_SECURITY_TOKEN")
    return Credentials(key, secret, token or None)


def default_provider(
    credentials: Credentials | CredentialsProvider | None, profile: str | None
) -> CredentialsProvider:
    """What was passed; else the environment, unless a profile is named; else botocore's chain."""
    if isinstance(credentials, Credentials):
        return StaticCredentials(credentials)
    if credentials is not None:
        return credentials
    found = environment_credentials() if profile is None else None
    return StaticCredentials(found) if found else BotocoreCredentials(profile)

"""A provider that the user wrote: with a time limit, and its failures as this package's."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio

from ecrclient._awsjson.credentials.base import TIMEOUT, Credentials, harmless_cause
from ecrclient._awsjson.credentials.providers import EnvironmentCredentials, StaticCredentials
from ecrclient._awsjson.credentials.refresh import RefreshingCredentials
from ecrclient._awsjson.credentials.requests_auth import RequestsAuthCredentials
from ecrclient._awsjson.protocol.errors import AWSClientError, CredentialsError, CredentialsTimeout

if TYPE_CHECKING:
    from ecrclient._awsjson.credentials.base import CredentialsProvider

__all__ = ["UsersProvider", "has_time_limit"]

_HAVE_TIME_LIMITS = (
    EnvironmentCredentials,
    RefreshingCredentials,
    RequestsAuthCredentials,
    StaticCredentials,
)


def has_time_limit(provider: CredentialsProvider) -> bool:
    """Whether a provider is one of this package's: those limit the time of their sources."""
    get: object = getattr(type(provider), "get", None)
    return any(get is kind.get for kind in _HAVE_TIME_LIMITS)


class UsersProvider:
    """Asks the user's provider, for at most 120 seconds each time."""

    def __init__(self, provider: CredentialsProvider) -> None:
        self._provider = provider

    async def get(self) -> Credentials:
        """The credentials to sign with now.

        Raises:
            CredentialsError: The provider failed, or what it returned are not credentials.
            CredentialsTimeout: It has not returned in time.
        """
        given = await self._ask(self._provider.get)
        if not isinstance(given, Credentials):
            raise CredentialsError(
                f"{self._name}.get() must return Credentials, not {type(given).__name__}"
            )
        return given

    async def invalidate(self) -> None:
        """Have the provider forget what it gave last.

        Raises:
            CredentialsError: The provider failed.
            CredentialsTimeout: It has not returned in time.
        """
        await self._ask(self._provider.invalidate)

    @property
    def _name(self) -> str:
        return type(self._provider).__name__

    async def _ask(self, method: Callable[[], object]) -> object:
        failure: Exception
        with anyio.move_on_after(TIMEOUT):
            try:
                returned = method()
                return await returned if inspect.isawaitable(returned) else returned
            except AWSClientError:
                raise
            except Exception as error:  # noqa: BLE001 - it is the user's code
                failure = error
            # Not its message, which may hold a secret; nor, as a context, the exception itself.
            raise CredentialsError(
                f"the provider {self._name} raised {type(failure).__name__}"
            ) from harmless_cause(failure)
        raise CredentialsTimeout(f"the provider {self._name} has not returned within {TIMEOUT:g} s")

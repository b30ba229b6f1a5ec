"""A time limit for a provider that the user wrote, and the translation of its exceptions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio

from ecrclient._awsjson.credentials.base import TIMEOUT, Credentials, full_name, harmless_cause
from ecrclient._awsjson.credentials.providers import EnvironmentCredentials, StaticCredentials
from ecrclient._awsjson.credentials.refresh import RefreshingCredentials
from ecrclient._awsjson.credentials.requests_auth import RequestsAuthCredentials
from ecrclient._awsjson.protocol.errors import AWSClientError, CredentialsError, CredentialsTimeout

if TYPE_CHECKING:
    from ecrclient._awsjson.credentials.base import CredentialsProvider

__all__ = ["UserProvider", "has_time_limit"]

_TIME_LIMITED_PROVIDERS = (
    EnvironmentCredentials,
    RefreshingCredentials,
    RequestsAuthCredentials,
    StaticCredentials,
)


def has_time_limit(provider: CredentialsProvider) -> bool:
    """Return whether a provider uses the ``get`` of one in this package, which limits its time."""
    get: object = getattr(type(provider), "get", None)
    return any(get is kind.get for kind in _TIME_LIMITED_PROVIDERS)


class UserProvider:
    """Calls the user's provider, with a limit of 120 seconds for each call."""

    def __init__(self, provider: CredentialsProvider) -> None:
        self._provider = provider

    async def get(self) -> Credentials:
        """Return the credentials to sign with now.

        Raises:
            CredentialsError: The provider failed, or did not return ``Credentials``.
            CredentialsTimeout: The provider did not return in time.
        """
        returned = await self._run(self._provider.get)
        if not isinstance(returned, Credentials):
            raise CredentialsError(
                f"{self._name}.get() must return Credentials, not {full_name(returned)}"
            )
        return returned

    async def invalidate(self) -> None:
        """Have the provider forget the credentials that it returned last.

        Raises:
            CredentialsError: The provider failed.
            CredentialsTimeout: The provider did not return in time.
        """
        await self._run(self._provider.invalidate)

    @property
    def _name(self) -> str:
        return type(self._provider).__name__

    async def _run(self, method: Callable[[], object]) -> object:
        failure: Exception
        with anyio.move_on_after(TIMEOUT):
            try:
                returned = method()
                return await returned if inspect.isawaitable(returned) else returned
            except AWSClientError:
                raise
            except Exception as error:  # noqa: BLE001 - it is the user's code
                failure = error
            # Without the message, which may contain a secret, and outside the except block, in
            # which the exception would become the context of this one.
            raise CredentialsError(
                f"the provider {self._name} raised {type(failure).__name__}"
            ) from harmless_cause(failure)
        raise CredentialsTimeout(f"the provider {self._name} did not return within {TIMEOUT:g} s")

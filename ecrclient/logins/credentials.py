"""The user name and password for a registry, and a client's cache of them.

``await ecr.registry_credentials()`` returns a `RegistryCredentials`. Source:
"GetAuthorizationToken" in the Amazon ECR API Reference.
"""

from __future__ import annotations

import base64
import copy
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import anyio
from pydantic import SecretStr

from ecrclient._awsjson.protocol.argument_checks import check_argument
from ecrclient._awsjson.protocol.errors import MissingMemberError, ResponseDecodeError
from ecrclient._awsjson.support.per_loop import PerLoop
from ecrclient.errors import ECRClientError

if TYPE_CHECKING:
    from ecrclient.models import GetAuthorizationTokenResponse

__all__ = ["RegistryCredentials", "RegistryLogins"]

_LOGGER = logging.getLogger("ecrclient.logins")

# Credentials are renewed this long before they expire, or after nine tenths of a shorter life.
_MARGIN = timedelta(minutes=15)
_SHARE = 10


@dataclass(frozen=True, slots=True)
class RegistryCredentials:
    """A user name and password for a registry; ``repr`` and ``str`` do not show the password."""

    username: str
    """The user name; ECR sends ``AWS``."""
    password: SecretStr
    """The password; ``password.get_secret_value()`` returns its text.

    It allows what the IAM policies of the caller allow."""
    registry: str
    """The registry's host, such as ``123456789012.dkr.ecr.eu-west-1.amazonaws.com``."""
    expires_at: datetime
    """The time (UTC) at which the registry stops accepting it, 12 hours after its issue."""
    endpoint: str = ""
    """The URL of the registry, as ECR sent it; empty if this object did not come from ECR."""

    def docker_config(self) -> str:
        """Return the text of a docker ``config.json`` for this registry; it contains the password.

        Returns:
            JSON of the form ``{"auths": {"<registry>": {"auth": "..."}}}``.
        """
        return json.dumps({"auths": {self.registry: {"auth": self.encoded()}}})

    def encoded(self) -> str:
        """Return ``user:password`` in base64, as configuration files contain it."""
        pair = f"{self.username}:{self.password.get_secret_value()}"
        return base64.b64encode(pair.encode()).decode("ascii")

    @classmethod
    def of(cls, answer: GetAuthorizationTokenResponse) -> RegistryCredentials:
        """Decode the first token in the response of ``get_authorization_token``.

        Raises:
            RequestValidationError: the argument is not a response of that method.
            ResponseDecodeError: the response contains no token, or the token does not have the
                documented form.
        """
        from ecrclient.models import GetAuthorizationTokenResponse

        kind, what = GetAuthorizationTokenResponse, "a GetAuthorizationTokenResponse"
        check_argument("RegistryCredentials.of", "answer", answer, kind, what)  # vocabulary: allow
        try:
            return cls._of(answer)
        except MissingMemberError as error:
            raise _unreadable(answer, f"the response has no {error.wire_name}") from None

    @classmethod
    def _of(cls, response: GetAuthorizationTokenResponse) -> RegistryCredentials:
        for data in response.authorization_data:
            pair = _decoded(data.authorization_token)
            if pair is None:
                raise _unreadable(response, "an authorization token is not base64 text")
            # A password may contain colons, a user name may not.
            username, colon, password = pair.partition(":")
            if not colon:
                problem = "an authorization token is not of the form user:password"
                raise _unreadable(response, problem)
            registry = data.proxy_endpoint.partition("://")[2] or data.proxy_endpoint
            return cls(
                username,
                SecretStr(password),
                registry.rstrip("/"),
                data.expires_at,
                data.proxy_endpoint,
            )
        raise _unreadable(response, "the response contains no authorization token")


def _decoded(token: str) -> str | None:
    """The text of an authorization token, or None; an error would contain the token."""
    try:
        return base64.b64decode(token, validate=True).decode()
    except ValueError:  # includes binascii.Error and UnicodeDecodeError
        return None


def _unreadable(response: GetAuthorizationTokenResponse, problem: str) -> ResponseDecodeError:
    metadata = response.response_metadata
    return ResponseDecodeError(
        "GetAuthorizationToken", problem, status=metadata.status, request_id=metadata.request_id
    )


class RegistryLogins:
    """A client's cached credentials by registry; each registry has one request at a time."""

    def __init__(self) -> None:
        self._logins: dict[str | None, _Login] = {}

    async def get(
        self,
        registry_id: str | None,
        ask: Callable[[], Awaitable[GetAuthorizationTokenResponse]],
        now: Callable[[], datetime],
    ) -> RegistryCredentials:
        """Return the cached credentials, or new ones if those expire soon.

        Args:
            registry_id: The AWS account ID of the registry; None for the caller's own account.
            ask: Calls ``get_authorization_token``.
            now: Returns the current time (UTC).
        """
        login = self._logins.get(registry_id)
        if login is None:
            login = self._logins[registry_id] = _Login()
        return await login.get(ask, now)


class _Login:
    """The cached credentials of one registry."""

    def __init__(self) -> None:
        self._lock = PerLoop(anyio.Lock)
        self._credentials: RegistryCredentials | None = None
        self._renew_at: datetime | None = None
        self._requests = 0
        self._error: ECRClientError | None = None

    async def get(
        self,
        ask: Callable[[], Awaitable[GetAuthorizationTokenResponse]],
        now: Callable[[], datetime],
    ) -> RegistryCredentials:
        requests = self._requests
        credentials = self._fresh(now())
        if credentials is not None:
            return credentials
        async with self._lock.get():
            credentials = self._fresh(now())
            if credentials is not None:
                return credentials
            if self._requests > requests and self._error is not None:
                # Another task's request failed while this task waited: all waiting tasks share
                # its outcome.
                raise copy.copy(self._error)
            return await self._renew(ask, now)

    def _fresh(self, now: datetime) -> RegistryCredentials | None:
        return self._credentials if self._renew_at is not None and now < self._renew_at else None

    async def _renew(
        self,
        ask: Callable[[], Awaitable[GetAuthorizationTokenResponse]],
        now: Callable[[], datetime],
    ) -> RegistryCredentials:
        try:
            new = RegistryCredentials.of(await ask())
        except ECRClientError as error:
            self._requests += 1
            self._error = error
            current = self._credentials
            if current is None or now() >= current.expires_at:
                raise
            _LOGGER.warning(
                "could not renew the login for %s: %s", current.registry, type(error).__name__
            )
            return current
        self._requests += 1
        self._error = None
        self._credentials = new
        self._renew_at = new.expires_at - min(_MARGIN, (new.expires_at - now()) / _SHARE)
        return new

"""Logins for docker and everything else that pulls and pushes: the registry's password.

``await ecr.registry_credentials()`` gives a :class:`RegistryCredentials`. Source:
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

# New ones are asked for this long before the end, or a tenth of their life where that is shorter.
_MARGIN = timedelta(minutes=15)
_SHARE = 10


@dataclass(frozen=True, slots=True)
class RegistryCredentials:
    """A user name and password for a registry. Neither ``repr`` nor ``str`` shows the password."""

    username: str
    """Always ``AWS`` so far."""
    password: SecretStr
    """``password.get_secret_value()`` is the text; good for what the caller's policies allow."""
    registry: str
    """The registry's host, such as ``123456789012.dkr.ecr.eu-west-1.amazonaws.com``."""
    expires_at: datetime
    """When the registry will refuse it: 12 hours after it was issued."""

    def docker_config(self) -> str:
        """What a docker ``config.json`` needs for this registry; it holds the password.

        Returns:
            JSON: ``{"auths": {"<registry>": {"auth": "..."}}}``.
        """
        pair = f"{self.username}:{self.password.get_secret_value()}"
        auth = base64.b64encode(pair.encode()).decode("ascii")
        return json.dumps({"auths": {self.registry: {"auth": auth}}})

    @classmethod
    def of(cls, answer: GetAuthorizationTokenResponse) -> RegistryCredentials:
        """Read the answer of ``get_authorization_token``, the first of its tokens.

        Raises:
            ResponseDecodeError: there is no token, or it is not what ECR documents.
        """
        from ecrclient.models import GetAuthorizationTokenResponse

        what = "a GetAuthorizationTokenResponse"
        check_argument(
            "RegistryCredentials.of", "answer", answer, GetAuthorizationTokenResponse, what
        )
        try:
            return cls._of(answer)
        except MissingMemberError as error:
            raise _unreadable(answer, f"the response has no {error.wire_name}") from None

    @classmethod
    def _of(cls, answer: GetAuthorizationTokenResponse) -> RegistryCredentials:
        for data in answer.authorization_data:
            pair = _decoded(data.authorization_token)
            if pair is None:
                raise _unreadable(answer, "an authorization token is not base64 text")
            # A password may have colons in it, a user name may not.
            username, colon, password = pair.partition(":")
            if not colon:
                raise _unreadable(answer, "an authorization token is no user:password")
            registry = data.proxy_endpoint.partition("://")[2] or data.proxy_endpoint
            return cls(username, SecretStr(password), registry.rstrip("/"), data.expires_at)
        raise _unreadable(answer, "there is no authorization token")


def _decoded(token: str) -> str | None:
    """The text of an authorization token; None, and not an error, which would keep the token."""
    try:
        return base64.b64decode(token, validate=True).decode()
    except ValueError:  # binascii.Error and UnicodeDecodeError are some
        return None


def _unreadable(answer: GetAuthorizationTokenResponse, problem: str) -> ResponseDecodeError:
    metadata = answer.response_metadata
    return ResponseDecodeError(
        "GetAuthorizationToken", problem, status=metadata.status, request_id=metadata.request_id
    )


class RegistryLogins:
    """The credentials of each registry that a client has logged in to; one request at a time."""

    def __init__(self) -> None:
        self._logins: dict[str | None, _Login] = {}

    async def get(
        self,
        registry_id: str | None,
        ask: Callable[[], Awaitable[GetAuthorizationTokenResponse]],
        now: Callable[[], datetime],
    ) -> RegistryCredentials:
        """The credentials that are held, or new ones when their end is near."""
        login = self._logins.get(registry_id)
        if login is None:
            login = self._logins[registry_id] = _Login()
        return await login.get(ask, now)


class _Login:
    """One registry's credentials."""

    def __init__(self) -> None:
        self._lock = PerLoop(anyio.Lock)
        self._held: RegistryCredentials | None = None
        self._renew_at: datetime | None = None
        self._asked = 0
        self._error: ECRClientError | None = None

    async def get(
        self,
        ask: Callable[[], Awaitable[GetAuthorizationTokenResponse]],
        now: Callable[[], datetime],
    ) -> RegistryCredentials:
        asked = self._asked
        held = self._fresh(now())
        if held is not None:
            return held
        async with self._lock.get():
            held = self._fresh(now())
            if held is not None:
                return held
            if self._asked > asked and self._error is not None:
                # It was asked while this one waited, and the answer is for all who did.
                raise copy.copy(self._error)
            return await self._renew(ask, now)

    def _fresh(self, now: datetime) -> RegistryCredentials | None:
        return self._held if self._renew_at is not None and now < self._renew_at else None

    async def _renew(
        self,
        ask: Callable[[], Awaitable[GetAuthorizationTokenResponse]],
        now: Callable[[], datetime],
    ) -> RegistryCredentials:
        try:
            new = RegistryCredentials.of(await ask())
        except ECRClientError as error:
            self._asked += 1
            self._error = error
            held = self._held
            if held is None or now() >= held.expires_at:
                raise
            _LOGGER.warning("no new login for %s: %s", held.registry, type(error).__name__)
            return held
        self._asked += 1
        self._error = None
        self._held = new
        self._renew_at = new.expires_at - min(_MARGIN, (new.expires_at - now()) / _SHARE)
        return new

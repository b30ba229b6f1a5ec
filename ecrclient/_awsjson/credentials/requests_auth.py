"""The bridge to ``aws-requests-auth`` (extra ``requests-auth``).

An application that signs with ``AWSRequestsAuth`` or ``BotoAWSRequestsAuth`` passes that object as
``credentials=``. The package is not imported here, because only methods of the object are used.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from ecrclient._awsjson.credentials.base import Credentials, full_name
from ecrclient._awsjson.credentials.botocore_objects import expiry_of
from ecrclient._awsjson.credentials.refresh import RefreshingCredentials
from ecrclient._awsjson.protocol.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RequestsAuth", "RequestsAuthCredentials", "is_requests_auth"]

# The documented hook for subclasses: it passes the keys to get_aws_request_headers.
_HOOK = "get_aws_request_headers_handler"


class RequestsAuth(Protocol):
    """An ``AWSRequestsAuth`` or a ``BotoAWSRequestsAuth``."""

    def get_aws_request_headers_handler(self, r: Any, /) -> Any:
        """Return the headers that sign a request."""
        ...


def is_requests_auth(value: object) -> bool:
    """Return whether *value* has the interface of an ``AWSRequestsAuth``."""
    return hasattr(value, "aws_access_key") and callable(getattr(value, _HOOK, None))


class RequestsAuthCredentials:
    """A provider of the keys that an ``aws-requests-auth`` object signs with.

    Keys that are attributes of the object are read each time, so a change to them takes effect
    immediately. An object without such attributes (``BotoAWSRequestsAuth``, whose keys botocore
    finds and refreshes) is read through its hook, in a thread, and again before its keys expire.

    Args:
        auth: The ``aws-requests-auth`` object.
        clock: Returns the current time, with a time zone.

    Raises:
        CredentialsError: *auth* is not such an object.
    """

    def __init__(
        self, auth: object, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        if not is_requests_auth(auth):
            raise CredentialsError(
                f"the argument must be an AWSRequestsAuth, not {full_name(auth)}"
            )
        self._auth: Any = auth
        self._refreshing = RefreshingCredentials(self._read_hook, clock=clock)

    async def get(self) -> Credentials:
        """Return the keys to sign with now.

        Raises:
            CredentialsError: The object has no keys, or they are invalid.
        """
        auth = self._auth
        if auth.aws_access_key and auth.aws_secret_access_key:
            return Credentials(auth.aws_access_key, auth.aws_secret_access_key, auth.aws_token)
        return await self._refreshing.get()

    async def invalidate(self) -> None:
        """Read the object's keys again at the next call; they may be the same."""
        await self._refreshing.invalidate()

    def _read_hook(self) -> Credentials:
        received: list[Credentials] = []

        def receive_keys(
            r: object,  # noqa: ARG001 - the signature of get_aws_request_headers
            aws_access_key: str,
            aws_secret_access_key: str,
            aws_token: str | None,
        ) -> dict[str, str]:
            # The hook does not pass the expiry; BotoAWSRequestsAuth keeps it in this attribute.
            expiry = expiry_of(getattr(self._auth, "_refreshable_credentials", None))
            received.append(
                Credentials(aws_access_key, aws_secret_access_key, aws_token or None, expiry)
            )
            return {}

        # A copy, because other code may sign with the object at the same time.
        probe = copy.copy(self._auth)
        probe.get_aws_request_headers = receive_keys
        getattr(probe, _HOOK)(None)
        if not received:
            raise CredentialsError(f"{type(self._auth).__name__} did not provide any keys")
        return received[-1]

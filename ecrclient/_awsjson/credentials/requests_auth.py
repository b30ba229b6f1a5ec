"""The bridge to ``aws-requests-auth`` (extra ``requests-auth``).

A service that signs with ``AWSRequestsAuth`` or ``BotoAWSRequestsAuth`` passes the object that it
has as ``credentials=``. The package is not imported here: the object brings what is needed.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ecrclient._awsjson.credentials.base import Credentials
from ecrclient._awsjson.credentials.providers import expiry_of
from ecrclient._awsjson.credentials.refresh import RefreshingCredentials
from ecrclient._awsjson.protocol.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RequestsAuthCredentials", "is_requests_auth"]

# The documented hook for subclasses: it calls get_aws_request_headers with the keys to sign with.
_HOOK = "get_aws_request_headers_handler"


def is_requests_auth(value: object) -> bool:
    """Whether *value* is an ``AWSRequestsAuth``, or looks like one."""
    return hasattr(value, "aws_access_key") and callable(getattr(value, _HOOK, None))


class RequestsAuthCredentials:
    """The keys that an ``aws-requests-auth`` object signs with.

    Keys that are attributes of the object are read each time, so whoever changes them there changes
    them here. An object without such (``BotoAWSRequestsAuth`` has botocore find and refresh its
    keys) is asked through its hook, in a thread, and again before what it gave expires.
    """

    def __init__(
        self, auth: object, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        if not is_requests_auth(auth):
            raise CredentialsError(f"{type(auth).__name__} is no AWSRequestsAuth")
        self._auth: Any = auth
        self._asked = RefreshingCredentials(self._ask, clock=clock)

    async def get(self) -> Credentials:
        """The keys to sign with now.

        Raises:
            CredentialsError: the object has none, or they are no keys.
        """
        auth = self._auth
        if auth.aws_access_key and auth.aws_secret_access_key:
            return Credentials(auth.aws_access_key, auth.aws_secret_access_key, auth.aws_token)
        return await self._asked.get()

    async def invalidate(self) -> None:
        """Ask the object anew at the next call; whether it has others is its own affair."""
        await self._asked.invalidate()

    def _ask(self) -> Credentials:
        told: list[Credentials] = []

        def tell(
            r: object,  # noqa: ARG001 - the hook's own signature
            aws_access_key: str,
            aws_secret_access_key: str,
            aws_token: str | None,
        ) -> dict[str, str]:
            # The hook does not tell the expiry; what BotoAWSRequestsAuth asks knows it.
            expiry = expiry_of(getattr(self._auth, "_refreshable_credentials", None))
            told.append(
                Credentials(aws_access_key, aws_secret_access_key, aws_token or None, expiry)
            )
            return {}

        # A copy, so that the object itself stays as it is for whoever signs with it meanwhile.
        probe = copy.copy(self._auth)
        probe.get_aws_request_headers = tell
        getattr(probe, _HOOK)(None)
        if not told:
            raise CredentialsError(f"{type(self._auth).__name__} tells no keys")
        return told[-1]

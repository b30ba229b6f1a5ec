"""What a client does with credentials: choose a provider, and have refused ones renewed."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from ecrclient._awsjson.credentials.base import Credentials, CredentialsProvider
from ecrclient._awsjson.credentials.providers import (
    BotocoreCredentials,
    EnvironmentCredentials,
    StaticCredentials,
)
from ecrclient._awsjson.credentials.requests_auth import RequestsAuthCredentials, is_requests_auth
from ecrclient._awsjson.credentials.user_provider import UsersProvider, has_time_limit
from ecrclient._awsjson.protocol.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["REFUSED_CREDENTIALS_CODES", "default_provider", "renew"]

_LOGGER = logging.getLogger(__name__)

REFUSED_CREDENTIALS_CODES = frozenset(
    {
        # A session token whose time is over: of JSON services such as ECR, and of the others.
        "ExpiredTokenException",
        "ExpiredToken",
        # A key or token that is not known (any more): of JSON services, and of the others. A key
        # that was rotated and deleted is refused so.
        "UnrecognizedClientException",
        "InvalidClientTokenId",
    }
)
"""The codes with which the service refuses the credentials themselves.

Not ``RequestExpired``: the request was on its way, or dated, for too long, which is a matter of the
clock. Nor ``InvalidSignatureException``, ``AccessDeniedException`` and the like: other credentials
of the same source would fare no better.
"""


def default_provider(
    credentials: object,
    profile: str | None,
    region: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> CredentialsProvider:
    """What was passed; else the environment, unless a profile is named; else botocore's chain.

    Args:
        credentials: Credentials, a provider, an ``aws-requests-auth`` object, or None.
        profile: The profile that was passed as an argument.
        region: The region whose AWS STS assumes a role.
        environ: The environment; the process's own by default.

    Raises:
        ConfigurationError: what was passed is neither credentials nor a provider.
    """
    if isinstance(credentials, Credentials):
        return StaticCredentials(credentials)
    if isinstance(credentials, CredentialsProvider):
        return credentials if has_time_limit(credentials) else UsersProvider(credentials)
    if is_requests_auth(credentials):
        return RequestsAuthCredentials(credentials)
    if credentials is not None:
        raise ConfigurationError(
            "credentials must be Credentials, a CredentialsProvider or an AWSRequestsAuth, not "
            f"{type(credentials).__name__}"
        )
    environ = os.environ if environ is None else environ
    if profile is None and environ.get("AWS_ACCESS_KEY_ID"):
        return EnvironmentCredentials(environ)
    return BotocoreCredentials(profile, region)


async def renew(provider: CredentialsProvider, refused: Credentials) -> bool:
    """Have *provider* replace credentials that the service has refused; whether it did.

    Of many calls that were refused with the same credentials, one invalidates them: whoever comes
    later is given the new ones already. (``invalidate`` cannot be told which were refused, so a
    late call would have it forget the new ones.) The providers of this package give what they hold
    without letting another task run, so nothing comes between the question and the invalidation.

    Raises:
        CredentialsError: there are no others.
    """
    if await provider.get() == refused:
        _LOGGER.info("the service refused key %s: asking for another", refused.access_key_id)
        await provider.invalidate()
    return await provider.get() != refused

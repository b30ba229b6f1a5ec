"""The choice of a client's provider, and the renewal of refused credentials."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, cast

from ecrclient._awsjson.credentials.base import Credentials, CredentialsProvider, full_name
from ecrclient._awsjson.credentials.botocore_objects import (
    BotocoreSource,
    is_async_source,
    is_botocore_source,
)
from ecrclient._awsjson.credentials.providers import (
    BotocoreCredentials,
    EnvironmentCredentials,
    StaticCredentials,
)
from ecrclient._awsjson.credentials.requests_auth import (
    RequestsAuth,
    RequestsAuthCredentials,
    is_requests_auth,
)
from ecrclient._awsjson.protocol.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["REFUSED_CREDENTIALS_CODES", "CredentialsSource", "default_provider", "renew"]

_LOGGER = logging.getLogger(__name__)

CredentialsSource = Credentials | CredentialsProvider | BotocoreSource | RequestsAuth
"""What a client accepts as ``credentials``."""

REFUSED_CREDENTIALS_CODES = frozenset(
    {
        # The session token has expired; the code of JSON services, and of the others.
        "ExpiredTokenException",
        "ExpiredToken",
        # The key or token is unknown, for instance because the key was rotated and deleted; the
        # code of JSON services, and of the others.
        "UnrecognizedClientException",
        "InvalidClientTokenId",
    }
)
"""The codes with which a service refuses the credentials themselves.

``RequestExpired`` is excluded: the clock is wrong, or the request took too long.
``InvalidSignatureException``, ``AccessDeniedException`` and similar codes are excluded because
other credentials of the same source would be refused too.
"""


def default_provider(
    credentials: object,
    profile: str | None,
    region: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> CredentialsProvider:
    """Return the provider of a client.

    That is the argument *credentials*, else the environment unless a profile was passed, else what
    botocore's chain finds. Call it in a worker thread, because it looks for files.

    Args:
        credentials: Credentials, a provider, a session or credentials of boto3, botocore or
            aiobotocore, an ``aws-requests-auth`` object, or None.
        profile: The profile that was passed as an argument.
        region: The region whose AWS STS assumes a role.
        environ: The environment; None: that of the process.

    Raises:
        ConfigurationError: *credentials* is neither credentials nor a provider.
    """
    if isinstance(credentials, Credentials):
        return StaticCredentials(credentials)
    if isinstance(credentials, CredentialsProvider):
        from ecrclient._awsjson.credentials.user_provider import UserProvider, has_time_limit

        return credentials if has_time_limit(credentials) else UserProvider(credentials)
    if is_requests_auth(credentials):
        return RequestsAuthCredentials(credentials)
    if is_botocore_source(credentials):
        if is_async_source(credentials):
            from ecrclient._awsjson.credentials.aiobotocore import AiobotocoreCredentials
            from ecrclient._awsjson.credentials.user_provider import UserProvider

            return UserProvider(AiobotocoreCredentials(credentials))
        return BotocoreCredentials(cast(BotocoreSource, credentials))
    if credentials is not None:
        raise ConfigurationError(
            "credentials must be Credentials, a CredentialsProvider, a boto3 or "
            "botocore session or its credentials, or an AWSRequestsAuth, not "
            f"{full_name(credentials)}"
        )
    environ = os.environ if environ is None else environ
    if profile is None:
        if environ.get("AWS_ACCESS_KEY_ID"):
            return EnvironmentCredentials(environ)
        from ecrclient._awsjson.credentials.native_chain import native_provider

        native = native_provider(environ)
        if native is not None:
            return native
    return BotocoreCredentials(profile=profile, region=region)


async def renew(provider: CredentialsProvider, refused: Credentials) -> bool:
    """Have *provider* replace credentials that the service has refused.

    If many calls were refused with the same credentials, only one of them invalidates these; later
    ones get the new credentials here. (``invalidate`` has no argument for the refused credentials,
    so a late call would make the provider forget the new ones.) The providers of this package
    return cached credentials without a switch to another task, so no task runs between the
    comparison and the invalidation.

    Returns:
        Whether the provider has other credentials now.

    Raises:
        CredentialsError: The provider failed.
    """
    if await provider.get() == refused:
        _LOGGER.info("the service refused key %s: getting others", refused.access_key_id)
        await provider.invalidate()
    return await provider.get() != refused

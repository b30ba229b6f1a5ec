"""Authorization tokens for ``docker login``."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from ecrclient.models import (
    AuthorizationData,
    GetAuthorizationTokenRequest,
    GetAuthorizationTokenResponse,
)
from ecrclient.operations import GET_AUTHORIZATION_TOKEN

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..logins import Logins
    from ..store import Registry

__all__ = ["AuthorizationTokens"]


class AuthorizationTokens:
    """GetAuthorizationToken."""

    def __init__(self, registry: Registry, logins: Logins) -> None:
        self._registry = registry
        self._logins = logins

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(GET_AUTHORIZATION_TOKEN, self.get)

    def get(self, request: GetAuthorizationTokenRequest) -> GetAuthorizationTokenResponse:
        """Return one token for each named registry, or for the caller's registry."""
        registry_ids = request.registry_ids or [self._registry.account_id]
        return GetAuthorizationTokenResponse(
            authorization_data=[self._login(registry_id) for registry_id in registry_ids]
        )

    def _login(self, registry_id: str) -> AuthorizationData:
        password, expires_at = self._logins.issue(registry_id)
        return AuthorizationData(
            authorization_token=base64.b64encode(f"AWS:{password}".encode()).decode("ascii"),
            expires_at=expires_at,
            proxy_endpoint=self._registry.endpoint(registry_id),
        )

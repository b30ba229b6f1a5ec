"""Authorization tokens for ``docker login``."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from ecrclient.models import (
    AuthorizationData,
    GetAuthorizationTokenRequest,
    GetAuthorizationTokenResponse,
)
from ecrclient.operations import GET_AUTHORIZATION_TOKEN

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import Registry

__all__ = ["AuthorizationTokens"]

_LIFETIME = timedelta(hours=12)


class AuthorizationTokens:
    """GetAuthorizationToken."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

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
        login = f"AWS:{secrets.token_urlsafe(64)}"
        return AuthorizationData(
            authorization_token=base64.b64encode(login.encode()).decode("ascii"),
            expires_at=self._registry.clock() + _LIFETIME,
            proxy_endpoint=f"https://{self._registry.host(registry_id)}",
        )

"""Account settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecrclient.models import (
    GetAccountSettingRequest,
    GetAccountSettingResponse,
    PutAccountSettingRequest,
    PutAccountSettingResponse,
)
from ecrclient.operations import GET_ACCOUNT_SETTING, PUT_ACCOUNT_SETTING

from ..errors import invalid_parameter

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import Registry

__all__ = ["AccountSettings"]

# The values of each setting, the default first.
_VALUES = {
    "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE",),
    "BLOB_MOUNTING": ("DISABLED", "ENABLED"),
    "REGISTRY_POLICY_SCOPE": ("V2",),
}


class AccountSettings:
    """GetAccountSetting and PutAccountSetting.

    BLOB_MOUNTING applies to the registry's ``/v2/`` API; the other settings are only stored.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(GET_ACCOUNT_SETTING, self.get)
        handlers.on(PUT_ACCOUNT_SETTING, self.put)

    def get(self, request: GetAccountSettingRequest) -> GetAccountSettingResponse:
        """Return the value of a setting."""
        first, *_ = _values_of(request.name)
        value = self._registry.account_settings.get(request.name, first)
        return GetAccountSettingResponse(name=request.name, value=value)

    def put(self, request: PutAccountSettingRequest) -> PutAccountSettingResponse:
        """Set a setting to one of its values."""
        allowed = _values_of(request.name)
        if request.value not in allowed:
            raise invalid_parameter(
                "value", f"{request.name} must be one of [{', '.join(allowed)}]"
            )
        self._registry.account_settings[request.name] = request.value
        return PutAccountSettingResponse(name=request.name, value=request.value)


def _values_of(name: str) -> tuple[str, ...]:
    if name not in _VALUES:
        raise invalid_parameter("name", f"must be one of [{', '.join(_VALUES)}]")
    return _VALUES[name]

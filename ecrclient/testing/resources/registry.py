"""Settings of the registry: its policy and its replication."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecrclient.errors import RegistryPolicyNotFoundException
from ecrclient.models import (
    DeleteRegistryPolicyRequest,
    DeleteRegistryPolicyResponse,
    DescribeRegistryRequest,
    DescribeRegistryResponse,
    GetRegistryPolicyRequest,
    GetRegistryPolicyResponse,
    PutRegistryPolicyRequest,
    PutRegistryPolicyResponse,
    PutReplicationConfigurationRequest,
    PutReplicationConfigurationResponse,
)
from ecrclient.operations import (
    DELETE_REGISTRY_POLICY,
    DESCRIBE_REGISTRY,
    GET_REGISTRY_POLICY,
    PUT_REGISTRY_POLICY,
    PUT_REPLICATION_CONFIGURATION,
)

from ..errors import refuse
from .policy_documents import check_registry_policy
from .replication_rules import check_destinations

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import Registry

__all__ = ["RegistrySettings"]


class RegistrySettings:
    """The registry policy, DescribeRegistry and PutReplicationConfiguration."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(PUT_REGISTRY_POLICY, self.put_policy)
        handlers.on(GET_REGISTRY_POLICY, self.get_policy)
        handlers.on(DELETE_REGISTRY_POLICY, self.delete_policy)
        handlers.on(DESCRIBE_REGISTRY, self.describe)
        handlers.on(PUT_REPLICATION_CONFIGURATION, self.put_replication)

    def put_policy(self, request: PutRegistryPolicyRequest) -> PutRegistryPolicyResponse:
        """Set the registry policy."""
        check_registry_policy(request.policy_text)
        self._registry.policy_text = request.policy_text
        return PutRegistryPolicyResponse(
            registry_id=self._registry.account_id, policy_text=request.policy_text
        )

    def get_policy(self, _: GetRegistryPolicyRequest) -> GetRegistryPolicyResponse:
        """Return the registry policy."""
        return GetRegistryPolicyResponse(
            registry_id=self._registry.account_id, policy_text=self._policy()
        )

    def delete_policy(self, _: DeleteRegistryPolicyRequest) -> DeleteRegistryPolicyResponse:
        """Delete the registry policy."""
        text, self._registry.policy_text = self._policy(), None
        return DeleteRegistryPolicyResponse(registry_id=self._registry.account_id, policy_text=text)

    def describe(self, _: DescribeRegistryRequest) -> DescribeRegistryResponse:
        """Return the registry's settings."""
        return DescribeRegistryResponse(
            registry_id=self._registry.account_id,
            replication_configuration=self._registry.replication,
        )

    def put_replication(
        self, request: PutReplicationConfigurationRequest
    ) -> PutReplicationConfigurationResponse:
        """Set the replication rules, which replace the existing ones."""
        registry, configuration = self._registry, request.replication_configuration
        for rule in configuration.rules:
            check_destinations(registry, rule)
        registry.replication = configuration
        return PutReplicationConfigurationResponse(replication_configuration=configuration)

    def _policy(self) -> str:
        if self._registry.policy_text is None:
            raise refuse(
                RegistryPolicyNotFoundException,
                "Registry policy does not exist in the registry with id "
                f"'{self._registry.account_id}'",
            )
        return self._registry.policy_text

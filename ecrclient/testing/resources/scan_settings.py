"""The scanning configuration of a registry and of its repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecrclient.models import (
    BatchGetRepositoryScanningConfigurationRequest,
    BatchGetRepositoryScanningConfigurationResponse,
    GetRegistryScanningConfigurationRequest,
    GetRegistryScanningConfigurationResponse,
    PutRegistryScanningConfigurationRequest,
    PutRegistryScanningConfigurationResponse,
    RegistryScanningConfiguration,
    RepositoryScanningConfiguration,
    RepositoryScanningConfigurationFailure,
)
from ecrclient.operations import (
    BATCH_GET_REPOSITORY_SCANNING_CONFIGURATION,
    GET_REGISTRY_SCANNING_CONFIGURATION,
    PUT_REGISTRY_SCANNING_CONFIGURATION,
)

from ..errors import invalid_parameter
from .scan_rules import CONTINUOUS, MANUAL, ON_PUSH, repository_scanning
from .scan_states import scan_existing

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import Registry, RepositoryRecord

__all__ = ["ScanSettings"]

_FREQUENCIES = {"BASIC": (ON_PUSH, MANUAL), "ENHANCED": (ON_PUSH, CONTINUOUS)}


class ScanSettings:
    """Get- and PutRegistryScanningConfiguration, BatchGetRepositoryScanningConfiguration."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(GET_REGISTRY_SCANNING_CONFIGURATION, self.get)
        handlers.on(PUT_REGISTRY_SCANNING_CONFIGURATION, self.put)
        handlers.on(BATCH_GET_REPOSITORY_SCANNING_CONFIGURATION, self.get_of_repositories)

    def get(
        self, _: GetRegistryScanningConfigurationRequest
    ) -> GetRegistryScanningConfigurationResponse:
        """Return the scanning configuration of the registry."""
        return GetRegistryScanningConfigurationResponse(
            registry_id=self._registry.account_id, scanning_configuration=self._registry.scanning
        )

    def put(
        self, request: PutRegistryScanningConfigurationRequest
    ) -> PutRegistryScanningConfigurationResponse:
        """Set the scanning configuration; omitted settings are reset to their defaults."""
        configuration = RegistryScanningConfiguration(
            scan_type=request.scan_type or "BASIC", rules=request.rules or []
        )
        allowed = _FREQUENCIES[configuration.scan_type]
        for rule in configuration.rules:
            if rule.scan_frequency not in allowed:
                raise invalid_parameter(
                    "scanFrequency",
                    f"must be one of [{', '.join(allowed)}] when scanType is "
                    f"{configuration.scan_type}",
                )
        self._registry.scanning = configuration
        scan_existing(self._registry)
        return PutRegistryScanningConfigurationResponse(
            registry_scanning_configuration=configuration
        )

    def get_of_repositories(
        self, request: BatchGetRepositoryScanningConfigurationRequest
    ) -> BatchGetRepositoryScanningConfigurationResponse:
        """Return when the images of each named repository are scanned."""
        repositories = self._registry.repositories
        names = list(dict.fromkeys(request.repository_names))
        return BatchGetRepositoryScanningConfigurationResponse(
            scanning_configurations=[
                self._describe(repositories[name]) for name in names if name in repositories
            ],
            failures=[
                RepositoryScanningConfigurationFailure(
                    repository_name=name,
                    failure_code="REPOSITORY_NOT_FOUND",
                    failure_reason="Requested repository not found",
                )
                for name in names
                if name not in repositories
            ],
        )

    def _describe(self, repository: RepositoryRecord) -> RepositoryScanningConfiguration:
        scanning = repository_scanning(self._registry, repository)
        return RepositoryScanningConfiguration(
            repository_arn=self._registry.arn(repository.name),
            repository_name=repository.name,
            scan_on_push=scanning.frequency == ON_PUSH,
            scan_frequency=scanning.frequency,
            applied_scan_filters=scanning.filters,
        )

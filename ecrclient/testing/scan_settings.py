"""How a registry scans its images, and which repositories that concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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
    ScanningRepositoryFilter,
)
from ecrclient.operations import (
    BATCH_GET_REPOSITORY_SCANNING_CONFIGURATION,
    GET_REGISTRY_SCANNING_CONFIGURATION,
    PUT_REGISTRY_SCANNING_CONFIGURATION,
)

from .errors import invalid_parameter
from .wildcards import matches

if TYPE_CHECKING:
    from .dispatch import Handlers
    from .store import Registry, RepositoryRecord

__all__ = ["RepositoryScanning", "ScanSettings", "repository_scanning"]

_MANUAL, _ON_PUSH, _CONTINUOUS = "MANUAL", "SCAN_ON_PUSH", "CONTINUOUS_SCAN"
_FREQUENCIES = {"BASIC": (_ON_PUSH, _MANUAL), "ENHANCED": (_ON_PUSH, _CONTINUOUS)}


class RepositoryScanning(NamedTuple):
    """What the registry's rules, and its own setting, make of a repository."""

    frequency: str
    """``SCAN_ON_PUSH``, ``CONTINUOUS_SCAN`` (which begins on push, too) or ``MANUAL``.

    With enhanced scanning ``MANUAL`` says that the repository is not scanned at all.
    """
    filters: list[ScanningRepositoryFilter]
    """The filters by which it is so."""


def repository_scanning(registry: Registry, repository: RepositoryRecord) -> RepositoryScanning:
    """When the images of a repository are scanned.

    A continuous rule goes before one on push ("Filters to choose which repositories are scanned in
    Amazon ECR"). The older setting of the repository itself counts with basic scanning only.
    """
    configuration = registry.scanning
    for frequency in (_CONTINUOUS, _ON_PUSH):
        filters = [
            one
            for rule in configuration.rules
            if rule.scan_frequency == frequency
            for one in rule.repository_filters
            if _covers(one.filter, repository.name)
        ]
        if filters:
            return RepositoryScanning(frequency, filters)
    on_push = repository.scan_on_push and configuration.scan_type == "BASIC"
    return RepositoryScanning(_ON_PUSH if on_push else _MANUAL, [])


class ScanSettings:
    """Get- and PutRegistryScanningConfiguration, BatchGetRepositoryScanningConfiguration."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, handlers: Handlers) -> None:
        """Answer this resource's operations."""
        handlers.on(GET_REGISTRY_SCANNING_CONFIGURATION, self.get)
        handlers.on(PUT_REGISTRY_SCANNING_CONFIGURATION, self.put)
        handlers.on(BATCH_GET_REPOSITORY_SCANNING_CONFIGURATION, self.get_of_repositories)

    def get(
        self, _: GetRegistryScanningConfigurationRequest
    ) -> GetRegistryScanningConfigurationResponse:
        """How the registry scans."""
        return GetRegistryScanningConfigurationResponse(
            registry_id=self._registry.account_id, scanning_configuration=self._registry.scanning
        )

    def put(
        self, request: PutRegistryScanningConfigurationRequest
    ) -> PutRegistryScanningConfigurationResponse:
        """Set how the registry scans; what is not named goes back to what it was at first."""
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
        return PutRegistryScanningConfigurationResponse(
            registry_scanning_configuration=configuration
        )

    def get_of_repositories(
        self, request: BatchGetRepositoryScanningConfigurationRequest
    ) -> BatchGetRepositoryScanningConfigurationResponse:
        """When the images of each repository that is named are scanned."""
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
            scan_on_push=scanning.frequency == _ON_PUSH,
            scan_frequency=scanning.frequency,
            applied_scan_filters=scanning.filters,
        )


def _covers(pattern: str, name: str) -> bool:
    """A filter without a wildcard matches the names that contain it."""
    return matches(pattern, name) if "*" in pattern else pattern in name

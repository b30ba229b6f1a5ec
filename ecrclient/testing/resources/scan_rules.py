"""When the images of a repository are scanned, according to the registry's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ecrclient._wildcards import matches

if TYPE_CHECKING:
    from ecrclient.models import ScanningRepositoryFilter

    from ..store import Registry, RepositoryRecord

__all__ = ["CONTINUOUS", "MANUAL", "ON_PUSH", "RepositoryScanning", "repository_scanning"]

MANUAL, ON_PUSH, CONTINUOUS = "MANUAL", "SCAN_ON_PUSH", "CONTINUOUS_SCAN"


class RepositoryScanning(NamedTuple):
    """How a repository is scanned, by the registry's rules and the repository's setting."""

    frequency: str
    """``SCAN_ON_PUSH``, ``CONTINUOUS_SCAN`` (which starts on push too) or ``MANUAL``.

    With enhanced scanning, ``MANUAL`` means that the repository is not scanned.
    """
    filters: list[ScanningRepositoryFilter]
    """The filters that cause this frequency."""


def repository_scanning(registry: Registry, repository: RepositoryRecord) -> RepositoryScanning:
    """Return when the images of a repository are scanned.

    A continuous rule takes precedence over one on push ("Filters to choose which repositories are
    scanned in Amazon ECR"). The older setting of the repository applies only to basic scanning.
    """
    configuration = registry.scanning
    for frequency in (CONTINUOUS, ON_PUSH):
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
    return RepositoryScanning(ON_PUSH if on_push else MANUAL, [])


def _covers(pattern: str, name: str) -> bool:
    """A filter without a wildcard matches the names that contain it."""
    return matches(pattern, name) if "*" in pattern else pattern in name

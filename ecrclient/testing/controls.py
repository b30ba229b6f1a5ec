"""Controls for ECR's background work: scans, lifecycle policies and replications.

Tests use them as ``ecr.scans``, ``ecr.lifecycle`` and ``ecr.replication``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from ecrclient.models import EnhancedImageScanFinding, ImageScanFinding

from .background import ReplicationFailure, ScanOutcome
from .resources.lifecycle_preview import apply_policies
from .resources.scan_states import outcome_key

if TYPE_CHECKING:
    from ecrclient.enums import ScanStatus
    from ecrclient.models import LifecyclePolicyPreviewResult

    from .store import Registry

__all__ = ["LifecycleControls", "ReplicationControls", "ScanControls"]


class ScanControls:
    """Controls the findings and the duration of scans.

    ::

        ecr.scans.takes = timedelta(0)
        ecr.scans.set_findings(
            "team/app", "v1", [ImageScanFinding(name="CVE-2024-3094", severity="CRITICAL")]
        )
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @property
    def takes(self) -> timedelta:
        """The duration of scans that start from now on; 5 seconds of the clock by default."""
        return timedelta(seconds=self._registry.script.scan_seconds)

    @takes.setter
    def takes(self, duration: timedelta) -> None:
        self._registry.script.scan_seconds = duration.total_seconds()

    def set_findings(
        self,
        repository_name: str,
        image: str,
        findings: Sequence[ImageScanFinding | EnhancedImageScanFinding] = (),
        *,
        status: ScanStatus | None = None,
        description: str | None = None,
        after: timedelta | None = None,
    ) -> None:
        """Set the outcome of an image's latest scan, complete or not, and of all later scans.

        By default, scans find no vulnerabilities.

        Args:
            repository_name: The repository, which does not need to exist yet.
            image: A digest or a tag. With a tag that has not been pushed yet, the outcome applies
                to every image that is scanned under this tag.
            findings: The findings. A basic scan reports each ``ImageScanFinding``, and an enhanced
                scan each ``EnhancedImageScanFinding``.
            status: The final status of the scan, such as ``FAILED``; success by default.
            description: The description of the status.
            after: The duration of the scan; `takes` by default.

        Raises:
            TypeError: a finding is of another type.
        """
        basic = [one for one in findings if isinstance(one, ImageScanFinding)]
        enhanced = [one for one in findings if isinstance(one, EnhancedImageScanFinding)]
        if len(basic) + len(enhanced) < len(findings):
            raise TypeError(
                "each finding must be an ImageScanFinding or an EnhancedImageScanFinding"
            )
        outcome = ScanOutcome(
            findings=basic,
            enhanced_findings=enhanced,
            status=status,
            description=description,
            seconds=None if after is None else after.total_seconds(),
        )
        with self._registry.lock:
            self._set_outcome(repository_name, image, outcome, after)

    def _set_outcome(
        self, repository_name: str, image: str, outcome: ScanOutcome, after: timedelta | None
    ) -> None:
        repository = self._registry.repositories.get(repository_name)
        digest = repository.tags.get(image, image) if repository else image
        self._registry.script.scan_outcomes[outcome_key(repository_name, digest)] = outcome
        record = repository.images.get(digest) if repository else None
        if record is not None and record.scans:
            scan = record.scans[-1]
            scan.outcome = outcome
            if after is not None:
                scan.done_at = scan.requested_at + after


class LifecycleControls:
    """Controls when lifecycle policies are applied, and the outcome of their previews."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @property
    def takes(self) -> timedelta:
        """The duration of previews that start from now on; 5 seconds of the clock by default."""
        return timedelta(seconds=self._registry.script.preview_seconds)

    @takes.setter
    def takes(self, duration: timedelta) -> None:
        self._registry.script.preview_seconds = duration.total_seconds()

    def apply(self) -> dict[str, list[LifecyclePolicyPreviewResult]]:
        """Apply the policies of all repositories once, as ECR does at least every 24 hours.

        Images expire and are archived only by this call. An image that is kept because an index
        references it expires with the call after the one that removes the index. Reference
        artifacts, such as signatures, are expired or archived with their subjects.

        Returns:
            The actions of rules, by repository name; repositories without a policy are omitted.
        """
        with self._registry.lock:
            return apply_policies(self._registry)

    def set_preview_status(
        self, repository_name: str, status: Literal["COMPLETE", "FAILED", "EXPIRED"]
    ) -> None:
        """Set the final status of a repository's latest preview, done or not, and of later ones."""
        self._registry.script.preview_statuses[repository_name] = status


class ReplicationControls:
    """Controls which replications fail, and their duration."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @property
    def takes(self) -> timedelta:
        """The duration of replications that start from now on; 5 seconds of the clock by default.

        A backfill takes twice as long: once to prepare, and once to replicate all its images.
        """
        return timedelta(seconds=self._registry.script.replication_seconds)

    @takes.setter
    def takes(self, duration: timedelta) -> None:
        self._registry.script.replication_seconds = duration.total_seconds()

    def fail(
        self,
        failure_code: str,
        *,
        repository_name: str | None = None,
        image: str | None = None,
        region: str | None = None,
        registry_id: str | None = None,
    ) -> None:
        """Make replications that start from now on fail; all of them, or those that match.

        Args:
            failure_code: Any text: ECR does not document its codes.
            repository_name: Only replications of this repository.
            image: Only replications of images with this digest, or pushed with this tag.
            region: Only replications to this Region.
            registry_id: Only replications to registries of this account.
        """
        self._registry.script.replication_failures.append(
            ReplicationFailure(failure_code, repository_name, image, region, registry_id)
        )

    def succeed(self) -> None:
        """Let all replications that start from now on succeed."""
        self._registry.script.replication_failures.clear()

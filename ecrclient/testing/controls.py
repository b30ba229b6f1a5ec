"""What a test says of the work that ECR does in the background: scans, policies, replications.

Reached as ``ecr.scans``, ``ecr.lifecycle`` and ``ecr.replication``.
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
    """What scans find, and how long they take.

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
        """How long a scan takes by the registry's clock, from now on; 5 seconds at first."""
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
        """Say what scans of an image come to: the last one, be it done or not, and all to come.

        An image for which nothing is set has no vulnerabilities.

        Args:
            repository_name: The repository, which need not exist yet.
            image: A digest, or a tag. If the tag is yet to be pushed, this is for every image
                that is scanned under it.
            findings: Those of the one kind are what a basic scan finds, those of the other what
                an enhanced scan does.
            status: What the scan ends with, such as ``FAILED``; success by default.
            description: Explains the status.
            after: How long the scan takes from its beginning, if not as long as all do.

        Raises:
            TypeError: a finding is neither.
        """
        basic = [one for one in findings if isinstance(one, ImageScanFinding)]
        enhanced = [one for one in findings if isinstance(one, EnhancedImageScanFinding)]
        if len(basic) + len(enhanced) < len(findings):
            raise TypeError("a finding is an ImageScanFinding or an EnhancedImageScanFinding")
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
    """When lifecycle policies apply, and what their previews come to."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @property
    def takes(self) -> timedelta:
        """How long a preview takes by the registry's clock, from now on; 5 seconds at first."""
        return timedelta(seconds=self._registry.script.preview_seconds)

    @takes.setter
    def takes(self, duration: timedelta) -> None:
        self._registry.script.preview_seconds = duration.total_seconds()

    def apply(self) -> dict[str, list[LifecyclePolicyPreviewResult]]:
        """Apply the policies of all repositories once, as ECR does at least every 24 hours.

        Nothing expires or is archived otherwise. What an index held back goes with the next call.

        Returns:
            What happened to which images, by the name of the repository; repositories without a
            policy are left out.
        """
        with self._registry.lock:
            return apply_policies(self._registry)

    def set_preview_status(
        self, repository_name: str, status: Literal["COMPLETE", "FAILED", "EXPIRED"]
    ) -> None:
        """Say what previews in a repository come to: the last one, done or not, and all to come."""
        self._registry.script.preview_statuses[repository_name] = status


class ReplicationControls:
    """Which replications fail, and how long they take."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @property
    def takes(self) -> timedelta:
        """How long a replication takes by the registry's clock, from now on; 5 seconds at first.

        A backfill takes twice as long: to prepare, and to replicate all its images.
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
        """Let replications that begin from now on fail; all of them, or what is narrowed to.

        Args:
            failure_code: Any text: ECR does not document its own codes.
            repository_name: Only of this repository.
            image: Only of this digest, or pushed with this tag.
            region: Only to this Region.
            registry_id: Only to registries of this account.
        """
        self._registry.script.replication_failures.append(
            ReplicationFailure(failure_code, repository_name, image, region, registry_id)
        )

    def succeed(self) -> None:
        """Let no replications fail that begin from now on."""
        self._registry.script.replication_failures.clear()

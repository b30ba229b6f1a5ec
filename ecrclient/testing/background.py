"""Records of ECR's background work: scans, lifecycle policy previews and replications.

The records are plain data in the store. Each one has the time at which its work is complete. No
background task runs: the state of the work is computed from the registry's clock on each request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ecrclient.models import (
    EnhancedImageScanFinding,
    ImageScanFinding,
    LifecyclePolicyPreviewResult,
)

__all__ = [
    "BackfillItem",
    "BackfillRecord",
    "PreviewRecord",
    "ReplicationFailure",
    "ReplicationRecord",
    "ScanOutcome",
    "ScanRecord",
    "Script",
]

_SECONDS = 5.0


@dataclass(slots=True)
class ScanOutcome:
    """The outcome of a scan."""

    findings: list[ImageScanFinding] = field(default_factory=list[ImageScanFinding])
    """The findings of a basic scan."""
    enhanced_findings: list[EnhancedImageScanFinding] = field(
        default_factory=list[EnhancedImageScanFinding]
    )
    """The findings of an enhanced scan."""
    status: str | None = None
    """The final status; None means ``ACTIVE`` for a continuous scan, otherwise ``COMPLETE``."""
    description: str | None = None
    seconds: float | None = None
    """The duration of the scan; None means ``Script.scan_seconds``."""


@dataclass(slots=True)
class ScanRecord:
    """One scan of an image."""

    scan_type: str
    """``BASIC`` or ``ENHANCED``."""
    is_continuous: bool
    requested_at: datetime
    done_at: datetime
    outcome: ScanOutcome


@dataclass(slots=True)
class PreviewRecord:
    """The latest lifecycle policy preview of a repository."""

    policy_text: str
    done_at: datetime
    results: list[LifecyclePolicyPreviewResult]


@dataclass(slots=True)
class ReplicationFailure:
    """A rule that makes replications fail: those that match every member that is not None."""

    failure_code: str
    repository_name: str | None = None
    image: str | None = None
    """A tag or a digest."""
    region: str | None = None
    registry_id: str | None = None


@dataclass(slots=True)
class ReplicationRecord:
    """The replication of a pushed image to one destination."""

    region: str
    registry_id: str
    started_at: datetime
    done_at: datetime
    failure_code: str | None
    """None if the replication succeeds."""


@dataclass(slots=True)
class BackfillItem:
    """One replication of a backfill: an image with one of its tags, or an untagged image."""

    repository_name: str
    digest: str
    tag: str | None
    done_at: datetime
    failure_code: str | None
    """None if the replication succeeds."""
    sub_image_failure_codes: list[str] | None
    """None if the image is not an index."""


@dataclass(slots=True)
class BackfillRecord:
    """A replication backfill; its items are replicated sequentially."""

    id: str
    region: str
    registry_id: str
    started_at: datetime
    prepared_at: datetime
    """The time when the list of images to replicate is ready."""
    ended_at: datetime
    """The time when the backfill ends, unless it is stopped."""
    items: list[BackfillItem]
    failure_code: str | None
    """None unless too many items fail."""
    is_stopped: bool = False


@dataclass(slots=True)
class Script:
    """The durations and outcomes of background work that a test has set."""

    scan_seconds: float = _SECONDS
    """The duration of a scan."""
    scan_outcomes: dict[str, ScanOutcome] = field(default_factory=dict[str, ScanOutcome])
    """By ``repository@digest``, or ``repository:tag`` if the image has not been pushed yet."""
    preview_seconds: float = _SECONDS
    """The duration of a preview."""
    preview_statuses: dict[str, str] = field(default_factory=dict[str, str])
    """The final status of a repository's previews, if not ``COMPLETE``."""
    replication_seconds: float = _SECONDS
    """The duration of a replication, and of each half of a backfill."""
    replication_failures: list[ReplicationFailure] = field(default_factory=list[ReplicationFailure])

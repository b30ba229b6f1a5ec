"""What ECR does in the background: scans, previews, replications. Plain data, kept by the store.

Each record says when its work is done. Nothing runs: what state the work is in follows from the
registry's clock, whenever somebody asks.
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
    """What a scan comes to."""

    findings: list[ImageScanFinding] = field(default_factory=list[ImageScanFinding])
    """What a basic scan finds."""
    enhanced_findings: list[EnhancedImageScanFinding] = field(
        default_factory=list[EnhancedImageScanFinding]
    )
    """What an enhanced scan finds."""
    status: str | None = None
    """None is success: ``ACTIVE`` for a continuous scan, ``COMPLETE`` for others."""
    description: str | None = None
    seconds: float | None = None
    """How long the scan takes; None is as long as all scans."""


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
    """The last preview of a lifecycle policy in a repository."""

    policy_text: str
    done_at: datetime
    results: list[LifecyclePolicyPreviewResult]


@dataclass(slots=True)
class ReplicationFailure:
    """Replications that fail: those that are like every member that is not None."""

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
    """None if it succeeds."""


@dataclass(slots=True)
class BackfillItem:
    """One replication of a backfill: an image with one of its tags, or without any."""

    repository_name: str
    digest: str
    tag: str | None
    done_at: datetime
    failure_code: str | None
    """None if it succeeds."""
    sub_image_failure_codes: list[str] | None
    """None if the image is no index."""


@dataclass(slots=True)
class BackfillRecord:
    """A replication backfill; its items are replicated one after the other."""

    id: str
    region: str
    registry_id: str
    started_at: datetime
    prepared_at: datetime
    """When the images to replicate are known."""
    ended_at: datetime
    """When it is over, if nobody stops it."""
    items: list[BackfillItem]
    failure_code: str | None
    """None unless too many of its items fail."""
    is_stopped: bool = False


@dataclass(slots=True)
class Script:
    """What a test has said of work in the background."""

    scan_seconds: float = _SECONDS
    """How long a scan takes."""
    scan_outcomes: dict[str, ScanOutcome] = field(default_factory=dict[str, ScanOutcome])
    """By ``repository@digest``, or ``repository:tag`` for an image that is yet to be pushed."""
    preview_seconds: float = _SECONDS
    """How long a preview takes."""
    preview_statuses: dict[str, str] = field(default_factory=dict[str, str])
    """What the previews in a repository come to, if not ``COMPLETE``."""
    replication_seconds: float = _SECONDS
    """How long a replication, or each half of a backfill, takes."""
    replication_failures: list[ReplicationFailure] = field(default_factory=list[ReplicationFailure])

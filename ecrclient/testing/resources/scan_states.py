"""The start of scans, and their status by the clock.

A basic scan is ``PENDING`` for the first half of its duration and ``IN_PROGRESS`` for the second;
an enhanced scan is ``PENDING``. Then it has the status of its outcome: by default ``COMPLETE``, or
``ACTIVE`` for a continuous scan. There is no scanner: images have the findings that a test has set.
ECR does not document the duration of scans.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ecrclient.models import ImageScanFindingsSummary, ImageScanStatus

from ..background import ScanOutcome, ScanRecord
from .manifests import is_index_type
from .scan_rules import CONTINUOUS, MANUAL, repository_scanning

if TYPE_CHECKING:
    from ..store import ImageRecord, Registry, RepositoryRecord

__all__ = [
    "current_scan",
    "finished_scan",
    "outcome_key",
    "scan_existing",
    "scan_pushed",
    "scan_status",
    "scan_summary",
    "start_scan",
]

_BASIC, _ENHANCED = "BASIC", "ENHANCED"
_SUCCESS = frozenset({"COMPLETE", "ACTIVE"})
_DESCRIPTIONS = {
    "COMPLETE": "The scan was completed successfully.",
    "ACTIVE": "Continuous scan is selected for image.",
}
_ARCHIVED = "IMAGE_ARCHIVED"

# "Troubleshooting image scanning in Amazon ECR": older images are not eligible for Inspector.
_ELIGIBLE = timedelta(days=30)


def outcome_key(repository_name: str, image: str) -> str:
    """Return the key that stores the outcome of a scan; *image* is a tag or a digest."""
    return f"{repository_name}{'@' if ':' in image else ':'}{image}"


def start_scan(
    registry: Registry, repository: RepositoryRecord, image: ImageRecord, *, continuous: bool
) -> ScanRecord:
    """Start a scan of an image, of the type in the registry's configuration."""
    now = registry.clock()
    outcome = _outcome(registry, repository, image)
    seconds = registry.script.scan_seconds if outcome.seconds is None else outcome.seconds
    scan = ScanRecord(
        scan_type=registry.scanning.scan_type,
        is_continuous=continuous,
        requested_at=now,
        done_at=now + timedelta(seconds=seconds),
        outcome=outcome,
    )
    image.scans.append(scan)
    return scan


def scan_pushed(registry: Registry, repository: RepositoryRecord, image: ImageRecord) -> None:
    """Scan an image that was just pushed, if the rules say so. Indexes are not scanned."""
    frequency = repository_scanning(registry, repository).frequency
    if frequency != MANUAL and not is_index_type(image.media_type):
        start_scan(registry, repository, image, continuous=frequency == CONTINUOUS)


def scan_existing(registry: Registry) -> None:
    """Scan the existing images that enhanced scanning covers after a change of the settings.

    Images that were pushed more than 30 days ago are not eligible.
    """
    if registry.scanning.scan_type != _ENHANCED:
        return
    now = registry.clock()
    for repository in registry.repositories.values():
        for image in repository.images.values():
            if image.status(now) == "ACTIVE" and current_scan(registry, image) is None:
                scan_pushed(registry, repository, image)
                scan = current_scan(registry, image)
                if scan is not None and now - image.pushed_at > _ELIGIBLE:
                    scan.outcome, scan.done_at = ScanOutcome(status="SCAN_ELIGIBILITY_EXPIRED"), now


def current_scan(registry: Registry, image: ImageRecord) -> ScanRecord | None:
    """Return the last scan of an image, or None.

    Only scans of the registry's current scan type are visible; the others are visible again when
    the type is changed back ("Scan images for software vulnerabilities in Amazon ECR").
    """
    return next(_visible(registry, image), None)


def finished_scan(registry: Registry, image: ImageRecord) -> ScanRecord | None:
    """Return the last finished scan of an image, or None."""
    now = registry.clock()
    done = (scan for scan in _visible(registry, image) if _status(scan, now) in _SUCCESS)
    return next(done, None)


def scan_status(registry: Registry, image: ImageRecord) -> ImageScanStatus | None:
    """Return the status of the last scan of an image; None if it was not scanned."""
    scan = current_scan(registry, image)
    if scan is None:
        return None
    now = registry.clock()
    if image.status(now) != "ACTIVE":
        return ImageScanStatus(status=_ARCHIVED)
    status, is_done = _status(scan, now), now >= scan.done_at
    description = scan.outcome.description if is_done else None
    return ImageScanStatus(
        status=status, description=description or _DESCRIPTIONS.get(status) if is_done else None
    )


def scan_summary(scan: ScanRecord) -> ImageScanFindingsSummary:
    """Return the numbers of findings of a finished scan, by severity."""
    outcome = scan.outcome
    severities = (
        [one.severity for one in outcome.findings]
        if scan.scan_type == _BASIC
        else [one.severity for one in outcome.enhanced_findings]
    )
    return ImageScanFindingsSummary(
        image_scan_completed_at=scan.done_at,
        vulnerability_source_updated_at=scan.requested_at,
        finding_severity_counts={one: severities.count(one) for one in sorted(set(severities))},
    )


def _visible(registry: Registry, image: ImageRecord) -> Iterator[ScanRecord]:
    scan_type = registry.scanning.scan_type
    return (scan for scan in reversed(image.scans) if scan.scan_type == scan_type)


def _status(scan: ScanRecord, now: datetime) -> str:
    if now >= scan.done_at:
        return scan.outcome.status or ("ACTIVE" if scan.is_continuous else "COMPLETE")
    half = scan.requested_at + (scan.done_at - scan.requested_at) / 2
    return "IN_PROGRESS" if scan.scan_type == _BASIC and now >= half else "PENDING"


def _outcome(registry: Registry, repository: RepositoryRecord, image: ImageRecord) -> ScanOutcome:
    """Return the outcome that a test has set for the image's digest, or for one of its tags."""
    outcomes = registry.script.scan_outcomes
    keys = [outcome_key(repository.name, name) for name in (image.digest, *image.tags)]
    return next((outcomes[key] for key in keys if key in outcomes), ScanOutcome())

"""The course of a replication backfill: its items, their times and its progress.

A backfill is ``PREPARING`` for the duration of one replication, then ``IN_PROGRESS`` for the same
duration, during which its items are replicated one after the other at an even rate. Sources:
"Replication backfill" in the Amazon ECR User Guide; the service's model. ECR documents neither the
duration of a backfill nor the failure codes; those used here are invented.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ecrclient.models import ReplicationBackfillProgress

from ..background import BackfillItem, BackfillRecord
from .replication_rules import destinations_of, failure_code

if TYPE_CHECKING:
    from ..store import ImageRecord, Registry, RepositoryRecord

__all__ = [
    "backfill_progress",
    "backfill_status",
    "fail_repository",
    "plan_backfill",
    "settled_items",
    "stop_backfill",
]

# A backfill fails if at least this many replications have ended and half of them failed.
_FEWEST_ENDED = 100
_TOO_MANY_FAILURES = "REPLICATION_FAILURE_THRESHOLD_EXCEEDED"
_NO_REPOSITORY = "REPOSITORY_NOT_FOUND"


def plan_backfill(registry: Registry, destination: tuple[str, str]) -> BackfillRecord:
    """Return a backfill, started now, of everything that the rules replicate to *destination*."""
    now, takes = registry.clock(), timedelta(seconds=registry.script.replication_seconds)
    region, registry_id = destination
    items = [
        _item(registry, repository, image, tag, destination)
        for repository in registry.repositories.values()
        if destination in destinations_of(registry, repository.name)
        for image in repository.images.values()
        if image.status(now) == "ACTIVE"
        for tag in image.tags or (None,)
    ]
    for number, item in enumerate(items, start=1):
        item.done_at = now + takes + takes * number / len(items)
    backfill = BackfillRecord(
        id=str(uuid.uuid4()),
        region=region,
        registry_id=registry_id,
        started_at=now,
        prepared_at=now + takes,
        ended_at=now + takes,
        items=items,
        failure_code=None,
    )
    _settle(backfill)
    return backfill


def backfill_status(backfill: BackfillRecord, now: datetime) -> str:
    """Return the status of the backfill, as the service names it."""
    if now >= backfill.ended_at:
        if backfill.is_stopped:
            return "STOPPED"
        return "FAILED" if backfill.failure_code else "COMPLETE"
    if backfill.is_stopped:
        return "STOPPING"
    return "PREPARING" if now < backfill.prepared_at else "IN_PROGRESS"


def settled_items(backfill: BackfillRecord, now: datetime) -> list[BackfillItem]:
    """Return the items whose replication has completed or failed."""
    until = min(now, backfill.ended_at)
    return [item for item in backfill.items if item.done_at <= until]


def backfill_progress(
    backfill: BackfillRecord, now: datetime
) -> ReplicationBackfillProgress | None:
    """Return the progress; None while the backfill prepares, or if it was stopped then."""
    if min(now, backfill.ended_at) < backfill.prepared_at:
        return None
    settled = settled_items(backfill, now)
    failures = [item.failure_code for item in settled if item.failure_code is not None]
    return ReplicationBackfillProgress(
        total_replication_count=len(backfill.items),
        completed_replication_count=len(settled) - len(failures),
        failed_replication_count=len(failures),
        failure_codes=list(dict.fromkeys(failures)),
    )


def stop_backfill(backfill: BackfillRecord, now: datetime) -> None:
    """Stop the backfill now, or at the end of the replication in progress."""
    under_way = [item.done_at for item in backfill.items if item.done_at > now]
    backfill.is_stopped, backfill.failure_code = True, None
    backfill.ended_at = now if now < backfill.prepared_at else min(under_way)


def fail_repository(registry: Registry, repository_name: str) -> None:
    """Fail the pending items of a repository that was deleted."""
    now = registry.clock()
    for backfill in registry.backfills.values():
        if now >= backfill.ended_at:
            continue
        for item in backfill.items:
            if item.repository_name == repository_name and item.done_at > now:
                item.failure_code = _NO_REPOSITORY
        if not backfill.is_stopped:
            _settle(backfill)


def _item(
    registry: Registry,
    repository: RepositoryRecord,
    image: ImageRecord,
    tag: str | None,
    destination: tuple[str, str],
) -> BackfillItem:
    """Return the item of an image and a tag; an index fails if any of its images does."""
    code = failure_code(registry, repository, image, tag, destination)
    sub_codes = _sub_image_codes(registry, repository, image, destination)
    return BackfillItem(
        repository_name=repository.name,
        digest=image.digest,
        tag=tag,
        done_at=registry.clock(),
        failure_code=code or next(iter(sub_codes or ()), None),
        sub_image_failure_codes=sub_codes,
    )


def _sub_image_codes(
    registry: Registry,
    repository: RepositoryRecord,
    image: ImageRecord,
    destination: tuple[str, str],
) -> list[str] | None:
    if not image.references:
        return None
    listed = [repository.images[digest] for digest in sorted(image.references)]
    codes = [failure_code(registry, repository, one, None, destination) for one in listed]
    return list(dict.fromkeys(code for code in codes if code is not None))


def _settle(backfill: BackfillRecord) -> None:
    """Set when the backfill ends: with its last item, or when too many items have failed."""
    backfill.failure_code, failed = None, 0
    for number, item in enumerate(backfill.items, start=1):
        backfill.ended_at = item.done_at
        failed += item.failure_code is not None
        if number >= _FEWEST_ENDED and 2 * failed >= number:
            backfill.failure_code = _TOO_MANY_FAILURES
            return

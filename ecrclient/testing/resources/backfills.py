"""The operations on replication backfills."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ecrclient.errors import (
    LimitExceededException,
    ReplicationBackfillInProgressException,
    ReplicationBackfillInvalidStatusException,
    ReplicationBackfillNotFoundException,
    ValidationException,
)
from ecrclient.models import (
    DescribeReplicationBackfillResultsRequest,
    DescribeReplicationBackfillResultsResponse,
    ListReplicationBackfillsRequest,
    ListReplicationBackfillsResponse,
    ReplicationBackfillResult,
    ReplicationBackfillSummary,
    ReplicationDestination,
    StartReplicationBackfillRequest,
    StartReplicationBackfillResponse,
    StopReplicationBackfillRequest,
    StopReplicationBackfillResponse,
)
from ecrclient.operations import (
    DESCRIBE_REPLICATION_BACKFILL_RESULTS,
    LIST_REPLICATION_BACKFILLS,
    START_REPLICATION_BACKFILL,
    STOP_REPLICATION_BACKFILL,
)

from ..errors import access_denied, refuse
from .backfill_states import (
    backfill_progress,
    backfill_status,
    plan_backfill,
    settled_items,
    stop_backfill,
)
from .image_ids import identify

if TYPE_CHECKING:
    from ..background import BackfillItem, BackfillRecord
    from ..dispatch import Handlers
    from ..store import Registry
    from .pages import Pages

__all__ = ["Backfills"]

_MOST_IN_PROGRESS = 10
_LISTED_FOR = timedelta(days=90)
_PAGE_SIZE = 25
_STOPPABLE = frozenset({"PREPARING", "IN_PROGRESS"})


class Backfills:
    """Start-, Stop-, List- and DescribeReplicationBackfill."""

    def __init__(self, registry: Registry, pages: Pages) -> None:
        self._registry = registry
        self._pages = pages

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(START_REPLICATION_BACKFILL, self.start)
        handlers.on(STOP_REPLICATION_BACKFILL, self.stop)
        handlers.on(LIST_REPLICATION_BACKFILLS, self.list_backfills)
        handlers.on(DESCRIBE_REPLICATION_BACKFILL_RESULTS, self.describe)

    def start(self, request: StartReplicationBackfillRequest) -> StartReplicationBackfillResponse:
        """Replicate the existing images to a destination of the replication configuration."""
        registry = self._registry
        self._check_registry("StartReplicationBackfill", request.registry_id)
        to = request.destination
        destination = (to.region, to.registry_id)
        configured = (one for rule in registry.replication.rules for one in rule.destinations)
        if destination not in [(one.region, one.registry_id) for one in configured]:
            raise refuse(
                ValidationException,
                f"The destination with region '{to.region}' and registry id '{to.registry_id}' is "
                "not in the replication configuration of the registry with id "
                f"'{registry.account_id}'",
            )
        self._check_running(to.region)
        backfill = plan_backfill(registry, destination)
        registry.backfills[backfill.id] = backfill
        return StartReplicationBackfillResponse(
            registry_id=registry.account_id,
            replication_backfill_id=backfill.id,
            destination=to,
            status="PREPARING",
            started_at=backfill.started_at,
        )

    def stop(self, request: StopReplicationBackfillRequest) -> StopReplicationBackfillResponse:
        """Stop a backfill; completed replications are not undone."""
        self._check_registry("StopReplicationBackfill", request.registry_id)
        backfill = self._backfill(request.replication_backfill_id)
        now = self._registry.clock()
        status = backfill_status(backfill, now)
        if status not in _STOPPABLE:
            raise refuse(
                ReplicationBackfillInvalidStatusException,
                f"The replication backfill with id '{backfill.id}' cannot be stopped: its status "
                f"is {status}",
            )
        stop_backfill(backfill, now)
        return StopReplicationBackfillResponse(
            registry_id=self._registry.account_id,
            replication_backfill_id=backfill.id,
            destination=_destination(backfill),
            status=backfill_status(backfill, now),
            started_at=backfill.started_at,
        )

    def list_backfills(
        self, request: ListReplicationBackfillsRequest
    ) -> ListReplicationBackfillsResponse:
        """Return the backfills in progress and those that ended within the last 90 days."""
        self._check_registry("ListReplicationBackfills", request.registry_id)
        page, next_token = self._pages.cut(
            request, self._listed().values(), key=_sort_key, default_size=_PAGE_SIZE
        )
        return ListReplicationBackfillsResponse(
            registry_id=self._registry.account_id,
            backfills=list(map(self._summarise, page)),
            next_token=next_token,
        )

    def describe(
        self, request: DescribeReplicationBackfillResultsRequest
    ) -> DescribeReplicationBackfillResultsResponse:
        """Return the status, the progress and the results of a backfill."""
        self._check_registry("DescribeReplicationBackfillResults", request.registry_id)
        backfill = self._backfill(request.replication_backfill_id)
        now = self._registry.clock()
        has_ended = now >= backfill.ended_at
        results = [_result(item) for item in settled_items(backfill, now)] if has_ended else []
        wanted = request.result_status_filter
        page, next_token = self._pages.cut(
            request,
            [one for one in results if wanted in (None, one.status)],
            key=_result_key,
        )
        summary = self._summarise(backfill)
        return DescribeReplicationBackfillResultsResponse(
            registry_id=self._registry.account_id,
            replication_backfill_id=backfill.id,
            destination=summary.destination,
            status=summary.status,
            failure_code=summary.failure_code,
            progress=summary.progress,
            results=page,
            started_at=summary.started_at,
            ended_at=summary.ended_at,
            next_token=next_token,
        )

    def _summarise(self, backfill: BackfillRecord) -> ReplicationBackfillSummary:
        now = self._registry.clock()
        has_ended = now >= backfill.ended_at
        return ReplicationBackfillSummary(
            replication_backfill_id=backfill.id,
            destination=_destination(backfill),
            status=backfill_status(backfill, now),
            failure_code=backfill.failure_code if has_ended else None,
            progress=backfill_progress(backfill, now),
            started_at=backfill.started_at,
            ended_at=backfill.ended_at if has_ended else None,
        )

    def _check_registry(self, action: str, registry_id: str | None) -> None:
        if not self._registry.owns(registry_id):
            raise access_denied(action, registry_id)

    def _check_running(self, region: str) -> None:
        now = self._registry.clock()
        running = [one for one in self._registry.backfills.values() if now < one.ended_at]
        if region in [one.region for one in running]:
            raise refuse(
                ReplicationBackfillInProgressException,
                f"A replication backfill to the region '{region}' is already in progress",
            )
        if len(running) >= _MOST_IN_PROGRESS:
            raise refuse(
                LimitExceededException,
                f"A registry can have at most {_MOST_IN_PROGRESS} replication backfills in "
                "progress",
            )

    def _backfill(self, backfill_id: str) -> BackfillRecord:
        backfill = self._listed().get(backfill_id.lower())
        if backfill is None:
            raise refuse(
                ReplicationBackfillNotFoundException,
                f"The replication backfill with id '{backfill_id}' does not exist in the registry "
                f"with id '{self._registry.account_id}'",
            )
        return backfill

    def _listed(self) -> dict[str, BackfillRecord]:
        now, backfills = self._registry.clock(), self._registry.backfills
        return {key: one for key, one in backfills.items() if now - one.ended_at <= _LISTED_FOR}


def _destination(backfill: BackfillRecord) -> ReplicationDestination:
    return ReplicationDestination(region=backfill.region, registry_id=backfill.registry_id)


def _result(item: BackfillItem) -> ReplicationBackfillResult:
    result = ReplicationBackfillResult(
        repository_name=item.repository_name,
        image_id=identify(item.digest, item.tag),
        status="COMPLETE" if item.failure_code is None else "FAILED",
        failure_code=item.failure_code,
    )
    # Only the result of an index has this member.
    codes = item.sub_image_failure_codes
    return result if codes is None else result.model_copy(update={"sub_image_failure_codes": codes})


def _sort_key(backfill: BackfillRecord) -> str:
    return f"{backfill.started_at.timestamp():020.6f} {backfill.id}"


def _result_key(result: ReplicationBackfillResult) -> str:
    image_id = result.image_id
    return f"{result.repository_name} {image_id.image_digest} {image_id.image_tag or ''}"

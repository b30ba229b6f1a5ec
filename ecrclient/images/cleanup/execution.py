"""Carries out a cleanup plan: checks again what has changed, then deletes in passes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ecrclient.images.calls import RepositoryCalls
from ecrclient.images.cleanup.plan import (
    CleanupPlan,
    ImageToDelete,
    in_order,
    keep_subjects,
    reasons_to_keep,
)
from ecrclient.images.cleanup.rules import Repository, State
from ecrclient.images.concurrency import run_all
from ecrclient.images.deletion import DeletionFailure
from ecrclient.images.repository_graph import RepositoryGraph
from ecrclient.operations import BATCH_DELETE_IMAGE

__all__ = [
    "CleanupProgress",
    "CleanupReport",
    "ImageLeft",
    "OnCleanupProgress",
    "carry_out",
]

_IMAGES_PER_CALL = 100
_CONCURRENT_CALLS = 4
_GONE = "ImageNotFound"


@dataclass(frozen=True, slots=True)
class ImageLeft:
    """An image of the plan that was not deleted, because something has changed."""

    digest: str
    why: str


@dataclass(frozen=True, slots=True)
class CleanupProgress:
    """The state after a call."""

    deleted: int
    total: int
    """The images to delete, without those that have changed or are gone already."""


OnCleanupProgress: TypeAlias = Callable[[CleanupProgress], None]
"""Called in the event loop; it must not block. An exception that it raises ends the cleanup."""


@dataclass(slots=True)
class CleanupReport:
    """What a cleanup did."""

    deleted: list[str] = field(default_factory=list[str])
    """The digests of the images that were deleted, in this order."""
    already_deleted: list[str] = field(default_factory=list[str])
    """The digests of the images of the plan that were gone already."""
    left: list[ImageLeft] = field(default_factory=list[ImageLeft])
    """The images of the plan that were not deleted, because something has changed or an image that
    was not deleted needs them."""
    failed: list[DeletionFailure] = field(default_factory=list[DeletionFailure])
    """The images that ECR did not delete."""
    bytes_freed: int = 0
    """The sizes of the deleted images; an upper bound, as in `CleanupPlan`."""

    @property
    def is_complete(self) -> bool:
        """Whether no image of the plan is left."""
        return not (self.left or self.failed)


async def carry_out(
    calls: RepositoryCalls,
    graph: RepositoryGraph,
    plan: CleanupPlan,
    repository: Repository,
    on_progress: OnCleanupProgress | None,
) -> CleanupReport:
    """Delete the images of a plan that the current state of the repository allows to delete."""
    report = CleanupReport()
    going = _unchanged(graph, plan, repository, report)
    deletion = _Deletion(calls, graph, report, len(going), on_progress)
    try:
        for level in in_order(graph, going):
            await deletion.delete(level)
    except BaseException as error:
        error.add_note(f"{len(report.deleted)} of {len(going)} images had been deleted")
        raise
    return report


def _unchanged(
    graph: RepositoryGraph, plan: CleanupPlan, repository: Repository, report: CleanupReport
) -> set[str]:
    """Return the images that can still be deleted; the report gets the others."""
    planned = {item.digest: item for item in plan.delete}
    report.already_deleted = [digest for digest in planned if digest not in graph.nodes]
    state = State(
        graph,
        plan.created_at,
        repository,
        planned={digest: item.belongs_to for digest, item in planned.items()},
        deleted={digest: planned[digest].tags for digest in report.already_deleted},
    )
    # The rules are applied again as of the plan: a rule may need an image that it did not need,
    # because others are gone.
    left = reasons_to_keep(state, plan.rules)
    known = {*planned, *(item.digest for item in plan.keep)}
    for digest, item in planned.items():
        if digest in graph.nodes and (change := _change(graph, item, known)):
            left[digest] = change
            keep_subjects(graph, digest, left)
    stays = {digest for digest in graph.nodes if digest not in planned or digest in left}
    for digest, needed_by in graph.reachable(stays).items():
        if digest in planned and needed_by is not None:
            left.setdefault(digest, f"{graph.nodes[needed_by].name}, which stays, needs it")
    report.left = [ImageLeft(digest, left[digest]) for digest in planned if digest in left]
    return {digest for digest in planned if digest in graph.nodes and digest not in left}


def _change(graph: RepositoryGraph, item: ImageToDelete, known: Collection[str]) -> str | None:
    """What has changed since the plan, which knew some images, and prevents a deletion."""
    node = graph.nodes[item.digest]
    if new := [tag for tag in node.tags if tag not in item.tags]:
        return f"it got the tag {new[0]}"
    if node.pushed_at != item.pushed_at:
        return "it was pushed again"
    pull = graph.last_pull(node.digest)
    if pull is not None and (item.last_pull is None or pull > item.last_pull):
        return "it was pulled"
    if new := [digest for digest in node.referrers if digest not in known]:
        return f"{graph.nodes[new[0]].name} refers to it"
    return None


class _Deletion:
    """Deletes images pass by pass."""

    def __init__(
        self,
        calls: RepositoryCalls,
        graph: RepositoryGraph,
        report: CleanupReport,
        total: int,
        on_progress: OnCleanupProgress | None,
    ) -> None:
        self._calls = calls
        self._graph = graph
        self._report = report
        self._total = total
        self._on_progress = on_progress
        self._blocked: dict[str, str] = {}

    async def delete(self, digests: Iterable[str]) -> None:
        """Delete images that do not depend on each other."""
        ready: list[str] = []
        for digest in digests:
            if above := self._blocked.get(digest):
                self._leave(digest, f"{above}, which was not deleted, needs it")
            else:
                ready.append(digest)
        batches = [
            ready[start : start + _IMAGES_PER_CALL]
            for start in range(0, len(ready), _IMAGES_PER_CALL)
        ]
        await run_all(self._delete_batch, batches, _CONCURRENT_CALLS)

    async def _delete_batch(self, digests: Sequence[str]) -> None:
        response = await self._calls.call(
            BATCH_DELETE_IMAGE, image_ids=[{"image_digest": digest} for digest in digests]
        )
        gone = {one.image_digest for one in response.image_ids}
        failures = {failure.image_id.image_digest: failure for failure in response.failures}
        report = self._report
        for digest in digests:
            failure = failures.get(digest)
            if digest in gone:
                node = self._graph.nodes[digest]
                report.deleted.append(digest)
                report.bytes_freed += 0 if node.kind == "index" else node.size or 0
            elif failure is None:
                self._leave(digest, "the response of ECR does not mention it")
            elif failure.failure_code == _GONE:
                report.already_deleted.append(digest)
            else:
                code, reason = str(failure.failure_code), failure.failure_reason
                report.failed.append(DeletionFailure(digest, code, reason))
                self._block(digest)
        if self._on_progress is not None:
            self._on_progress(CleanupProgress(len(report.deleted), self._total))

    def _leave(self, digest: str, why: str) -> None:
        self._report.left.append(ImageLeft(digest, why))
        self._block(digest)

    def _block(self, digest: str) -> None:
        """Keep what an image needs that was not deleted."""
        for needed in self._graph.needs(digest):
            self._blocked.setdefault(needed, self._graph.nodes[digest].name)

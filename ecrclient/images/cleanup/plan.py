"""A cleanup plan: what goes, and what stays and why. A plan is data, in JSON if stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, computed_field

from ecrclient.images.cleanup.rules import CleanupRule, Repository, unresolved
from ecrclient.images.repository_graph import ImageNode, RepositoryGraph

__all__ = ["CleanupPlan", "ImageToDelete", "ImageToKeep", "make_plan"]


class _Data(BaseModel):
    # Unknown members are ignored: the file contains computed ones.
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)


class ImageToDelete(_Data):
    """An image that goes, as it was when the plan was made."""

    digest: str
    tags: tuple[str, ...] = ()
    kind: Literal["index", "image", "artifact", "unknown"]
    size: int | None = None
    """Bytes, as DescribeImages reports them; None if it does not."""
    pushed_at: AwareDatetime | None = None
    last_pull: AwareDatetime | None = None
    """For an index, the last pull of its children; None if there was none."""
    why: str
    """The reason for people."""


class ImageToKeep(_Data):
    """An image that stays."""

    digest: str
    tags: tuple[str, ...] = ()
    why: str
    """The rule, or the image that needs it."""


class CleanupPlan(_Data):
    """What `images.Images.clean_up` deletes: these images and nothing else.

    ``plan.model_dump_json(indent=2)`` stores a plan, and ``CleanupPlan.model_validate_json(text)``
    reads it.
    """

    version: Literal[1] = 1
    repository_arn: str
    """The repository; the plan is refused for another one."""
    created_at: AwareDatetime
    rules: tuple[CleanupRule, ...]
    delete: tuple[ImageToDelete, ...]
    """Indexes come before their children, and images before what belongs to them."""
    keep: tuple[ImageToKeep, ...]
    unresolved: tuple[str, ...] = ()
    """Images in use, by the URIs in `KeepReferenced`, that the repository does not have."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def bytes_freed(self) -> int:
        """The sizes of the images that go, as ECR reports them.

        It is an upper bound: layers that images have in common count for each of them, and stay if
        an image that is kept has them.
        """
        return sum(item.size or 0 for item in self.delete if item.kind != "index")


def make_plan(
    graph: RepositoryGraph, rules: Sequence[CleanupRule], now: datetime, repository: Repository
) -> CleanupPlan:
    """Apply rules to a repository."""
    why = reasons_to_keep(graph, rules, now, repository)
    going = {digest for digest in graph.nodes if digest not in why}
    return CleanupPlan(
        repository_arn=repository.arn,
        created_at=now,
        rules=tuple(rules),
        delete=tuple(
            _to_delete(graph, graph.nodes[digest])
            for level in in_order(graph, going)
            for digest in level
        ),
        keep=tuple(
            ImageToKeep(digest=digest, tags=graph.nodes[digest].tags, why=why[digest])
            for digest in sorted(why)
        ),
        unresolved=tuple(
            dict.fromkeys(text for rule in rules for text in unresolved(rule, graph, repository))
        ),
    )


def reasons_to_keep(
    graph: RepositoryGraph, rules: Sequence[CleanupRule], now: datetime, repository: Repository
) -> dict[str, str]:
    """Return the digests of the images that stay, and why."""
    why: dict[str, str] = {}
    for node in graph.nodes.values():
        if node.status not in {None, "ACTIVE"}:
            why[node.digest] = f"its status is {node.status}"
        elif not node.is_read:
            why[node.digest] = "ECR did not return its manifest"
        elif graph.unread and not (node.tags or node.parents or node.subject):
            # Deleting a child of an index fails.
            why[node.digest] = f"it may belong to the index {graph.unread[0]}, which was not read"
    for rule in rules:
        for digest, reason in rule.kept(graph, now, repository):
            why.setdefault(digest, reason)
    for digest, needed_by in graph.reachable(why).items():
        if needed_by is not None:
            relation = "child" if digest in graph.nodes[needed_by].children else "referrer"
            why.setdefault(digest, f"{relation} of {graph.nodes[needed_by].name}")
    return why


def in_order(graph: RepositoryGraph, going: Iterable[str]) -> list[list[str]]:
    """Return images in passes in which ECR accepts their deletion.

    An index comes before its children, because ECR refuses to delete a child of an index, and an
    image before what belongs to it, so that an image whose deletion fails keeps its signatures.
    """
    levels: dict[str, int] = {}
    above: dict[str, list[str]] = {}
    for digest in going:
        node = graph.nodes[digest]
        subject = () if node.subject is None else (node.subject,)
        above[digest] = [one for one in (*node.parents, *subject) if one in graph.nodes]
    for digest in sorted(above):
        _set_level(digest, above, levels)
    passes: list[list[str]] = [[] for _ in range(max(levels.values(), default=-1) + 1)]
    for digest in sorted(levels):
        passes[levels[digest]].append(digest)
    return passes


def _set_level(digest: str, above: dict[str, list[str]], levels: dict[str, int]) -> None:
    """Set how many images must go before an image, at most; without recursion."""
    pending, under_way = [digest], set[str]()
    while pending:
        current = pending[-1]
        # Tags of cosign can make a cycle, which is cut.
        open_ones = [
            one
            for one in above[current]
            if one in above and one not in levels and one not in under_way
        ]
        if open_ones and current not in levels:
            under_way.add(current)
            pending += open_ones
            continue
        pending.pop()
        under_way.discard(current)
        highest = (levels[one] for one in above[current] if one in levels)
        levels.setdefault(current, max(highest, default=-1) + 1)


def _to_delete(graph: RepositoryGraph, node: ImageNode) -> ImageToDelete:
    why = "no rule keeps it"
    if node.subject is not None:
        gone = "goes" if node.subject in graph.nodes else "is not in the repository"
        why = f"no rule keeps it, and its subject {node.subject} {gone}"
    return ImageToDelete(
        digest=node.digest,
        tags=node.tags,
        kind=node.kind,
        size=node.size,
        pushed_at=node.pushed_at,
        last_pull=graph.last_pull(node.digest),
        why=why,
    )

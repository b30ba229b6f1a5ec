"""A cleanup plan: what goes, and what stays and why. A plan is data, in JSON if stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, computed_field

from ecrclient.images.cleanup.rules import CleanupRule, State, unresolved
from ecrclient.images.repository_graph import ImageNode, RepositoryGraph

__all__ = [
    "CleanupPlan",
    "ImageToDelete",
    "ImageToKeep",
    "in_order",
    "keep_subjects",
    "make_plan",
    "reasons_to_keep",
]


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
    belongs_to: tuple[str, ...] = ()
    """The indexes that list it and, for an artifact, its ``subject``."""
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
    fingerprint: str | None = None
    """The state of the repository, see `RepositoryGraph.fingerprint`."""
    created_at: AwareDatetime
    rules: tuple[CleanupRule, ...]
    delete: tuple[ImageToDelete, ...]
    """Indexes come before their children, and images before what belongs to them."""
    keep: tuple[ImageToKeep, ...]
    unresolved: tuple[str, ...] = ()
    """Images in use, by the URIs in `KeepReferenced`, that the repository does not have."""

    @property
    def repository_name(self) -> str:
        """The name of the repository."""
        return self.repository_arn.partition(":repository/")[2]

    @property
    def registry_id(self) -> str:
        """The account of the registry."""
        return self.repository_arn.split(":")[4]

    @property
    def region(self) -> str:
        """The AWS Region of the repository."""
        return self.repository_arn.split(":")[3]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def bytes_freed(self) -> int:
        """The sizes of the images that go, as ECR reports them.

        It is an upper bound: layers that images have in common count for each of them, and stay if
        an image that is kept has them.
        """
        return sum(item.size or 0 for item in self.delete if item.kind != "index")


def make_plan(state: State, rules: Sequence[CleanupRule]) -> CleanupPlan:
    """Apply rules to a repository."""
    graph = state.graph
    why = reasons_to_keep(state, rules)
    going = {digest for digest in graph.nodes if digest not in why}
    return CleanupPlan(
        repository_arn=state.repository.arn,
        fingerprint=graph.fingerprint,
        created_at=state.now,
        rules=tuple(rules),
        delete=tuple(
            _to_delete(state, graph.nodes[digest])
            for level in in_order(graph, going)
            for digest in level
        ),
        keep=tuple(
            ImageToKeep(digest=digest, tags=graph.nodes[digest].tags, why=why[digest])
            for digest in sorted(why)
        ),
        unresolved=tuple(dict.fromkeys(text for rule in rules for text in unresolved(rule, state))),
    )


def reasons_to_keep(state: State, rules: Sequence[CleanupRule]) -> dict[str, str]:
    """Return the digests of the images that stay, and why."""
    graph = state.graph
    why: dict[str, str] = {}
    for node in graph.nodes.values():
        if node.status not in {None, "ACTIVE"}:
            why[node.digest] = f"its status is {node.status}"
        elif not node.is_read:
            why[node.digest] = "its manifest could not be read"
        elif graph.unread and not (node.tags or node.parents or node.subjects):
            # Deleting a child of an index fails.
            why[node.digest] = f"it may belong to the index {graph.unread[0]}, which was not read"
    for rule in rules:
        for digest, reason in rule.kept(state):
            why.setdefault(digest, reason)
            keep_subjects(graph, digest, why)
    for digest, needed_by in graph.reachable(why).items():
        if needed_by is not None:
            relation = "child" if digest in graph.nodes[needed_by].children else "referrer"
            why.setdefault(digest, f"{relation} of {graph.nodes[needed_by].name}")
    return why


def keep_subjects(graph: RepositoryGraph, digest: str, why: dict[str, str]) -> None:
    """Keep what a referrer belongs to: a signature that is in use is worth nothing without it."""
    pending = [digest]
    while pending:
        referrer = graph.nodes[pending.pop()]
        for subject in referrer.subjects:
            if subject in graph.nodes and subject not in why:
                why[subject] = f"subject of {referrer.name}"
                pending.append(subject)


def in_order(graph: RepositoryGraph, going: Iterable[str]) -> list[list[str]]:
    """Return images in passes in which ECR accepts their deletion.

    An index comes before its children, because ECR refuses to delete a child of an index, and an
    image before what belongs to it, so that an image whose deletion fails keeps its signatures.
    """
    remaining = set(going)
    passes: list[list[str]] = []
    while remaining:
        free = [one for one in remaining if remaining.isdisjoint(graph.nodes[one].parents)]
        # Tags of cosign can make a cycle of subjects; parents cannot make one.
        first = [one for one in free if remaining.isdisjoint(graph.nodes[one].subjects)] or free
        passes.append(sorted(first))
        remaining.difference_update(first)
    return passes


def _to_delete(state: State, node: ImageNode) -> ImageToDelete:
    graph = state.graph
    why = "no rule keeps it"
    if node.subject is not None:
        present = next((one for one in node.subjects if one in graph.nodes), None)
        if present is None:
            why = f"no rule keeps it, and its subject {node.subject} is not in the repository"
        else:
            why = f"no rule keeps it, and its subject {present} goes"
    return ImageToDelete(
        digest=node.digest,
        tags=node.tags,
        kind=node.kind,
        size=node.size,
        pushed_at=node.pushed_at,
        last_pull=graph.last_pull(node.digest),
        belongs_to=tuple(sorted(state.belongs_to(node.digest))),
        why=why,
    )

"""The rules of a cleanup: each keeps some images. What no rule keeps, and nothing needs, goes.

Rules are data. In JSON, ``rule`` names the class::

    {"rule": "KeepNewest", "n": 10, "of": "v*"}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.dataclasses import dataclass as validated

from ecrclient._wildcards import matches
from ecrclient.images.digests import is_digest, is_referrers_tag, is_tag
from ecrclient.images.repository_graph import RepositoryGraph
from ecrclient.references import ImageReference, ImageReferenceError

__all__ = [
    "CleanupRule",
    "KeepNewest",
    "KeepPulledWithin",
    "KeepReferenced",
    "KeepTagged",
    "Repository",
    "SpareYoungerThan",
    "State",
    "keeps_nothing",
    "unresolved",
]

_UNKNOWN_PUSH = "ECR did not send when it was pushed"
_UNKNOWN_PULL = "ECR did not send when it was pulled"
_REFERRERS = ("sha256-", "sha512-")
_Text = Annotated[str, StringConstraints(min_length=1)]
_Texts = Annotated[Sequence[_Text], AfterValidator(tuple)]


@dataclass(frozen=True)
class Repository:
    """The repository that a rule is applied to, to compare image URIs with."""

    arn: str
    uri: str

    def reference_in(self, text: str) -> str | None:
        """Return the tag or digest of an image URI; None: it is of another repository."""
        if is_digest(text) or is_tag(text):
            return text
        _, _, _, region, account, resource = self.arn.split(":", 5)
        try:
            found = ImageReference.parse(text)
        except ImageReferenceError:
            return self._by_uri(text)
        registry = found.registry
        if (registry.account_id, registry.region) != (account, region):
            return None
        if found.repository_name != resource.removeprefix("repository/"):
            return None
        return found.digest or found.tag or "latest"

    def _by_uri(self, text: str) -> str | None:
        """Compare with the URI that ECR sent, for endpoints with other hosts."""
        name, _, digest = text.partition("@")
        tag = name.removeprefix(self.uri)
        if not name.startswith(self.uri) or (tag and not tag.startswith(":")):
            return None
        if digest:
            return digest if is_digest(digest) else None
        return tag[1:] or "latest"


@dataclass(frozen=True)
class State:
    """What rules are applied to.

    While a plan is carried out, its images still belong to those that have been deleted already, so
    that an interrupted cleanup has the same result when it is run again.
    """

    graph: RepositoryGraph
    now: datetime
    """The time from which ages are counted."""
    repository: Repository
    planned: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """The images of the plan, and what they belonged to when it was made."""
    deleted: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """The images of the plan that are gone, and their tags."""

    def is_root(self, digest: str) -> bool:
        """Whether an image belongs to no other one in the repository."""
        return digest not in self.planned and self.graph.is_root(digest)

    def belongs_to(self, digest: str) -> set[str]:
        """Return the indexes that list an image, and the ``subject`` if it is an artifact."""
        node = self.graph.nodes[digest]
        found = {*node.parents, *self.planned.get(digest, ())}
        if node.kind == "artifact" and node.subject is not None:
            found.add(node.subject)
        return found

    def with_tag(self, pattern: str) -> set[str]:
        """Return the images with a tag that matches, and those of the plan that are gone.

        The tags of signatures belong to other images, and match only patterns that are made for
        them.
        """
        return {
            digest
            for digest, tags in (
                *((digest, node.tags) for digest, node in self.graph.nodes.items()),
                *self.deleted.items(),
            )
            if _has_tag(tags, pattern)
        }


_CONFIG = ConfigDict(extra="forbid")


@validated(frozen=True, config=_CONFIG)
class KeepNewest:
    """Keep the most recently pushed images among those with a tag that matches a pattern.

    An image does not count if an index that lists it matches too, or if it is an artifact whose
    subject does: it stays or goes with that one. With the tags ``v1``, ``v1-amd64`` and
    ``v1-arm64``, only the index ``v1`` counts. Images with equal push times are ordered by digest.
    An image whose push time ECR did not send is kept.
    """

    n: Annotated[int, Field(ge=0, strict=True)]
    """The number of images to keep."""
    of: _Text = "*"
    """The pattern, in which ``*`` matches any characters."""
    rule: Literal["KeepNewest"] = field(default="KeepNewest", kw_only=True)

    def __str__(self) -> str:
        return f"KeepNewest({self.n}, of={self.of!r})"

    def kept(self, state: State) -> _Kept:
        """Yield the digests that the rule keeps, and why."""
        matching = state.with_tag(self.of)
        known: list[tuple[datetime, str]] = []
        for digest in matching - state.deleted.keys():
            pushed_at = state.graph.nodes[digest].pushed_at
            if pushed_at is None:
                yield digest, _UNKNOWN_PUSH
            elif matching.isdisjoint(state.belongs_to(digest)):
                known.append((pushed_at, digest))
        known.sort(reverse=True)
        for _, digest in known[: self.n]:
            yield digest, str(self)


@validated(frozen=True, config=_CONFIG)
class KeepTagged:
    """Keep the images with a tag that matches one of some patterns."""

    patterns: Annotated[_Texts, Field(min_length=1)]
    """Patterns, in which ``*`` matches any characters. Only a pattern that begins with ``sha256-``
    matches the tags of cosign, as for a repository that has nothing but signatures."""
    rule: Literal["KeepTagged"] = field(default="KeepTagged", kw_only=True)

    def __str__(self) -> str:
        return f"KeepTagged({', '.join(map(repr, self.patterns))})"

    def kept(self, state: State) -> _Kept:
        """Yield the digests that the rule keeps, and why."""
        for node in state.graph.nodes.values():
            if any(_has_tag(node.tags, pattern) for pattern in self.patterns):
                yield node.digest, str(self)


@validated(frozen=True, config=_CONFIG)
class KeepPulledWithin:
    """Keep the images that were pulled or pushed within a number of days.

    For an index, the pulls of its children count: reading the graph of a repository reads the
    manifests of indexes, which ECR may record as a pull.
    """

    days: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    never_pulled: Literal["keep", "by push time"] = field(default="keep", kw_only=True)
    """What happens to an image of which ECR sent no pull. ``keep``: it stays, unless an index that
    goes lists it, or it belongs to an image that goes. ``by push time``: the push counts, as in
    lifecycle policies."""
    rule: Literal["KeepPulledWithin"] = field(default="KeepPulledWithin", kw_only=True)

    def __str__(self) -> str:
        return f"KeepPulledWithin({self.days:g})"

    def kept(self, state: State) -> _Kept:
        """Yield the digests that the rule keeps, and why."""
        limit = state.now - timedelta(days=self.days)
        for node in state.graph.nodes.values():
            pull = state.graph.last_pull(node.digest)
            if pull is not None and pull >= limit:
                yield node.digest, str(self)
            elif node.pushed_at is None:
                yield node.digest, _UNKNOWN_PUSH
            elif node.pushed_at >= limit:
                yield node.digest, str(self)
            elif pull is None and self.never_pulled == "keep" and state.is_root(node.digest):
                yield node.digest, _UNKNOWN_PULL


@validated(frozen=True, config=_CONFIG)
class KeepReferenced:
    """Keep the images that are in use somewhere, such as in task definitions.

    `images_in_task_definitions` and its siblings collect them.
    """

    by: _Texts
    """Image URIs with a tag or a digest, digests, and tags. URIs of other repositories are ignored.
    A text without ``/`` and ``:`` is a tag."""
    rule: Literal["KeepReferenced"] = field(default="KeepReferenced", kw_only=True)

    def __str__(self) -> str:
        return f"KeepReferenced({len(self.by)} images)"

    def kept(self, state: State) -> _Kept:
        """Yield the digests that the rule keeps, and why."""
        for text in self.by:
            reference = state.repository.reference_in(text)
            digest = state.graph.tags.get(reference, reference) if reference else ""
            if digest in state.graph.nodes:
                yield digest, f"in use as {text}"


@validated(frozen=True, config=_CONFIG)
class SpareYoungerThan:
    """Keep everything that was pushed within a number of hours, such as a push in progress."""

    hours: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    rule: Literal["SpareYoungerThan"] = field(default="SpareYoungerThan", kw_only=True)

    def __str__(self) -> str:
        return f"SpareYoungerThan({self.hours:g})"

    def kept(self, state: State) -> _Kept:
        """Yield the digests that the rule keeps, and why."""
        limit = state.now - timedelta(hours=self.hours)
        for node in state.graph.nodes.values():
            if node.pushed_at is None:
                yield node.digest, _UNKNOWN_PUSH
            elif node.pushed_at >= limit:
                yield node.digest, str(self)


_Kept: TypeAlias = Iterator[tuple[str, str]]
"""Digests, and why they are kept."""

CleanupRule: TypeAlias = Annotated[
    KeepNewest | KeepTagged | KeepPulledWithin | KeepReferenced | SpareYoungerThan,
    Field(discriminator="rule"),
]


def unresolved(rule: CleanupRule, state: State) -> Iterator[str]:
    """Yield the URIs in a rule that are of the repository, but name no image in it."""
    for text in rule.by if isinstance(rule, KeepReferenced) else ():
        reference = None if is_digest(text) else state.repository.reference_in(text)
        graph = state.graph
        if reference is not None and graph.tags.get(reference, reference) not in graph.nodes:
            yield text


def keeps_nothing(rule: CleanupRule) -> bool:
    """Whether a rule keeps nothing in any repository."""
    if isinstance(rule, KeepReferenced):
        return not rule.by
    return isinstance(rule, KeepNewest) and rule.n == 0


def _has_tag(tags: Iterable[str], pattern: str) -> bool:
    is_for_referrers = pattern.startswith(_REFERRERS)
    return any(
        matches(pattern, tag) for tag in tags if is_for_referrers or not is_referrers_tag(tag)
    )

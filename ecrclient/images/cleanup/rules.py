"""The rules of a cleanup: each keeps some images. What no rule keeps, and nothing needs, goes.

Rules are data. In JSON, ``rule`` names the class::

    {"rule": "KeepNewest", "n": 10, "of": "v*"}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.dataclasses import dataclass as validated

from ecrclient._wildcards import matches
from ecrclient.images.digests import is_digest, is_referrers_tag
from ecrclient.images.repository_graph import ImageNode, RepositoryGraph
from ecrclient.references import ImageReference, ImageReferenceError

__all__ = [
    "CleanupRule",
    "KeepNewest",
    "KeepPulledWithin",
    "KeepReferenced",
    "KeepTagged",
    "Repository",
    "SpareYoungerThan",
    "unresolved",
]

_UNKNOWN_PUSH = "ECR did not send when it was pushed"
_Text = Annotated[str, StringConstraints(min_length=1)]
_Texts = Annotated[Sequence[_Text], AfterValidator(tuple)]


@dataclass(frozen=True)
class Repository:
    """The repository that a rule is applied to, to compare image URIs with."""

    arn: str
    uri: str

    def reference_in(self, text: str) -> str | None:
        """Return the tag or digest of an image URI; None: it is of another repository."""
        if is_digest(text):
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


_CONFIG = ConfigDict(extra="forbid")


@validated(frozen=True, config=_CONFIG)
class KeepNewest:
    """Keep the most recently pushed images among those with a tag that matches a pattern.

    Images with equal push times are ordered by digest. An image whose push time ECR did not send is
    kept.
    """

    n: Annotated[int, Field(ge=0, strict=True)]
    """The number of images to keep."""
    of: _Text = "*"
    """The pattern, in which ``*`` matches any characters."""
    rule: Literal["KeepNewest"] = field(default="KeepNewest", kw_only=True)

    def __str__(self) -> str:
        return f"KeepNewest({self.n}, of={self.of!r})"

    def kept(self, graph: RepositoryGraph, now: datetime, repository: Repository) -> _Kept:  # noqa: ARG002
        """Yield the digests that the rule keeps, and why."""
        known: list[tuple[datetime, str]] = []
        for node in graph.nodes.values():
            if _has_tag(node, self.of):
                if node.pushed_at is None:
                    yield node.digest, _UNKNOWN_PUSH
                else:
                    known.append((node.pushed_at, node.digest))
        known.sort(reverse=True)
        for _, digest in known[: self.n]:
            yield digest, str(self)


@validated(frozen=True, config=_CONFIG)
class KeepTagged:
    """Keep the images with a tag that matches one of some patterns."""

    patterns: Annotated[_Texts, Field(min_length=1)]
    """Patterns, in which ``*`` matches any characters."""
    rule: Literal["KeepTagged"] = field(default="KeepTagged", kw_only=True)

    def __str__(self) -> str:
        return f"KeepTagged({', '.join(map(repr, self.patterns))})"

    def kept(self, graph: RepositoryGraph, now: datetime, repository: Repository) -> _Kept:  # noqa: ARG002
        """Yield the digests that the rule keeps, and why."""
        for node in graph.nodes.values():
            if any(_has_tag(node, pattern) for pattern in self.patterns):
                yield node.digest, str(self)


@validated(frozen=True, config=_CONFIG)
class KeepPulledWithin:
    """Keep the images that were pulled or pushed within a number of days.

    For an index, the pulls of its children count: reading the graph of a repository reads the
    manifests of indexes, which ECR may record as a pull.
    """

    days: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    rule: Literal["KeepPulledWithin"] = field(default="KeepPulledWithin", kw_only=True)

    def __str__(self) -> str:
        return f"KeepPulledWithin({self.days:g})"

    def kept(self, graph: RepositoryGraph, now: datetime, repository: Repository) -> _Kept:  # noqa: ARG002
        """Yield the digests that the rule keeps, and why."""
        limit = now - timedelta(days=self.days)
        for node in graph.nodes.values():
            pull = graph.last_pull(node.digest)
            if pull is not None and pull >= limit:
                yield node.digest, str(self)
            elif node.pushed_at is None:
                yield node.digest, _UNKNOWN_PUSH
            elif node.pushed_at >= limit:
                yield node.digest, str(self)


@validated(frozen=True, config=_CONFIG)
class KeepReferenced:
    """Keep the images that are in use somewhere, such as in task definitions.

    `images_in_task_definitions` and its siblings collect them.
    """

    by: _Texts
    """Digests, and image URIs with a tag or a digest. URIs of other repositories are ignored."""
    rule: Literal["KeepReferenced"] = field(default="KeepReferenced", kw_only=True)

    def __str__(self) -> str:
        return f"KeepReferenced({len(self.by)} images)"

    def kept(self, graph: RepositoryGraph, now: datetime, repository: Repository) -> _Kept:  # noqa: ARG002
        """Yield the digests that the rule keeps, and why."""
        for text in self.by:
            reference = repository.reference_in(text)
            digest = graph.tags.get(reference, reference) if reference else ""
            if digest in graph.nodes:
                yield digest, f"in use as {text}"


@validated(frozen=True, config=_CONFIG)
class SpareYoungerThan:
    """Keep everything that was pushed within a number of hours, such as a push in progress."""

    hours: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    rule: Literal["SpareYoungerThan"] = field(default="SpareYoungerThan", kw_only=True)

    def __str__(self) -> str:
        return f"SpareYoungerThan({self.hours:g})"

    def kept(self, graph: RepositoryGraph, now: datetime, repository: Repository) -> _Kept:  # noqa: ARG002
        """Yield the digests that the rule keeps, and why."""
        limit = now - timedelta(hours=self.hours)
        for node in graph.nodes.values():
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


def unresolved(rule: CleanupRule, graph: RepositoryGraph, repository: Repository) -> Iterator[str]:
    """Yield the URIs in a rule that are of the repository, but name no image in it."""
    for text in rule.by if isinstance(rule, KeepReferenced) else ():
        reference = None if is_digest(text) else repository.reference_in(text)
        if reference is not None and graph.tags.get(reference, reference) not in graph.nodes:
            yield text


def _has_tag(node: ImageNode, pattern: str) -> bool:
    """Whether a tag matches; the tags of signatures belong to other images and do not count."""
    return any(matches(pattern, tag) for tag in node.tags if not is_referrers_tag(tag))

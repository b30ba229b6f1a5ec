"""The graph of a repository: tags, indexes and their children, subjects and their referrers.

It is read with the fewest calls: DescribeImages in pages of 1,000, and BatchGetImage for the
manifests of indexes only, 100 in a call. The manifests of images are never fetched, because ECR may
record that as a pull; it may record it for indexes.

Sources: "Image Index" and "subject" in the OCI Image Format Specification 1.1; cosign's tags, which
are made of the digest of the image that they belong to; "ImageDetail" in the Amazon ECR API
Reference for sizes and times.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ecrclient.images.calls import RepositoryCalls
from ecrclient.images.concurrency import run_all
from ecrclient.images.digests import subject_of_tag
from ecrclient.images.errors import ManifestError
from ecrclient.images.manifests import (
    ACCEPTED_MEDIA_TYPES,
    DOCKER_LIST,
    OCI_INDEX,
    ImageIndex,
    parse_manifest,
)
from ecrclient.operations import BATCH_GET_IMAGE, DESCRIBE_IMAGES

if TYPE_CHECKING:
    from ecrclient.models import Image, ImageDetail

__all__ = ["ImageNode", "ImageSizes", "RepositoryGraph", "read_repository_graph"]

Kind: TypeAlias = Literal["index", "image", "artifact", "unknown"]

_IMAGES_PER_PAGE = 1000
_MANIFESTS_PER_CALL = 100
_CONCURRENT_CALLS = 8
_INDEXES = frozenset({OCI_INDEX, DOCKER_LIST})
_IMAGE_CONFIGS = frozenset(
    {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageNode:
    """An image, an index or an artifact of a repository. What ECR did not send is None."""

    digest: str
    tags: tuple[str, ...] = ()
    kind: Kind = "unknown"
    """``artifact``: it has a subject, or ECR describes it as something else than an image, such as
    a Helm chart. ``unknown``: ECR did not send the media type."""
    media_type: str | None = None
    artifact_type: str | None = None
    size: int | None = None
    """Bytes, as DescribeImages reports them: the compressed layers. Layers that images have in
    common count for each of them."""
    pushed_at: datetime | None = None
    pulled_at: datetime | None = None
    """The last recorded pull. ECR sends none if the image was never pulled, and may record a pull
    up to a day late."""
    status: str | None = None
    """``ACTIVE``, ``ARCHIVED`` or ``ACTIVATING``."""
    subject: str | None = None
    """The digest of the image that this one belongs to, by its ``subject`` or by cosign's tag. It
    need not be in the repository."""
    children: tuple[str, ...] = ()
    """The digests that an index lists; they need not be in the repository."""
    is_read: bool = True
    """False for an index whose manifest ECR did not return, as for an archived one."""
    parents: tuple[str, ...] = ()
    """The indexes in the repository that list it."""
    referrers: tuple[str, ...] = ()
    """The images in the repository whose subject it is, such as signatures."""

    @property
    def name(self) -> str:
        """The first tag, or the digest."""
        return self.tags[0] if self.tags else self.digest


@dataclass(frozen=True, slots=True)
class ImageSizes:
    """The bytes of an image with its children, as DescribeImages reports them for each of them."""

    total: int
    shared: int
    """Bytes of children that another index lists too."""

    @property
    def unique(self) -> int:
        """Bytes of images that belong to no other index."""
        return self.total - self.shared


@dataclass(frozen=True)
class RepositoryGraph:
    """The images of a repository and how they depend on each other."""

    nodes: Mapping[str, ImageNode]
    """By digest."""
    registry_id: str | None = field(default=None, kw_only=True)
    """The account of the registry; None if the repository is empty."""

    @cached_property
    def tags(self) -> Mapping[str, str]:
        """The digest of each tag."""
        return {tag: node.digest for node in self.nodes.values() for tag in node.tags}

    @property
    def roots(self) -> tuple[ImageNode, ...]:
        """The images that no index lists and that belong to no image in the repository."""
        return tuple(
            node
            for node in self.nodes.values()
            if not node.parents and (node.subject is None or node.subject not in self.nodes)
        )

    @cached_property
    def missing(self) -> Mapping[str, tuple[str, ...]]:
        """The indexes that list images which are not in the repository, and those digests."""
        absent = {
            digest: tuple(child for child in node.children if child not in self.nodes)
            for digest, node in self.nodes.items()
        }
        return {digest: children for digest, children in absent.items() if children}

    @cached_property
    def unread(self) -> tuple[str, ...]:
        """The indexes whose children are not known."""
        return tuple(digest for digest, node in self.nodes.items() if not node.is_read)

    def needs(self, digest: str) -> tuple[str, ...]:
        """Return what an image needs directly and the repository has: children and referrers."""
        node = self.nodes[digest]
        return (*(child for child in node.children if child in self.nodes), *node.referrers)

    def reachable(self, digests: Iterable[str]) -> dict[str, str | None]:
        """Return some images and all that they need, directly or not.

        Returns:
            For each digest, the image that needs it; None for *digests* themselves.
        """
        found: dict[str, str | None] = dict.fromkeys(d for d in digests if d in self.nodes)
        pending = list(found)
        while pending:
            digest = pending.pop()
            for needed in self.needs(digest):
                if needed not in found:
                    found[needed] = digest
                    pending.append(needed)
        return found

    def last_pull(self, digest: str) -> datetime | None:
        """Return when an image was last pulled.

        For an index, it is the last pull of its children: a client that pulls an index pulls one of
        them, while reading the index, as this library does, may count as a pull of the index.
        """
        return self._last_pull(digest, frozenset())

    def _last_pull(self, digest: str, above: frozenset[str]) -> datetime | None:
        node = self.nodes[digest]
        if node.kind != "index":
            return node.pulled_at
        present = (c for c in node.children if c in self.nodes and c not in above)
        pulls = (self._last_pull(child, above | {digest}) for child in present)
        return max((pull for pull in pulls if pull is not None), default=None)

    def sizes(self, digest: str) -> ImageSizes:
        """Return the bytes of an image, or of an index with its children."""
        family = self._family(digest)
        total = shared = 0
        for node in map(self.nodes.__getitem__, family):
            if node.kind != "index":
                total += node.size or 0
                if node.digest != digest and not family.issuperset(node.parents):
                    shared += node.size or 0
        return ImageSizes(total, shared)

    def _family(self, digest: str) -> set[str]:
        """The image with its children and their children."""
        found, pending = {digest}, [digest]
        while pending:
            for child in self.nodes[pending.pop()].children:
                if child in self.nodes and child not in found:
                    found.add(child)
                    pending.append(child)
        return found


async def read_repository_graph(calls: RepositoryCalls) -> RepositoryGraph:
    """Read the graph of a repository.

    Raises:
        RepositoryNotFoundException: The repository does not exist.
        MissingMemberError: ECR did not send the digest of an image.
        ECRClientError: A call failed.
    """
    nodes: dict[str, ImageNode] = {}
    registry_id = None
    details: AsyncIterable[ImageDetail] = calls.iterate(
        DESCRIBE_IMAGES, filter={"image_status": "ANY"}, max_results=_IMAGES_PER_PAGE
    )
    async for detail in details:
        node = _node(detail)
        nodes[node.digest] = node
        registry_id = registry_id or _sent(detail, "registry_id")
    children = await _read_indexes(calls, nodes)
    for digest, listed in children.items():
        kind = nodes[digest].kind if listed is None else "index"
        nodes[digest] = replace(nodes[digest], kind=kind, children=listed or (), is_read=True)
    return RepositoryGraph(_linked(nodes), registry_id=registry_id)


def _node(detail: ImageDetail) -> ImageNode:
    tags = tuple(sorted(detail.image_tags))
    media_type, artifact_type = detail.image_manifest_media_type, detail.artifact_media_type
    subject = detail.subject_manifest_digest
    kind: Kind = "image"
    if media_type in _INDEXES:
        kind = "index"
    elif subject is not None or (artifact_type and artifact_type not in _IMAGE_CONFIGS):
        kind = "artifact"
    elif media_type is None:
        kind = "unknown"
    return ImageNode(
        digest=detail.image_digest,
        tags=tags,
        kind=kind,
        media_type=media_type,
        artifact_type=artifact_type,
        size=detail.image_size_in_bytes,
        pushed_at=_sent(detail, "image_pushed_at"),
        pulled_at=detail.last_recorded_pull_time,
        status=detail.image_status,
        subject=subject or next(filter(None, map(subject_of_tag, tags)), None),
        is_read=kind not in {"index", "unknown"},
    )


def _sent(detail: ImageDetail, member: str) -> Any:
    """A member that the API Reference declares always present, or None if ECR did not send it."""
    return getattr(detail, member) if member in detail.model_fields_set else None


async def _read_indexes(
    calls: RepositoryCalls, nodes: Mapping[str, ImageNode]
) -> dict[str, tuple[str, ...] | None]:
    """Return the children of the indexes that ECR returns; None for one that is not an index."""
    wanted = [
        node.digest
        for node in nodes.values()
        if not node.is_read and node.status in {None, "ACTIVE"}
    ]
    found: dict[str, tuple[str, ...] | None] = {}

    async def read(digests: Sequence[str]) -> None:
        response = await calls.call(
            BATCH_GET_IMAGE,
            image_ids=[{"image_digest": digest} for digest in digests],
            accepted_media_types=list(ACCEPTED_MEDIA_TYPES),
        )
        for image in response.images:
            digest, children = _children(image)
            if digest in nodes:
                found[digest] = children

    starts = range(0, len(wanted), _MANIFESTS_PER_CALL)
    batches = [wanted[start : start + _MANIFESTS_PER_CALL] for start in starts]
    await run_all(read, batches, _CONCURRENT_CALLS)
    return found


def _children(image: Image) -> tuple[str, tuple[str, ...] | None]:
    manifest = parse_manifest(image.image_manifest.encode(), image.image_manifest_media_type)
    expected = image.image_id.image_digest
    if expected is not None and expected != manifest.digest and expected.startswith("sha256:"):
        problem = f"ECR returned the content of {manifest.digest} for it"
        raise ManifestError(f"manifest {expected}", problem)
    if not isinstance(manifest, ImageIndex):
        return expected or manifest.digest, None
    return expected or manifest.digest, tuple(item.digest for item in manifest.manifests)


def _linked(nodes: Mapping[str, ImageNode]) -> dict[str, ImageNode]:
    """Add parents and referrers."""
    parents: dict[str, list[str]] = {}
    referrers: dict[str, list[str]] = {}
    for node in nodes.values():
        for child in dict.fromkeys(node.children):
            parents.setdefault(child, []).append(node.digest)
        if node.subject is not None and node.subject != node.digest:
            referrers.setdefault(node.subject, []).append(node.digest)
    return {
        digest: replace(
            node,
            parents=tuple(parents.get(digest, ())),
            referrers=tuple(referrers.get(digest, ())),
        )
        if digest in parents or digest in referrers
        else node
        for digest, node in nodes.items()
    }

"""The graph of a repository: tags, indexes and their children, subjects and their referrers.

It is read with the fewest calls: DescribeImages in pages of 1,000, and BatchGetImage for the
manifests of indexes only, 100 in a call. The manifests of images are never fetched, because ECR may
record that as a pull; it may record it for indexes.

Sources: "Image Index" and "subject" in the OCI Image Format Specification 1.1; cosign's tags, which
are made of the digest of the image that they belong to; "ImageDetail" in the Amazon ECR API
Reference for sizes and times.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import anyio

from ecrclient.images.calls import RepositoryCalls
from ecrclient.images.concurrency import single_error
from ecrclient.images.digests import sha256, subject_of_tag
from ecrclient.images.errors import ManifestError
from ecrclient.images.manifests import INDEX_MEDIA_TYPES, ImageIndex, parse_manifest
from ecrclient.operations import BATCH_GET_IMAGE, DESCRIBE_IMAGES

if TYPE_CHECKING:
    from ecrclient.models import ImageDetail

__all__ = ["ImageNode", "ImageSizes", "RepositoryGraph", "read_repository_graph"]

Kind: TypeAlias = Literal["index", "image", "artifact", "unknown"]

_IMAGES_PER_PAGE = 1000
_MANIFESTS_PER_CALL = 100
_CONCURRENT_CALLS = 8
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
    subjects: tuple[str, ...] = ()
    """The digests of the images that this one belongs to: its OCI ``subject``, and the images that
    cosign's tags name. Equal signatures or SBOMs of several images are one image with several such
    tags. The subjects need not be in the repository."""
    children: tuple[str, ...] = ()
    """The digests that an index lists; they need not be in the repository."""
    is_read: bool = True
    """False for an index whose manifest ECR did not return, as for an archived one, or whose
    manifest is malformed."""
    parents: tuple[str, ...] = ()
    """The indexes in the repository that list it."""
    referrers: tuple[str, ...] = ()
    """The images in the repository whose subject it is, such as signatures."""

    @property
    def name(self) -> str:
        """The first tag, or the digest."""
        return self.tags[0] if self.tags else self.digest

    @property
    def subject(self) -> str | None:
        """The first of `subjects`, which is the OCI ``subject`` if there is one."""
        return self.subjects[0] if self.subjects else None


@dataclass(frozen=True, slots=True)
class ImageSizes:
    """The bytes of an image with its children, as DescribeImages reports them for each of them.

    Layers that images have in common count for each of them, because the manifests of images are
    not read.
    """

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
        """The images that no index lists, and that belong to no image in the repository."""
        return tuple(node for node in self.nodes.values() if self.is_root(node.digest))

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

    def is_root(self, digest: str) -> bool:
        """Whether no index lists an image, and it belongs to no image in the repository."""
        node = self.nodes[digest]
        return not node.parents and self.nodes.keys().isdisjoint(node.subjects)

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
        family = map(self.nodes.__getitem__, self._family(digest))
        pulls = (node.pulled_at for node in family if node.kind != "index")
        return max((pull for pull in pulls if pull is not None), default=None)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the state of the repository; equal states have equal fingerprints.

        It covers the digests, tags, push times, statuses, children and subjects of the images. It
        does not cover pulls, because reading the graph may count as one.
        """
        state = [
            [
                node.digest,
                node.tags,
                node.pushed_at and node.pushed_at.isoformat(),
                node.status,
                node.children,
                node.subjects,
            ]
            for _, node in sorted(self.nodes.items())
        ]
        return sha256(json.dumps(state).encode())

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
    """Read the graph of a repository; indexes are read while further pages are listed.

    Raises:
        RepositoryNotFoundException: The repository does not exist.
        MissingMemberError: ECR did not send the digest of an image.
        ECRClientError: A call failed.
    """
    nodes: dict[str, ImageNode] = {}
    registry_id = None
    indexes = _Indexes(calls)
    details: AsyncIterable[ImageDetail] = calls.iterate(
        DESCRIBE_IMAGES, filter={"image_status": "ANY"}, max_results=_IMAGES_PER_PAGE
    )
    with single_error():
        async with anyio.create_task_group() as tasks:
            unread: list[str] = []
            async for detail in details:
                node = _node(detail)
                nodes[node.digest] = node
                registry_id = registry_id or _sent(detail, "registry_id")
                if not node.is_read and node.status in {None, "ACTIVE"}:
                    unread.append(node.digest)
                if len(unread) == _MANIFESTS_PER_CALL:
                    tasks.start_soon(indexes.read, unread)
                    unread = []
            if unread:
                tasks.start_soon(indexes.read, unread)
    for digest, children in indexes.children.items():
        if digest in nodes:
            nodes[digest] = replace(nodes[digest], kind="index", children=children, is_read=True)
    return RepositoryGraph(_linked(nodes), registry_id=registry_id)


def _node(detail: ImageDetail) -> ImageNode:
    tags = tuple(sorted(detail.image_tags))
    media_type, artifact_type = detail.image_manifest_media_type, detail.artifact_media_type
    subject = detail.subject_manifest_digest
    kind: Kind = "image"
    if media_type in INDEX_MEDIA_TYPES:
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
        subjects=tuple(dict.fromkeys(filter(None, (subject, *map(subject_of_tag, tags))))),
        is_read=kind not in {"index", "unknown"},
    )


def _sent(detail: ImageDetail, member: str) -> Any:
    """A member that the API Reference declares always present, or None if ECR did not send it."""
    return getattr(detail, member) if member in detail.model_fields_set else None


class _Indexes:
    """Reads the manifests of indexes."""

    def __init__(self, calls: RepositoryCalls) -> None:
        self.children: dict[str, tuple[str, ...]] = {}
        """The children of each index that was read."""
        self._calls = calls
        self._slots = anyio.Semaphore(_CONCURRENT_CALLS)

    async def read(self, digests: Sequence[str]) -> None:
        """Read some indexes; left out are malformed ones and those that ECR does not return."""
        async with self._slots:
            response = await self._calls.call(
                BATCH_GET_IMAGE,
                image_ids=[{"image_digest": digest} for digest in digests],
                # ECR returns nothing else, even if it did not send the media type of an image.
                accepted_media_types=sorted(INDEX_MEDIA_TYPES),
            )
        for image in response.images:
            digest = image.image_id.image_digest
            with suppress(ManifestError):
                raw, media_type = image.image_manifest.encode(), image.image_manifest_media_type
                manifest = parse_manifest(raw, media_type)
                if isinstance(manifest, ImageIndex) and digest in {None, manifest.digest}:
                    listed = tuple(item.digest for item in manifest.manifests)
                    self.children[manifest.digest] = listed


def _linked(nodes: Mapping[str, ImageNode]) -> dict[str, ImageNode]:
    """Add parents and referrers."""
    parents: dict[str, list[str]] = {}
    referrers: dict[str, list[str]] = {}
    for node in nodes.values():
        for child in dict.fromkeys(node.children):
            parents.setdefault(child, []).append(node.digest)
        for subject in node.subjects:
            if subject != node.digest:
                referrers.setdefault(subject, []).append(node.digest)
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

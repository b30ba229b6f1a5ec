"""The manifests that belong to an image: an index, its children, and what refers to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ecrclient.images.concurrency import run_all
from ecrclient.images.digests import cosign_tags
from ecrclient.images.errors import (
    ContentMismatchError,
    ImageNotFoundError,
    ManifestError,
    PlatformNotFoundError,
)
from ecrclient.images.manifests import (
    Descriptor,
    ImageIndex,
    Manifest,
    Platform,
    parse_manifest,
)
from ecrclient.images.platforms import choose
from ecrclient.images.stores import ImageReader

__all__ = ["ImageGraph", "Node", "read_graph"]

_MAX_DEPTH = 8
_SUBJECT_OF_ATTESTATION = "vnd.docker.reference.digest"
_CONCURRENT_CALLS = 8


@dataclass(frozen=True)
class Node:
    """A manifest of a graph."""

    manifest: Manifest
    is_root: bool
    """Whether no index of the graph refers to it."""
    tags: tuple[str, ...] = ()
    """Tags that it has besides those of the image, such as those of cosign."""


@dataclass(frozen=True)
class ImageGraph:
    """The manifests of an image in an order in which they can be written: children first."""

    root: Manifest
    nodes: tuple[Node, ...]
    """The image with its children, and then its referrers with theirs."""


async def read_graph(
    reader: ImageReader,
    root: Descriptor,
    *,
    name: str,
    platforms: Sequence[Platform] | None,
    referrers: bool,
) -> ImageGraph:
    """Read the manifests of an image.

    Args:
        reader: The store that holds the image.
        root: The image.
        name: The image in messages.
        platforms: The platforms to keep. One platform: the graph is that of its image. Several: the
            graph has a new index with their images only. None: everything.
        referrers: Whether to read the manifests that refer to the image or its children.

    Raises:
        PlatformNotFoundError: The image has no such platform.
        ManifestError: The indexes are nested too deeply.
        ContentMismatchError: A manifest does not have the size that its index says.
    """
    walk = _Walk(reader)
    manifest = await reader.manifest(root)
    if platforms and isinstance(manifest, ImageIndex):
        chosen = _choose(manifest, platforms, name)
        if len(chosen) == 1:
            manifest = await reader.manifest(chosen[0])
        else:
            manifest = _part(manifest, {descriptor.digest for descriptor in chosen})
    await walk.visit(manifest, is_root=True)
    if referrers:
        await walk.visit_referrers()
    return ImageGraph(manifest, walk.nodes())


class _Walk:
    """Collects nodes; children come before the index that refers to them."""

    def __init__(self, reader: ImageReader) -> None:
        self._reader = reader
        # The manifests, and whether they are roots.
        self._nodes: dict[str, tuple[Manifest, bool]] = {}
        self._tags: dict[str, list[str]] = {}

    def nodes(self) -> tuple[Node, ...]:
        """What has been visited, in this order."""
        return tuple(
            Node(manifest, is_root, tuple(self._tags.get(digest, ())))
            for digest, (manifest, is_root) in self._nodes.items()
        )

    async def visit(self, manifest: Manifest, *, is_root: bool, depth: int = 0) -> None:
        """Add a manifest after its children."""
        if manifest.digest in self._nodes:
            return
        if depth > _MAX_DEPTH:
            what = f"manifest {manifest.digest}"
            raise ManifestError(what, f"indexes are nested more than {_MAX_DEPTH} deep")
        if isinstance(manifest, ImageIndex):
            children = await self._children(manifest)
            for descriptor, child in zip(manifest.manifests, children, strict=True):
                _check_child(descriptor, child)
                await self.visit(child, is_root=False, depth=depth + 1)
        self._nodes[manifest.digest] = (manifest, is_root)

    async def _children(self, index: ImageIndex) -> Sequence[Manifest]:
        try:
            return await self._reader.manifests(index.manifests)
        except ImageNotFoundError as error:
            # docker save writes whole indexes with the images of some platforms.
            advice = f"the index {index.digest} is incomplete; pass platforms=[...] for a part"
            raise ImageNotFoundError(error.store, error.reference, advice) from error

    async def visit_referrers(self) -> None:
        """Add what refers to the nodes, and what refers to that."""
        pending = list(self._nodes)
        while pending:
            descriptors: dict[str, Descriptor] = {}
            tags = [tag for digest in pending for tag in cosign_tags(digest)]
            for tag, descriptor in (await self._reader.find(tags)).items():
                self._tags.setdefault(descriptor.digest, []).append(tag)
                descriptors[descriptor.digest] = descriptor
            referrers: dict[str, Sequence[Descriptor]] = {}

            async def read(digest: str, found: dict[str, Sequence[Descriptor]] = referrers) -> None:
                found[digest] = await self._reader.referrers(digest)

            await run_all(read, pending, _CONCURRENT_CALLS)
            for digest in pending:
                descriptors |= {referrer.digest: referrer for referrer in referrers[digest]}
            new = [item for digest, item in descriptors.items() if digest not in self._nodes]
            before = set(self._nodes)
            for manifest in await self._reader.manifests(new):
                await self.visit(manifest, is_root=True)
            pending = [digest for digest in self._nodes if digest not in before]


def _check_child(descriptor: Descriptor, child: Manifest) -> None:
    if descriptor.digest != child.digest:
        raise ManifestError(f"manifest {descriptor.digest}", "manifests need SHA-256 digests")
    if descriptor.size != len(child.raw):
        problem = f"has {len(child.raw)} bytes, not {descriptor.size} as its index says"
        raise ContentMismatchError(child.digest, problem)


def _choose(index: ImageIndex, platforms: Sequence[Platform], name: str) -> list[Descriptor]:
    """Return the images of an index for some platforms, each of them once."""
    chosen: dict[str, Descriptor] = {}
    for platform in platforms:
        descriptor = choose(index.manifests, platform)
        if descriptor is None:
            raise PlatformNotFoundError(name, str(platform), index.platforms)
        chosen[descriptor.digest] = descriptor
    return list(chosen.values())


def _part(index: ImageIndex, digests: set[str]) -> Manifest:
    """Return an index with some images of another one, and with their attestations."""
    kept = [
        number
        for number, item in enumerate(index.manifests)
        if item.digest in digests or item.annotations.get(_SUBJECT_OF_ATTESTATION) in digests
    ]
    document = json.loads(index.raw)
    document["manifests"] = [document["manifests"][number] for number in kept]
    raw = json.dumps(document, separators=(",", ":")).encode()
    return parse_manifest(raw, index.media_type)

"""The manifests that belong to an image: an index, its children, and what refers to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ecrclient.images.digests import cosign_tags
from ecrclient.images.errors import ImageNotFoundError, ManifestError, PlatformNotFoundError
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
    return ImageGraph(manifest, tuple(walk.nodes.values()))


class _Walk:
    """Collects nodes; children come before the index that refers to them."""

    def __init__(self, reader: ImageReader) -> None:
        self._reader = reader
        self.nodes: dict[str, Node] = {}

    async def visit(
        self, manifest: Manifest, *, is_root: bool, tags: tuple[str, ...] = (), depth: int = 0
    ) -> None:
        """Add a manifest after its children."""
        if manifest.digest in self.nodes:
            return
        if depth > _MAX_DEPTH:
            what = f"manifest {manifest.digest}"
            raise ManifestError(what, f"indexes are nested more than {_MAX_DEPTH} deep")
        if isinstance(manifest, ImageIndex):
            for child in await self._children(manifest):
                await self.visit(child, is_root=False, depth=depth + 1)
        self.nodes[manifest.digest] = Node(manifest, is_root, tags)

    async def _children(self, index: ImageIndex) -> Sequence[Manifest]:
        try:
            return await self._reader.manifests(index.manifests)
        except ImageNotFoundError as error:
            # docker save writes whole indexes with the images of some platforms.
            advice = f"the index {index.digest} is incomplete; pass platforms=[...] for a part"
            raise ImageNotFoundError(error.store, error.reference, advice) from error

    async def visit_referrers(self) -> None:
        """Add what refers to the nodes, and what refers to that."""
        pending = list(self.nodes)
        while pending:
            tags = {tag for digest in pending for tag in cosign_tags(digest)}
            tagged = await self._reader.find(sorted(tags))
            found: dict[str, tuple[str, ...]] = {}
            for tag, descriptor in tagged.items():
                found[descriptor.digest] = (*found.get(descriptor.digest, ()), tag)
            descriptors = {descriptor.digest: descriptor for descriptor in tagged.values()}
            for digest in pending:
                for descriptor in await self._reader.referrers(digest):
                    descriptors[descriptor.digest] = descriptor
            new = [item for digest, item in descriptors.items() if digest not in self.nodes]
            before = set(self.nodes)
            for manifest in await self._reader.manifests(new):
                await self.visit(manifest, is_root=True, tags=found.get(manifest.digest, ()))
            pending = [digest for digest in self.nodes if digest not in before]


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

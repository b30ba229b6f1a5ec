"""The plan of a transfer: what the destination lacks. Making it writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecrclient.images.errors import ManifestError
from ecrclient.images.graph import ImageGraph, Node, read_graph
from ecrclient.images.manifests import (
    Descriptor,
    ImageIndex,
    Manifest,
    OpaqueManifest,
    Platform,
    is_foreign,
)
from ecrclient.images.stores import ImageReader, ImageWriter

__all__ = ["CopyPlan", "Selection", "make_plan"]

_PART_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Selection:
    """Which image to transfer, and how much of it."""

    name: str
    """The image in messages."""
    reference: str | None
    """Its tag or digest; None: the only image of the source."""
    tags: Sequence[str]
    """The tags that it gets in the destination."""
    platforms: Sequence[Platform] | None
    referrers: bool
    foreign_layers: bool


@dataclass(frozen=True)
class PlannedManifest:
    """A manifest to write, and the tags that it gets."""

    manifest: Manifest
    tags: tuple[str, ...]
    is_root: bool
    is_missing: bool
    """False: the destination has it, and only tags are written."""


@dataclass(frozen=True)
class CopyPlan:
    """What a transfer would write."""

    source: str
    destination: str
    image: Descriptor
    """The image as the destination will have it."""
    tags: tuple[str, ...]
    """All tags of the image, also those that are there already."""
    manifests: tuple[PlannedManifest, ...]
    """The manifests to write, in this order."""
    manifests_present: int
    """The number of manifests that the destination has."""
    blobs: tuple[Descriptor, ...]
    """The blobs to transfer."""
    blobs_present: tuple[Descriptor, ...]
    """Blobs of the missing manifests that the destination has."""
    foreign_layers: tuple[Descriptor, ...]
    """Layers that are skipped, because they must not be redistributed."""

    @property
    def bytes(self) -> int:
        """The bytes of the blobs to transfer."""
        return sum(blob.size for blob in self.blobs)

    @property
    def calls(self) -> int:
        """The calls of ECR's API that write to a repository, if none is repeated.

        That is: for each blob one to initiate and one to complete its upload and one for each part
        of 10 MiB, and one PutImage for each manifest or tag.
        """
        parts = sum(-(-blob.size // _PART_BYTES) for blob in self.blobs)
        puts = sum(max(1, len(planned.tags)) for planned in self.manifests)
        return 2 * len(self.blobs) + parts + puts


async def make_plan(
    reader: ImageReader, writer: ImageWriter, selection: Selection, source: str, destination: str
) -> CopyPlan:
    """Compare an image of the source with the destination.

    Raises:
        ImageNotFoundError: The source does not have the image.
        PlatformNotFoundError: The image has no such platform.
        TagConflictError: A tag of the destination is immutable and belongs to another image.
        ManifestError: The content of a manifest is unknown, or contradictory.
        ImageError: The destination cannot hold the image.
    """
    tags = tuple(dict.fromkeys(selection.tags))
    root = await reader.resolve(selection.reference)
    is_whole = not (selection.platforms or selection.referrers)
    if is_whole and tags and await writer.settled_tags(root.digest, tags) == set(tags):
        return CopyPlan(source, destination, root, tags, (), 1, (), (), ())
    graph = await read_graph(
        reader,
        root,
        name=selection.name,
        platforms=selection.platforms,
        referrers=selection.referrers,
    )
    planned = await _plan_manifests(writer, graph, tags)
    missing = [item.manifest for item in planned if item.is_missing]
    blobs, foreign = _blobs(missing, foreign=selection.foreign_layers)
    absent = await writer.missing_blobs(blobs) if blobs else set[str]()
    writer.check(missing, [blob for blob in blobs if blob.digest in absent])
    return CopyPlan(
        source,
        destination,
        graph.root.descriptor,
        tags,
        tuple(planned),
        len(graph.nodes) - len(missing),
        tuple(blob for blob in blobs if blob.digest in absent),
        tuple(blob for blob in blobs if blob.digest not in absent),
        tuple(foreign),
    )


async def _plan_manifests(
    writer: ImageWriter, graph: ImageGraph, tags: Sequence[str]
) -> list[PlannedManifest]:
    """Return the manifests to write; the image gets its tags at the end, after its referrers."""
    wanted_tags = {node.manifest.digest: node.tags for node in graph.nodes}
    wanted_tags[graph.root.digest] += tuple(tags)
    settled = {
        digest: await writer.settled_tags(digest, wanted)
        for digest, wanted in wanted_tags.items()
        if wanted
    }
    missing = await _missing(writer, graph)
    has_referrers = graph.nodes[-1].manifest is not graph.root
    planned: list[PlannedManifest] = []
    last: list[PlannedManifest] = []
    for node in graph.nodes:
        digest = node.manifest.digest
        done = settled.get(digest, set[str]())
        new_tags = tuple(tag for tag in wanted_tags[digest] if tag not in done)
        is_missing = digest in missing
        if digest == graph.root.digest and new_tags and has_referrers:
            last = [PlannedManifest(node.manifest, new_tags, node.is_root, is_missing=False)]
            new_tags = ()
        if is_missing or new_tags:
            planned.append(PlannedManifest(node.manifest, new_tags, node.is_root, is_missing))
    return planned + last


async def _missing(writer: ImageWriter, graph: ImageGraph) -> set[str]:
    """The digests of the manifests that the destination lacks.

    A manifest that it has is complete, so only the children of missing ones are looked for.
    """
    roots = [node.manifest.digest for node in graph.nodes if node.is_root]
    missing_roots = await writer.missing_manifests(roots)
    children: list[str] = []
    group: list[Node] = []
    for node in graph.nodes:
        if not node.is_root:
            group.append(node)
            continue
        if node.manifest.digest in missing_roots:
            children += [child.manifest.digest for child in group]
        group = []
    return missing_roots | await writer.missing_manifests(children)


def _blobs(
    manifests: Sequence[Manifest], *, foreign: bool
) -> tuple[list[Descriptor], list[Descriptor]]:
    """The blobs of some manifests, each digest once, and the foreign layers that are skipped.

    Raises:
        ManifestError: A manifest's content is unknown, or a blob has two sizes.
    """
    blobs: dict[str, Descriptor] = {}
    skipped: dict[str, Descriptor] = {}
    for manifest in manifests:
        what = f"manifest {manifest.digest}"
        if isinstance(manifest, OpaqueManifest):
            # A copy without what it refers to would be incomplete.
            raise ManifestError(what, f"images of the type {manifest.media_type} cannot be copied")
        if isinstance(manifest, ImageIndex):
            continue
        for blob in (manifest.config, *manifest.layers):
            chosen = skipped if is_foreign(blob) and not foreign else blobs
            known = chosen.setdefault(blob.digest, blob)
            if known.size != blob.size:
                sizes = f"{known.size} and {blob.size} bytes"
                raise ManifestError(what, f"the blob {blob.digest} has two sizes: {sizes}")
    return list(blobs.values()), [blob for digest, blob in skipped.items() if digest not in blobs]

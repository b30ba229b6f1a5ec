"""OCI image layouts: a directory with ``oci-layout``, ``index.json`` and ``blobs/``.

Source: "Image Layout" in the OCI Image Format Specification 1.1. `LayoutReader` also reads
the same files in an archive.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import anyio
import anyio.to_thread

from ecrclient.images.content import check_content
from ecrclient.images.digests import is_digest, is_referrers_tag, sha256
from ecrclient.images.errors import (
    ArchiveError,
    ImageNotFoundError,
    ManifestError,
)
from ecrclient.images.file_places import FilePlace
from ecrclient.images.files import Directory, FileBlob, FileTree, blob_name, disk_errors
from ecrclient.images.layout_lock import locked
from ecrclient.images.manifests import (
    OCI_INDEX,
    Descriptor,
    ImageIndex,
    Manifest,
    OpaqueManifest,
    parse_manifest,
)
from ecrclient.images.names import REF_NAME, find_named, labels
from ecrclient.images.saving import save
from ecrclient.images.stores import BlobMeter, BlobSource, ImageReader, OnRetry, TransferContext

__all__ = ["LAYOUT_FILE", "Layout", "LayoutReader", "index_json"]

LAYOUT_FILE = b'{"imageLayoutVersion":"1.0.0"}'


class LayoutReader:
    """Reads the images of a layout.

    Args:
        name: The store in messages.
        tree: The files of the layout.

    Raises:
        ArchiveError: It is not a layout, or its index is damaged.
    """

    def __init__(self, name: str, tree: FileTree) -> None:
        self._name = name
        self._tree = tree
        self.index: ImageIndex = _read_index(tree)
        self._subjects: dict[str, list[Descriptor]] | None = None
        self._reading_subjects = anyio.Lock()

    async def resolve(self, reference: str | None) -> Descriptor:
        """Return the descriptor of the manifest that a tag or a digest names."""
        if reference is None:
            return await self._only()
        found = (await self.find([reference])).get(reference)
        if found is None:
            raise ImageNotFoundError(self._name, reference)
        return found

    async def find(self, references: Iterable[str]) -> Mapping[str, Descriptor]:
        """Return the manifests that some tags or digests name; absent ones are left out."""
        listed = {descriptor.digest: descriptor for descriptor in self.index.manifests}
        found: dict[str, Descriptor] = {}
        for reference in references:
            if reference in listed:
                found[reference] = listed[reference]
            elif not is_digest(reference):
                named = find_named(self.index.manifests, reference)
                if len(named) > 1:
                    raise self._ambiguous(reference, named.values())
                found.update((reference, descriptor) for descriptor in named.values())
            else:
                with suppress(ImageNotFoundError):
                    found[reference] = (await self._read(reference)).descriptor
        return found

    async def _only(self) -> Descriptor:
        images = {descriptor.digest: descriptor for descriptor in self.index.manifests}
        if len(images) > 1:
            for digest in await self._parts(list(images.values())):
                images.pop(digest, None)
        if len(images) != 1:
            raise self._ambiguous("without a tag", images.values() or self.index.manifests)
        return next(iter(images.values()))

    async def _parts(self, listed: Sequence[Descriptor]) -> set[str]:
        """The digests of what belongs to other images: children of indexes, and referrers.

        oras lists the images of an index as well, without names.
        """
        parts = {
            descriptor.digest
            for descriptor in listed
            if is_referrers_tag(descriptor.annotations.get(REF_NAME, ""))
        }
        for manifest in await self.manifests(listed):
            if isinstance(manifest, ImageIndex):
                parts |= {child.digest for child in manifest.manifests}
            if not isinstance(manifest, OpaqueManifest) and manifest.subject is not None:
                parts.add(manifest.digest)
        return parts

    def _ambiguous(self, reference: str, images: Iterable[Descriptor]) -> ImageNotFoundError:
        advice = f"name one of its images ({labels(images)})"
        return ImageNotFoundError(self._name, reference, advice)

    async def manifest(self, descriptor: Descriptor) -> Manifest:
        """Read and verify a manifest."""
        return await self._read(descriptor.digest, descriptor)

    async def manifests(self, descriptors: Sequence[Descriptor]) -> Sequence[Manifest]:
        """Read and verify several manifests."""
        return [await self.manifest(descriptor) for descriptor in descriptors]

    async def _read(self, digest: str, descriptor: Descriptor | None = None) -> Manifest:
        raw = await anyio.to_thread.run_sync(self._tree.read, blob_name(digest))
        if raw is None:
            raise ImageNotFoundError(self._name, digest)
        media_type = None if descriptor is None else descriptor.media_type
        size = len(raw) if descriptor is None else descriptor.size
        expected = Descriptor(media_type=media_type or "", digest=digest, size=size)
        await anyio.to_thread.run_sync(check_content, expected, raw)
        return parse_manifest(raw, media_type)

    def blob(self, descriptor: Descriptor, on_retry: OnRetry = lambda: None) -> BlobSource:  # noqa: ARG002
        """Return a blob, which is read when it is opened."""
        return FileBlob(self._name, descriptor, self._tree)

    async def tags(self) -> AsyncIterator[tuple[str, str]]:
        """Yield the tags of the layout and the digests of their manifests."""
        for descriptor in self.index.manifests:
            if REF_NAME in descriptor.annotations:
                yield descriptor.annotations[REF_NAME], descriptor.digest

    async def referrers(self, digest: str) -> Sequence[Descriptor]:
        """Return the manifests in the index whose subject is a manifest."""
        async with self._reading_subjects:
            if self._subjects is None:
                self._subjects = await self._read_subjects()
        found = {item.digest: item for item in self._subjects.get(digest, [])}
        for item in await self._fallback_referrers(digest):
            found.setdefault(item.digest, item)
        return list(found.values())

    async def _read_subjects(self) -> dict[str, list[Descriptor]]:
        """The referrers by the digest of their subject; each manifest is read once."""
        subjects: dict[str, list[Descriptor]] = {}
        for descriptor in self.index.manifests:
            try:
                manifest = await self.manifest(descriptor)
            except ImageNotFoundError:  # the index may list what is elsewhere
                continue
            if not isinstance(manifest, OpaqueManifest) and manifest.subject is not None:
                subjects.setdefault(manifest.subject.digest, []).append(descriptor)
        return subjects

    async def _fallback_referrers(self, digest: str) -> Sequence[Descriptor]:
        """The entries of the index that the tag of a digest names.

        Source: "Referrers Tag Schema" in the OCI Distribution Specification.
        """
        named = find_named(self.index.manifests, digest.replace(":", "-"))
        found: list[Descriptor] = []
        for manifest in await self.manifests(list(named.values())):
            if isinstance(manifest, ImageIndex):
                found += manifest.manifests
        return found


def _read_index(tree: FileTree) -> ImageIndex:
    raw = tree.read("index.json") if tree.read("oci-layout") is not None else None
    if raw is None:
        problem = "not an OCI layout: it has no oci-layout or no index.json"
        raise ArchiveError(str(tree.path), problem)
    try:
        index = parse_manifest(raw, OCI_INDEX)
    except ManifestError as error:
        raise ArchiveError(str(tree.path), f"index.json: {error.problem}") from None
    assert isinstance(index, ImageIndex)
    return index


def index_json(
    old: bytes | None, manifest: Descriptor, tags: Sequence[str], annotations: Mapping[str, str]
) -> bytes:
    """Return an ``index.json`` in which some tags point at a manifest.

    Args:
        old: The index so far; its other entries are kept as they are.
        manifest: The manifest.
        tags: Tags that get the manifest; without tags it is listed by its digest.
        annotations: Further annotations of each entry.
    """
    document: dict[str, Any] = (
        json.loads(old) if old else {"schemaVersion": 2, "mediaType": OCI_INDEX}
    )
    entries: list[dict[str, Any]] = document.get("manifests") or []
    base = manifest.model_dump(by_alias=True, exclude_unset=True, exclude_none=True, mode="json")
    taken = set(tags)

    def stays(entry: dict[str, Any]) -> bool:
        entry_annotations: dict[str, Any] = entry.get("annotations") or {}
        tag = entry_annotations.get(REF_NAME)
        if tag is None:
            return bool(entry.get("digest") != manifest.digest)
        return tag not in taken

    kept = [entry for entry in entries if stays(entry)]
    is_listed = any(entry.get("digest") == manifest.digest for entry in kept)
    new = [{**base, "annotations": {**annotations, REF_NAME: tag}} for tag in tags]
    if not tags and not is_listed:
        new = [{**base, **({"annotations": dict(annotations)} if annotations else {})}]
    document["manifests"] = [*kept, *new]
    return json.dumps(document, separators=(",", ":")).encode()


class Layout:
    """An OCI image layout directory: a source and a destination of transfers.

    Args:
        path: The directory. As a destination it is created when the first image is written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = Path(path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    @property
    def name(self) -> str:
        """The store in messages."""
        return f"layout {self.path}"

    @asynccontextmanager
    async def reading(self, context: TransferContext) -> AsyncGenerator[LayoutReader]:  # noqa: ARG002
        """Open the layout for reading.

        Raises:
            ArchiveError: The directory is not a layout.
        """
        open_tree = partial(LayoutReader, self.name, Directory(self.path))
        yield await anyio.to_thread.run_sync(open_tree)

    @asynccontextmanager
    async def writing(self, context: TransferContext) -> AsyncGenerator[LayoutWriter]:  # noqa: ARG002
        """Open the layout for writing; it is created with the first blob.

        Raises:
            ArchiveError: The index of the layout is damaged.
        """
        writer = LayoutWriter(self.name, self.path)
        await anyio.to_thread.run_sync(writer.open)
        yield writer


class LayoutWriter:
    """Writes images into a layout; each file appears by a rename."""

    keeps_incomplete = True

    def __init__(self, name: str, path: Path) -> None:
        self._name = name
        self._path = path
        self._tree = Directory(path)

    def open(self) -> LayoutReader | None:
        """Read the layout, if it exists; blocks on the disk."""
        if self._tree.find("index.json") is None:
            return None
        return LayoutReader(self._name, self._tree)

    def _create(self) -> None:
        marker = self._path / "oci-layout"
        with disk_errors(self._path):
            self._path.mkdir(parents=True, exist_ok=True)
        with disk_errors(self._path), locked(self._path):
            if not marker.exists() and any(self._path.iterdir()):
                raise ArchiveError(str(self._path), "the directory has other contents")
            (self._path / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
            if not marker.exists():
                _replace(marker, LAYOUT_FILE)

    async def settled_tags(self, digest: str, tags: Sequence[str]) -> set[str]:
        """Return those tags that point at a manifest already; every tag can be moved."""
        reader = await anyio.to_thread.run_sync(self.open)
        if reader is None:
            return set()
        return {tag async for tag, tagged in reader.tags() if tag in tags and tagged == digest}

    async def missing_manifests(self, digests: Sequence[str]) -> set[str]:
        """Return those digests whose manifest, or some content of it, the layout does not have."""
        return await anyio.to_thread.run_sync(
            lambda: {digest for digest in digests if not self._is_complete(digest)}
        )

    def _is_complete(self, digest: str) -> bool:
        raw = self._tree.read(blob_name(digest))
        if raw is None or sha256(raw) != digest:
            return False
        manifest = parse_manifest(raw)
        if isinstance(manifest, ImageIndex):
            return all(self._is_complete(child.digest) for child in manifest.manifests)
        if isinstance(manifest, OpaqueManifest):
            return True
        return all(self._has(blob) for blob in manifest.blobs)

    def _has(self, blob: Descriptor) -> bool:
        region = self._tree.find(blob_name(blob.digest))
        return region is not None and region.size == blob.size

    async def missing_blobs(self, blobs: Sequence[Descriptor]) -> set[str]:
        """Return the digests of those blobs that the layout does not have."""
        return await anyio.to_thread.run_sync(
            lambda: {blob.digest for blob in blobs if not self._has(blob)}
        )

    def check(self, manifests: Sequence[Manifest], blobs: Sequence[Descriptor]) -> None:
        """Do nothing: a layout can hold everything."""

    async def prepare(self) -> None:
        """Create the directory and its fixed files, unless they exist.

        Raises:
            ArchiveError: The path is a file, or a directory with other contents.
        """
        await anyio.to_thread.run_sync(self._create)

    async def mount_blob(self, blob: Descriptor, reader: ImageReader) -> bool:  # noqa: ARG002
        """Return False: blobs are written as files."""
        return False

    async def write_blob(self, source: BlobSource, meter: BlobMeter) -> None:
        """Write a blob and verify it."""
        final = self._path / blob_name(source.descriptor.digest)
        partial_path = self._path / f".partial-{secrets.token_hex(8)}"
        file = await anyio.to_thread.run_sync(_create, partial_path)
        try:
            with file:
                await save(source, FilePlace(file), meter)
            # Not cancellable: from here on the file is complete.
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_move, partial_path, final)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(partial(partial_path.unlink, missing_ok=True))
            raise

    async def write_manifest(self, manifest: Manifest, tags: Sequence[str], *, root: bool) -> None:
        """Write a manifest and point tags at it."""
        with anyio.CancelScope(shield=True):
            write = partial(self._write_manifest, manifest, tags, root=root)
            await anyio.to_thread.run_sync(write)

    def _write_manifest(self, manifest: Manifest, tags: Sequence[str], *, root: bool) -> None:
        with disk_errors(self._path):
            _replace(self._path / blob_name(manifest.digest), manifest.raw)
            if tags or root:
                with locked(self._path):
                    index = index_json(self._tree.read("index.json"), manifest.descriptor, tags, {})
                    _replace(self._path / "index.json", index)


def _create(path: Path) -> BinaryIO:
    with disk_errors(path):
        return path.open("x+b", buffering=0)


def _move(partial_path: Path, final: Path) -> None:
    with disk_errors(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        partial_path.replace(final)


def _replace(path: Path, content: bytes) -> None:
    """Write a whole file, which appears under its name when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        staged.write_bytes(content)
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)

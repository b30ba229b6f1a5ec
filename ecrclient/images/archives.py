"""Archives of images: OCI archives, and those of ``docker save``.

An OCI archive is a tar file of a layout ("Image Layout" in the OCI Image Format Specification).
Docker 25 and newer write the same with a ``manifest.json`` in addition; older versions write
``manifest.json``, a configuration and the uncompressed layers. Reading needs no unpacking.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread

from ecrclient.images.docker_save import docker_manifest_json, open_docker_archive
from ecrclient.images.errors import ArchiveError
from ecrclient.images.files import Tar, blob_name
from ecrclient.images.layout import LAYOUT_FILE, LayoutReader, index_json
from ecrclient.images.manifests import Descriptor, ImageManifest, Manifest
from ecrclient.images.names import CONTAINERD_NAME, full_name
from ecrclient.images.saving import save
from ecrclient.images.stores import BlobMeter, BlobSource, ImageReader, TransferContext
from ecrclient.images.tar_writer import TarWriter

__all__ = ["DockerArchive", "OCIArchive"]


class _Archive:
    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = Path(path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    @property
    def name(self) -> str:
        """The store in messages."""
        return f"archive {self.path}"


class OCIArchive(_Archive):
    """An OCI archive: a source and a destination of transfers.

    As a destination, the file is replaced by one with the transferred image.

    Args:
        path: The tar file, uncompressed; its layers may be compressed.
    """

    @asynccontextmanager
    async def reading(self, context: TransferContext) -> AsyncGenerator[LayoutReader]:  # noqa: ARG002
        """Open the archive for reading.

        Raises:
            ArchiveError: It is not an OCI archive, or is damaged.
        """
        yield await anyio.to_thread.run_sync(lambda: LayoutReader(self.name, Tar(self.path)))

    @asynccontextmanager
    async def writing(self, context: TransferContext) -> AsyncGenerator[ArchiveWriter]:  # noqa: ARG002
        """Open the archive for writing; the file appears when the body ends without an error."""
        writer = ArchiveWriter(self.path)
        try:
            yield writer
            await writer.finish()
        finally:
            await writer.discard()


class DockerArchive(_Archive):
    """An archive of ``docker save``: a source and a destination of transfers.

    As a destination, the file is replaced by one with the transferred image, which must be for one
    platform. ``docker load``, ``podman load`` and skopeo read it.

    Args:
        path: The tar file, uncompressed; its layers may be compressed.
        repository: The repository's name in the archive, which ``docker load`` gives the image;
            None: that of the source.
    """

    def __init__(self, path: str | os.PathLike[str], *, repository: str | None = None) -> None:
        super().__init__(path)
        self.repository: str | None = repository

    @asynccontextmanager
    async def reading(self, context: TransferContext) -> AsyncGenerator[LayoutReader]:  # noqa: ARG002
        """Open the archive for reading.

        Raises:
            ArchiveError: It is not an archive of ``docker save``, or is damaged.
        """
        yield await anyio.to_thread.run_sync(open_docker_archive, self.name, self.path)

    @asynccontextmanager
    async def writing(self, context: TransferContext) -> AsyncGenerator[ArchiveWriter]:
        """Open the archive for writing; the file appears when the body ends without an error."""
        writer = DockerArchiveWriter(self.path, self.repository or context.repository)
        try:
            yield writer
            await writer.finish()
        finally:
            await writer.discard()


class ArchiveWriter:
    """Writes a new OCI archive."""

    keeps_incomplete = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tar = TarWriter(path)
        self._lock = anyio.Lock()
        self._index: bytes | None = None
        self._written: set[str] = set()

    async def settled_tags(self, digest: str, tags: Sequence[str]) -> set[str]:  # noqa: ARG002
        """Return no tags: the archive is new."""
        return set()

    async def missing_manifests(self, digests: Sequence[str]) -> set[str]:
        """Return all digests: the archive is new."""
        return set(digests)

    async def missing_blobs(self, blobs: Sequence[Descriptor]) -> set[str]:
        """Return the digests that have not been written."""
        return {blob.digest for blob in blobs} - self._written

    def check(self, manifests: Sequence[Manifest], blobs: Sequence[Descriptor]) -> None:
        """Do nothing: the archive can hold everything."""

    async def prepare(self) -> None:
        """Do nothing: the archive is created with its first member."""

    async def mount_blob(self, blob: Descriptor, reader: ImageReader) -> bool:  # noqa: ARG002
        """Return False: blobs are written into the archive."""
        return False

    async def write_blob(self, source: BlobSource, meter: BlobMeter) -> None:
        """Write a blob and verify it."""
        blob = source.descriptor
        async with self._lock:
            place = await anyio.to_thread.run_sync(
                self._tar.reserve, blob_name(blob.digest), blob.size
            )
        await save(source, place, meter)
        self._written.add(blob.digest)

    async def write_manifest(self, manifest: Manifest, tags: Sequence[str], *, root: bool) -> None:
        """Write a manifest, and list it in the index if it has tags or is a root."""
        async with self._lock:
            if manifest.digest not in self._written:
                name = blob_name(manifest.digest)
                await anyio.to_thread.run_sync(self._tar.add, name, manifest.raw)
                self._written.add(manifest.digest)
            if tags or root:
                self._list(manifest.descriptor, tags)

    def _list(self, image: Descriptor, tags: Sequence[str]) -> None:
        """List an image in the index."""
        self._index = index_json(self._index, image, tags, {})

    async def finish(self) -> None:
        """Write the remaining files and publish the archive."""
        if self._index is None:
            raise ArchiveError(str(self._path), "no image was written")
        for name, content in self._documents().items():
            await anyio.to_thread.run_sync(self._tar.add, name, content)
        await self._tar.publish()

    def _documents(self) -> dict[str, bytes]:
        assert self._index is not None
        return {"oci-layout": LAYOUT_FILE, "index.json": self._index}

    async def discard(self) -> None:
        """Delete the archive, unless it was published."""
        await self._tar.discard()


class DockerArchiveWriter(ArchiveWriter):
    """Writes a new archive that ``docker load`` reads."""

    def __init__(self, path: Path, repository: str | None) -> None:
        super().__init__(path)
        self._repository = repository
        self._images: dict[str, tuple[ImageManifest, list[str]]] = {}

    def check(self, manifests: Sequence[Manifest], blobs: Sequence[Descriptor]) -> None:
        """Verify that all images are for one platform.

        Raises:
            ArchiveError: A manifest is an index.
        """
        super().check(manifests, blobs)
        if not all(isinstance(manifest, ImageManifest) for manifest in manifests):
            raise ArchiveError(
                str(self._path),
                "an archive of docker save holds images for one platform: pass platforms=[...]",
            )

    async def write_manifest(self, manifest: Manifest, tags: Sequence[str], *, root: bool) -> None:
        """Write the manifest of an image for one platform."""
        assert isinstance(manifest, ImageManifest), "verified before"
        await super().write_manifest(manifest, tags, root=root)
        _, names = self._images.setdefault(manifest.digest, (manifest, []))
        names += map(self._image_name, tags)

    def _list(self, image: Descriptor, tags: Sequence[str]) -> None:
        """List an image in the index, with the names that ``docker load`` gives it.

        A Docker that uses containerd's store of images reads the index, not ``manifest.json``.
        """
        if not tags:
            super()._list(image, tags)
        for tag in tags:
            names = {CONTAINERD_NAME: full_name(self._image_name(tag))}
            self._index = index_json(self._index, image, [tag], names)

    def _image_name(self, tag: str) -> str:
        return f"{self._repository or 'image'}:{tag}"

    def _documents(self) -> dict[str, bytes]:
        images = list(self._images.values())
        return {**super()._documents(), "manifest.json": docker_manifest_json(images)}

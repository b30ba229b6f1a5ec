"""Attachments: files that become an OCI artifact with an image as its subject.

Sources: "Guidelines for Artifact Usage" and "Guidance for an Empty Descriptor" in the OCI Image
Format Specification 1.1, and RFC 6838, section 4.2, for media types.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import anyio.to_thread

from ecrclient.images.digests import sha256
from ecrclient.images.errors import ArchiveError, ImageNotFoundError
from ecrclient.images.files import FileBlob, FileTree, Region, blob_name, disk_errors
from ecrclient.images.manifests import OCI_MANIFEST, Descriptor, Manifest, parse_manifest
from ecrclient.images.stores import (
    PIECE_BYTES,
    BlobSource,
    ImageWriter,
    OnRetry,
    TransferContext,
)

__all__ = ["EMPTY_TYPE", "TITLE", "ArtifactStore", "ArtifactTypes", "Attachment", "is_media_type"]

TITLE = "org.opencontainers.image.title"
"""The annotation with the name of a file."""
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
_EMPTY = b"{}"
_NO_TAGS: tuple[tuple[str, str], ...] = ()
_MAX_TYPE = 255
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = re.compile(f"{_NAME}/{_NAME}")


class ArtifactTypes:
    """The types of common attachments, as their tools write them."""

    SPDX_JSON: str = "application/spdx+json"
    """An SBOM in SPDX's JSON."""
    CYCLONEDX_JSON: str = "application/vnd.cyclonedx+json"
    """An SBOM in CycloneDX's JSON."""
    CYCLONEDX_XML: str = "application/vnd.cyclonedx+xml"
    """An SBOM in CycloneDX's XML."""
    IN_TOTO: str = "application/vnd.in-toto+json"
    """An attestation: an in-toto statement, as BuildKit writes it."""
    DSSE: str = "application/vnd.dsse.envelope.v1+json"
    """An attestation in a signed envelope of DSSE."""
    SIGSTORE_BUNDLE: str = "application/vnd.dev.sigstore.bundle.v0.3+json"
    """A signature or attestation of cosign 3 with what is needed to verify it."""
    NOTARY_SIGNATURE: str = "application/vnd.cncf.notary.signature"
    """A signature of notation and AWS Signer."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of an artifact, if several have different media types or names."""

    content: bytes | Path
    """The content, or the path of a file, which is streamed."""
    media_type: str | None = None
    """The media type; None: the one that is passed to `images.Images.attach`."""
    title: str | None = None
    """The name of the file; None: the name of the path."""
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    """Annotations of the file."""


def is_media_type(text: object) -> bool:
    """Whether an object is a media type without parameters, which ECR accepts."""
    return (
        isinstance(text, str) and len(text) <= _MAX_TYPE and _MEDIA_TYPE.fullmatch(text) is not None
    )


class ArtifactStore:
    """A store with one artifact: the source of the transfer that attaches it.

    Args:
        artifact_type: The type of the artifact.
        media_type: The media type of files that have none.
        annotations: The annotations of the manifest.
    """

    name = "attachment"

    def __init__(self, artifact_type: str, media_type: str, annotations: Mapping[str, str]) -> None:
        self._artifact_type = artifact_type
        self._media_type = media_type
        self._annotations = annotations
        self._sources: dict[str, BlobSource] = {}
        self._manifest: Manifest | None = None

    async def build(self, subject: Descriptor, files: Iterable[Attachment]) -> Manifest:
        """Make the manifest; the same files and annotations always make the same one.

        Args:
            subject: The image.
            files: The files, which are read to compute their digests.

        Raises:
            ArchiveError: A file cannot be read.
            ManifestError: The manifest is too long.
        """
        config = self._add(_Memory(_EMPTY, EMPTY_TYPE))
        layers = [await self._add_file(file) for file in files]
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": self._artifact_type,
            "config": {**config, "data": "e30="},
            "layers": layers or [config],
            "subject": _members(subject),
        }
        if self._annotations:
            document["annotations"] = dict(sorted(self._annotations.items()))
        raw = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        self._manifest = parse_manifest(raw, OCI_MANIFEST)
        return self._manifest

    def _add(self, source: BlobSource) -> dict[str, Any]:
        self._sources[source.descriptor.digest] = source
        return _members(source.descriptor)

    async def _add_file(self, file: Attachment) -> dict[str, Any]:
        media_type = file.media_type or self._media_type
        annotations = dict(file.annotations)
        source: BlobSource
        if isinstance(file.content, bytes):
            source = await anyio.to_thread.run_sync(_Memory, file.content, media_type)
        else:
            annotations.setdefault(TITLE, file.content.name)
            source = await _open_file(file.content, media_type)
        if file.title is not None:
            annotations[TITLE] = file.title
        entry = self._add(source)
        return {**entry, "annotations": dict(sorted(annotations.items()))} if annotations else entry

    # -- the store as a source of a transfer -----------------------------------------------------

    @asynccontextmanager
    async def reading(self, context: TransferContext) -> AsyncGenerator[ArtifactStore]:  # noqa: ARG002
        """Open the store for reading."""
        yield self

    def writing(self, context: TransferContext) -> AbstractAsyncContextManager[ImageWriter]:
        """Refuse to write: the store is only a source."""
        raise NotImplementedError("an attachment is only the source of a transfer")

    async def resolve(self, reference: str | None) -> Descriptor:  # noqa: ARG002
        """Return the descriptor of the artifact."""
        return self._only().descriptor

    async def find(self, references: Iterable[str]) -> Mapping[str, Descriptor]:  # noqa: ARG002
        """Return nothing: nothing in the store has a tag."""
        return {}

    async def manifest(self, descriptor: Descriptor) -> Manifest:  # noqa: ARG002
        """Return the manifest of the artifact."""
        return self._only()

    async def manifests(self, descriptors: Sequence[Descriptor]) -> Sequence[Manifest]:
        """Return the manifest of the artifact for each descriptor."""
        return [await self.manifest(descriptor) for descriptor in descriptors]

    def blob(self, descriptor: Descriptor, on_retry: OnRetry = lambda: None) -> BlobSource:  # noqa: ARG002
        """Return a file of the artifact."""
        return self._sources[descriptor.digest]

    async def tags(self) -> AsyncIterator[tuple[str, str]]:
        """Yield nothing: the artifact has no tag."""
        for pair in _NO_TAGS:
            yield pair

    async def referrers(self, digest: str) -> Sequence[Descriptor]:  # noqa: ARG002
        """Return nothing: nothing in the store refers to the artifact."""
        return []

    def _only(self) -> Manifest:
        if self._manifest is None:
            raise ImageNotFoundError(self.name, "without a manifest", "call build() first")
        return self._manifest


def _members(descriptor: Descriptor) -> dict[str, Any]:
    return {
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest,
        "size": descriptor.size,
    }


class _Memory:
    """A blob in memory."""

    ranges = 1

    def __init__(self, content: bytes, media_type: str) -> None:
        self.descriptor = Descriptor(
            media_type=media_type, digest=sha256(content), size=len(content)
        )
        self._content = content

    @asynccontextmanager
    async def open(
        self, start: int = 0, stop: int | None = None, *, piece_bytes: int = PIECE_BYTES
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Read the content in pieces."""
        yield self._pieces(memoryview(self._content)[start:stop], piece_bytes)

    @staticmethod
    async def _pieces(content: memoryview, piece_bytes: int) -> AsyncIterator[bytes]:
        for position in range(0, len(content), piece_bytes):
            yield bytes(content[position : position + piece_bytes])


class _OneFile(FileTree):
    """A tree with one blob, which is a file outside a layout."""

    def __init__(self, path: Path, digest: str, size: int) -> None:
        self.path = path
        self._name = blob_name(digest)
        self._size = size

    def find(self, name: str) -> Region | None:
        """Return where the file is."""
        return Region(self.path, 0, self._size) if name == self._name else None


async def _open_file(path: Path, media_type: str) -> FileBlob:
    """Compute the digest of a file, which may be long, and return it as a blob."""
    hashed, size = hashlib.sha256(), 0
    file = await anyio.to_thread.run_sync(_open, path)
    try:
        while piece := await anyio.to_thread.run_sync(_hash_piece, file, hashed):
            size += piece
    finally:
        file.close()
    digest = f"sha256:{hashed.hexdigest()}"
    descriptor = Descriptor(media_type=media_type, digest=digest, size=size)
    return FileBlob(f"file {path}", descriptor, _OneFile(path, digest, size))


def _open(path: Path) -> BinaryIO:
    with disk_errors(path):
        if not path.is_file():
            raise ArchiveError(str(path), "not a file")
        return path.open("rb", buffering=0)


def _hash_piece(file: BinaryIO, hashed: Any) -> int:
    with disk_errors(file.name):
        piece = file.read(PIECE_BYTES)
    hashed.update(piece)
    return len(piece)

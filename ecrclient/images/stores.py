"""What a place that holds images does: the interface of repositories, layouts and archives.

A transfer opens the source with `ImageStore.reading` and the destination with
`ImageStore.writing`. What is written becomes visible only when it is complete: blobs first,
then manifests, and tags last. A destination that is one file, such as an archive, appears when
``writing()`` ends without an error.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from ecrclient.images.manifests import Descriptor, Manifest

__all__ = [
    "BlobMeter",
    "BlobSource",
    "ImageReader",
    "ImageStore",
    "ImageWriter",
    "OnRetry",
    "TransferContext",
    "UploadLog",
    "UploadRecord",
]

PIECE_BYTES = 1024 * 1024
"""The bytes that a worker thread reads, hashes or writes at a time."""

OnRetry = Callable[[], None]
"""Called whenever a download is resumed."""


class BlobMeter(Protocol):
    """Counts what is written of a blob."""

    def add(self, count: int) -> None:
        """Count bytes that have just been written."""
        ...

    def restart(self, position: int) -> None:
        """Continue at a position: of an earlier upload, or before bytes that were lost."""
        ...

    def retried(self) -> None:
        """Count an upload that is restarted."""
        ...


class UploadRecord(NamedTuple):
    """An upload to a repository that has begun."""

    upload_id: str
    part_size: int
    position: int
    """The bytes that the registry has accepted."""


class UploadLog(Protocol):
    """Remembers uploads in progress, so that a later process can continue them.

    A repository is named by its ARN.
    """

    def find(self, repository: str, digest: str) -> UploadRecord | None:
        """Return the upload of a blob that was interrupted."""
        ...

    async def record(self, repository: str, digest: str, upload: UploadRecord | None) -> None:
        """Remember the state of an upload; None: it has ended."""
        ...


@dataclass(frozen=True)
class TransferContext:
    """What a store needs to know about the transfer that it takes part in."""

    repository: str | None = None
    """The name of the image's repository, for stores that record it."""
    upload_log: UploadLog | None = None
    create_repository: bool = False
    """Whether to create the destination's repository if it does not exist."""


class BlobSource(Protocol):
    """Content that can be read from any position, more than once."""

    @property
    def descriptor(self) -> Descriptor:
        """The digest and the size of the content."""
        ...

    @property
    def ranges(self) -> int:
        """The number of ranges that are worth reading at the same time; 1 for local files."""
        ...

    def open(
        self, start: int = 0, stop: int | None = None, *, piece_bytes: int = PIECE_BYTES
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Read the content in pieces, without verifying it.

        Args:
            start: The position of the first byte.
            stop: The position after the last byte; None: the end.
            piece_bytes: The length of pieces that suits the reader; they may have another one.
        """
        ...


class ImageReader(Protocol):
    """A store that is open for reading."""

    async def resolve(self, reference: str | None) -> Descriptor:
        """Return the descriptor of the manifest that a tag or a digest names.

        Args:
            reference: A tag or a digest; None: the only image of the store.

        Raises:
            ImageNotFoundError: There is no such image, or not exactly one.
        """
        ...

    async def find(self, references: Iterable[str]) -> Mapping[str, Descriptor]:
        """Return the manifests that some tags or digests name; absent ones are left out."""
        ...

    async def manifest(self, descriptor: Descriptor) -> Manifest:
        """Read and verify a manifest.

        Raises:
            ImageNotFoundError: The store does not have it.
            ContentMismatchError: It does not have its digest.
        """
        ...

    async def manifests(self, descriptors: Sequence[Descriptor]) -> Sequence[Manifest]:
        """Read and verify several manifests; the same errors as for one."""
        ...

    def blob(self, descriptor: Descriptor, on_retry: OnRetry = ...) -> BlobSource:
        """Return a blob; opening it raises ``BlobNotFoundError`` if there is none."""
        ...

    def tags(self) -> AsyncIterator[tuple[str, str]]:
        """Yield the tags of the store and the digests of their manifests."""
        ...

    async def referrers(self, digest: str) -> Sequence[Descriptor]:
        """Return the manifests whose subject is a manifest, such as signatures."""
        ...


class ImageWriter(Protocol):
    """A store that is open for writing."""

    @property
    def keeps_incomplete(self) -> bool:
        """Whether what was written stays there if a transfer fails."""
        ...

    async def settled_tags(self, digest: str, tags: Sequence[str]) -> set[str]:
        """Return those tags that point at a manifest already.

        Raises:
            TagConflictError: A tag is immutable and belongs to another manifest.
        """
        ...

    async def missing_manifests(self, digests: Sequence[str]) -> set[str]:
        """Return those digests whose manifest, or some content of it, the store does not have."""
        ...

    async def missing_blobs(self, blobs: Sequence[Descriptor]) -> set[str]:
        """Return the digests of those blobs that the store does not have."""
        ...

    def check(self, manifests: Sequence[Manifest], blobs: Sequence[Descriptor]) -> None:
        """Verify that the store can hold some content, before any of it is written.

        Args:
            manifests: The manifests to write.
            blobs: The blobs to write.

        Raises:
            ImageError: It cannot.
        """
        ...

    async def prepare(self) -> None:
        """Create the store if it does not exist; called before anything is written.

        Raises:
            RepositoryNotFoundException: It is a repository, which must not be created.
        """
        ...

    async def mount_blob(self, blob: Descriptor, reader: ImageReader) -> bool:
        """Link a blob from the source without a transfer; False: it must be transferred."""
        ...

    async def write_blob(self, source: BlobSource, meter: BlobMeter) -> None:
        """Write a blob and verify it; it becomes visible once it is complete.

        Raises:
            ContentMismatchError: The content does not have its digest or its size.
        """
        ...

    async def write_manifest(self, manifest: Manifest, tags: Sequence[str], *, root: bool) -> None:
        """Write a manifest, whose blobs and children are there, and point tags at it.

        Args:
            manifest: The manifest.
            tags: The tags to create or to move.
            root: Whether no index in the store refers to it.
        """
        ...


@runtime_checkable
class ImageStore(Protocol):
    """A place that holds images."""

    @property
    def name(self) -> str:
        """The store in messages, such as ``layout out``."""
        ...

    def reading(self, context: TransferContext) -> AbstractAsyncContextManager[ImageReader]:
        """Open the store for reading."""
        ...

    def writing(self, context: TransferContext) -> AbstractAsyncContextManager[ImageWriter]:
        """Open the store for writing; what it stages is removed if the body raises."""
        ...

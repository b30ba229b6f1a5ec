"""Content and its verification while it streams."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import anyio.to_thread

from ecrclient.images.errors import ContentMismatchError
from ecrclient.images.manifests import Descriptor

__all__ = ["BlobStream", "ContentCheck", "check_content"]

_IN_THREAD = 256 * 1024


class ContentCheck:
    """Counts and hashes content, and compares it with its descriptor.

    The methods compute without waiting. Call them in a worker thread for large pieces.

    Args:
        descriptor: The digest and the size that the content must have.
    """

    def __init__(self, descriptor: Descriptor) -> None:
        self._descriptor = descriptor
        self._hash = hashlib.new(descriptor.digest.partition(":")[0])
        self.size: int = 0
        """The number of bytes so far."""

    def update(self, piece: bytes | bytearray | memoryview) -> None:
        """Add a piece of the content.

        Raises:
            ContentMismatchError: The content is longer than the descriptor says.
        """
        with memoryview(piece) as view:
            self.size += view.nbytes
        if self.size > self._descriptor.size:
            raise ContentMismatchError(
                self._descriptor.digest, f"longer than its {self._descriptor.size} bytes"
            )
        self._hash.update(piece)

    def finish(self) -> None:
        """Compare the whole content with the descriptor.

        Raises:
            ContentMismatchError: The size or the digest differs.
        """
        expected = self._descriptor
        if self.size != expected.size:
            problem = f"ends after {self.size} of {expected.size} bytes"
            raise ContentMismatchError(expected.digest, problem)
        found = f"{self._hash.name}:{self._hash.hexdigest()}"
        if found != expected.digest:
            raise ContentMismatchError(expected.digest, f"the content has the digest {found}")


def check_content(descriptor: Descriptor, content: bytes) -> None:
    """Verify the size and the digest of content in memory.

    Raises:
        ContentMismatchError: The size or the digest differs.
    """
    check = ContentCheck(descriptor)
    check.update(content)
    check.finish()


class BlobStream(AsyncIterator[bytes]):
    """The content of a blob: ``async for piece in blob``.

    The size is verified at the end, and the digest too if the stream began at position 0.
    """

    def __init__(self, descriptor: Descriptor, start: int, pieces: AsyncIterator[bytes]) -> None:
        self.descriptor = descriptor
        """The digest and the size of the blob."""
        self.position: int = start
        """The position of the next byte."""
        self._pieces = pieces
        self._check = ContentCheck(descriptor) if start == 0 else None

    async def __anext__(self) -> bytes:
        piece = await anext(self._pieces, None)
        if piece is None:
            self._finish()
            raise StopAsyncIteration
        if self._check is not None:
            if len(piece) >= _IN_THREAD:
                await anyio.to_thread.run_sync(self._check.update, piece)
            else:
                self._check.update(piece)
        self.position += len(piece)
        return piece

    def _finish(self) -> None:
        if self._check is not None:
            self._check.finish()
        elif self.position != self.descriptor.size:
            problem = f"ends after {self.position} of {self.descriptor.size} bytes"
            raise ContentMismatchError(self.descriptor.digest, problem)

    async def read(self) -> bytes:
        """Return everything that is left; for small blobs."""
        return b"".join([piece async for piece in self])

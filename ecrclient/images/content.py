"""Content that a caller reads: verified while it streams."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio.to_thread

from ecrclient.images.digests import ContentCheck
from ecrclient.images.errors import ContentMismatchError
from ecrclient.images.manifests import Descriptor

__all__ = ["BlobStream"]

_IN_THREAD = 256 * 1024


class BlobStream(AsyncIterator[bytes]):
    """The content of a blob: ``async for piece in blob``.

    The size is verified at the end, and the digest too if the stream began at position 0.
    """

    def __init__(self, descriptor: Descriptor, start: int, pieces: AsyncIterator[bytes]) -> None:
        self.descriptor = descriptor
        """The digest and the size of the blob."""
        self.position = start
        """The position of the next byte."""
        self._pieces = pieces
        self._check = ContentCheck(descriptor) if start == 0 else None

    async def __anext__(self) -> bytes:
        piece = await anext(self._pieces, b"")
        if not piece:
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

"""Saving a stream: large pieces are hashed and written in worker threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio.to_thread

from ecrclient.images.digests import ContentCheck
from ecrclient.images.files import PIECE_BYTES
from ecrclient.images.stores import BlobSource, OnBytes

__all__ = ["save"]


async def save(
    source: BlobSource, write: Callable[[Sequence[bytes]], None], on_bytes: OnBytes
) -> None:
    """Read a blob to its end, write it and verify it.

    Args:
        source: The blob.
        write: Writes some pieces; called in a worker thread.
        on_bytes: Called after each write.

    Raises:
        ContentMismatchError: The content does not have its digest or its size; *write* may have
            been called.
    """
    check = ContentCheck(source.descriptor)

    def add(pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            check.update(piece)
        write(pieces)

    async with source.open() as stream:
        pieces: list[bytes] = []
        size = 0
        async for piece in stream:
            pieces.append(piece)
            size += len(piece)
            if size >= PIECE_BYTES:
                await anyio.to_thread.run_sync(add, pieces)
                on_bytes(size)
                pieces, size = [], 0
        if pieces:
            await anyio.to_thread.run_sync(add, pieces)
            on_bytes(size)
    check.finish()

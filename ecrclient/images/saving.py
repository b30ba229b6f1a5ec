"""Saving a blob in a file: content is hashed and written in worker threads.

A long download is read in several ranges at the same time. They arrive in any order, so the content
is hashed as it is read back from the file, which the operating system still has in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio
import anyio.to_thread

from ecrclient.images.concurrency import single_error
from ecrclient.images.content import ContentCheck
from ecrclient.images.file_places import FilePlace
from ecrclient.images.stores import PIECE_BYTES, BlobMeter, BlobSource

__all__ = ["save"]

RANGE_BYTES = 64 * 1024 * 1024
"""The length of a range."""


async def save(source: BlobSource, place: FilePlace, meter: BlobMeter) -> None:
    """Read a blob to its end, write it and verify it.

    Args:
        source: The blob.
        place: Where to write it.
        meter: Counts what is written.

    Raises:
        ContentMismatchError: The content does not have its digest or its size.
    """
    check = ContentCheck(source.descriptor)
    if source.ranges == 1 or source.descriptor.size < 2 * RANGE_BYTES:
        await _write(source, 0, None, place, meter, check.update)
    else:
        await _save_ranges(source, place, meter, check)
    check.finish()


async def _save_ranges(
    source: BlobSource, place: FilePlace, meter: BlobMeter, check: ContentCheck
) -> None:
    starts = range(0, source.descriptor.size, RANGE_BYTES)
    # The ranges that have not been hashed; a blob may have too many to create all events now.
    events: dict[int, anyio.Event] = {}
    slots = anyio.Semaphore(source.ranges)

    async def write_range(start: int) -> None:
        try:
            stop = min(start + RANGE_BYTES, source.descriptor.size)
            await _write(source, start, stop, place, meter)
            events.setdefault(start, anyio.Event()).set()
        finally:
            slots.release()

    async def hash_ranges() -> None:
        for start in starts:
            await events.setdefault(start, anyio.Event()).wait()
            del events[start]
            await anyio.to_thread.run_sync(hash_range, start)

    def hash_range(start: int) -> None:
        end = min(start + RANGE_BYTES, source.descriptor.size)
        for position in range(start, end, PIECE_BYTES):
            check.update(place.read(position, min(PIECE_BYTES, end - position)))

    with single_error():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hash_ranges)
            for start in starts:
                await slots.acquire()
                tasks.start_soon(write_range, start)


async def _write(
    source: BlobSource,
    start: int,
    stop: int | None,
    place: FilePlace,
    meter: BlobMeter,
    also: Callable[[bytes], None] | None = None,
) -> None:
    """Write a range of a blob; *also* receives each piece in the same worker thread."""

    def write(position: int, pieces: Sequence[bytes]) -> None:
        if also is not None:
            for piece in pieces:
                also(piece)
        place.write(position, pieces)

    async with source.open(start, stop) as stream:
        position, size = start, 0
        pieces: list[bytes] = []
        async for piece in stream:
            pieces.append(piece)
            size += len(piece)
            if size >= PIECE_BYTES:
                await anyio.to_thread.run_sync(write, position, pieces)
                meter.add(size)
                position += size
                pieces, size = [], 0
        if pieces:
            await anyio.to_thread.run_sync(write, position, pieces)
            meter.add(size)

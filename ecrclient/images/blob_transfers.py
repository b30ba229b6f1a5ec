"""The blobs of a transfer: a limited number at the same time, and each only once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import anyio

from ecrclient.images.manifests import Descriptor
from ecrclient.images.progress import BlobProgress, BlobStarted, OnProgress, TransferReport
from ecrclient.images.stores import ImageReader, ImageWriter

__all__ = ["BlobTransfers", "ReportMeter"]


class ReportMeter:
    """Counts what is written of a blob, in a report and in events."""

    def __init__(self, blob: Descriptor, report: TransferReport, emit: OnProgress) -> None:
        self._blob = blob
        self._report = report
        self._emit = emit
        self._transferred = 0

    def start(self) -> None:
        """Report that the transfer begins."""
        self._emit(BlobStarted(self._blob.digest, self._blob.size))

    def add(self, count: int) -> None:
        """Count bytes that have just been written."""
        self._report.bytes_copied += count
        self._move_to(self._transferred + count)

    def restart(self, position: int) -> None:
        """Continue at a position: of an earlier upload, or before bytes that were lost."""
        self._move_to(position)

    def retried(self) -> None:
        """Count a download that is resumed, or an upload that is restarted."""
        self._report.retries += 1

    def _move_to(self, position: int) -> None:
        self._transferred = position
        self._emit(BlobProgress(self._blob.digest, position, self._blob.size))


class BlobTransfers:
    """Transfers blobs between two stores that are open.

    Args:
        reader: The source.
        writer: The destination.
        max_concurrency: Blobs that are transferred at the same time.
        mount: Whether to try to link blobs instead of transferring them.
    """

    def __init__(
        self, reader: ImageReader, writer: ImageWriter, max_concurrency: int, *, mount: bool
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._slots = anyio.Semaphore(max_concurrency)
        self._mount = mount
        self._done: set[str] = set()
        # The blobs that another image of the same transfer is transferring.
        self._running: dict[str, anyio.Event] = {}

    async def transfer(
        self, blob: Descriptor, meter: ReportMeter
    ) -> Literal["copied", "mounted", "present"]:
        """Transfer a blob, unless this was done or is being done for another image."""
        while blob.digest in self._running:
            await self._running[blob.digest].wait()
        if blob.digest in self._done:
            return "present"
        ended = self._running[blob.digest] = anyio.Event()
        try:
            async with self._slots:
                how = await self._transfer(blob, meter)
            self._done.add(blob.digest)
            return how
        finally:
            del self._running[blob.digest]
            ended.set()

    async def _transfer(self, blob: Descriptor, meter: ReportMeter) -> Literal["copied", "mounted"]:
        meter.start()
        if self._mount and await self._writer.mount_blob(blob, self._reader):
            return "mounted"
        await self._writer.write_blob(self._reader.blob(blob, meter.retried), meter)
        return "copied"

    def forget(self, digests: Iterable[str]) -> None:
        """Transfer some blobs again, since the destination has lost them."""
        self._done.difference_update(digests)

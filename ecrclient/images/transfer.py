"""The engine of pull, push and copy: blobs in parallel, then children, the index, and tags last."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import anyio

from ecrclient.errors import LayersNotFoundException
from ecrclient.images.concurrency import single_error
from ecrclient.images.manifests import Descriptor, ImageIndex, ImageManifest
from ecrclient.images.planning import CopyPlan, PlannedManifest, Selection, make_plan
from ecrclient.images.progress import (
    BlobDone,
    BlobProgress,
    BlobStarted,
    ManifestWritten,
    OnProgress,
    ProgressEvent,
    TagWritten,
    TransferReport,
)
from ecrclient.images.resume import StateFile
from ecrclient.images.stores import (
    ImageReader,
    ImageStore,
    ImageWriter,
    TransferContext,
)

__all__ = ["Transfer"]


@dataclass(frozen=True)
class Transfer:
    """A transfer of one image from one store to another.

    A transfer that fails or is cancelled leaves no tag on an incomplete image. Blobs that it has
    written stay where they are, and the next transfer skips them.
    """

    source: ImageStore
    destination: ImageStore
    selection: Selection
    repository: str | None
    """The name of the image's repository."""
    max_concurrency: int
    """Blobs that are transferred at the same time."""
    create_repository: bool
    """Whether to create the destination's repository if it does not exist."""
    mount: bool
    """Whether to try to link blobs instead of transferring them."""
    on_progress: OnProgress | None
    resume: StateFile | None
    """Remembers the uploads."""

    async def run(self) -> TransferReport:
        """Transfer the image.

        Raises:
            ImageError: The image could not be transferred.
            ECRClientError: A call failed.
        """
        report = TransferReport("")
        context = self._context(report)
        if self.resume is not None:
            await self.resume.load()
        async with (
            self.source.reading(context) as reader,
            self.destination.writing(context) as writer,
        ):
            with _phase(report, "plan"):
                plan = await self._plan(reader, writer)
            await _Execution(self, plan, reader, writer, report).run()
        return report

    async def plan(self) -> CopyPlan:
        """Compare source and destination; nothing is written."""
        context = self._context(TransferReport(""))
        async with (
            self.source.reading(context) as reader,
            self.destination.writing(context) as writer,
        ):
            return await self._plan(reader, writer)

    async def _plan(self, reader: ImageReader, writer: ImageWriter) -> CopyPlan:
        return await make_plan(
            reader, writer, self.selection, self.source.name, self.destination.name
        )

    def _context(self, report: TransferReport) -> TransferContext:
        def on_retry() -> None:
            report.retries += 1

        return TransferContext(self.repository, on_retry, self.resume, self.create_repository)


class _Execution:
    """Carries out a plan."""

    def __init__(
        self,
        transfer: Transfer,
        plan: CopyPlan,
        reader: ImageReader,
        writer: ImageWriter,
        report: TransferReport,
    ) -> None:
        self._transfer = transfer
        self._plan = plan
        self._reader = reader
        self._writer = writer
        self._report = report
        self._slots = anyio.Semaphore(transfer.max_concurrency)

    async def run(self) -> None:
        plan, report = self._plan, self._report
        report.digest, report.tags = plan.image.digest, plan.tags
        report.manifests_present = plan.manifests_present
        report.foreign_layers_skipped = len(plan.foreign_layers)
        if plan.manifests:
            await self._writer.prepare()
        for blob in plan.blobs_present:
            self._done(BlobDone(blob.digest, blob.size, "present"))
        with _phase(report, "blobs"):
            await self._transfer_blobs(plan.blobs)
        with _phase(report, "manifests"):
            await self._write_manifests()

    # -- blobs -----------------------------------------------------------------------------------

    async def _transfer_blobs(self, blobs: tuple[Descriptor, ...]) -> None:
        with single_error():
            async with anyio.create_task_group() as tasks:
                for blob in blobs:
                    await self._slots.acquire()
                    tasks.start_soon(self._transfer_blob, blob)

    async def _transfer_blob(self, blob: Descriptor) -> None:
        try:
            self._emit(BlobStarted(blob.digest, blob.size))
            if self._transfer.mount and await self._writer.mount_blob(blob, self._reader):
                self._done(BlobDone(blob.digest, blob.size, "mounted"))
                return
            transferred = 0

            def on_bytes(count: int) -> None:
                nonlocal transferred
                transferred += count
                self._report.bytes_copied += count
                self._emit(BlobProgress(blob.digest, transferred, blob.size))

            await self._writer.write_blob(self._reader.blob(blob), on_bytes)
            self._done(BlobDone(blob.digest, blob.size, "copied"))
        finally:
            self._slots.release()

    def _done(self, event: BlobDone) -> None:
        report = self._report
        if event.how == "copied":
            report.blobs_copied += 1
        else:
            report.bytes_skipped += event.size
            if event.how == "mounted":
                report.blobs_mounted += 1
            else:
                report.blobs_present += 1
        self._emit(event)

    # -- manifests -------------------------------------------------------------------------------

    async def _write_manifests(self) -> None:
        """Write the images of the platforms in parallel, and then everything else in order."""
        manifests = self._plan.manifests
        leaves = [m for m in manifests if not m.is_root and not isinstance(m.manifest, ImageIndex)]
        with single_error():
            async with anyio.create_task_group() as tasks:
                for planned in leaves:
                    tasks.start_soon(self._write_manifest, planned)
        for planned in manifests:
            if planned not in leaves:
                await self._write_manifest(planned)

    async def _write_manifest(self, planned: PlannedManifest) -> None:
        manifest = planned.manifest
        try:
            await self._write(planned)
        except LayersNotFoundException:
            # The registry may delete blobs that no image refers to before the manifest arrives.
            if not isinstance(manifest, ImageManifest):
                raise
            missing = await self._writer.missing_blobs(manifest.blobs)
            if not missing:
                raise
            blobs = tuple(blob for blob in manifest.blobs if blob.digest in missing)
            await self._transfer_blobs(blobs)
            await self._write(planned)
        if planned.is_missing:
            self._report.manifests_written += 1
            self._emit(ManifestWritten(manifest.digest, manifest.media_type))
        for tag in planned.tags:
            self._report.tags_written += 1
            self._emit(TagWritten(tag, manifest.digest))

    async def _write(self, planned: PlannedManifest) -> None:
        await self._writer.write_manifest(planned.manifest, planned.tags, root=planned.is_root)

    def _emit(self, event: ProgressEvent) -> None:
        if self._transfer.on_progress is not None:
            self._transfer.on_progress(event)


@contextmanager
def _phase(report: TransferReport, name: str) -> Generator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        report.seconds[name] = time.perf_counter() - started

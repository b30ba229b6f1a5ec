"""The engine of pull, push and copy: plan, then blobs, children, the index, and tags last."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from ecrclient.errors import LayersNotFoundException
from ecrclient.images.blob_transfers import BlobTransfers, ReportMeter
from ecrclient.images.concurrency import run_all
from ecrclient.images.manifests import Descriptor, ImageIndex, ImageManifest
from ecrclient.images.partial_reports import attach_report
from ecrclient.images.planning import CopyPlan, PlannedManifest, Selection, make_plan
from ecrclient.images.progress import (
    BlobDone,
    ManifestWritten,
    OnProgress,
    ProgressEvent,
    TagWritten,
    TransferReport,
)
from ecrclient.images.resume import StateFile
from ecrclient.images.stores import ImageReader, ImageStore, ImageWriter, TransferContext

__all__ = ["OpenTransfer", "Transfer"]


@dataclass(frozen=True)
class Transfer:
    """A transfer of images from one store to another.

    A transfer that fails or is cancelled leaves no tag on an incomplete image. Blobs that it has
    written stay where they are, and the next transfer skips them.
    """

    source: ImageStore
    destination: ImageStore
    repository: str | None
    """The name of the images' repository."""
    max_concurrency: int
    """Blobs that are transferred at the same time."""
    create_repository: bool
    """Whether to create the destination's repository if it does not exist."""
    mount: bool
    """Whether to try to link blobs instead of transferring them."""
    on_progress: OnProgress | None
    resume: StateFile | None
    """Remembers the uploads."""

    async def run(self, selection: Selection) -> TransferReport:
        """Transfer one image.

        Raises:
            ImageError: The image could not be transferred.
            ECRClientError: A call failed.
        """
        report = TransferReport("")
        is_kept = False
        try:
            async with self.open() as transfer:
                is_kept = transfer.keeps_incomplete
                await transfer.run(selection, report)
        except Exception as error:
            attach_report(error, report, is_kept=is_kept)
            raise
        return report

    async def plan(self, selection: Selection) -> CopyPlan:
        """Compare source and destination; nothing is written."""
        async with self.open() as transfer:
            return await transfer.plan(selection)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[OpenTransfer]:
        """Open both stores. What a destination stages is discarded if the body raises."""
        if self.resume is not None:
            await self.resume.load()
        context = TransferContext(self.repository, self.resume, self.create_repository)
        async with (
            self.source.reading(context) as reader,
            self.destination.writing(context) as writer,
        ):
            yield OpenTransfer(self, reader, writer)


class OpenTransfer:
    """A transfer whose stores are open; it may transfer several images at the same time."""

    def __init__(self, transfer: Transfer, reader: ImageReader, writer: ImageWriter) -> None:
        self.reader = reader
        self.keeps_incomplete: bool = writer.keeps_incomplete
        """Whether what was written stays in the destination if a transfer fails."""
        self._transfer = transfer
        self._writer = writer
        self._blobs = BlobTransfers(reader, writer, transfer.max_concurrency, mount=transfer.mount)

    async def plan(self, selection: Selection) -> CopyPlan:
        """Compare source and destination; nothing is written."""
        stores = self._transfer.source.name, self._transfer.destination.name
        return await make_plan(self.reader, self._writer, selection, *stores)

    async def run(self, selection: Selection, report: TransferReport) -> None:
        """Transfer an image, and report what is done while it is done."""
        with _phase(report, "plan"):
            plan = await self.plan(selection)
        on_progress = self._transfer.on_progress or _ignore
        await _Execution(plan, self._writer, self._blobs, report, on_progress).run()


class _Execution:
    """Carries out a plan."""

    def __init__(
        self,
        plan: CopyPlan,
        writer: ImageWriter,
        blobs: BlobTransfers,
        report: TransferReport,
        emit: OnProgress,
    ) -> None:
        self._plan = plan
        self._writer = writer
        self._blobs = blobs
        self._report = report
        self._emit = emit

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
            await run_all(self._transfer_blob, plan.blobs)
        with _phase(report, "manifests"):
            await self._write_manifests()

    async def _transfer_blob(self, blob: Descriptor) -> None:
        how = await self._blobs.transfer(blob, ReportMeter(blob, self._report, self._emit))
        self._done(BlobDone(blob.digest, blob.size, how))

    def _done(self, event: BlobDone) -> None:
        report, how = self._report, event.how
        if how != "present":
            report.written_blobs[event.digest] = how
        if how == "copied":
            report.blobs_copied += 1
        else:
            report.bytes_skipped += event.size
            if how == "mounted":
                report.blobs_mounted += 1
            else:
                report.blobs_present += 1
        self._emit(event)

    async def _write_manifests(self) -> None:
        """Write the images of the platforms in parallel, and then everything else in order."""
        manifests = self._plan.manifests
        leaves = [m for m in manifests if not m.is_root and not isinstance(m.manifest, ImageIndex)]
        await run_all(self._write_manifest, leaves)
        for planned in manifests:
            if planned not in leaves:
                await self._write_manifest(planned)

    async def _write_manifest(self, planned: PlannedManifest) -> None:
        """Write a manifest and its tags, one after the other, so that the report is exact."""
        manifest, report = planned.manifest, self._report
        is_new = planned.is_missing
        steps: list[tuple[str, ...]] = [(tag,) for tag in planned.tags]
        for tags in steps or [()]:
            await self._write(planned, tags)
            if is_new:
                is_new = False
                report.manifests_written += 1
                report.written_manifests.append(manifest.digest)
                self._emit(ManifestWritten(manifest.digest, manifest.media_type))
            for tag in tags:
                report.tags_written += 1
                report.written_tags[tag] = manifest.digest
                self._emit(TagWritten(tag, manifest.digest))

    async def _write(self, planned: PlannedManifest, tags: tuple[str, ...]) -> None:
        manifest = planned.manifest
        try:
            await self._writer.write_manifest(manifest, tags, root=planned.is_root)
        except LayersNotFoundException:
            # The registry may delete blobs that no image refers to before the manifest arrives.
            if not isinstance(manifest, ImageManifest):
                raise
            missing = await self._writer.missing_blobs(manifest.blobs)
            if not missing:
                raise
            self._blobs.forget(missing)
            blobs = [blob for blob in manifest.blobs if blob.digest in missing]
            await run_all(self._transfer_blob, blobs)
            await self._writer.write_manifest(manifest, tags, root=planned.is_root)


def _ignore(event: ProgressEvent) -> None:
    pass


@contextmanager
def _phase(report: TransferReport, name: str) -> Generator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        report.seconds[name] = time.perf_counter() - started

"""Copies of many images of a repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ecrclient._wildcards import matches
from ecrclient.errors import ECRClientError
from ecrclient.images.concurrency import run_all
from ecrclient.images.partial_reports import attach_report
from ecrclient.images.planning import Selection
from ecrclient.images.progress import TransferReport
from ecrclient.images.transfer import Transfer

__all__ = ["CopyAllReport", "CopyError", "copy_images"]


@dataclass(slots=True)
class CopyAllReport:
    """What `images.Images.copy_all` did."""

    copied: dict[str, TransferReport] = field(default_factory=dict[str, TransferReport])
    """The reports of the copied images, by digest in the source."""
    failed: dict[str, Exception] = field(default_factory=dict[str, Exception])
    """The errors of the other images, by digest in the source."""

    @property
    def bytes_copied(self) -> int:
        """The bytes that were transferred."""
        return sum(report.bytes_copied for report in self.copied.values())


class CopyError(ECRClientError, ExceptionGroup[Exception]):
    """Some of many images could not be copied; the others have been."""

    report: CopyAllReport
    """What was copied, and what was not."""

    @classmethod
    def of(cls, report: CopyAllReport) -> CopyError:
        """Group the errors of a report."""
        failures = list(report.failed.values())
        noun = "image" if len(failures) == 1 else "images"
        error = cls(f"{len(failures)} {noun} could not be copied", failures)
        error.report = report
        return error

    def derive(self, excs: Sequence[Exception]) -> CopyError:  # type: ignore[override]
        """Group some of the errors; ``report`` is kept."""
        error = CopyError(self.message, excs)
        error.report = self.report
        return error


async def copy_images(transfer: Transfer, selection: Selection, tag_pattern: str) -> CopyAllReport:
    """Copy the images whose tags match a pattern; a failure does not stop the others.

    Args:
        transfer: From where to where.
        selection: How much of each image; its image and tags are replaced.
        tag_pattern: The pattern, in which ``*`` matches any characters.

    Raises:
        CopyError: Some images could not be copied.
    """
    report = CopyAllReport()
    async with transfer.open() as opened:
        images: dict[str, tuple[str, ...]] = {}
        async for tag, digest in opened.reader.tags():
            if matches(tag_pattern, tag):
                images[digest] = (*images.get(digest, ()), tag)

        async def copy(image: tuple[str, tuple[str, ...]]) -> None:
            digest, tags = image
            name = f"{transfer.source.name}, image {digest}"
            one = replace(selection, name=name, reference=digest, tags=tags)
            done = TransferReport("")
            try:
                await opened.run(one, done)
            except Exception as error:  # noqa: BLE001 - raised in the group
                attach_report(error, done, is_kept=opened.keeps_incomplete)
                report.failed[digest] = error
            else:
                report.copied[digest] = done

        await run_all(copy, images.items(), transfer.max_concurrency)
        if report.failed:
            # In the block, so that an archive, which is incomplete, is discarded.
            raise CopyError.of(report)
    return report

"""Copies of many images of a repository."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import anyio

from ecrclient._wildcards import matches
from ecrclient.errors import ECRClientError
from ecrclient.images.progress import TransferReport

__all__ = ["CopyAllReport", "CopyError", "copy_images"]


@dataclass(slots=True)
class CopyAllReport:
    """What :meth:`~ecrclient.images.Images.copy_all` did."""

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


async def copy_images(
    tags: AsyncIterator[tuple[str, str]],
    tag_pattern: str,
    copy: Callable[[str, tuple[str, ...]], Awaitable[TransferReport]],
    max_concurrency: int,
) -> CopyAllReport:
    """Copy the images whose tags match a pattern; a failure does not stop the others.

    Args:
        tags: The tags of the source and their digests.
        tag_pattern: The pattern, in which ``*`` matches any characters.
        copy: Copies the image with a digest, under some tags.
        max_concurrency: Images that are copied at the same time.

    Raises:
        CopyError: Some images could not be copied.
    """
    images: dict[str, tuple[str, ...]] = {}
    async for tag, digest in tags:
        if matches(tag_pattern, tag):
            images[digest] = (*images.get(digest, ()), tag)
    report = CopyAllReport()
    slots = anyio.Semaphore(max_concurrency)

    async def copy_one(digest: str, wanted: tuple[str, ...]) -> None:
        async with slots:
            try:
                report.copied[digest] = await copy(digest, wanted)
            except Exception as error:  # noqa: BLE001 - raised in the group
                report.failed[digest] = error

    async with anyio.create_task_group() as tasks:
        for digest, wanted in images.items():
            tasks.start_soon(copy_one, digest, wanted)
    if report.failed:
        raise CopyError.of(report)
    return report

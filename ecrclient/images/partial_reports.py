"""What a transfer had written before it failed: the report that belongs to an error."""

from __future__ import annotations

from ecrclient.images.progress import TransferReport

__all__ = ["attach_report", "partial_report"]

_ATTRIBUTE = "_transfer_report"


def partial_report(error: BaseException) -> TransferReport | None:
    """Return what a pull, push or copy is known to have written before it raised an error.

    ::

        try:
            await images.copy("v1", to=mirror)
        except ECRClientError as error:
            report = partial_report(error)

    `TransferReport.written_blobs`, `TransferReport.written_manifests` and
    `TransferReport.written_tags` list what is in the destination now. They are empty for an
    archive, which does not appear if a transfer fails.

    Args:
        error: The error, or one of those in a ``CopyError``.

    Returns:
        The report; None if the error did not end a transfer.
    """
    report = vars(error).get(_ATTRIBUTE)
    return report if isinstance(report, TransferReport) else None


def attach_report(error: Exception, report: TransferReport, *, is_kept: bool) -> None:
    """Attach the report of a transfer to the error that ended it.

    Args:
        error: The error.
        report: What was written.
        is_kept: Whether the destination keeps it.
    """
    vars(error)[_ATTRIBUTE] = report
    if not is_kept:
        report.written_blobs.clear()
        report.written_manifests.clear()
        report.written_tags.clear()
    written = [
        _count(len(report.written_blobs), "blob"),
        _count(len(report.written_manifests), "manifest"),
        _count(len(report.written_tags), "tag"),
    ]
    if report.written_blobs or report.written_manifests or report.written_tags:
        error.add_note(
            f"Written before the transfer failed: {', '.join(written)} "
            "(ecrclient.images.partial_report lists them)"
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

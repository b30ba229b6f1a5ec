"""The progress of a transfer: bars on a terminal, and lines elsewhere, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

from ecrclient.cli.output import print_note
from ecrclient.cli.text import short_digest, size
from ecrclient.images.progress import (
    BlobDone,
    BlobProgress,
    BlobStarted,
    ManifestWritten,
    OnProgress,
    ProgressEvent,
    TagWritten,
)

__all__ = ["showing_progress"]


@contextmanager
def showing_progress(*, quiet: bool = False) -> Generator[OnProgress | None]:
    """Show the events that the yielded function receives.

    Args:
        quiet: Whether to show nothing; the context then yields None.
    """
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bars() as show:
            yield show
    else:
        yield _print_event


def _print_event(event: ProgressEvent) -> None:
    match event:
        case BlobDone():
            print_note(f"blob {short_digest(event.digest)} {event.how} ({size(event.size)})")
        case ManifestWritten():
            print_note(f"manifest {short_digest(event.digest)} written")
        case TagWritten():
            print_note(f"tag {event.tag} written")
        case BlobStarted() | BlobProgress():
            pass


@contextmanager
def _bars() -> Generator[OnProgress]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn
    from rich.progress import TransferSpeedColumn as Speed

    bars: dict[str, TaskID] = {}
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), Speed())
    with Progress(*columns, console=console) as progress:

        def show(event: ProgressEvent) -> None:
            if isinstance(event, ManifestWritten | TagWritten):
                return
            if event.digest not in bars:
                bars[event.digest] = progress.add_task(short_digest(event.digest), total=event.size)
            if isinstance(event, BlobProgress):
                progress.update(bars[event.digest], completed=event.transferred)
            elif isinstance(event, BlobDone):
                progress.update(bars[event.digest], completed=event.size)

        yield show

"""The lock of a layout while it is created or its index changes, for threads and processes.

It is a lock of the operating system on the directory (``flock``), so it leaves no file, and ends
with its process. Windows and some network file systems have none; there, only the transfers of one
process exclude each other.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ecrclient.images.errors import ArchiveError

__all__ = ["locked"]

_CHANGING = threading.Lock()
_TIMEOUT = 60.0
_POLL = 0.01


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Exclude all other changes of a layout; blocks, so call it in a worker thread.

    Args:
        path: The directory of the layout, which exists.

    Raises:
        ArchiveError: Another process has kept the lock for a minute.
    """
    with _CHANGING:
        if os.name != "posix":  # pragma: no cover - Windows
            yield
            return
        directory = os.open(path, os.O_RDONLY)
        try:
            _lock(path, directory)
            yield
        finally:
            os.close(directory)  # ends the lock


def _lock(path: Path, directory: int) -> None:
    import fcntl

    deadline = time.monotonic() + _TIMEOUT
    while True:
        try:
            fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                problem = f"another process has locked the layout for {_TIMEOUT:g} s"
                raise ArchiveError(str(path), problem) from None
            time.sleep(_POLL)
        except OSError:
            return  # not supported by the file system
        else:
            return

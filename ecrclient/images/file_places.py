"""Places in files that are being written, from several worker threads at the same time."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import BinaryIO

from ecrclient.images.files import disk_errors

__all__ = ["FilePlace", "write_at"]

_MAX_BUFFERS = 64
"""The buffers of one write; POSIX allows at least 16, Linux 1,024."""
_SEEKING = threading.Lock()
"""Windows cannot read or write at a position without moving that of the file."""


class FilePlace:
    """The place of a blob in a file; the methods block on the disk.

    Args:
        file: The file, unbuffered, open for reading and writing.
        start: The position of the blob in the file.
    """

    def __init__(self, file: BinaryIO, start: int = 0) -> None:
        self._file = file
        self._start = start

    def write(self, position: int, pieces: Sequence[bytes]) -> None:
        """Write some content at a position of the blob.

        Raises:
            ArchiveError: The disk is full, for example.
        """
        write_at(self._file, pieces, position + self._start)

    def read(self, position: int, size: int) -> bytes:
        """Read content that has been written."""
        position += self._start
        with disk_errors(self._file.name):
            if hasattr(os, "pread"):
                return os.pread(self._file.fileno(), size, position)
            with _SEEKING:
                self._file.seek(position)
                return self._file.read(size)


def write_at(file: BinaryIO, pieces: Sequence[bytes], position: int) -> None:
    """Write content at a position of a file; blocks on the disk.

    Raises:
        ArchiveError: The disk is full, for example.
    """
    buffers = [memoryview(piece) for piece in pieces]
    with disk_errors(file.name):
        while buffers:
            written = _write_some(file, buffers[:_MAX_BUFFERS], position)
            position += written
            while buffers and written >= len(buffers[0]):
                written -= len(buffers.pop(0))
            if written:
                buffers[0] = buffers[0][written:]


def _write_some(file: BinaryIO, buffers: Sequence[memoryview], position: int) -> int:
    if hasattr(os, "pwritev"):
        return os.pwritev(file.fileno(), buffers, position)
    with _SEEKING:
        file.seek(position)
        return file.write(buffers[0])

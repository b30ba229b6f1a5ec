"""Writes a tar archive whose members arrive in any order and at the same time.

The size of a member is known before its content, so a place for it is reserved at the end of the
archive, and several members can be written in parallel. The archive has a temporary name until it
is complete.
"""

from __future__ import annotations

import os
import secrets
import tarfile
from pathlib import Path
from typing import BinaryIO

import anyio.to_thread

from ecrclient.images.file_places import FilePlace, write_at
from ecrclient.images.files import disk_errors

__all__ = ["TarWriter"]

_BLOCK = 512


class TarWriter:
    """Writes one archive; call `publish` or `discard` at the end.

    Args:
        path: The archive. An existing file is replaced when this one is published.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._partial = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        self._file: BinaryIO | None = None
        self._end = 0
        self._directories: set[str] = set()

    def reserve(self, name: str, size: int) -> FilePlace:
        """Write the header of a member and reserve the place of its content; blocks on the disk.

        Raises:
            ArchiveError: The archive cannot be written.
        """
        if self._file is None:
            with disk_errors(self._partial):
                self._file = self._partial.open("x+b", buffering=0)
        parent = os.path.dirname(name)
        if parent and parent not in self._directories:
            self._add_directories(parent)
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o644
        start = self._write_header(info)
        self._end = start + -(-size // _BLOCK) * _BLOCK
        return FilePlace(self._file, start)

    def _add_directories(self, name: str) -> None:
        parent = os.path.dirname(name)
        if parent and parent not in self._directories:
            self._add_directories(parent)
        self._directories.add(name)
        info = tarfile.TarInfo(name)
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        self._end = self._write_header(info)

    def _write_header(self, info: tarfile.TarInfo) -> int:
        """Write a header at the end of the archive; return the position after it."""
        assert self._file is not None
        header = info.tobuf(tarfile.PAX_FORMAT)
        write_at(self._file, [header], self._end)
        return self._end + len(header)

    def add(self, name: str, content: bytes) -> None:
        """Write a whole member; blocks on the disk."""
        self.reserve(name, len(content)).write(0, [content])

    async def publish(self) -> None:
        """Complete the archive and give it its name.

        Raises:
            ArchiveError: The archive cannot be written.
        """
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._publish)

    def _publish(self) -> None:
        assert self._file is not None
        with disk_errors(self.path):
            self._file.truncate(self._end + 2 * _BLOCK)
            self._file.close()
            self._partial.replace(self.path)
        self._file = None

    async def discard(self) -> None:
        """Delete what has been written, unless it was published. Idempotent."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._discard)

    def _discard(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._partial.unlink(missing_ok=True)

"""Blobs as files: in a directory, or as members of a tar archive that is not unpacked.

Everything that waits for a disk runs in worker threads. A name from an archive is used only to find
a member of that archive, never as a path on the disk, and links out of a layout are not followed.
"""

from __future__ import annotations

import os
import posixpath
import tarfile
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import anyio.to_thread

from ecrclient.images.errors import ArchiveError, BlobNotFoundError
from ecrclient.images.manifests import MAX_MANIFEST_BYTES, Descriptor
from ecrclient.images.stores import PIECE_BYTES

__all__ = ["Directory", "FileBlob", "FileTree", "Region", "Tar", "blob_name", "disk_errors"]

_MAX_MEMBERS = 100_000
_MAX_LINKS = 8


@contextmanager
def disk_errors(path: Path | str) -> Generator[None]:
    """Raise what the operating system reports, such as a full disk, as an ``ArchiveError``."""
    try:
        yield
    except OSError as error:
        raise ArchiveError(str(path), error.strerror or str(error)) from error
    except OverflowError as error:
        raise ArchiveError(str(path), "longer than a file can be") from error


class Region(NamedTuple):
    """A part of a file."""

    path: Path
    start: int
    size: int


class FileTree(ABC):
    """Named files; the methods wait for the disk and are called in worker threads."""

    path: Path
    """The directory or the archive."""

    @abstractmethod
    def find(self, name: str) -> Region | None:
        """Return where a file is; None: there is none.

        Args:
            name: A relative path with slashes.
        """

    def read(self, name: str) -> bytes | None:
        """Read a small file; None: there is none.

        Raises:
            ArchiveError: It is longer than a manifest may be, or cannot be read.
        """
        region = self.find(name)
        return None if region is None else _read(region)


class Directory(FileTree):
    """The files of a directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, name: str) -> Region | None:
        """Return where a file is; None: there is none.

        Raises:
            ArchiveError: It is a link to a file outside the directory, or cannot be read.
        """
        path = self.path / name
        with disk_errors(path):
            if not path.is_file():
                return None
            if not path.resolve().is_relative_to(self.path.resolve()):
                raise ArchiveError(str(path), "a link to a file outside the layout")
            return Region(path, 0, path.stat().st_size)

    def read(self, name: str) -> bytes | None:
        """Read a small file, also while another process replaces it; None: there is none.

        Raises:
            ArchiveError: It is longer than a manifest may be, or cannot be read.
        """
        region = self.find(name)
        if region is None:
            return None
        # The region has the size of the file that was found, perhaps not of the one that is opened.
        with disk_errors(region.path), region.path.open("rb") as file:
            content = file.read(MAX_MANIFEST_BYTES + 1)
        _check_length(region.path, len(content))
        return content


class Tar(FileTree):
    """The members of a tar archive, which are read in place.

    Args:
        path: The archive; its index is read in the constructor.

    Raises:
        ArchiveError: It is not an uncompressed tar archive, is truncated, or has unsafe members.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._members: dict[str, tarfile.TarInfo] = {}
        with disk_errors(path):
            try:
                with tarfile.open(path, mode="r:") as archive:
                    size = path.stat().st_size
                    for number, member in enumerate(archive):
                        if number >= _MAX_MEMBERS:
                            raise ArchiveError(str(path), f"has more than {_MAX_MEMBERS} members")
                        self._add(member, size)
            except tarfile.TarError as error:
                raise ArchiveError(str(path), _tar_problem(path, error)) from error

    def _add(self, member: tarfile.TarInfo, size: int) -> None:
        name = posixpath.normpath(member.name)
        if name.startswith("/") or name.split("/")[0] == "..":
            raise ArchiveError(str(self.path), f"the member {member.name!r} is outside the archive")
        if member.isdir():
            return
        if not (member.isreg() or member.issym() or member.islnk()) or member.issparse():
            raise ArchiveError(str(self.path), f"the member {member.name!r} is not a plain file")
        if member.isreg() and not 0 <= member.offset_data + member.size <= size:
            raise ArchiveError(str(self.path), f"truncated in the member {member.name!r}")
        if name in self._members:
            if not self._is_equal(self._members[name], member):
                raise ArchiveError(str(self.path), f"has two different members {member.name!r}")
            return
        self._members[name] = member

    def _is_equal(self, one: tarfile.TarInfo, other: tarfile.TarInfo) -> bool:
        """Whether two members have the same content; crane writes a shared configuration twice."""
        if not (one.isreg() and other.isreg() and one.size == other.size):
            return False
        with self.path.open("rb") as file:
            for position in range(0, one.size, PIECE_BYTES):
                size = min(PIECE_BYTES, one.size - position)
                pieces: list[bytes] = []
                for member in (one, other):
                    file.seek(member.offset_data + position)
                    pieces.append(file.read(size))
                if pieces[0] != pieces[1]:
                    return False
        return True

    def find(self, name: str) -> Region | None:
        """Return where a member is; links to other members are followed."""
        for _ in range(_MAX_LINKS):
            member = self._members.get(posixpath.normpath(name))
            if member is None:
                return None
            if member.isreg():
                return Region(self.path, member.offset_data, member.size)
            name = member.linkname
            if member.issym():
                name = posixpath.join(posixpath.dirname(member.name), name)
        raise ArchiveError(str(self.path), f"too many links at {name!r}")


def _tar_problem(path: Path, error: tarfile.TarError) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd", b"\xfd7zX")):
        return "compressed: decompress the archive first (its layers may be compressed)"
    return f"not a tar archive, or truncated: {error}"


def blob_name(digest: str) -> str:
    """Return the path of a blob in a layout."""
    return f"blobs/{digest.replace(':', '/')}"


def _read(region: Region) -> bytes:
    _check_length(region.path, region.size)
    with disk_errors(region.path), region.path.open("rb") as file:
        file.seek(region.start)
        content = file.read(region.size)
    if len(content) != region.size:
        raise ArchiveError(str(region.path), "truncated")
    return content


def _check_length(path: Path, size: int) -> None:
    if size > MAX_MANIFEST_BYTES:
        raise ArchiveError(str(path), f"a document is longer than {MAX_MANIFEST_BYTES} bytes")


class FileBlob:
    """A blob that is a file.

    Args:
        store: The store in messages.
        descriptor: The blob.
        tree: The files of the store.
    """

    ranges = 1

    def __init__(self, store: str, descriptor: Descriptor, tree: FileTree) -> None:
        self.descriptor = descriptor
        self._store = store
        self._tree = tree

    @asynccontextmanager
    async def open(
        self, start: int = 0, stop: int | None = None, *, piece_bytes: int = PIECE_BYTES
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Read the content in pieces, without verifying it.

        Raises:
            BlobNotFoundError: The store does not have it.
            ArchiveError: It cannot be read.
        """
        pieces = await anyio.to_thread.run_sync(self._open, start, stop, piece_bytes)
        try:
            yield pieces
        finally:
            pieces.close()

    def _open(self, start: int, stop: int | None, piece_bytes: int) -> _Pieces:
        region = self._tree.find(blob_name(self.descriptor.digest))
        if region is None:
            raise BlobNotFoundError(self._store, self.descriptor.digest)
        end = region.size if stop is None else min(stop, region.size)
        with disk_errors(region.path):
            file = region.path.open("rb", buffering=0)
            file.seek(region.start + start, os.SEEK_SET)
        return _Pieces(file, max(0, end - start), piece_bytes)


class _Pieces(AsyncIterator[bytes]):
    def __init__(self, file: BinaryIO, size: int, piece_bytes: int) -> None:
        self._file = file
        self._piece_bytes = piece_bytes
        self._left = size
        self.close = file.close

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        piece = await anyio.to_thread.run_sync(self._read, min(self._piece_bytes, self._left))
        if not piece:
            raise StopAsyncIteration  # the verification of the content finds that it is too short
        self._left -= len(piece)
        return piece

    def _read(self, size: int) -> bytes:
        with disk_errors(self._file.name):
            return self._file.read(size)

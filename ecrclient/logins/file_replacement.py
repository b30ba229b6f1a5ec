"""Replacing the content of a small, secret file: atomic, for its owner only, one at a time.

The new content is written to a temporary file in the same folder, which then replaces the old one.
So a reader, and a crash at any time, finds the old content or the new one. Writers of this package
lock the folder; the change of a program that does not is noticed by comparing the file immediately
before it is replaced.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ecrclient.logins.errors import LoginFileError

if sys.platform != "win32":
    import fcntl

__all__ = ["locked", "replace_content", "write_temporary"]

_MAX_BYTES = 16 * 1024 * 1024
_ATTEMPTS = 10
_LOCK_SECONDS = 10.0
_POLL_SECONDS = 0.02
_OWNER_ONLY = 0o600


class _Snapshot(NamedTuple):
    content: bytes
    mode: int
    owner: tuple[int, int]


def replace_content(path: Path, change: Callable[[bytes | None], bytes | None]) -> bool:
    """Change the content of a file; it blocks, so call it in a worker thread.

    The file and its folder are created if necessary. The file's mode is 0600, or what is stricter
    in its current mode. A symbolic link stays a link, and its target is replaced.

    Args:
        path: The file.
        change: Returns the new content for the current one, which is None if there is no file;
            None to leave the file as it is. It may be called several times.

    Returns:
        Whether the file was changed.

    Raises:
        LoginFileError: The file cannot be read or written, or other programs keep changing it.
    """
    with _file_errors(path):
        target = Path(os.path.realpath(path))
        if not target.parent.is_dir():
            if change(None) is None:
                return False
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(target.parent):
            for _ in range(_ATTEMPTS):
                before = _read(target)
                content = change(None if before is None else before.content)
                if content is None or (before is not None and content == before.content):
                    return False
                if _replace(target, before, content):
                    return True
    raise LoginFileError(str(path), "other programs keep changing it; try again")


def _replace(target: Path, before: _Snapshot | None, content: bytes) -> bool:
    """Replace the file unless it is not as it was before."""
    temporary = write_temporary(target, before, content)
    try:
        if _read(target) != before:
            return False
        temporary.replace(target)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    _sync_folder(target.parent)
    return True


def write_temporary(target: Path, before: _Snapshot | None, content: bytes) -> Path:
    """Write the new content to a file beside the target, with the mode and owner of the old one."""
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            if sys.platform != "win32":
                os.fchmod(number, _OWNER_ONLY & (before.mode if before else _OWNER_ONLY))
                if before is not None and before.owner != _owner(os.fstat(number)):
                    # root changes a user's file; other users cannot give files away.
                    with suppress(PermissionError):
                        os.fchown(number, *before.owner)
            file.write(content)
            file.flush()
            os.fsync(number)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    return temporary


def _read(target: Path) -> _Snapshot | None:
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        number = os.open(target, flags)
    except FileNotFoundError:
        return None
    with os.fdopen(number, "rb") as file:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode):
            raise LoginFileError(str(target), "not a regular file")
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise LoginFileError(str(target), f"longer than {_MAX_BYTES} bytes")
    return _Snapshot(content, stat.S_IMODE(found.st_mode), _owner(found))


def _owner(found: os.stat_result) -> tuple[int, int]:
    return found.st_uid, found.st_gid


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Lock the folder against other writers of this package; a lock of it needs no other file."""
    if sys.platform == "win32":
        yield
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    problem = f"locked by another program for {_LOCK_SECONDS:.0f} seconds"
                    raise LoginFileError(str(folder), problem) from None
                time.sleep(_POLL_SECONDS)
            except OSError:
                break  # a file system without locks; the comparison remains
        yield
    finally:
        os.close(number)


def _sync_folder(folder: Path) -> None:
    """Make the replacement durable, where folders can be synchronized."""
    if sys.platform == "win32":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def _file_errors(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        place = "" if error.filename is None else f" ({error.filename})"
        raise LoginFileError(str(path), f"{error.strerror or error}{place}") from error

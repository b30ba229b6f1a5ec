"""State files: what a later process needs to continue an interrupted transfer.

A state file is JSON::

    {"version": 1, "uploads": {REPOSITORY: {"sha256:...": [UPLOAD ID, PART SIZE, POSITION]}}}

The repository is an ARN, since the same name may exist in several Regions and accounts. The file
contains no secret: continuing an upload needs credentials as starting one does.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from pathlib import Path
from typing import Any

import anyio.to_thread

from ecrclient.images.errors import ResumeError
from ecrclient.images.stores import UploadRecord

__all__ = ["StateFile"]

_VERSION = 1


class StateFile:
    """Remembers the uploads of a transfer in a file.

    Pass the same path as ``resume=StateFile(path)`` to continue where a process stopped. ECR keeps
    an upload in progress for a limited time; one that it has dropped starts again.

    Args:
        path: The file; it is created by the first upload, and deleted when none is in progress.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = Path(path)
        self._uploads: dict[str, dict[str, UploadRecord]] | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    async def load(self) -> None:
        """Read the file, if there is one.

        Raises:
            ResumeError: The file is not a state file.
        """
        if self._uploads is None:
            self._uploads = await anyio.to_thread.run_sync(self._read)

    def find(self, repository: str, digest: str) -> UploadRecord | None:
        """Return the upload of a blob to a repository, an ARN, that was interrupted."""
        return (self._uploads or {}).get(repository, {}).get(digest)

    async def record(self, repository: str, digest: str, upload: UploadRecord | None) -> None:
        """Remember the state of an upload; None: it has ended."""
        await anyio.to_thread.run_sync(self._record, repository, digest, upload)

    def _record(self, repository: str, digest: str, upload: UploadRecord | None) -> None:
        with self._lock:
            uploads = self._uploads = self._uploads or {}
            if upload is not None:
                uploads.setdefault(repository, {})[digest] = upload
            elif repository in uploads:
                uploads[repository].pop(digest, None)
                if not uploads[repository]:
                    del uploads[repository]
            self._write()

    def _read(self) -> dict[str, dict[str, UploadRecord]]:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise ResumeError(str(self.path), str(error)) from error
        try:
            document = json.loads(text)
            return {
                repository: {digest: _parse(entry) for digest, entry in uploads.items()}
                for repository, uploads in _checked(document)["uploads"].items()
            }
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise ResumeError(str(self.path), f"not a state file: {error}") from None

    def _write(self) -> None:
        staged = self.path.with_name(f".{self.path.name}-{secrets.token_hex(8)}")
        try:
            if not self._uploads:
                self.path.unlink(missing_ok=True)
                return
            try:
                staged.write_text(json.dumps({"version": _VERSION, "uploads": self._uploads}))
                staged.replace(self.path)
            finally:
                staged.unlink(missing_ok=True)
        except OSError as error:
            raise ResumeError(str(self.path), error.strerror or str(error)) from error


def _checked(document: Any) -> dict[str, Any]:
    if document["version"] != _VERSION:
        raise ValueError(f"its version is not {_VERSION}")
    checked: dict[str, Any] = document
    return checked


def _parse(entry: Any) -> UploadRecord:
    upload_id, part_size, position = entry
    if not isinstance(upload_id, str):
        raise TypeError("an upload id is not a string")
    if type(part_size) is not int or type(position) is not int or part_size < 1 or position < 0:
        raise ValueError("a position is not a number of bytes")
    return UploadRecord(upload_id, part_size, position)

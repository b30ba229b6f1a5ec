"""Storage of the bytes of layers: in memory or in files.

The rules of uploads and downloads use both through the same interface.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .http_messages import FileSlice
from .layer_records import LayerRecord, UploadRecord

if TYPE_CHECKING:
    from .http_messages import Body

__all__ = [
    "LayerFolder",
    "LayerMemory",
    "LayerStore",
    "MissingLayerError",
    "layer_digest",
    "layer_store",
]

_DIGEST = re.compile("sha256:([0-9a-f]{64})")
_IN_A_FILE = "is stored in a file: pass the layers_dir that the state was saved with"
_UPLOAD_ID = re.compile("[0-9a-f-]{36}")
_COPIED = 1024 * 1024


class MissingLayerError(Exception):
    """The bytes of a layer or an upload are missing; the message gives the reason."""


class LayerStore(Protocol):
    """Stores the bytes of layers and of uploads in progress."""

    def append(self, upload: UploadRecord, part: bytes) -> None:
        """Add a part to an upload, and record it in *upload*."""
        ...

    def extend(self, upload: UploadRecord, other: UploadRecord) -> None:
        """Move the parts of another upload to the end of *upload*."""
        ...

    def digest(self, upload: UploadRecord) -> str:
        """Return the digest of all parts."""
        ...

    def complete(self, upload: UploadRecord, digest: str) -> LayerRecord:
        """Turn the parts into a layer; *digest* has been verified."""
        ...

    def discard(self, upload: UploadRecord) -> None:
        """Delete the parts."""
        ...

    def add(self, digest: str, content: bytes) -> LayerRecord:
        """Store a complete layer."""
        ...

    def remove(self, digest: str) -> None:
        """Delete the bytes of a layer that is no longer in any repository."""
        ...

    def read(self, layer: LayerRecord, first: int, size: int) -> Body:
        """Return *size* bytes of a layer, starting at *first*."""
        ...

    def adopt_layer(self, layer: LayerRecord) -> LayerRecord:
        """Take over a layer of a saved state, which may contain its bytes.

        Raises:
            MissingLayerError: the bytes are neither in the state nor in this store.
        """
        ...

    def adopt_upload(self, upload: UploadRecord) -> None:
        """Take over an upload of a saved state, which may contain its parts.

        Raises:
            MissingLayerError: the parts are neither in the state nor in this store.
        """
        ...


class LayerMemory:
    """Layers in memory; a saved state contains them."""

    def append(self, upload: UploadRecord, part: bytes) -> None:
        """See `LayerStore`."""
        upload.parts.append(part)

    def extend(self, upload: UploadRecord, other: UploadRecord) -> None:
        """See `LayerStore`."""
        upload.parts.extend(other.parts)
        other.parts.clear()

    def digest(self, upload: UploadRecord) -> str:
        """See `LayerStore`."""
        return _digest(upload.parts)

    def complete(self, upload: UploadRecord, digest: str) -> LayerRecord:
        """See `LayerStore`."""
        return LayerRecord(digest, b"".join(upload.parts))

    def discard(self, upload: UploadRecord) -> None:
        """See `LayerStore`."""
        upload.parts.clear()

    def add(self, digest: str, content: bytes) -> LayerRecord:
        """See `LayerStore`."""
        return LayerRecord(digest, content)

    def remove(self, digest: str) -> None:
        """See `LayerStore`; the record contains the bytes."""

    def read(self, layer: LayerRecord, first: int, size: int) -> Body:
        """See `LayerStore`."""
        return layer.content if size == layer.size else layer.content[first : first + size]

    def adopt_layer(self, layer: LayerRecord) -> LayerRecord:
        """See `LayerStore`."""
        if layer.file_size is not None:
            raise MissingLayerError(_IN_A_FILE)
        return layer

    def adopt_upload(self, upload: UploadRecord) -> None:
        """See `LayerStore`."""
        if upload.file_part_sizes:
            raise MissingLayerError(_IN_A_FILE)


class LayerFolder:
    """Layers in the files of a folder; a saved state only references them.

    ``sha256/<hex>`` is a layer. The file is created by a rename after its digest has been verified,
    so it is always complete. ``uploads/<upload ID>`` contains the parts of an upload.

    Args:
        folder: The folder, which must be used by one registry only. It is created if necessary.
    """

    def __init__(self, folder: Path) -> None:
        self._layers = folder / "sha256"
        self._uploads = folder / "uploads"
        for one in (self._layers, self._uploads):
            one.mkdir(parents=True, exist_ok=True)

    def append(self, upload: UploadRecord, part: bytes) -> None:
        """See `LayerStore`."""
        path = self._upload_path(upload.upload_id)
        with path.open("r+b" if path.exists() else "wb") as file:
            # The file is longer than recorded if the process ended before the state was saved.
            file.seek(upload.size)
            file.truncate()
            file.write(part)
        upload.file_part_sizes.append(len(part))

    def extend(self, upload: UploadRecord, other: UploadRecord) -> None:
        """See `LayerStore`; the parts are renamed, or copied if there are parts before."""
        if not other.size:
            return
        path, moved = self._upload_path(upload.upload_id), self._upload_path(other.upload_id)
        if upload.size:
            with path.open("r+b") as file, moved.open("rb") as parts:
                file.seek(upload.size)
                file.truncate()
                shutil.copyfileobj(parts, file, _COPIED)
            moved.unlink()
        else:
            moved.replace(path)
        upload.file_part_sizes.extend(other.file_part_sizes)
        other.file_part_sizes.clear()

    def digest(self, upload: UploadRecord) -> str:
        """See `LayerStore`."""
        return _digest(FileSlice(self._upload_path(upload.upload_id), 0, upload.size).pieces())

    def complete(self, upload: UploadRecord, digest: str) -> LayerRecord:
        """See `LayerStore`."""
        self._upload_path(upload.upload_id).replace(self._layer_path(digest))
        return LayerRecord(digest, file_size=upload.size)

    def discard(self, upload: UploadRecord) -> None:
        """See `LayerStore`."""
        self._upload_path(upload.upload_id).unlink(missing_ok=True)

    def add(self, digest: str, content: bytes) -> LayerRecord:
        """See `LayerStore`."""
        part = self._upload_path(str(uuid.uuid4()))
        part.write_bytes(content)
        part.replace(self._layer_path(digest))
        return LayerRecord(digest, file_size=len(content))

    def remove(self, digest: str) -> None:
        """See `LayerStore`."""
        self._layer_path(digest).unlink(missing_ok=True)

    def read(self, layer: LayerRecord, first: int, size: int) -> Body:
        """See `LayerStore`."""
        return FileSlice(self._layer_path(layer.digest), first, size)

    def adopt_layer(self, layer: LayerRecord) -> LayerRecord:
        """See `LayerStore`."""
        if layer.file_size is None:
            if layer_digest(layer.content) != layer.digest:
                raise MissingLayerError("has bytes with a different digest")
            added = self.add(layer.digest, layer.content)
            added.media_type = layer.media_type
            return added
        _check_file(self._layer_path(layer.digest), layer.file_size, exact=True)
        return layer

    def adopt_upload(self, upload: UploadRecord) -> None:
        """See `LayerStore`."""
        parts, upload.parts = upload.parts, []
        for part in parts:
            self.append(upload, part)
        if upload.file_part_sizes:
            _check_file(self._upload_path(upload.upload_id), upload.size, exact=False)

    def _layer_path(self, digest: str) -> Path:
        match = _DIGEST.fullmatch(digest)
        if match is None:
            raise MissingLayerError("is not a sha256 digest")
        return self._layers / match[1]

    def _upload_path(self, upload_id: str) -> Path:
        if not _UPLOAD_ID.fullmatch(upload_id):
            raise MissingLayerError("is not an upload ID")
        return self._uploads / upload_id


def layer_store(layers_dir: str | os.PathLike[str] | None) -> LayerStore:
    """Return a store in the folder *layers_dir*, or in memory if it is None."""
    return LayerMemory() if layers_dir is None else LayerFolder(Path(layers_dir))


def layer_digest(content: bytes) -> str:
    """Return the digest of a layer."""
    return _digest([content])


def _digest(pieces: Iterator[bytes] | list[bytes]) -> str:
    state = hashlib.sha256()
    for piece in pieces:
        state.update(piece)
    return f"sha256:{state.hexdigest()}"


def _check_file(path: Path, size: int, *, exact: bool) -> None:
    actual = path.stat().st_size if path.is_file() else None
    if actual is None or (actual != size if exact else actual < size):
        found = "is missing" if actual is None else f"has {actual} bytes"
        raise MissingLayerError(f"its file {path} {found}; it must have {size} bytes")

"""Where the bytes of layers are: in memory, or in files.

Both do the same for the rules of uploads and downloads, which know nothing of files.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .http_messages import FileSlice
from .layer_records import LayerRecord, UploadRecord

if TYPE_CHECKING:
    from .http_messages import Body

__all__ = ["LayerFolder", "LayerMemory", "LayerStore", "MissingLayerError", "layer_digest"]

_DIGEST = re.compile("sha256:([0-9a-f]{64})")
_IN_A_FILE = "is in a file: give the layers_dir that the state was saved with"
_UPLOAD_ID = re.compile("[0-9a-f-]{36}")


class MissingLayerError(Exception):
    """The bytes of a layer or an upload are not where a record says; the message says why."""


class LayerStore(Protocol):
    """Keeps the bytes of layers, and of uploads that are under way."""

    def append(self, upload: UploadRecord, part: bytes) -> None:
        """Add a part to an upload, and record it there."""
        ...

    def digest(self, upload: UploadRecord) -> str:
        """The digest of all parts."""
        ...

    def complete(self, upload: UploadRecord, digest: str) -> LayerRecord:
        """Make a layer of the parts, whose digest is right."""
        ...

    def discard(self, upload: UploadRecord) -> None:
        """Forget the parts."""
        ...

    def add(self, digest: str, content: bytes) -> LayerRecord:
        """Keep a layer that is there as a whole."""
        ...

    def remove(self, digest: str) -> None:
        """Forget the bytes of a layer that no repository has any more."""
        ...

    def read(self, layer: LayerRecord, first: int, size: int) -> Body:
        """Some bytes of a layer."""
        ...

    def adopt_layer(self, layer: LayerRecord) -> LayerRecord:
        """A layer of a saved state, whose bytes may be with it.

        Raises:
            MissingLayerError: they are neither with it nor here.
        """
        ...

    def adopt_upload(self, upload: UploadRecord) -> None:
        """An upload of a saved state, whose parts may be with it.

        Raises:
            MissingLayerError: they are neither with it nor here.
        """
        ...


class LayerMemory:
    """Layers in memory; a saved state has them inside."""

    def append(self, upload: UploadRecord, part: bytes) -> None:
        """See :class:`LayerStore`."""
        upload.parts.append(part)

    def digest(self, upload: UploadRecord) -> str:
        """See :class:`LayerStore`."""
        return _digest(upload.parts)

    def complete(self, upload: UploadRecord, digest: str) -> LayerRecord:
        """See :class:`LayerStore`."""
        return LayerRecord(digest, b"".join(upload.parts))

    def discard(self, upload: UploadRecord) -> None:
        """See :class:`LayerStore`."""
        upload.parts.clear()

    def add(self, digest: str, content: bytes) -> LayerRecord:
        """See :class:`LayerStore`."""
        return LayerRecord(digest, content)

    def remove(self, digest: str) -> None:
        """See :class:`LayerStore`; the record has the bytes."""

    def read(self, layer: LayerRecord, first: int, size: int) -> Body:
        """See :class:`LayerStore`."""
        return layer.content if size == layer.size else layer.content[first : first + size]

    def adopt_layer(self, layer: LayerRecord) -> LayerRecord:
        """See :class:`LayerStore`."""
        if layer.file_size is not None:
            raise MissingLayerError(_IN_A_FILE)
        return layer

    def adopt_upload(self, upload: UploadRecord) -> None:
        """See :class:`LayerStore`."""
        if upload.file_part_sizes:
            raise MissingLayerError(_IN_A_FILE)


class LayerFolder:
    """Layers in the files of a folder; a saved state names them only.

    ``sha256/<hex>`` is a layer. Such a file appears by a rename once its digest is known to be
    right, so it is always whole. ``uploads/<upload ID>`` has the parts of an upload.

    Args:
        folder: The folder, of one registry only. It is created if need be.
    """

    def __init__(self, folder: Path) -> None:
        self._layers = folder / "sha256"
        self._uploads = folder / "uploads"
        for one in (self._layers, self._uploads):
            one.mkdir(parents=True, exist_ok=True)

    def append(self, upload: UploadRecord, part: bytes) -> None:
        """See :class:`LayerStore`."""
        path = self._upload_path(upload.upload_id)
        with path.open("r+b" if path.exists() else "wb") as file:
            # A process that ended between the two left more bytes than it has recorded.
            file.seek(upload.size)
            file.truncate()
            file.write(part)
        upload.file_part_sizes.append(len(part))

    def digest(self, upload: UploadRecord) -> str:
        """See :class:`LayerStore`."""
        return _digest(FileSlice(self._upload_path(upload.upload_id), 0, upload.size).pieces())

    def complete(self, upload: UploadRecord, digest: str) -> LayerRecord:
        """See :class:`LayerStore`."""
        self._upload_path(upload.upload_id).replace(self._layer_path(digest))
        return LayerRecord(digest, file_size=upload.size)

    def discard(self, upload: UploadRecord) -> None:
        """See :class:`LayerStore`."""
        self._upload_path(upload.upload_id).unlink(missing_ok=True)

    def add(self, digest: str, content: bytes) -> LayerRecord:
        """See :class:`LayerStore`."""
        part = self._upload_path(str(uuid.uuid4()))
        part.write_bytes(content)
        part.replace(self._layer_path(digest))
        return LayerRecord(digest, file_size=len(content))

    def remove(self, digest: str) -> None:
        """See :class:`LayerStore`."""
        self._layer_path(digest).unlink(missing_ok=True)

    def read(self, layer: LayerRecord, first: int, size: int) -> Body:
        """See :class:`LayerStore`."""
        return FileSlice(self._layer_path(layer.digest), first, size)

    def adopt_layer(self, layer: LayerRecord) -> LayerRecord:
        """See :class:`LayerStore`."""
        if layer.file_size is None:
            if layer_digest(layer.content) != layer.digest:
                raise MissingLayerError("has bytes of another digest")
            added = self.add(layer.digest, layer.content)
            added.media_type = layer.media_type
            return added
        _check_file(self._layer_path(layer.digest), layer.file_size, exact=True)
        return layer

    def adopt_upload(self, upload: UploadRecord) -> None:
        """See :class:`LayerStore`."""
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


def layer_digest(content: bytes) -> str:
    """The digest that a layer is named by."""
    return _digest([content])


def _digest(pieces: Iterator[bytes] | list[bytes]) -> str:
    state = hashlib.sha256()
    for piece in pieces:
        state.update(piece)
    return f"sha256:{state.hexdigest()}"


def _check_file(path: Path, size: int, *, exact: bool) -> None:
    there = path.stat().st_size if path.is_file() else None
    if there is None or (there != size if exact else there < size):
        found = "is missing" if there is None else f"has {there} bytes"
        raise MissingLayerError(f"its file {path} {found}; it must have {size} bytes")

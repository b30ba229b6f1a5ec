"""The body of an upload request, stored while it arrives."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ..layer_records import UploadRecord

if TYPE_CHECKING:
    from ..layer_stores import LayerStore

__all__ = ["BodySpool"]

_PART = 1024 * 1024


class BodySpool:
    """Stores a body in parts of about 1 MiB, so that no more than one of them is in memory twice.

    Args:
        layer_store: The store of the parts; None to discard them.
    """

    def __init__(self, layer_store: LayerStore | None) -> None:
        self._layer_store = layer_store
        self._pieces: list[bytes] = []
        self._waiting = 0
        self.stored: UploadRecord = UploadRecord(str(uuid.uuid4()))
        """The parts."""

    def write(self, piece: bytes) -> None:
        """Add the next bytes."""
        if self._layer_store is None or not piece:
            return
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting >= _PART:
            self._flush()

    def finish(self) -> UploadRecord:
        """Return the whole body."""
        if self._pieces:
            self._flush()
        return self.stored

    def discard(self) -> None:
        """Delete the parts, unless they have become parts of an upload. Idempotent."""
        if self._layer_store is not None:
            self._layer_store.discard(self.stored)

    def _flush(self) -> None:
        assert self._layer_store is not None, "pieces are only kept for a store"
        self._layer_store.append(self.stored, b"".join(self._pieces))
        # The parts of a body have no meaning: one size instead of thousands keeps appending fast.
        sizes = self.stored.file_part_sizes
        sizes[:] = [sum(sizes)] if sizes else []
        self._pieces.clear()
        self._waiting = 0

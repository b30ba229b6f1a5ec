"""Layers and uploads of layers as the registry records them. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["LayerRecord", "UploadRecord"]


@dataclass(slots=True)
class LayerRecord:
    """A layer, or the configuration of an image."""

    digest: str
    content: bytes = b""
    """The bytes; empty if they are in a file."""
    media_type: str | None = None
    """What the first manifest that names it says it is; None until there is one."""
    file_size: int | None = None
    """The size of the layer's file; None: the bytes are in ``content``."""

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.content) if self.file_size is None else self.file_size


@dataclass(slots=True)
class UploadRecord:
    """The upload of a layer that is under way."""

    upload_id: str
    parts: list[bytes] = field(default_factory=list[bytes])
    """The parts that are in memory."""
    file_part_sizes: list[int] = field(default_factory=list[int])
    """The sizes of the parts that are in a file."""
    active_at: datetime | None = None
    """When it began, or the last part came; None in a state that an older version saved."""

    @property
    def part_sizes(self) -> list[int]:
        """The sizes of all parts, in order."""
        return [*map(len, self.parts), *self.file_part_sizes]

    @property
    def size(self) -> int:
        """How many bytes have come."""
        return sum(self.part_sizes)

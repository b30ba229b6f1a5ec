"""Records of layers and layer uploads in the registry. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["LayerRecord", "UploadRecord"]


@dataclass(slots=True)
class LayerRecord:
    """A layer or an image configuration."""

    digest: str
    content: bytes = b""
    """The bytes; empty if they are stored in a file."""
    media_type: str | None = None
    """The media type in the first manifest that references it; None before that."""
    file_size: int | None = None
    """The size of the layer's file; None if the bytes are in ``content``."""

    @property
    def size(self) -> int:
        """The size in bytes."""
        return len(self.content) if self.file_size is None else self.file_size


@dataclass(slots=True)
class UploadRecord:
    """A layer upload in progress."""

    upload_id: str
    parts: list[bytes] = field(default_factory=list[bytes])
    """The parts that are stored in memory."""
    file_part_sizes: list[int] = field(default_factory=list[int])
    """The sizes of the parts that are stored in a file."""
    active_at: datetime | None = None
    """The time of the latest part, or of the start; None in a state saved by an older version."""
    first_request_size: int | None = None
    """The bytes of the first request with content, if it came through the registry's ``/v2/`` API,
    where parts may have any size; None for an upload through the ECR API."""

    @property
    def part_sizes(self) -> list[int]:
        """The sizes of all parts, in order."""
        return [*map(len, self.parts), *self.file_part_sizes]

    @property
    def size(self) -> int:
        """The number of bytes received."""
        return sum(self.part_sizes)

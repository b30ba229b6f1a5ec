"""What a transfer reports: events while it runs, and a report at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = [
    "BlobDone",
    "BlobProgress",
    "BlobStarted",
    "ManifestWritten",
    "OnProgress",
    "ProgressEvent",
    "TagWritten",
    "TransferReport",
]


@dataclass(frozen=True, slots=True)
class BlobStarted:
    """The transfer of a blob has begun."""

    digest: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class BlobProgress:
    """More of a blob has been written."""

    digest: str
    transferred: int
    """The bytes written so far. The number decreases if the destination lost some of them."""
    size: int
    """The bytes of the whole blob."""


@dataclass(frozen=True, slots=True)
class BlobDone:
    """A blob is complete in the destination."""

    digest: str
    size: int
    how: Literal["copied", "mounted", "present"]
    """``mounted``: the registry linked it from the source repository. ``present``: it was there
    before."""


@dataclass(frozen=True, slots=True)
class ManifestWritten:
    """A manifest has been written."""

    digest: str
    media_type: str


@dataclass(frozen=True, slots=True)
class TagWritten:
    """A tag points at the image."""

    tag: str
    digest: str


ProgressEvent: TypeAlias = BlobStarted | BlobProgress | BlobDone | ManifestWritten | TagWritten
OnProgress: TypeAlias = Callable[[ProgressEvent], None]
"""Called in the event loop; it must not block. An exception that it raises ends the transfer."""


@dataclass(slots=True)
class TransferReport:
    """What a transfer did."""

    digest: str
    """The digest of the image in the destination."""
    tags: tuple[str, ...] = ()
    bytes_copied: int = 0
    bytes_skipped: int = 0
    """Bytes of blobs that were mounted or present."""
    blobs_copied: int = 0
    blobs_mounted: int = 0
    blobs_present: int = 0
    manifests_written: int = 0
    manifests_present: int = 0
    tags_written: int = 0
    retries: int = 0
    """Downloads that were resumed and uploads that were restarted."""
    foreign_layers_skipped: int = 0
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """Seconds by phase: ``plan``, ``blobs`` and ``manifests``."""
    written_blobs: dict[str, Literal["copied", "mounted"]] = field(
        default_factory=dict[str, Literal["copied", "mounted"]]
    )
    """How each blob was written, by digest, in the order of completion."""
    written_manifests: list[str] = field(default_factory=list[str])
    """The digests of the manifests that were written."""
    written_tags: dict[str, str] = field(default_factory=dict[str, str])
    """The tags that were written, and the digests of their manifests."""

"""What a verification reports: problems as rows, and its progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

__all__ = [
    "ImageProblem",
    "ImageProblemKind",
    "OnVerificationProgress",
    "SkippedContent",
    "VerificationProgress",
    "VerificationReport",
]

ImageProblemKind: TypeAlias = Literal[
    "unreadable manifest",
    "wrong manifest content",
    "missing child",
    "wrong child size",
    "missing blob",
    "archived blob",
    "wrong blob size",
    "wrong blob content",
    "unreadable blob",
]
"""What is wrong. Children are the images that an index lists; sizes are compared with the manifest
or the index; content is compared with its digest."""


class _Row(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)


class ImageProblem(_Row):
    """Something that is wrong with an image."""

    image: str
    """The digest of the image or the index that is affected."""
    tags: tuple[str, ...] = ()
    """Its tags; of a child, only if a whole repository was verified."""
    content: str
    """The digest of the blob or manifest that is wrong."""
    kind: ImageProblemKind
    message: str


class SkippedContent(_Row):
    """Something that could not be verified, although nothing is known to be wrong with it."""

    digest: str
    reason: Literal["archived", "unknown type", "foreign layer", "deleted"]
    """``archived``: ECR does not return archived images. ``unknown type``: a manifest, such as
    Docker's schema 1, whose content is not known. ``foreign layer``: a layer that must not be
    redistributed, so that registries need not have it. ``deleted``: the image was deleted while it
    was being verified."""


class VerificationReport(_Row):
    """What a verification found.

    ``report.model_dump_json()`` returns it as JSON.
    """

    repository: str
    reference: str | None = None
    """The image that was verified; None: the whole repository."""
    deep: bool = False
    """Whether the content of the blobs was read."""
    images: int = 0
    """The number of manifests that were read."""
    blobs: int = 0
    """The number of blobs of these images, each digest once."""
    bytes_read: int = 0
    """The bytes of blobs that were read; 0 unless ``deep``."""
    problems: tuple[ImageProblem, ...] = ()
    """Everything that is wrong, in the order of the digests of the images."""
    skipped: tuple[SkippedContent, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class VerificationProgress:
    """The state of a verification."""

    images: int
    """The manifests that were read so far."""
    images_total: int
    """The manifests that are known so far."""
    blobs: int
    """The blobs that were verified so far."""
    blobs_total: int
    """The blobs that are known so far."""
    bytes_read: int


OnVerificationProgress: TypeAlias = Callable[[VerificationProgress], None]
"""Called in the event loop; it must not block. An exception that it raises ends the
verification."""

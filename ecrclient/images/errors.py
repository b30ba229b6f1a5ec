"""The errors of image transfers.

::

    ECRClientError
    └── ImageError                    an image could not be read, written or copied
        ├── ImageNotFoundError        no image has the tag or the digest
        ├── PlatformNotFoundError     the image exists, but not for the platform
        ├── BlobNotFoundError         a manifest refers to a blob that is not there
        ├── ManifestError             a manifest or configuration is not what it claims to be
        ├── ContentMismatchError      the content does not have the digest or the size
        ├── DownloadError             a download did not complete
        ├── UploadError               an upload did not complete
        ├── LimitError                ECR does not accept a blob of this size
        ├── ArchiveError              an archive or layout is damaged, or not writable
        ├── TagConflictError          a tag belongs to another image and must not be moved
        ├── LastTagError              without its last tag, the image would be deleted
        ├── OtherTagsError            an image to delete has other tags
        ├── TagRaceError              another client changed tags while one was being removed
        ├── DeletionError             ECR refuses to delete an image
        └── ResumeError               a state file cannot be used
    CopyError                         the failures of many copies (an ExceptionGroup)

Errors of the service and of the network are raised as they are, as ``ServiceError`` and
``TransportError``. Messages never contain the query of a presigned URL.
"""

from __future__ import annotations

from collections.abc import Sequence

from ecrclient.errors import ECRClientError

__all__ = [
    "ArchiveError",
    "BlobNotFoundError",
    "ContentMismatchError",
    "DeletionError",
    "DownloadError",
    "ImageError",
    "ImageNotFoundError",
    "LastTagError",
    "LimitError",
    "ManifestError",
    "OtherTagsError",
    "PlatformNotFoundError",
    "ResumeError",
    "TagConflictError",
    "TagRaceError",
    "UploadError",
]


class ImageError(ECRClientError):
    """An image could not be read, written or copied."""


class ImageNotFoundError(ImageError, LookupError):
    """No image has the tag or the digest."""

    def __init__(self, store: str, reference: str, advice: str = "") -> None:
        super().__init__(store, reference, advice)
        self.store = store
        """The store, such as ``repository team/app``."""
        self.reference = reference
        """The tag or the digest."""
        self.advice = advice
        """What to do about it, or an empty string."""

    def __str__(self) -> str:
        advice = f": {self.advice}" if self.advice else ""
        return f"{self.store} has no image {self.reference}{advice}"


class PlatformNotFoundError(ImageError, LookupError):
    """The image exists, but not for the platform."""

    def __init__(self, image: str, platform: str, available: Sequence[str]) -> None:
        super().__init__(image, platform, tuple(available))
        self.image = image
        self.platform = platform
        self.available: tuple[str, ...] = tuple(available)
        """The platforms of the image, such as ``linux/amd64``."""

    def __str__(self) -> str:
        available = ", ".join(self.available) or "none that is named"
        return f"{self.image} has no platform {self.platform}; it has: {available}"


class BlobNotFoundError(ImageError, LookupError):
    """A manifest refers to a blob that is not there."""

    def __init__(self, store: str, digest: str) -> None:
        super().__init__(store, digest)
        self.store = store
        self.digest = digest

    def __str__(self) -> str:
        return f"{self.store} has no blob {self.digest}"


class ManifestError(ImageError, ValueError):
    """A manifest or an image configuration is not what it claims to be."""

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(what, problem)
        self.what = what
        """The manifest or configuration, such as ``manifest sha256:...``."""
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.what}: {self.problem}"


class ContentMismatchError(ImageError):
    """The content does not have the digest or the size of its descriptor."""

    def __init__(self, digest: str, problem: str) -> None:
        super().__init__(digest, problem)
        self.digest = digest
        """The expected digest."""
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.digest}: {self.problem}"


class DownloadError(ImageError):
    """The download of a blob did not complete, after it had been resumed as often as allowed."""

    def __init__(self, digest: str, position: int, problem: str) -> None:
        super().__init__(digest, position, problem)
        self.digest = digest
        self.position = position
        """The number of bytes received."""
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.digest}: {self.problem} (after {self.position} bytes)"


class UploadError(ImageError):
    """The upload of a blob did not complete."""

    def __init__(self, digest: str, position: int, problem: str) -> None:
        super().__init__(digest, position, problem)
        self.digest = digest
        self.position = position
        """The number of bytes that the registry has accepted."""
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.digest}: {self.problem} (after {self.position} bytes)"


class LimitError(ImageError, ValueError):
    """ECR does not accept a blob, since it is empty or too long; nothing was sent."""

    def __init__(self, digest: str, problem: str) -> None:
        super().__init__(digest, problem)
        self.digest = digest
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.digest}: {self.problem}"


class ArchiveError(ImageError, ValueError):
    """An archive or a layout is damaged, unsafe, or cannot be read or written."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class TagConflictError(ImageError):
    """The tag belongs to another image and must not be moved; nothing was sent."""

    def __init__(
        self, store: str, tag: str, existing: str, wanted: str, *, is_immutable: bool = True
    ) -> None:
        super().__init__(store, tag, existing, wanted)
        self.store = store
        self.tag = tag
        self.existing = existing
        """The digest of the image that has the tag."""
        self.wanted = wanted
        """The digest of the image that was to get it."""
        self.is_immutable = is_immutable
        """Whether the repository does not allow the move. False: the caller did not, by
        ``move=False``."""

    def __str__(self) -> str:
        if self.is_immutable:
            return (
                f"{self.store}: the tag {self.tag} is immutable and belongs to {self.existing}, "
                f"not to {self.wanted}"
            )
        return (
            f"{self.store}: the tag {self.tag} belongs to {self.existing}, not to {self.wanted}, "
            "and move=False was passed"
        )


class LastTagError(ImageError):
    """The tag is the last one of its image, and ECR deletes an image with its last tag."""

    def __init__(self, store: str, tag: str, digest: str) -> None:
        super().__init__(store, tag, digest)
        self.store = store
        self.tag = tag
        self.digest = digest
        """The digest of the image."""

    def __str__(self) -> str:
        return (
            f"{self.store}: {self.tag} is the last tag of {self.digest}, which ECR would delete "
            "with it; add another tag first, or pass last_tag='delete image'"
        )


class OtherTagsError(ImageError):
    """An image that was named by a tag to be deleted has other tags; nothing was deleted."""

    def __init__(self, store: str, tag: str, digest: str, others: Sequence[str]) -> None:
        super().__init__(store, tag, digest, tuple(others))
        self.store = store
        self.tag = tag
        self.digest = digest
        """The digest of the image."""
        self.others: tuple[str, ...] = tuple(others)
        """The other tags of the image."""

    def __str__(self) -> str:
        return (
            f"{self.store}: the image {self.tag} has other tags: {', '.join(self.others)}; pass "
            f"its digest {self.digest} to delete it with all of them, or remove the tag with untag"
        )


class TagRaceError(ImageError):
    """Another client changed the tags of an image while one of them was being removed."""

    def __init__(self, store: str, tag: str, digest: str, problem: str) -> None:
        super().__init__(store, tag, digest, problem)
        self.store = store
        self.tag = tag
        """The tag, which has been removed."""
        self.digest = digest
        """The digest of the image that had the tag before."""
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.store}: the tag {self.tag} of {self.digest} is removed, but {self.problem}"


class DeletionError(ImageError):
    """ECR refuses to delete an image or to remove a tag."""

    def __init__(self, store: str, reference: str, code: str, reason: str | None) -> None:
        super().__init__(store, reference, code, reason)
        self.store = store
        self.reference = reference
        """The tag or the digest."""
        self.code = code
        """ECR's code, such as ``ImageReferencedByManifestList``."""
        self.reason = reason
        """ECR's explanation, or None if ECR did not send one."""

    def __str__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.store}: {self.reference} cannot be deleted: {self.code}{reason}"


class ResumeError(ImageError, ValueError):
    """A state file cannot be used to resume a transfer."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"

"""Images without Docker: read, pull, push and copy them.

::

    images = ecr.images("team/app")
    config = await images.config("v1", platform="linux/arm64")
    await images.pull("v1", Layout("out"))
    await images.push(OCIArchive("app.tar"), tags=["v2"])
    await images.copy("v1", to=other.images("team/app"))
    await images.retag("v1", "stable")

``docs/guides/images.md`` describes the rules of transfers; ``docs/guides/tags-and-referrers.md``
describes tags, promotions, referrers and verification.
"""

from __future__ import annotations

from ecrclient.images.archives import DockerArchive, OCIArchive
from ecrclient.images.attachments import ArtifactTypes, Attachment
from ecrclient.images.content import BlobStream
from ecrclient.images.copying import CopyAllReport, CopyError
from ecrclient.images.deletion import DeletionFailure, DeletionReport
from ecrclient.images.errors import (
    ArchiveError,
    BlobNotFoundError,
    ContentMismatchError,
    DeletionError,
    DownloadError,
    ImageError,
    ImageNotFoundError,
    LastTagError,
    LimitError,
    ManifestError,
    OtherTagsError,
    PlatformNotFoundError,
    ResumeError,
    TagConflictError,
    TagRaceError,
    UploadError,
)
from ecrclient.images.layout import Layout
from ecrclient.images.manifests import (
    Descriptor,
    ImageConfig,
    ImageIndex,
    ImageManifest,
    Manifest,
    OpaqueManifest,
    Platform,
)
from ecrclient.images.planning import CopyPlan
from ecrclient.images.progress import (
    BlobDone,
    BlobProgress,
    BlobStarted,
    ManifestWritten,
    OnProgress,
    ProgressEvent,
    TagWritten,
    TransferReport,
)
from ecrclient.images.promotion import PromotionReport
from ecrclient.images.referrer_lists import Referrer
from ecrclient.images.repository_images import Images
from ecrclient.images.resume import StateFile
from ecrclient.images.stores import ImageStore
from ecrclient.images.tagging import RetagReport, UntagReport
from ecrclient.images.verification_report import (
    ImageProblem,
    ImageProblemKind,
    OnVerificationProgress,
    SkippedContent,
    VerificationProgress,
    VerificationReport,
)

__all__ = [
    "ArchiveError",
    "ArtifactTypes",
    "Attachment",
    "BlobDone",
    "BlobNotFoundError",
    "BlobProgress",
    "BlobStarted",
    "BlobStream",
    "ContentMismatchError",
    "CopyAllReport",
    "CopyError",
    "CopyPlan",
    "DeletionError",
    "DeletionFailure",
    "DeletionReport",
    "Descriptor",
    "DockerArchive",
    "DownloadError",
    "ImageConfig",
    "ImageError",
    "ImageIndex",
    "ImageManifest",
    "ImageNotFoundError",
    "ImageProblem",
    "ImageProblemKind",
    "ImageStore",
    "Images",
    "LastTagError",
    "Layout",
    "LimitError",
    "Manifest",
    "ManifestError",
    "ManifestWritten",
    "OCIArchive",
    "OnProgress",
    "OnVerificationProgress",
    "OpaqueManifest",
    "OtherTagsError",
    "Platform",
    "PlatformNotFoundError",
    "ProgressEvent",
    "PromotionReport",
    "Referrer",
    "ResumeError",
    "RetagReport",
    "SkippedContent",
    "StateFile",
    "TagConflictError",
    "TagRaceError",
    "TagWritten",
    "TransferReport",
    "UntagReport",
    "UploadError",
    "VerificationProgress",
    "VerificationReport",
]

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
from ecrclient.images.cleanup import (
    CleanupPlan,
    CleanupProgress,
    CleanupReport,
    CleanupRule,
    ImageLeft,
    ImageToDelete,
    ImageToKeep,
    KeepNewest,
    KeepPulledWithin,
    KeepReferenced,
    KeepTagged,
    OnCleanupProgress,
    SpareYoungerThan,
    images_in_functions,
    images_in_manifests,
    images_in_task_definitions,
    images_in_tasks,
)
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
from ecrclient.images.partial_reports import partial_report
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
from ecrclient.images.repository_graph import ImageNode, ImageSizes, RepositoryGraph
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
    "CleanupPlan",
    "CleanupProgress",
    "CleanupReport",
    "CleanupRule",
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
    "ImageLeft",
    "ImageManifest",
    "ImageNode",
    "ImageNotFoundError",
    "ImageProblem",
    "ImageProblemKind",
    "ImageSizes",
    "ImageStore",
    "ImageToDelete",
    "ImageToKeep",
    "Images",
    "KeepNewest",
    "KeepPulledWithin",
    "KeepReferenced",
    "KeepTagged",
    "LastTagError",
    "Layout",
    "LimitError",
    "Manifest",
    "ManifestError",
    "ManifestWritten",
    "OCIArchive",
    "OnCleanupProgress",
    "OnProgress",
    "OnVerificationProgress",
    "OpaqueManifest",
    "OtherTagsError",
    "Platform",
    "PlatformNotFoundError",
    "ProgressEvent",
    "PromotionReport",
    "Referrer",
    "RepositoryGraph",
    "ResumeError",
    "RetagReport",
    "SkippedContent",
    "SpareYoungerThan",
    "StateFile",
    "TagConflictError",
    "TagRaceError",
    "TagWritten",
    "TransferReport",
    "UntagReport",
    "UploadError",
    "VerificationProgress",
    "VerificationReport",
    "images_in_functions",
    "images_in_manifests",
    "images_in_task_definitions",
    "images_in_tasks",
    "partial_report",
]

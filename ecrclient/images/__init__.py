"""Images without Docker: read, pull, push and copy them.

::

    images = ecr.images("team/app")
    config = await images.config("v1", platform="linux/arm64")
    await images.pull("v1", Layout("out"))
    await images.push(OCIArchive("app.tar"), tags=["v2"])
    await images.copy("v1", to=other.images("team/app"))

``docs/guides/images.md`` describes the rules of transfers.
"""

from __future__ import annotations

from ecrclient.images.archives import DockerArchive, OCIArchive
from ecrclient.images.cleanup import (
    CleanupPlan,
    CleanupProgress,
    CleanupReport,
    CleanupRule,
    DeletionFailure,
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
)
from ecrclient.images.content import BlobStream
from ecrclient.images.copying import CopyAllReport, CopyError
from ecrclient.images.errors import (
    ArchiveError,
    BlobNotFoundError,
    ContentMismatchError,
    DownloadError,
    ImageError,
    ImageNotFoundError,
    LimitError,
    ManifestError,
    PlatformNotFoundError,
    ResumeError,
    TagConflictError,
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
from ecrclient.images.repository_graph import ImageNode, ImageSizes, RepositoryGraph
from ecrclient.images.repository_images import Images
from ecrclient.images.resume import StateFile
from ecrclient.images.stores import ImageStore

__all__ = [
    "ArchiveError",
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
    "DeletionFailure",
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
    "ImageSizes",
    "ImageStore",
    "ImageToDelete",
    "ImageToKeep",
    "Images",
    "KeepNewest",
    "KeepPulledWithin",
    "KeepReferenced",
    "KeepTagged",
    "Layout",
    "LimitError",
    "Manifest",
    "ManifestError",
    "ManifestWritten",
    "OCIArchive",
    "OnCleanupProgress",
    "OnProgress",
    "OpaqueManifest",
    "Platform",
    "PlatformNotFoundError",
    "ProgressEvent",
    "RepositoryGraph",
    "ResumeError",
    "SpareYoungerThan",
    "StateFile",
    "TagConflictError",
    "TagWritten",
    "TransferReport",
    "UploadError",
    "images_in_functions",
    "images_in_manifests",
    "images_in_task_definitions",
    "partial_report",
]

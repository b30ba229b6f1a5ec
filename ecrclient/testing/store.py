"""The state of the registry as plain data; the rules are in the ``resources`` modules."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, fields
from datetime import datetime

from ecrclient._awsjson.settings.partitions import Partition, find_partition
from ecrclient.endpoints import PARTITIONS
from ecrclient.errors import RepositoryNotFoundException
from ecrclient.models import (
    EncryptionConfiguration,
    ImageTagMutabilityExclusionFilter,
    PullThroughCacheRule,
    RegistryScanningConfiguration,
    ReplicationConfiguration,
    RepositoryCreationTemplate,
    SigningConfiguration,
)

from .background import BackfillRecord, PreviewRecord, ReplicationRecord, ScanRecord, Script
from .clock import Clock, utc_now
from .errors import refuse
from .layer_records import LayerRecord, UploadRecord
from .layer_stores import LayerMemory, LayerStore
from .registry_behavior import RegistryBehavior

__all__ = [
    "NOT_STATE",
    "PART_SIZE",
    "Clock",
    "ImageRecord",
    "LayerRecord",
    "Registry",
    "RepositoryRecord",
    "UploadRecord",
    "utc_now",
]

NOT_STATE = frozenset(
    {"behavior", "caller", "caller_key", "clock", "layer_store", "lock", "origin", "part_size"}
)
"""The members of a registry that belong to the process and are not saved."""

PART_SIZE = 20_971_520
"""The maximum part size of UploadLayerPart, in bytes, which is also the size that ECR advertises.

The service quotas and the AWS CLI example state 10 MiB."""


@dataclass(slots=True)
class ImageRecord:
    """A manifest and the data that ECR stores with it."""

    digest: str
    manifest: str
    media_type: str
    pushed_at: datetime
    size: int
    artifact_media_type: str | None = None
    subject: str | None = None
    """The digest of the manifest that this one is attached to, if any."""
    references: frozenset[str] = frozenset()
    """The digests of the manifests that an index lists."""
    layers: frozenset[str] = frozenset()
    """The digests of the configuration and the layers that are stored here."""
    is_archived: bool = False
    archived_at: datetime | None = None
    """The time when the image was last archived."""
    activated_at: datetime | None = None
    """The time when the latest restore is complete; until then, the image is being restored."""
    last_pull: datetime | None = None
    signing_profiles: list[str] = field(default_factory=list[str])
    """The ARNs of the profiles that sign the image, by the rules at the time of the push."""
    scans: list[ScanRecord] = field(default_factory=list[ScanRecord])
    """Oldest first."""
    replications: list[ReplicationRecord] = field(default_factory=list[ReplicationRecord])
    """The replications that its pushes started, oldest first."""
    tags: list[str] = field(default_factory=list[str])
    """The tags that refer to this image, oldest first; maintained by the repository."""

    def status(self, now: datetime) -> str:
        """Return ACTIVE, ARCHIVED or, while the image is being restored, ACTIVATING."""
        if self.is_archived:
            return "ARCHIVED"
        return "ACTIVE" if self.activated_at is None or self.activated_at <= now else "ACTIVATING"


@dataclass(slots=True)
class RepositoryRecord:
    """A repository's settings and images."""

    name: str
    created_at: datetime
    mutability: str
    exclusion_filters: tuple[ImageTagMutabilityExclusionFilter, ...]
    scan_on_push: bool
    encryption: EncryptionConfiguration
    resource_tags: dict[str, str]
    policy_text: str | None = None
    lifecycle_policy_text: str | None = None
    lifecycle_evaluated_at: datetime | None = None
    """The time when the current lifecycle policy was last applied."""
    lifecycle_preview: PreviewRecord | None = None
    images: dict[str, ImageRecord] = field(default_factory=dict[str, ImageRecord])
    """The images by digest."""
    tags: dict[str, str] = field(default_factory=dict[str, str])
    """The digest that each image tag refers to."""
    layers: dict[str, LayerRecord] = field(default_factory=dict[str, LayerRecord])
    """The layers by digest; unreferenced ones are removed later, see ``Registry.unused_layers``."""
    uploads: dict[str, UploadRecord] = field(default_factory=dict[str, UploadRecord])
    """The uploads in progress by ID."""

    def point(self, tag: str, image: ImageRecord) -> None:
        """Move *tag* to *image*, from the image that has it."""
        self.remove_tag(tag)
        self.tags[tag] = image.digest
        image.tags.append(tag)

    def remove_tag(self, tag: str) -> None:
        """Remove *tag*, if it exists, from its image."""
        digest = self.tags.pop(tag, None)
        if digest is not None:
            self.images[digest].tags.remove(tag)

    def remove_image(self, digest: str) -> None:
        """Remove an image and its tags."""
        for tag in self.images.pop(digest).tags:
            del self.tags[tag]

    def indexes_with(self, digest: str) -> list[str]:
        """Return the digests of the indexes that list the manifest."""
        return [image.digest for image in self.images.values() if digest in image.references]


@dataclass(slots=True)
class Registry:
    """The private registry of one account in one Region."""

    account_id: str
    region: str
    clock: Clock
    repositories: dict[str, RepositoryRecord] = field(default_factory=dict[str, RepositoryRecord])
    policy_text: str | None = None
    replication: ReplicationConfiguration = field(
        default_factory=lambda: ReplicationConfiguration(rules=[])
    )
    scanning: RegistryScanningConfiguration = field(
        default_factory=lambda: RegistryScanningConfiguration(scan_type="BASIC", rules=[])
    )
    signing: SigningConfiguration | None = None
    account_settings: dict[str, str] = field(default_factory=dict[str, str])
    pull_through_cache_rules: dict[str, PullThroughCacheRule] = field(
        default_factory=dict[str, PullThroughCacheRule]
    )
    """The rules by prefix, without the trailing slash."""
    creation_templates: dict[str, RepositoryCreationTemplate] = field(
        default_factory=dict[str, RepositoryCreationTemplate]
    )
    """The templates by prefix, without the trailing slash."""
    pull_time_exclusions: list[str] = field(default_factory=list[str])
    """The ARNs of the principals whose pulls are not recorded."""
    caller: str | None = None
    """The ARN of the principal whose request is being handled."""
    caller_key: str | None = None
    """The ID of the access key with which that request is signed."""
    origin: str | None = None
    """The scheme and authority that the client connected to, such as ``http://127.0.0.1:5001``;
    None within the process. Download URLs and, by default, repository URIs contain it."""
    behavior: RegistryBehavior = field(default_factory=RegistryBehavior, compare=False)
    layer_store: LayerStore = field(default_factory=LayerMemory, repr=False, compare=False)
    """The store of the bytes of layers."""
    part_size: int = PART_SIZE
    """The size of parts that InitiateLayerUpload advertises, in bytes."""
    unused_layers: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """The times since when layers may be unreferenced, by ``repository@digest``."""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)
    """Held while the registry is read or changed, because a server uses it from another thread.

    It is reentrant, because the predicate of a fault may call the service.
    """
    backfills: dict[str, BackfillRecord] = field(default_factory=dict[str, BackfillRecord])
    """The replication backfills by ID, oldest first."""
    script: Script = field(default_factory=Script)

    def take_over(self, other: Registry) -> None:
        """Replace the state by that of another registry."""
        for member in fields(self):
            if member.name not in NOT_STATE:
                setattr(self, member.name, getattr(other, member.name))

    def owns(self, registry_id: str | None) -> bool:
        """Return whether a request's registry ID, which may be None, means this registry."""
        return registry_id in (None, self.account_id)

    def repository(self, name: str, registry_id: str | None = None) -> RepositoryRecord:
        """Return the repository that a request names.

        Raises:
            RepositoryNotFoundException: it does not exist, or belongs to another account.
        """
        record = self.repositories.get(name) if self.owns(registry_id) else None
        if record is None:
            raise refuse(
                RepositoryNotFoundException,
                f"The repository with name '{name}' does not exist in the registry with id "
                f"'{registry_id or self.account_id}'",
            )
        return record

    def arn(self, repository_name: str) -> str:
        """Return the Amazon Resource Name of a repository."""
        return f"{self.arn_prefix}{repository_name}"

    @property
    def arn_prefix(self) -> str:
        """The prefix of the ARNs of all repositories."""
        return f"arn:{self._partition.name}:ecr:{self.region}:{self.account_id}:repository/"

    @property
    def partition(self) -> str:
        """The Region's partition, as in ARNs."""
        return self._partition.name

    @property
    def regions(self) -> frozenset[str]:
        """The Regions of the partition, including the registry's Region."""
        known = {name for name in self._partition.regions if not name.endswith("-global")}
        return frozenset({*known, self.region})

    def endpoint(self, registry_id: str | None = None) -> str:
        """Return the URL of a registry in this Region, whose host is in image URIs.

        That is the server's own URL if the client is connected to it, so that the URIs can be used.
        """
        if self.origin is not None and self.behavior.local_uris and self.owns(registry_id):
            return self.origin
        account_id = registry_id or self.account_id
        return f"https://{account_id}.dkr.ecr.{self.region}.{self._partition.dns_suffix}"

    @property
    def layer_host(self) -> str:
        """The S3 host name of the bucket in which ECR stores the layers of this Region."""
        bucket = f"prod-{self.region}-starport-layer-bucket"
        return f"{bucket}.s3.{self.region}.{self._partition.dns_suffix}"

    @property
    def caller_arn(self) -> str:
        """The ARN of the IAM user that access keys belong to by default."""
        return f"arn:{self._partition.name}:iam::{self.account_id}:user/in-memory-ecr"

    @property
    def _partition(self) -> Partition:
        partition = find_partition(PARTITIONS, self.region)
        assert partition is not None, "find_partition falls back to the first partition"
        return partition

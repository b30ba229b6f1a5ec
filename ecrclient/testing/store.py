"""What the registry holds, in one place. Plain data; the rules are in the resources' files."""

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

NOT_STATE = frozenset({"caller", "clock", "layer_origin", "layer_store", "lock", "part_size"})
"""The members of a registry that belong to a process, and that no file has."""

PART_SIZE = 20_971_520
"""The largest part that UploadLayerPart takes, in bytes, and the one that ECR advertises.

The service quotas and the example of the AWS CLI say 10 MiB."""


@dataclass(slots=True)
class ImageRecord:
    """A manifest and what ECR keeps beside it."""

    digest: str
    manifest: str
    media_type: str
    pushed_at: datetime
    size: int
    artifact_media_type: str | None = None
    subject: str | None = None
    """The digest of the manifest that this one is attached to."""
    references: frozenset[str] = frozenset()
    """The digests of the manifests that an index lists."""
    layers: frozenset[str] = frozenset()
    """The digests of the configuration and the layers that are stored here."""
    is_archived: bool = False
    archived_at: datetime | None = None
    """When it was archived the last time."""
    activated_at: datetime | None = None
    """When it was restored the last time; it is being restored until then."""
    last_pull: datetime | None = None
    signing_profiles: list[str] = field(default_factory=list[str])
    """The ARNs of the profiles that sign it, as the rules were when it was pushed."""
    scans: list[ScanRecord] = field(default_factory=list[ScanRecord])
    """Oldest first."""
    replications: list[ReplicationRecord] = field(default_factory=list[ReplicationRecord])
    """Those that its pushes began, oldest first."""
    tags: list[str] = field(default_factory=list[str])
    """The tags that point here, oldest first; kept by the repository."""

    def status(self, now: datetime) -> str:
        """Whether it can be pulled: ACTIVE, ARCHIVED or, on the way back, ACTIVATING."""
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
    """When the lifecycle policy that it has was last applied."""
    lifecycle_preview: PreviewRecord | None = None
    images: dict[str, ImageRecord] = field(default_factory=dict[str, ImageRecord])
    """The images by digest."""
    tags: dict[str, str] = field(default_factory=dict[str, str])
    """The digest that each image tag points at."""
    layers: dict[str, LayerRecord] = field(default_factory=dict[str, LayerRecord])
    """The layers by digest; one that no image names stays for a while, see ``unused_layers``."""
    uploads: dict[str, UploadRecord] = field(default_factory=dict[str, UploadRecord])
    """The uploads under way by their IDs."""

    def point(self, tag: str, image: ImageRecord) -> None:
        """Let *tag* point at *image*; the image that it pointed at before loses it."""
        self.remove_tag(tag)
        self.tags[tag] = image.digest
        image.tags.append(tag)

    def remove_tag(self, tag: str) -> None:
        """Forget *tag*, if there is one; its image stays."""
        digest = self.tags.pop(tag, None)
        if digest is not None:
            self.images[digest].tags.remove(tag)

    def remove_image(self, digest: str) -> None:
        """Forget an image and its tags."""
        for tag in self.images.pop(digest).tags:
            del self.tags[tag]

    def indexes_with(self, digest: str) -> list[str]:
        """The digests of the indexes that list the manifest."""
        return [image.digest for image in self.images.values() if digest in image.references]


@dataclass(slots=True)
class Registry:
    """The private registry of one account in one region."""

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
    """The rules by prefix, without the slash at the end."""
    creation_templates: dict[str, RepositoryCreationTemplate] = field(
        default_factory=dict[str, RepositoryCreationTemplate]
    )
    """The templates by prefix, without the slash at the end."""
    pull_time_exclusions: list[str] = field(default_factory=list[str])
    """The ARNs of the principals whose pulls are not recorded."""
    caller: str | None = None
    """The ARN of the principal whose request is being handled."""
    layer_origin: str | None = None
    """Scheme and authority of download URLs, as in http://127.0.0.1:5001; S3's when None."""
    layer_store: LayerStore = field(default_factory=LayerMemory, repr=False, compare=False)
    """Where the bytes of the layers are."""
    part_size: int = PART_SIZE
    """The size of parts that InitiateLayerUpload advertises, in bytes."""
    unused_layers: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Since when layers may be without an image, by ``repository@digest``."""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)
    """Who reads or changes the registry holds it: a served one answers in a thread of its own.

    It may be taken again, for a predicate of a fault may call the service.
    """
    backfills: dict[str, BackfillRecord] = field(default_factory=dict[str, BackfillRecord])
    """The replication backfills by their identifiers, oldest first."""
    script: Script = field(default_factory=Script)

    def take_over(self, other: Registry) -> None:
        """Take the state of another registry instead of the own one."""
        for member in fields(self):
            if member.name not in NOT_STATE:
                setattr(self, member.name, getattr(other, member.name))

    def owns(self, registry_id: str | None) -> bool:
        """Whether a request that names this registry, or none, is for here."""
        return registry_id in (None, self.account_id)

    def repository(self, name: str, registry_id: str | None = None) -> RepositoryRecord:
        """The repository that a request names.

        Raises:
            RepositoryNotFoundException: there is none of this name, or it is another account's.
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
        """The Amazon Resource Name of a repository."""
        return f"{self.arn_prefix}{repository_name}"

    @property
    def arn_prefix(self) -> str:
        """What the ARNs of all repositories start with."""
        return f"arn:{self._partition.name}:ecr:{self.region}:{self.account_id}:repository/"

    @property
    def partition(self) -> str:
        """The partition that the Region is in, as ARNs name it."""
        return self._partition.name

    @property
    def regions(self) -> frozenset[str]:
        """The Regions of the partition, the registry's own Region included."""
        known = {name for name in self._partition.regions if not name.endswith("-global")}
        return frozenset({*known, self.region})

    def host(self, registry_id: str | None = None) -> str:
        """Where docker finds a registry of this region."""
        account_id = registry_id or self.account_id
        return f"{account_id}.dkr.ecr.{self.region}.{self._partition.dns_suffix}"

    @property
    def layer_host(self) -> str:
        """The bucket that ECR keeps the layers of this region in, as S3 names its host."""
        bucket = f"prod-{self.region}-starport-layer-bucket"
        return f"{bucket}.s3.{self.region}.{self._partition.dns_suffix}"

    @property
    def caller_arn(self) -> str:
        """The IAM user that access keys belong to unless a test names another principal."""
        return f"arn:{self._partition.name}:iam::{self.account_id}:user/in-memory-ecr"

    @property
    def _partition(self) -> Partition:
        partition = find_partition(PARTITIONS, self.region)
        assert partition is not None, "there are partitions, and the first one is the last resort"
        return partition

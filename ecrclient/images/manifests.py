"""Manifests, indexes and image configurations, with the bytes they were read from.

Everything is read and never re-encoded: ``raw`` is what the registry stores, and the digest is
computed over it. Members that this version does not know are kept in ``model_extra``.

Sources: the OCI Image Format Specification 1.1 ("Image Manifest", "Image Index", "Content
Descriptors", "Image Configuration") and "Image Manifest V 2, Schema 2" of Docker's registry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar, TypeAlias, TypeVar, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from ecrclient.images.digests import is_digest, sha256
from ecrclient.images.errors import ManifestError

__all__ = [
    "ACCEPTED_MEDIA_TYPES",
    "Descriptor",
    "ImageConfig",
    "ImageIndex",
    "ImageManifest",
    "Manifest",
    "OpaqueManifest",
    "Platform",
    "is_foreign",
    "parse_config",
    "parse_manifest",
]

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
INDEX_MEDIA_TYPES = frozenset({OCI_INDEX, DOCKER_LIST})
DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json"
DOCKER_SIGNED_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"

ACCEPTED_MEDIA_TYPES = (
    OCI_MANIFEST,
    OCI_INDEX,
    DOCKER_MANIFEST,
    DOCKER_LIST,
    DOCKER_SIGNED_SCHEMA1,
    DOCKER_SCHEMA1,
)

MAX_MANIFEST_BYTES = 4 * 1024 * 1024
"""ECR's limit ("Amazon ECR service quotas"), and the OCI specification's."""

_FOREIGN = (
    "application/vnd.oci.image.layer.nondistributable.",
    "application/vnd.docker.image.rootfs.foreign.",
)


def _check_digest(text: str) -> str:
    if not is_digest(text):
        raise ValueError("must be sha256: or sha512: followed by hexadecimal digits")
    return text


def _empty_if_null(value: Any) -> Any:
    """Programs in Go write null for a list or a map that is empty."""
    return () if value is None else value


def _empty_map_if_null(value: Any) -> Any:
    return {} if value is None else value


_NullIsEmpty = BeforeValidator(_empty_if_null)
_Digest = Annotated[str, AfterValidator(_check_digest)]
_Size = Annotated[int, Field(ge=0, le=2**63 - 1, strict=True)]
_Texts = Annotated[tuple[str, ...], _NullIsEmpty]
_Annotations = Annotated[Mapping[str, str], BeforeValidator(_empty_map_if_null)]


class _Document(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="allow",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


_T = TypeVar("_T", bound=_Document)


class Platform(_Document):
    """The operating system and the processor that an image is for."""

    architecture: str
    """In Go's spelling, such as ``amd64`` or ``arm64``."""
    os: str
    """In Go's spelling, such as ``linux`` or ``windows``."""
    os_version: str | None = Field(
        default=None, validation_alias="os.version", serialization_alias="os.version"
    )
    os_features: _Texts = Field(
        default=(), validation_alias="os.features", serialization_alias="os.features"
    )
    variant: str | None = None
    """The variant of the processor, such as ``v8``."""

    def __str__(self) -> str:
        """``os/architecture``, with the variant if there is one."""
        variant = f"/{self.variant}" if self.variant else ""
        return f"{self.os}/{self.architecture}{variant}"


class Descriptor(_Document):
    """Refers to a blob or a manifest by its digest."""

    media_type: str
    digest: _Digest
    size: _Size
    """Bytes."""
    platform: Platform | None = None
    """In an index: what the image is for."""
    annotations: _Annotations = {}
    artifact_type: str | None = None
    urls: _Texts = ()
    """Other places of the content."""
    data: str | None = None
    """The content itself, in base64."""


class _Manifest(_Document):
    schema_version: int
    media_type: str
    annotations: _Annotations = {}
    artifact_type: str | None = None
    subject: Descriptor | None = None
    """The manifest that this one refers to, such as the image that a signature is for."""
    raw: bytes = Field(exclude=True, repr=False)
    """The manifest as it was read."""

    @cached_property
    def digest(self) -> str:
        """The SHA-256 digest of ``raw``."""
        return sha256(self.raw)

    @property
    def descriptor(self) -> Descriptor:
        """A descriptor of this manifest."""
        return Descriptor(
            media_type=self.media_type,
            digest=self.digest,
            size=len(self.raw),
            artifact_type=self.artifact_type,
        )


class ImageManifest(_Manifest):
    """The manifest of one image, or of an artifact."""

    config: Descriptor
    layers: Annotated[tuple[Descriptor, ...], _NullIsEmpty]

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """The configuration and the layers, each digest once."""
        return tuple({blob.digest: blob for blob in (self.config, *self.layers)}.values())


class ImageIndex(_Manifest):
    """An index: several manifests, usually one for each platform."""

    manifests: Annotated[tuple[Descriptor, ...], _NullIsEmpty]

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platforms of the index, such as ``linux/amd64``; without attestations."""
        named = (item.platform for item in self.manifests if item.platform is not None)
        return tuple(str(platform) for platform in named if platform.os != "unknown")


class OpaqueManifest(BaseModel):
    """A manifest of another type, such as Docker's schema 1, whose layers are not known."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    media_type: str
    raw: bytes = Field(exclude=True, repr=False)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 digest of ``raw``."""
        return sha256(self.raw)

    @property
    def descriptor(self) -> Descriptor:
        """A descriptor of this manifest."""
        return Descriptor(media_type=self.media_type, digest=self.digest, size=len(self.raw))


Manifest: TypeAlias = ImageManifest | ImageIndex | OpaqueManifest


class _ContainerConfig(_Document):
    model_config: ClassVar[ConfigDict] = ConfigDict(alias_generator=None)

    environment: tuple[str, ...] = Field(default=(), alias="Env")
    entry_point: tuple[str, ...] = Field(default=(), alias="Entrypoint")
    command: tuple[str, ...] = Field(default=(), alias="Cmd")
    labels: Mapping[str, str] = Field(default={}, alias="Labels")
    user: str = Field(default="", alias="User")
    working_directory: str = Field(default="", alias="WorkingDir")
    exposed_ports: Mapping[str, Any] = Field(default={}, alias="ExposedPorts")
    volumes: Mapping[str, Any] = Field(default={}, alias="Volumes")
    stop_signal: str | None = Field(default=None, alias="StopSignal")


class ImageConfig(_Document):
    """The configuration of an image: its platform, and how its containers start."""

    architecture: str
    os: str
    variant: str | None = None
    os_version: str | None = Field(
        default=None, validation_alias="os.version", serialization_alias="os.version"
    )
    created: datetime | None = None
    """When the image was built; builders that aim at reproducible images set it to the epoch."""
    author: str | None = None
    container: _ContainerConfig = Field(default=_ContainerConfig(), alias="config")
    rootfs: Mapping[str, Any] = {}
    history: tuple[Mapping[str, Any], ...] = ()
    raw: bytes = Field(exclude=True, repr=False)
    """The configuration as it was read."""

    @property
    def platform(self) -> Platform:
        """What the image is for."""
        return Platform(
            os=self.os,
            architecture=self.architecture,
            variant=self.variant,
            os_version=self.os_version,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of a container."""
        pairs = (entry.partition("=") for entry in self.container.environment)
        return {name: value for name, _, value in pairs}

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of the image."""
        return self.container.labels

    @property
    def entry_point(self) -> tuple[str, ...]:
        """The program that a container runs, with its first arguments."""
        return self.container.entry_point

    @property
    def command(self) -> tuple[str, ...]:
        """The arguments of the entry point, or the program if there is no entry point."""
        return self.container.command

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """The digests of the uncompressed layers, the lowest first."""
        return tuple(map(str, self.rootfs.get("diff_ids") or ()))


def parse_manifest(raw: bytes, media_type: str | None = None) -> Manifest:
    """Parse a manifest.

    Args:
        raw: The manifest as it is stored.
        media_type: Its media type, if the registry or a descriptor names it. None: the manifest's
            own ``mediaType``; without one, the members show what it is.

    Raises:
        ManifestError: It is not JSON, or not what its media type says.
    """
    what = f"manifest {sha256(raw)}"
    document = _load(what, raw)
    kind = media_type or document.get("mediaType")
    if kind is None and document.get("schemaVersion") == 1:
        kind = DOCKER_SIGNED_SCHEMA1 if "signatures" in document else DOCKER_SCHEMA1
    if kind is None:
        kind = OCI_INDEX if "manifests" in document else OCI_MANIFEST
    if not isinstance(kind, str):
        raise ManifestError(what, "mediaType is not a string")
    if document.get("mediaType", kind) != kind:
        raise ManifestError(
            what, f"its mediaType is {document['mediaType']!r}, but it was stored as {kind!r}"
        )
    if kind in INDEX_MEDIA_TYPES:
        return _build(ImageIndex, what, document, raw, mediaType=kind)
    if kind in {OCI_MANIFEST, DOCKER_MANIFEST}:
        return _build(ImageManifest, what, document, raw, mediaType=kind)
    return OpaqueManifest(media_type=kind, raw=raw)


def parse_config(raw: bytes) -> ImageConfig:
    """Parse the configuration of an image.

    Raises:
        ManifestError: It is not the configuration of an image.
    """
    what = f"configuration {sha256(raw)}"
    return _build(ImageConfig, what, _without_nulls(_load(what, raw)), raw)


def is_foreign(layer: Descriptor) -> bool:
    """Whether a layer must not be redistributed, as those of Windows once were."""
    return layer.media_type.startswith(_FOREIGN)


def _load(what: str, raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_MANIFEST_BYTES:
        raise ManifestError(what, f"longer than {MAX_MANIFEST_BYTES} bytes")
    try:
        document = json.loads(raw.decode())  # in UTF-8, as RFC 8259 requires
    except (ValueError, RecursionError) as error:
        raise ManifestError(what, f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ManifestError(what, "not a JSON object")
    return cast("dict[str, Any]", document)


def _build(
    kind: type[_T], what: str, document: dict[str, Any], raw: bytes, **members: object
) -> _T:
    if "raw" in document:
        document = {name: value for name, value in document.items() if name != "raw"}
    try:
        return kind.model_validate({**document, **members, "raw": raw})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ManifestError(what, f"{where}: {first['msg']}") from None


def _without_nulls(value: Any) -> Any:
    """Docker writes null for a list or a map that is empty."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {name: _without_nulls(item) for name, item in members.items() if item is not None}
    return value

"""What a manifest says of itself.

Sources: "Image Manifest Version 2, Schema 2" of the Docker registry, and the image and index
manifests of the OCI image specification.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ecrclient._runtime.shapes import camel_case

from .errors import invalid_parameter

__all__ = ["Manifest", "is_index_type", "read_manifest"]

_INDEX_TYPES = frozenset(
    {
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.index.v1+json",
    }
)
_IMAGE_TYPES = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
    }
)
# The first schema names its layers in another way, and tells no sizes.
_FIRST_SCHEMA_TYPES = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The facts of a manifest that the registry needs."""

    digest: str
    """The sha256 of the exact bytes."""
    media_type: str
    blob_size: int
    """Bytes of the configuration and the layers; 0 for an index."""
    references: frozenset[str]
    """The digests that an index lists; none for an image."""
    artifact_media_type: str | None
    subject: str | None
    is_index: bool


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=camel_case)


class _Descriptor(_Part):
    digest: str
    size: Annotated[int, Field(ge=0)]
    media_type: str | None = None


class _Document(_Part):
    """The members of all kinds of manifest; which of them must be there depends on the kind."""

    media_type: str | None = None
    artifact_type: str | None = None
    config: _Descriptor | None = None
    layers: list[_Descriptor] | None = None
    manifests: list[_Descriptor] | None = None
    subject: _Descriptor | None = None


_JSON_OBJECT = TypeAdapter(dict[str, object])


def is_index_type(media_type: str) -> bool:
    """Whether manifests of this media type list others."""
    return media_type in _INDEX_TYPES


def read_manifest(text: str, media_type: str | None) -> Manifest:
    """Read a manifest that is pushed as *media_type*, or as what it says it is.

    Raises:
        InvalidParameterException: it is no manifest of a kind that ECR stores.
    """
    document = _parse(text)
    kind = media_type or document.media_type
    if kind is None:
        raise invalid_parameter(
            "imageManifestMediaType", "must be given for a manifest without a mediaType of its own"
        )
    if kind not in _INDEX_TYPES | _IMAGE_TYPES | _FIRST_SCHEMA_TYPES:
        raise invalid_parameter(
            "imageManifestMediaType", f"'{kind}' is not a supported type of manifest"
        )
    if kind in _INDEX_TYPES and document.manifests is None:
        raise invalid_parameter("imageManifest", "an index must have the member 'manifests'")
    if kind in _IMAGE_TYPES and (document.config is None or document.layers is None):
        raise invalid_parameter(
            "imageManifest", "an image manifest must have the members 'config' and 'layers'"
        )
    is_index = kind in _INDEX_TYPES
    config, layers = document.config, document.layers or []
    blobs = [] if is_index else [*layers, config] if config else layers
    return Manifest(
        digest=f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
        media_type=kind,
        blob_size=sum(blob.size for blob in blobs),
        references=frozenset(one.digest for one in document.manifests or ())
        if is_index
        else frozenset(),
        artifact_media_type=document.artifact_type or (config.media_type if config else None),
        subject=document.subject.digest if document.subject else None,
        is_index=is_index,
    )


def _parse(text: str) -> _Document:
    try:
        _JSON_OBJECT.validate_json(text)
    except ValidationError:
        raise invalid_parameter("imageManifest", "Invalid JSON syntax") from None
    try:
        return _Document.model_validate_json(text)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(step) for step in problem["loc"])
        raise invalid_parameter("imageManifest", f"{path}: {problem['msg']}") from None

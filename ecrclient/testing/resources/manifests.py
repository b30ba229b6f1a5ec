"""Read image and index manifests.

Sources: "Image Manifest Version 2, Schema 2" of the Docker registry, and the image and index
manifests of the OCI image specification. For layers that are not pushed: "Pushing Windows images to
Amazon ECR".
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ecrclient._awsjson.protocol.shapes import camel_case
from ecrclient.errors import InvalidParameterException

from ..errors import invalid_parameter

_log = logging.getLogger("ecrclient.testing")

__all__ = ["Manifest", "is_index_type", "read_manifest", "unreadable"]

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
# The first schema lists its layers in another member, without sizes.
_FIRST_SCHEMA_TYPES = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }
)
# Layers whose licence forbids copies: clients fetch them from the URLs in the manifest.
_FOREIGN_LAYERS = (
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The properties of a manifest that the registry uses."""

    digest: str
    """The SHA-256 digest of the exact bytes."""
    media_type: str
    blob_size: int
    """Size of the configuration and the layers in bytes; 0 for an index."""
    references: frozenset[str]
    """The digests that an index lists; empty for an image."""
    blobs: Mapping[str, str | None]
    """Media types, by digest, of the configuration and the layers that must be stored here."""
    annotations: Mapping[str, str]
    artifact_media_type: str | None
    subject: str | None
    is_index: bool


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=camel_case)


class _Descriptor(_Part):
    digest: str
    size: Annotated[int, Field(ge=0)]
    media_type: str | None = None


class _FirstSchemaLayer(_Part):
    blob_sum: str


class _Document(_Part):
    """The members of all kinds of manifest; the kind decides which of them are required."""

    media_type: str | None = None
    artifact_type: str | None = None
    config: _Descriptor | None = None
    layers: list[_Descriptor] | None = None
    fs_layers: list[_FirstSchemaLayer] = []
    manifests: list[_Descriptor] | None = None
    subject: _Descriptor | None = None
    annotations: dict[str, str] = {}


_JSON_OBJECT = TypeAdapter(dict[str, object])


def is_index_type(media_type: str) -> bool:
    """Whether manifests of this media type list others."""
    return media_type in _INDEX_TYPES


def read_manifest(text: str, media_type: str | None) -> Manifest:
    """Read a manifest as *media_type*, or as its own ``mediaType`` if that is None.

    Raises:
        InvalidParameterException: It is not a manifest of a kind that ECR stores. ECR returns the
            same message for a text that is not JSON and for an unknown kind; the reason is logged
            by ``ecrclient.testing`` at the level INFO.
    """
    document = _parse(text)
    kind = media_type or document.media_type
    if kind is None:
        raise unreadable("it has no mediaType, and imageManifestMediaType is not given")
    if kind not in _INDEX_TYPES | _IMAGE_TYPES | _FIRST_SCHEMA_TYPES:
        raise unreadable(f"{kind} is not a supported media type")
    if kind in _INDEX_TYPES and document.manifests is None:
        raise invalid_parameter("ImageManifest", "an index must have the member 'manifests'")
    if kind in _IMAGE_TYPES and (document.config is None or document.layers is None):
        raise invalid_parameter(
            "ImageManifest", "an image manifest must have the members 'config' and 'layers'"
        )
    is_index = kind in _INDEX_TYPES
    config, layers = document.config, document.layers or []
    blobs = [] if is_index else [*layers, config] if config else layers
    stored = {
        blob.digest: blob.media_type
        for blob in blobs
        if not (blob.media_type or "").startswith(_FOREIGN_LAYERS)
    }
    if kind in _FIRST_SCHEMA_TYPES:
        stored |= {layer.blob_sum: None for layer in document.fs_layers}
    return Manifest(
        digest=f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
        media_type=kind,
        blob_size=sum(blob.size for blob in blobs),
        references=frozenset(one.digest for one in document.manifests or ())
        if is_index
        else frozenset(),
        blobs=stored,
        annotations=document.annotations,
        artifact_media_type=document.artifact_type or (config.media_type if config else None),
        subject=document.subject.digest if document.subject else None,
        is_index=is_index,
    )


def _parse(text: str) -> _Document:
    try:
        _JSON_OBJECT.validate_json(text)
    except ValidationError:
        raise unreadable("it is not a JSON object") from None
    try:
        return _Document.model_validate_json(text)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(step) for step in problem["loc"])
        raise invalid_parameter("ImageManifest", f"{path}: {problem['msg']}") from None


def unreadable(reason: str) -> InvalidParameterException:
    """Return ECR's error for a manifest that it cannot read; the reason is logged."""
    _log.info("the manifest is refused: %s", reason)
    return invalid_parameter("ImageManifest", "Invalid JSON syntax")

"""Conversion of manifests for clients that do not accept the stored media type.

Source: "Container image manifest format support in Amazon ECR". Docker's second schema and the OCI
image manifest are converted into each other when an image is pulled by tag. Docker's first schema,
to which ECR converts the second too, is not supported here: such a pull fails like one that ECR
cannot convert. An index is never converted. The digest in the response identifies the image; it is
not the digest of the converted bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

__all__ = ["convert", "negotiate"]

_DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
_OCI = "application/vnd.oci.image.manifest.v1+json"

# The media types of an image's parts in each of the two formats.
_TO_OCI = {
    "application/vnd.docker.container.image.v1+json": "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip": (
        "application/vnd.oci.image.layer.v1.tar+gzip"
    ),
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": (
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
    ),
}
_CONVERSIONS = {
    (_DOCKER, _OCI): _TO_OCI,
    (_OCI, _DOCKER): {oci: docker for docker, oci in _TO_OCI.items()},
}


def negotiate(stored: str, accepted: Sequence[str] | None, *, convertible: bool) -> str | None:
    """Return the media type to respond with: the stored one if accepted, else a converted one.

    Args:
        stored: The media type of the manifest.
        accepted: The media types that the caller accepts; any if None.
        convertible: Whether the manifest may be converted to another type.

    Returns:
        The media type; None if the caller accepts no available one.
    """
    if not accepted or stored in accepted:
        return stored
    if not convertible:
        return None
    return next((kind for kind in accepted if (stored, kind) in _CONVERSIONS), None)


def convert(manifest: str, stored: str, wanted: str) -> str:
    """Return the manifest in the negotiated type, unchanged if that is the stored one."""
    if stored == wanted:
        return manifest
    names = _CONVERSIONS[stored, wanted]

    def rename(members: dict[str, object]) -> dict[str, object]:
        media_type = members.get("mediaType")
        if isinstance(media_type, str) and media_type in names:
            return members | {"mediaType": names[media_type]}
        return members

    document = cast("dict[str, object]", json.loads(manifest, object_hook=rename))
    return json.dumps(document | {"mediaType": wanted})

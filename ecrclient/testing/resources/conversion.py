"""Manifests for clients that do not accept the type in which an image is stored.

Source: "Container image manifest format support in Amazon ECR". Docker's second schema and the OCI
image manifest are converted into each other when an image is pulled by tag. Docker's first schema,
which ECR makes of the second too, is not made here: such a pull fails as one that ECR cannot
convert. An index is never converted. The digest that is answered names the image; it is not that of
the bytes which a conversion makes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

__all__ = ["convert", "negotiate"]

_DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
_OCI = "application/vnd.oci.image.manifest.v1+json"

# What the parts of an image are called in the one and in the other.
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
    """The media type to answer with: the stored one if it is accepted, or what it converts to.

    Args:
        stored: The media type of the manifest.
        accepted: What the caller takes; anything when None.
        convertible: Whether another type than the stored one may be answered.

    Returns:
        The media type; None if the caller accepts none that there is.
    """
    if not accepted or stored in accepted:
        return stored
    if not convertible:
        return None
    return next((kind for kind in accepted if (stored, kind) in _CONVERSIONS), None)


def convert(manifest: str, stored: str, wanted: str) -> str:
    """The manifest in the type that was negotiated: itself if it is stored so."""
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

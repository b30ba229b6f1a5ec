"""Lists of referrers: OCI's, and the images under the tags of cosign.

Sources: "ListImageReferrers" in the Amazon ECR API Reference, and "Listing Referrers" in the OCI
Distribution Specification.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient.images.concurrency import run_all
from ecrclient.images.digests import cosign_tags
from ecrclient.images.image_states import find_image, is_denied
from ecrclient.images.manifests import Descriptor, ImageManifest
from ecrclient.operations import LIST_IMAGE_REFERRERS

if TYPE_CHECKING:
    from ecrclient.images.calls import RepositoryCalls
    from ecrclient.images.stores import ImageReader
    from ecrclient.models import ImageDetail, ImageReferrer

__all__ = ["Referrer", "cosign_images", "cosign_referrers", "oci_referrers"]


class Referrer(Descriptor):
    """What refers to an image, such as a signature or an SBOM."""

    tag: str | None = None
    """The tag by which cosign finds it, such as ``sha256-<hexadecimal digits>.sig``; None: it is a
    referrer of OCI, whose manifest names the image as its subject."""


async def oci_referrers(
    calls: RepositoryCalls, digest: str, *, artifact_type: str | None = None, status: str = "ACTIVE"
) -> Sequence[Referrer]:
    """Return the manifests whose subject is a manifest.

    Args:
        calls: The operations on the repository.
        digest: The subject, which need not exist.
        artifact_type: Only those of this type; None: all.
        status: Their storage class: ``ACTIVE``, ``ARCHIVED``, ``ACTIVATING`` or ``ANY``.
    """
    wanted: dict[str, object] = {"artifact_status": status}
    if artifact_type is not None:
        wanted["artifact_types"] = [artifact_type]
    referrers: AsyncIterable[ImageReferrer] = calls.iterate(
        LIST_IMAGE_REFERRERS, subject_id={"image_digest": digest}, filter=wanted
    )
    return [
        Referrer(
            media_type=referrer.media_type,
            digest=referrer.digest,
            size=referrer.size,
            artifact_type=referrer.artifact_type,
            annotations=referrer.annotations,
        )
        async for referrer in referrers
    ]


async def cosign_referrers(
    calls: RepositoryCalls, reader: ImageReader, digest: str, *, artifact_type: str | None = None
) -> Sequence[Referrer]:
    """Return the active images that have a manifest's tags of cosign.

    Their artifact type is that of the manifest or else the media type of its configuration, as the
    OCI Distribution Specification defines it.

    Args:
        calls: The operations on the repository.
        reader: The repository.
        digest: The manifest, which need not exist.
        artifact_type: Only those of this type; None: all.
    """
    found: list[Referrer] = []
    for tag, descriptor in (await _active_cosign_images(calls, reader, digest)).items():
        manifest = await reader.manifest(descriptor)
        kind = descriptor.artifact_type
        if kind is None and isinstance(manifest, ImageManifest):
            kind = manifest.config.media_type
        if artifact_type in {None, kind}:
            found.append(
                Referrer(
                    media_type=descriptor.media_type,
                    digest=descriptor.digest,
                    size=descriptor.size,
                    artifact_type=kind,
                    tag=tag,
                )
            )
    return found


async def _active_cosign_images(
    calls: RepositoryCalls, reader: ImageReader, digest: str
) -> Mapping[str, Descriptor]:
    """Fetch the images that have a manifest's tags of cosign, without archived ones."""
    try:
        images = await cosign_images(calls, digest)
    except ServiceError as error:
        if not is_denied(error):
            raise
        return await reader.find(cosign_tags(digest))
    active = {
        tag: image.image_digest
        for tag, image in images.items()
        if image.image_status in {None, "ACTIVE"}
    }
    found: Mapping[str, Descriptor] = {}
    if active:
        found = await reader.find(active.values())
    return {tag: found[one] for tag, one in active.items() if one in found}


async def cosign_images(calls: RepositoryCalls, digest: str) -> dict[str, ImageDetail]:
    """Return the images that have a manifest's tags of cosign, by tag; they are not fetched."""
    found: dict[str, ImageDetail] = {}

    async def find(tag: str) -> None:
        image = await find_image(calls, tag)
        if image is not None:
            found[tag] = image

    tags = cosign_tags(digest)
    await run_all(find, tags)
    return {tag: found[tag] for tag in tags if tag in found}

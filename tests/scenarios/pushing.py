"""Push images as docker does: the blobs, then the manifest that names them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ecrclient import ECRClient

OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest_of(content: bytes | str) -> str:
    """Return the digest of *content*."""
    content = content.encode() if isinstance(content, str) else content
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class TestImage:
    """An image of one platform."""

    __test__ = False

    config: bytes
    layers: Sequence[bytes]

    @property
    def manifest(self) -> str:
        """The manifest of the image."""
        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": _descriptor(OCI_CONFIG, self.config),
                "layers": [_descriptor(OCI_LAYER, layer) for layer in self.layers],
            }
        )

    @property
    def digest(self) -> str:
        """The digest of the manifest."""
        return digest_of(self.manifest)


def image(name: str) -> TestImage:
    """Return a small image, whose content depends on the name."""
    return TestImage(f'{{"name":"{name}"}}'.encode(), [f"{name} {n}".encode() * n for n in (1, 99)])


def index_of(*images: TestImage) -> str:
    """Return the manifest of an image for several platforms."""
    manifests = [_descriptor(OCI_MANIFEST, image.manifest.encode()) for image in images]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests})


async def upload(ecr: ECRClient, repository: str, layer: bytes) -> str:
    """Upload a layer in one part, and return its digest."""
    started = await ecr.initiate_layer_upload(repository_name=repository)
    await ecr.upload_layer_part(
        repository_name=repository,
        upload_id=started.upload_id,
        part_first_byte=0,
        part_last_byte=len(layer) - 1,
        layer_part_blob=layer,
    )
    digest = digest_of(layer)
    await ecr.complete_layer_upload(
        repository_name=repository, upload_id=started.upload_id, layer_digests=[digest]
    )
    return digest


async def push(ecr: ECRClient, repository: str, image: TestImage, tag: str | None = None) -> str:
    """Push an image with its blobs, and return the digest in the response."""
    for blob in (image.config, *image.layers):
        await upload(ecr, repository, blob)
    return await put(ecr, repository, image.manifest, tag)


async def put(ecr: ECRClient, repository: str, manifest: str, tag: str | None = None) -> str:
    """Push a manifest without blobs, and return the digest in the response."""
    pushed = await ecr.put_image(repository_name=repository, image_manifest=manifest, image_tag=tag)
    digest = pushed.image.image_id.image_digest
    assert digest is not None
    return digest


def _descriptor(media_type: str, content: bytes) -> Mapping[str, object]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}

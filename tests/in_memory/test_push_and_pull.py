"""Push and pull of a complete image through the API."""

from __future__ import annotations

import json
import random
from typing import Any

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.models import ImageIdentifier
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    REPOSITORY,
    descriptor,
    digest_of,
    upload,
)

pytestmark = pytest.mark.anyio

PART = 5 * 1024 * 1024

_random = random.Random(20240506)
BASE = _random.randbytes(PART + 12_345)
"""A layer of two parts that both platforms share."""
LAYERS = {platform: _random.randbytes(1000) for platform in ("amd64", "arm64")}


def image_of(platform: str) -> tuple[str, list[bytes]]:
    """Return the manifest and the blobs of an image with two layers."""
    config = json.dumps({"architecture": platform, "os": "linux"}).encode()
    layers = [BASE, LAYERS[platform]]
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(config, OCI_CONFIG),
        "layers": [descriptor(layer, OCI_LAYER) for layer in layers],
    }
    return json.dumps(manifest), [config, *layers]


async def push_blob(client: ECRClient, content: bytes) -> bool:
    """Upload a blob unless it exists; return whether it was uploaded."""
    digest = digest_of(content)
    checked = await client.batch_check_layer_availability(
        repository_name=REPOSITORY, layer_digests=[digest]
    )
    if checked.layers[0].layer_availability == "AVAILABLE":
        return False
    assert await upload(client, REPOSITORY, content, part_size=PART) == digest
    return True


async def push(client: ECRClient) -> str:
    """Push an image for two platforms, and return its index."""
    listed: list[dict[str, object]] = []
    uploaded: list[bool] = []
    for platform in LAYERS:
        manifest, blobs = image_of(platform)
        uploaded += [await push_blob(client, blob) for blob in blobs]
        put = await client.put_image(
            repository_name=REPOSITORY, image_manifest=manifest, image_digest=digest_of(manifest)
        )
        assert put.image.image_manifest == manifest
        entry = descriptor(manifest.encode(), OCI_MANIFEST)
        listed.append({**entry, "platform": {"architecture": platform, "os": "linux"}})
    # The shared layer is uploaded once.
    assert uploaded == [True, True, True, True, False, True]
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed})
    await client.put_image(repository_name=REPOSITORY, image_manifest=index, image_tag="v1")
    return index


async def pull(client: ECRClient, image_id: ImageIdentifier) -> str:
    response = await client.batch_get_image(
        repository_name=REPOSITORY,
        image_ids=[image_id],
        accepted_media_types=[OCI_INDEX, OCI_MANIFEST],
    )
    assert response.failures == []
    manifest = response.images[0].image_manifest or ""
    assert response.images[0].image_id.image_digest == digest_of(manifest)
    return manifest


async def test_an_image_for_two_platforms(ecr: InMemoryECR, client: ECRClient) -> None:
    await client.create_repository(repository_name=REPOSITORY)
    pushed = await push(client)

    index = await pull(client, ImageIdentifier(image_tag="v1"))
    assert index == pushed
    async with httpx.AsyncClient(transport=ecr.transport()) as http:
        for entry in json.loads(index)["manifests"]:
            manifest = await pull(client, ImageIdentifier(image_digest=entry["digest"]))
            expected, blobs = image_of(entry["platform"]["architecture"])
            assert manifest == expected
            document: dict[str, Any] = json.loads(manifest)
            for part, blob in zip([document["config"], *document["layers"]], blobs, strict=True):
                response = await client.get_download_url_for_layer(
                    repository_name=REPOSITORY, layer_digest=part["digest"]
                )
                content = (await http.get(response.download_url)).content
                assert content == blob
                assert (digest_of(content), len(content)) == (part["digest"], part["size"])

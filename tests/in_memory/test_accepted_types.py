"""Pulls by clients that accept only certain manifest types.

Source: "Container image manifest format support in Amazon ECR".
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecrclient import ECRClient
from ecrclient.models import Image, ImageFailure, ImageIdentifier
from tests.in_memory.builders import (
    CONFIG,
    LAYERS,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    descriptor,
    digest_of,
    image_manifest,
    index_of,
)

pytestmark = pytest.mark.anyio

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
FIRST_SCHEMA = "application/vnd.docker.distribution.manifest.v1+json"


def manifest_as(kind: str, config: str, layer: str) -> str:
    return image_manifest(
        media_type=kind,
        config=descriptor(CONFIG, config),
        layers=[descriptor(LAYERS[0], layer), descriptor(LAYERS[1], "text/plain")],
        subject={"mediaType": OCI_MANIFEST, "digest": digest_of("subject"), "size": 7},
    )


OCI = manifest_as(OCI_MANIFEST, OCI_CONFIG, "application/vnd.oci.image.layer.v1.tar+gzip")
DOCKER = manifest_as(
    DOCKER_MANIFEST, DOCKER_CONFIG, "application/vnd.docker.image.rootfs.diff.tar.gzip"
)
BY_TAG = ImageIdentifier(image_tag="v1")


async def pull(
    client: ECRClient,
    repository: str,
    manifest: str,
    accepted: list[str] | None,
    image_id: ImageIdentifier = BY_TAG,
) -> Image | ImageFailure:
    """Push a manifest with the tag v1, and pull it."""
    await client.put_image(repository_name=repository, image_manifest=manifest, image_tag="v1")
    response = await client.batch_get_image(
        repository_name=repository, image_ids=[image_id], accepted_media_types=accepted
    )
    outcomes: list[Image | ImageFailure] = [*response.images, *response.failures]
    assert len(outcomes) == 1
    return outcomes[0]


@pytest.mark.parametrize("manifest", [OCI, DOCKER])
@pytest.mark.parametrize("accepted", [None, [FIRST_SCHEMA, DOCKER_MANIFEST, OCI_MANIFEST]])
async def test_an_accepted_type_is_not_converted(
    client: ECRClient, repository: str, manifest: str, accepted: list[str] | None
) -> None:
    image = await pull(client, repository, manifest, accepted)
    assert isinstance(image, Image)
    assert image.image_manifest == manifest
    assert image.image_manifest_media_type == json.loads(manifest)["mediaType"]


@pytest.mark.parametrize(
    ("stored", "accepted", "expected"),
    [(OCI, DOCKER_MANIFEST, DOCKER), (DOCKER, OCI_MANIFEST, OCI)],
)
async def test_a_pull_by_tag_is_converted(
    client: ECRClient, repository: str, stored: str, accepted: str, expected: str
) -> None:
    image = await pull(client, repository, stored, [FIRST_SCHEMA, accepted])
    assert isinstance(image, Image)
    assert image.image_manifest_media_type == accepted
    converted: dict[str, Any] = json.loads(image.image_manifest or "")
    assert converted == json.loads(expected)
    # The digest still identifies the stored image.
    assert image.image_id.image_digest == digest_of(stored)


async def test_a_converted_manifest_has_a_media_type(client: ECRClient, repository: str) -> None:
    await client.put_image(
        repository_name=repository,
        image_manifest=image_manifest(media_type=None),
        image_manifest_media_type=OCI_MANIFEST,
        image_tag="v1",
    )
    response = await client.batch_get_image(
        repository_name=repository, image_ids=[BY_TAG], accepted_media_types=[DOCKER_MANIFEST]
    )
    assert json.loads(response.images[0].image_manifest or "")["mediaType"] == DOCKER_MANIFEST


@pytest.mark.parametrize(
    "image_id",
    [
        ImageIdentifier(image_digest=digest_of(OCI)),
        ImageIdentifier(image_digest=digest_of(OCI), image_tag="v1"),
    ],
)
async def test_a_pull_by_digest_is_not_converted(
    client: ECRClient, repository: str, image_id: ImageIdentifier
) -> None:
    failure = await pull(client, repository, OCI, [DOCKER_MANIFEST], image_id)
    assert isinstance(failure, ImageFailure)
    assert (failure.failure_code, failure.image_id) == ("ImageNotFound", image_id)
    assert OCI_MANIFEST in (failure.failure_reason or "")


@pytest.mark.parametrize(
    ("manifest", "accepted"),
    [
        pytest.param(OCI, FIRST_SCHEMA, id="to the first schema"),
        pytest.param(OCI, "text/plain", id="to a type that is not a manifest"),
        pytest.param(index_of([]), OCI_MANIFEST, id="an index to an image"),
        pytest.param(index_of([]), DOCKER_LIST, id="an index to a list"),
        pytest.param(index_of([], DOCKER_LIST), OCI_INDEX, id="a list to an index"),
    ],
)
async def test_types_that_cannot_be_converted(
    client: ECRClient, repository: str, manifest: str, accepted: str
) -> None:
    failure = await pull(client, repository, manifest, [accepted])
    assert isinstance(failure, ImageFailure)
    assert failure.failure_code == "ImageNotFound"
    (image,) = await client.describe_images(repository_name=repository).collect()
    assert image.last_recorded_pull_time is None

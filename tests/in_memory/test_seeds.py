"""Images and layers that are stored without calls."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import cast

import pytest

from ecrclient import ECRClient, RequestValidationError
from ecrclient.errors import ImageAlreadyExistsException
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import OCI_CONFIG, OCI_MANIFEST, digest_of, image_manifest

pytestmark = pytest.mark.anyio


async def test_added_image_can_be_pulled(ecr: InMemoryECR, client: ECRClient) -> None:
    digest = ecr.add_image("team/app", [b"one", b"two"], tags=["v1", "latest"])
    response = await client.batch_get_image(
        repository_name="team/app", image_ids=[{"image_tag": "latest"}]
    )
    (image,) = response.images
    manifest = image.image_manifest or ""
    assert image.image_id.image_digest == digest == digest_of(manifest)
    assert image.image_manifest_media_type == OCI_MANIFEST
    document = json.loads(manifest)
    assert [layer["digest"] for layer in document["layers"]] == [
        digest_of(b"one"),
        digest_of(b"two"),
    ]
    assert document["config"]["mediaType"] == OCI_CONFIG
    (detail,) = await client.describe_images(repository_name="team/app").collect()
    assert detail.image_tags == ["v1", "latest"]
    for part in (document["config"], *document["layers"]):
        await client.get_download_url_for_layer(
            repository_name="team/app", layer_digest=part["digest"]
        )


async def test_added_artifact_is_a_referrer(ecr: InMemoryECR, client: ECRClient) -> None:
    subject = ecr.add_image("team/app", [b"app"])
    sbom = ecr.add_image(
        "team/app",
        [b"{}"],
        artifact_type="application/spdx+json",
        subject=subject,
        annotations={"team": "web"},
    )
    (one,) = await client.list_image_referrers(
        repository_name="team/app", subject_id={"image_digest": subject}
    ).collect()
    assert (one.digest, one.artifact_type) == (sbom, "application/spdx+json")
    assert one.annotations == {"team": "web"}
    with pytest.raises(ValueError, match="there is no image 'sha256:00'"):
        ecr.add_image("team/app", [b"{}"], subject="sha256:00")


async def test_existing_repository_is_kept(ecr: InMemoryECR, client: ECRClient) -> None:
    await client.create_repository(repository_name="team/app", image_tag_mutability="IMMUTABLE")
    ecr.add_image("team/app", [b"one"])
    (repository,) = await client.describe_repositories().collect()
    assert repository.image_tag_mutability == "IMMUTABLE"


async def test_same_arguments_produce_the_same_image(ecr: InMemoryECR) -> None:
    digest = ecr.add_image("team/app", [b"one"], tags=["v1"])
    assert ecr.add_image("other", [b"one"]) == digest
    assert ecr.add_image("team/app", [b"one"], tags=["v2"]) == digest
    with pytest.raises(ImageAlreadyExistsException):
        ecr.add_image("team/app", [b"one"])


async def test_added_layer_can_be_referenced(ecr: InMemoryECR, client: ECRClient) -> None:
    assert ecr.add_layer("team/app", b"one") == ecr.add_layer("team/app", b"one")
    config = {"mediaType": OCI_CONFIG, "digest": ecr.add_layer("team/app", b"{}"), "size": 2}
    await client.put_image(
        repository_name="team/app", image_manifest=image_manifest(config=config, layers=[])
    )


def test_empty_layers_are_refused(ecr: InMemoryECR) -> None:
    with pytest.raises(ValueError, match="a layer must have at least one byte"):
        ecr.add_layer("team/app", b"")
    with pytest.raises(ValueError, match="a layer must have at least one byte"):
        ecr.add_image("team/app", [b"one", b""])


def test_invalid_arguments_are_refused(ecr: InMemoryECR) -> None:
    with pytest.raises(RequestValidationError, match="repository_name"):
        ecr.add_layer("No Name", b"one")
    # A str would be one tag per character, and type checkers accept it as a sequence of str.
    with pytest.raises(TypeError, match=re.escape("tags must be a sequence, such as ['v1']")):
        ecr.add_image("team/app", [b"one"], tags="v1")
    with pytest.raises(TypeError, match=re.escape("layers must be a sequence, such as [b'one']")):
        ecr.add_image("team/app", cast("Sequence[bytes]", b"one"))

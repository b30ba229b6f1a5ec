"""What is put into the registry without calls."""

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


async def test_an_image_that_can_be_pulled(ecr: InMemoryECR, client: ECRClient) -> None:
    digest = ecr.add_image("team/app", [b"one", b"two"], tags=["v1", "latest"])
    answer = await client.batch_get_image(
        repository_name="team/app", image_ids=[{"image_tag": "latest"}]
    )
    (image,) = answer.images
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


async def test_an_artifact(ecr: InMemoryECR, client: ECRClient) -> None:
    subject = ecr.add_image("team/app", [b"app"])
    sbom = ecr.add_image(
        "team/app",
        [b"{}"],
        artifact_type="application/spdx+json",
        subject=subject,
        annotations={"made": "today"},
    )
    (one,) = await client.list_image_referrers(
        repository_name="team/app", subject_id={"image_digest": subject}
    ).collect()
    assert (one.digest, one.artifact_type) == (sbom, "application/spdx+json")
    assert one.annotations == {"made": "today"}
    with pytest.raises(ValueError, match="there is no image 'sha256:00'"):
        ecr.add_image("team/app", [b"{}"], subject="sha256:00")


async def test_a_repository_that_is_there_is_kept(ecr: InMemoryECR, client: ECRClient) -> None:
    await client.create_repository(repository_name="team/app", image_tag_mutability="IMMUTABLE")
    ecr.add_image("team/app", [b"one"])
    (repository,) = await client.describe_repositories().collect()
    assert repository.image_tag_mutability == "IMMUTABLE"


async def test_the_same_makes_the_same(ecr: InMemoryECR) -> None:
    digest = ecr.add_image("team/app", [b"one"], tags=["v1"])
    assert ecr.add_image("other", [b"one"]) == digest
    assert ecr.add_image("team/app", [b"one"], tags=["v2"]) == digest
    with pytest.raises(ImageAlreadyExistsException):
        ecr.add_image("team/app", [b"one"])


async def test_a_layer_for_a_manifest(ecr: InMemoryECR, client: ECRClient) -> None:
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


def test_what_cannot_be_put_there(ecr: InMemoryECR) -> None:
    with pytest.raises(RequestValidationError, match="repository_name"):
        ecr.add_layer("No Name", b"one")
    # A single text would be taken for a tag a letter, and a type checker does not see it.
    with pytest.raises(TypeError, match=re.escape("tags must be a sequence, such as ['v1']")):
        ecr.add_image("team/app", [b"one"], tags="v1")
    with pytest.raises(TypeError, match=re.escape("layers must be a sequence, such as [b'one']")):
        ecr.add_image("team/app", cast("Sequence[bytes]", b"one"))

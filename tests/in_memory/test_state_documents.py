"""Documents in a saved state that ECR would refuse."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR, StateError
from tests.in_memory.builders import add_blobs, digest_of, image_manifest, index_of
from tests.in_memory.states import (
    LIFECYCLE_POLICY,
    REGISTRY_POLICY,
    REPOSITORY_POLICY,
    fill,
    read,
    text_of,
)

pytestmark = pytest.mark.anyio

POLICY_OF_NOTHING = json.dumps({"Version": "2012-10-17", "Statement": []})
RULES_OF_NOTHING = json.dumps({"rules": [{"rulePriority": 1}]})
APP = ["repositories", "team/app"]
INDEX = ["repositories", "team/app", "images", digest_of(index_of([index_of([])]))]
IMAGE = ["repositories", "team/app", "images", digest_of(image_manifest())]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["policy_text"], POLICY_OF_NOTHING, "Invalid registry policy provided"),
        (["policy_text"], "", "Invalid registry policy provided"),
        ([*APP, "policy_text"], POLICY_OF_NOTHING, "Invalid repository policy provided"),
        ([*APP, "lifecycle_policy_text"], "{", "Could not map policyString"),
        ([*APP, "lifecycle_policy_text"], RULES_OF_NOTHING, "rule 1: selection is missing"),
        (
            [*APP, "lifecycle_preview", "policy_text"],
            RULES_OF_NOTHING,
            "rule 1: selection is missing",
        ),
        (
            ["creation_templates", "team", "repository_policy"],
            POLICY_OF_NOTHING,
            "Invalid repository policy provided",
        ),
        (
            ["creation_templates", "team", "lifecycle_policy"],
            RULES_OF_NOTHING,
            "rule 1: selection is missing",
        ),
        (["creation_templates", "team", "prefix"], "other", "is 'other', but its key is 'team'"),
        ([*IMAGE, "manifest"], "{", "Invalid JSON syntax"),
        ([*IMAGE, "manifest"], image_manifest("other"), "has the digest sha256:"),
        ([*IMAGE, "media_type"], "text/plain", "Invalid JSON syntax"),
        ([*IMAGE, "subject"], digest_of("x"), "does not match the manifest"),
        ([*IMAGE, "artifact_media_type"], "text/plain", "does not match the manifest"),
        ([*IMAGE, "layers"], [digest_of("x")], "does not match the manifest"),
        ([*INDEX, "references"], [], "does not match the manifest"),
        ([*APP, "layers"], {}, "is not in the repository"),
        ([*APP, "created_at"], "2024-05-06T07:08:09", "must have a timezone"),
        ([*IMAGE, "scans", "0", "done_at"], "2024-05-06T07:08:09", "must have a timezone"),
    ],
)
async def test_invalid_document_is_refused(
    ecr: InMemoryECR, client: ECRClient, path: list[str], value: object, message: str
) -> None:
    await fill(client)
    add_blobs(ecr, "team/app")
    where: dict[str, Any] = {"repository_name": "team/app"}
    await client.put_image(**where, image_manifest=image_manifest(), image_tag="image")
    await client.start_image_scan(**where, image_id={"image_tag": "image"})
    await client.put_registry_policy(policy_text=REGISTRY_POLICY)
    await client.set_repository_policy(**where, policy_text=REPOSITORY_POLICY)
    await client.put_lifecycle_policy(**where, lifecycle_policy_text=LIFECYCLE_POLICY)
    await client.start_lifecycle_policy_preview(**where)
    await client.create_repository_creation_template(
        prefix="team/",
        applied_for=["CREATE_ON_PUSH"],
        repository_policy=REPOSITORY_POLICY,
        lifecycle_policy=LIFECYCLE_POLICY,
    )
    document = json.loads(text_of(ecr))
    read(json.dumps(document))  # the document is valid before it is damaged
    *way, last = path
    place = document
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    assert last in place
    place[last] = value
    with pytest.raises(StateError, match=re.escape(message)):
        read(json.dumps(document))


async def test_reference_to_a_missing_image_is_refused(ecr: InMemoryECR, client: ECRClient) -> None:
    await fill(client)
    document = json.loads(text_of(ecr))
    missing = digest_of(index_of([]))
    repository = document["repositories"]["team/app"]
    del repository["images"][missing], repository["tags"]["one"]
    with pytest.raises(StateError, match=rf"\.references: {missing} is not in the repository"):
        read(json.dumps(document))

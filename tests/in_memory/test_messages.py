"""Error messages that are those of ECR, as far as they are known."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from tests.in_memory.builders import OCI_MANIFEST, digest_of, image_manifest
from tests.in_memory.stage import Scene

INVALID = "Invalid parameter at '{}' failed to satisfy constraint: '{}'"
WHERE = {"repositoryName": "team/app"}
ENUM = (
    "Member must satisfy enum value set: "
    "[IMMUTABLE, MUTABLE, MUTABLE_WITH_EXCLUSION, IMMUTABLE_WITH_EXCLUSION]"
)
IRELAND = {"region": "eu-west-1", "registryId": "123456789012"}


def test_unknown_mutability(scene: Scene) -> None:
    scene("CreateRepository", **WHERE)
    for operation in ("CreateRepository", "PutImageTagMutability"):
        with scene.refuses(operation, "InvalidParameterException") as caught:
            scene(operation, **WHERE, imageTagMutability="invalid")
        assert caught.value.message == INVALID.format("imageTagMutability", ENUM)


@pytest.mark.parametrize("mutability", ["MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION"])
def test_mutability_with_exclusion_without_filters(scene: Scene, mutability: str) -> None:
    with scene.refuses("CreateRepository", "InvalidParameterException") as caught:
        scene("CreateRepository", **WHERE, imageTagMutability=mutability)
    assert caught.value.message == INVALID.format(
        "imageTagMutabilityExclusionFilters",
        "ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as "
        f"{mutability}",
    )


@pytest.mark.parametrize(
    ("destinations", "message"),
    [
        (
            [IRELAND, IRELAND | {"region": "us-east-1"}],
            "Replication destination cannot be the same as the source registry",
        ),
        (
            [IRELAND | {"region": "eu-west-99"}],
            "Replication destination must be in a Region of the partition aws, not in 'eu-west-99'",
        ),
        (
            [IRELAND | {"region": "aws-global"}],
            "Replication destination must be in a Region of the partition aws, not in 'aws-global'",
        ),
        (
            [IRELAND | {"region": "cn-north-1"}],
            "Replication destination must be in a Region of the partition aws, not in 'cn-north-1'",
        ),
        (
            [IRELAND, IRELAND],
            "Replication destination '123456789012' in 'eu-west-1' must be in a rule only once",
        ),
    ],
    ids=["source", "unknown-region", "global", "other-partition", "twice"],
)
def test_replication_destinations(scene: Scene, destinations: list[Any], message: str) -> None:
    rules = [{"destinations": [IRELAND]}, {"destinations": destinations}]
    with scene.refuses("PutReplicationConfiguration", "InvalidParameterException") as caught:
        scene("PutReplicationConfiguration", replicationConfiguration={"rules": rules})
    assert caught.value.message == INVALID.format("replicationConfiguration", message)
    assert scene("DescribeRegistry")["replicationConfiguration"] == {"rules": []}


def test_two_rules_may_have_the_same_destination(scene: Scene) -> None:
    rules = [{"destinations": [IRELAND]}, {"destinations": [IRELAND]}]
    scene("PutReplicationConfiguration", replicationConfiguration={"rules": rules})


@pytest.mark.parametrize(
    ("manifest", "media_type", "reason"),
    [
        ("{", {}, "it is not a JSON object"),
        (
            image_manifest(media_type=None),
            {},
            "it has no mediaType, and imageManifestMediaType is not given",
        ),
        (
            image_manifest(media_type="application/vnd.cncf.helm.config.v1+json"),
            {},
            "application/vnd.cncf.helm.config.v1+json is not a supported media type",
        ),
        (
            image_manifest(),
            {"imageManifestMediaType": "text/plain"},
            "text/plain is not a supported media type",
        ),
    ],
    ids=["no-json", "no-media-type", "unsupported-media-type", "unsupported-argument"],
)
def test_manifests_of_an_unknown_kind(
    scene: Scene,
    caplog: pytest.LogCaptureFixture,
    manifest: str,
    media_type: dict[str, str],
    reason: str,
) -> None:
    scene("CreateRepository", **WHERE)
    with (
        caplog.at_level(logging.INFO, logger="ecrclient.testing"),
        scene.refuses("PutImage", "InvalidParameterException") as caught,
    ):
        scene("PutImage", **WHERE, imageManifest=manifest, **media_type)
    assert caught.value.message == INVALID.format("ImageManifest", "Invalid JSON syntax")
    assert caplog.messages == [f"the manifest is refused: {reason}"]


@pytest.mark.parametrize("digest", ["latest", "sha256:", "sha256:xyz", ""])
def test_a_malformed_digest_of_a_push(scene: Scene, digest: str) -> None:
    scene("CreateRepository", **WHERE)
    with scene.refuses("PutImage", "InvalidParameterException") as caught:
        scene("PutImage", **WHERE, imageManifest=image_manifest(), imageDigest=digest)
    assert caught.value.message == INVALID.format(
        "imageDigest", "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"
    )


def test_an_image_manifest_without_its_parts(scene: Scene) -> None:
    scene("CreateRepository", **WHERE)
    manifest = json.dumps({"mediaType": OCI_MANIFEST, "config": None, "layers": None})
    with scene.refuses("PutImage", "InvalidParameterException") as caught:
        scene("PutImage", **WHERE, imageManifest=manifest, imageDigest=digest_of("other"))
    assert caught.value.message == INVALID.format(
        "ImageManifest", "an image manifest must have the members 'config' and 'layers'"
    )

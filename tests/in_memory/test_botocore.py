"""AWS's SDK accepts the responses, and the service accepts its signatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ecrclient.lifecycle import LifecyclePolicy, keep_last
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import (
    CONFIG,
    LAYERS,
    OCI_MANIFEST,
    digest_of,
    image_manifest,
    index_of,
)
from tests.in_memory.through_botocore import botocore_client

Call = Callable[..., dict[str, Any]]
Calls = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def call() -> Call:
    """A function that calls an operation of a new registry through botocore."""
    client = botocore_client(InMemoryECR())

    def call(method: str, **members: object) -> dict[str, Any]:
        response: dict[str, Any] = getattr(client, method)(**members)
        return response

    return call


def push_layer(call: Call, repository: str, content: bytes) -> str:
    """Upload a layer in one part, and return its digest."""
    where = {"repositoryName": repository}
    where["uploadId"] = call("initiate_layer_upload", **where)["uploadId"]
    received = call(
        "upload_layer_part",
        **where,
        partFirstByte=0,
        partLastByte=len(content) - 1,
        layerPartBlob=content,
    )
    assert received["lastByteReceived"] == len(content) - 1
    done = call("complete_layer_upload", **where, layerDigests=[digest_of(content)])
    digest: str = done["layerDigest"]
    return digest


def push_blobs(call: Call, repository: str) -> None:
    """Upload the blobs that ``image_manifest`` references."""
    for blob in (CONFIG, *LAYERS):
        push_layer(call, repository, blob)


def play(call: Call, calls: Calls) -> None:
    """Make the calls; upload the blobs of ``image_manifest`` to each new repository."""
    for method, members in calls:
        call(method, **members)
        if method == "create_repository":
            push_blobs(call, members["repositoryName"])


def test_repositories_and_images(call: Call) -> None:
    repository = call(
        "create_repository", repositoryName="team/app", tags=[{"Key": "env", "Value": "prod"}]
    )["repository"]
    assert repository["createdAt"].tzinfo is not None
    tags = call("list_tags_for_resource", resourceArn=repository["repositoryArn"])["tags"]
    assert tags == [{"Key": "env", "Value": "prod"}]

    push_blobs(call, "team/app")
    image = image_manifest()
    index = index_of([image])
    call("put_image", repositoryName="team/app", imageManifest=image)
    call("put_image", repositoryName="team/app", imageManifest=index, imageTag="v1")

    pages = call("describe_images", repositoryName="team/app", maxResults=1)
    rest = call("describe_images", repositoryName="team/app", nextToken=pages["nextToken"])
    details = {one["imageDigest"]: one for one in pages["imageDetails"] + rest["imageDetails"]}
    assert details[digest_of(index)]["imageTags"] == ["v1"]
    assert "imageTags" not in details[digest_of(image)]
    assert "nextToken" not in rest

    response = call(
        "batch_delete_image",
        repositoryName="team/app",
        imageIds=[{"imageDigest": digest_of(image)}],
    )
    assert response["failures"][0]["failureCode"] == "ImageReferencedByManifestList"
    assert response["ResponseMetadata"]["RequestId"]


_RULE = {"ecrRepositoryPrefix": "quay", "upstreamRegistryUrl": "quay.io"}
_TEMPLATE = {"prefix": "team", "appliedFor": ["CREATE_ON_PUSH"]}
_ROLE = {"principalArn": "arn:aws:iam::123456789012:role/scanner"}


@pytest.mark.generator
def test_registry_settings(call: Call) -> None:
    assert call("create_pull_through_cache_rule", **_RULE)["createdAt"].tzinfo is not None
    (rule,) = call("describe_pull_through_cache_rules")["pullThroughCacheRules"]
    assert (rule["upstreamRegistry"], rule["upstreamRepositoryPrefix"]) == ("quay", "ROOT")
    assert "credentialArn" not in rule
    assert call("validate_pull_through_cache_rule", ecrRepositoryPrefix="quay")["isValid"] is True

    made = call("create_repository_creation_template", **_TEMPLATE)["repositoryCreationTemplate"]
    assert made["encryptionConfiguration"] == {"encryptionType": "AES256"}
    assert "repositoryPolicy" not in made
    push_blobs(call, "team/app")
    call("put_image", repositoryName="team/app", imageManifest=image_manifest())

    scanning = {
        "scanType": "BASIC",
        "rules": [
            {
                "scanFrequency": "SCAN_ON_PUSH",
                "repositoryFilters": [{"filter": "team/*", "filterType": "WILDCARD"}],
            }
        ],
    }
    call("put_registry_scanning_configuration", **scanning)
    kept = call("get_registry_scanning_configuration")["scanningConfiguration"]
    assert kept == scanning
    response = call(
        "batch_get_repository_scanning_configuration", repositoryNames=["team/app", "none"]
    )
    assert response["scanningConfigurations"][0]["scanFrequency"] == "SCAN_ON_PUSH"
    assert response["failures"][0]["failureCode"] == "REPOSITORY_NOT_FOUND"

    profile = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/ours"
    signing = {"rules": [{"signingProfileArn": profile}]}
    call("put_signing_configuration", signingConfiguration=signing)
    assert call("get_signing_configuration")["signingConfiguration"] == signing

    assert call("get_account_setting", name="BLOB_MOUNTING")["value"] == "DISABLED"
    assert call("register_pull_time_update_exclusion", **_ROLE)["createdAt"].tzinfo is not None
    listed = call("list_pull_time_update_exclusions")["pullTimeUpdateExclusions"]
    assert listed == [_ROLE["principalArn"]]


_PUSHED: Calls = [
    ("create_repository", {"repositoryName": "team/app"}),
    (
        "put_image",
        {"repositoryName": "team/app", "imageManifest": image_manifest(), "imageTag": "v1"},
    ),
]
_V1 = {"repositoryName": "team/app", "imageId": {"imageTag": "v1"}}
_LIFECYCLE = LifecyclePolicy.of(keep_last(5, tags="any", description="Few" * 20)).to_json()
_PREVIEW = {"repositoryName": "team/app", "lifecyclePolicyText": _LIFECYCLE}
_IRELAND = {"region": "eu-west-1", "registryId": "123456789012"}
_REPLICATED: Calls = [
    (
        "put_replication_configuration",
        {"replicationConfiguration": {"rules": [{"destinations": [_IRELAND]}]}},
    ),
    *_PUSHED,
]


@pytest.mark.generator
def test_background_work(call: Call) -> None:
    play(call, _REPLICATED)

    assert call("start_image_scan", **_V1)["imageScanStatus"] == {"status": "PENDING"}
    found = call("describe_image_scan_findings", **_V1)
    assert found["imageScanStatus"] == {"status": "PENDING"}
    assert "imageScanFindings" not in found

    begun = call("start_lifecycle_policy_preview", **_PREVIEW)
    assert (begun["status"], begun["lifecyclePolicyText"]) == ("IN_PROGRESS", _LIFECYCLE)
    preview = call("get_lifecycle_policy_preview", repositoryName="team/app")
    assert (preview["status"], preview["previewResults"]) == ("IN_PROGRESS", [])
    assert "summary" not in preview

    (status,) = call("describe_image_replication_status", **_V1)["replicationStatuses"]
    assert status == _IRELAND | {"status": "IN_PROGRESS"}

    begun = call("start_replication_backfill", destination=_IRELAND)
    assert (begun["status"], begun["destination"]) == ("PREPARING", _IRELAND)
    backfill = {"replicationBackfillId": begun["replicationBackfillId"]}
    assert call("stop_replication_backfill", **backfill)["status"] == "STOPPED"
    (listed,) = call("list_replication_backfills")["backfills"]
    assert (listed["status"], listed["startedAt"]) == ("STOPPED", begun["startedAt"])
    described = call("describe_replication_backfill_results", **backfill)
    assert described["results"] == []
    assert "progress" not in described


@pytest.mark.generator
def test_layers_referrers_and_archived_images(call: Call) -> None:
    where = {"repositoryName": "team/app"}
    call("create_repository", **where)
    digest = push_layer(call, "team/app", CONFIG)
    for layer in LAYERS:
        push_layer(call, "team/app", layer)
    image = image_manifest()
    call("put_image", **where, imageManifest=image, imageTag="v1")

    checked = call(
        "batch_check_layer_availability", **where, layerDigests=[digest, "x", "sha256:0"]
    )
    known, unknown = checked["layers"]
    assert (known["layerAvailability"], known["layerSize"]) == ("AVAILABLE", len(CONFIG))
    assert unknown == {"layerDigest": "sha256:0", "layerAvailability": "UNAVAILABLE"}
    assert checked["failures"][0]["failureCode"] == "InvalidLayerDigest"
    url = call("get_download_url_for_layer", **where, layerDigest=digest)["downloadUrl"]
    assert "X-Amz-Signature=" in url

    subject = {"mediaType": OCI_MANIFEST, "digest": digest_of(image), "size": len(image)}
    call("put_image", **where, imageManifest=image_manifest("sbom", subject=subject))
    (referrer,) = call(
        "list_image_referrers", **where, subjectId={"imageDigest": digest_of(image)}
    )["referrers"]
    assert referrer["annotations"] == {"content": "sbom"}

    archive = {**where, "imageId": {"imageTag": "v1"}, "targetStorageClass": "ARCHIVE"}
    assert call("update_image_storage_class", **archive)["imageStatus"] == "ARCHIVED"
    (detail,) = call("describe_images", **where, filter={"imageStatus": "ARCHIVED"})["imageDetails"]
    assert detail["lastArchivedAt"].tzinfo is not None
    (failure,) = call("batch_get_image", **where, imageIds=[{"imageTag": "v1"}])["failures"]
    assert failure["failureCode"] == "ImageInaccessible"

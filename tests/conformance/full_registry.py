"""Fill a registry with one resource of every kind, and return their names."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from ecrclient.models import ImageScanFinding
from tests.in_memory.builders import (
    CONFIG,
    LAYERS,
    OCI_MANIFEST,
    add_blobs,
    digest_of,
    image_manifest,
    index_of,
)
from tests.in_memory.refused_policies import STATEMENT
from tests.in_memory.stage import Scene
from tests.wire.record import POLICY

__all__ = ["MORE", "fill"]

_PART, _NEXT_PART = b"the first part of a layer", b", and the last one"
_TO_V2: dict[str, Any] = {"imageId": {"imageTag": "v2"}}

_LIFECYCLE = POLICY.replace('"imageCountMoreThan"', '"imageCountMoreThan", "countNumber": 1')
_REPOSITORY_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
_REGISTRY_POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [STATEMENT | {"Resource": "*"}]}
)
_PROFILE = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release"
_ROLE = "arn:aws:iam::123456789012:role/scanner"
_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub"
_BASIC = ImageScanFinding(name="CVE-2024-3094", severity="CRITICAL", uri="https://example.com")
MORE: dict[str, dict[str, Any]] = {
    "CompleteLayerUpload": {"layerDigests": [digest_of(_PART)]},
    "CreatePullThroughCacheRule": {"ecrRepositoryPrefix": "other"},
    "CreateRepository": {"repositoryName": "team/new"},
    "CreateRepositoryCreationTemplate": {"prefix": "other"},
    "DeleteRepository": {"repositoryName": "team/empty"},
    "DescribeImageReplicationStatus": _TO_V2,
    "DescribeImageScanFindings": {"imageId": {"imageTag": "v1"}},
    "DescribeImageSigningStatus": _TO_V2,
    "PutImage": {"imageTag": "new"},
    "RegisterPullTimeUpdateExclusion": {"principalArn": _ROLE.replace("scanner", "other")},
    "StartImageScan": _TO_V2,
    "StartReplicationBackfill": {
        "destination": {"region": "eu-west-2", "registryId": "123456789012"}
    },
    "UpdateImageStorageClass": _TO_V2 | {"targetStorageClass": "ARCHIVE"},
    "UpdatePullThroughCacheRule": {"credentialArn": _SECRET},
    "UploadLayerPart": {
        "partFirstByte": len(_PART),
        "partLastByte": len(_PART + _NEXT_PART) - 1,
        "layerPartBlob": _NEXT_PART,
    },
}
"""Members that an operation needs to succeed, in addition to those that the model requires."""


def fill(call: Scene) -> dict[str, tuple[str, ...]]:
    """Create one resource of every kind in a registry.

    Args:
        call: The registry and its caller.

    Returns:
        Texts that name or match these resources, by the shapes that they are values of.
    """
    ecr = call.ecr
    ecr.scans.takes = ecr.replication.takes = ecr.lifecycle.takes = timedelta(0)
    ecr.scans.set_findings("team/app", "v1", [_BASIC])
    call("CreateRepositoryCreationTemplate", prefix="team", appliedFor=["CREATE_ON_PUSH"])
    call("CreatePullThroughCacheRule", ecrRepositoryPrefix="quay", upstreamRegistryUrl="quay.io")
    call("RegisterPullTimeUpdateExclusion", principalArn=_ROLE)
    call("PutRegistryPolicy", policyText=_REGISTRY_POLICY)
    call(
        "PutSigningConfiguration", signingConfiguration={"rules": [{"signingProfileArn": _PROFILE}]}
    )
    destination = {"region": "eu-west-1", "registryId": ecr.account_id}
    rules = [{"destinations": [destination, destination | {"region": "eu-west-2"}]}]
    call("PutReplicationConfiguration", replicationConfiguration={"rules": rules})

    add_blobs(ecr, "team/app")
    image, other, index = image_manifest(), image_manifest("other"), index_of([image_manifest()])
    subject = {"mediaType": OCI_MANIFEST, "digest": digest_of(image), "size": len(image)}
    where = {"repositoryName": "team/app"}
    call("PutImage", **where, imageManifest=image, imageTag="v1")
    call("PutImage", **where, imageManifest=other, imageTag="v2")
    call("PutImage", **where, imageManifest=index, imageTag="multi")
    call("PutImage", **where, imageManifest=image_manifest("sbom", subject=subject))
    call("PutImage", **where, imageManifest=image_manifest("old"), imageTag="old")
    call(
        "UpdateImageStorageClass",
        **where,
        imageId={"imageTag": "old"},
        targetStorageClass="ARCHIVE",
    )
    call("PutLifecyclePolicy", **where, lifecyclePolicyText=_LIFECYCLE)
    call("SetRepositoryPolicy", **where, policyText=_REPOSITORY_POLICY)
    call("StartLifecyclePolicyPreview", **where)
    call("StartImageScan", **where, imageId={"imageTag": "v1"})
    backfill = call("StartReplicationBackfill", destination=destination)["replicationBackfillId"]
    # Whatever starts from now on stays in progress, because the clock does not advance.
    ecr.scans.takes = ecr.replication.takes = ecr.lifecycle.takes = timedelta(hours=1)
    stoppable = call("StartReplicationBackfill", destination=destination)["replicationBackfillId"]
    upload = call("InitiateLayerUpload", **where)["uploadId"]
    part = {"partFirstByte": 0, "partLastByte": len(_PART) - 1, "layerPartBlob": _PART}
    call("UploadLayerPart", **where, uploadId=upload, **part)
    arn = call("CreateRepository", repositoryName="team/empty")["repository"]["repositoryArn"]
    return {
        "AccountSettingName": ("BASIC_SCAN_TYPE_VERSION", "BLOB_MOUNTING", "REGISTRY_POLICY_SCOPE"),
        "AccountSettingValue": ("AWS_NATIVE", "ENABLED", "V2"),
        "Arn": (arn,),
        "ArtifactType": ("application/vnd.oci.image.config.v1+json",),
        "BatchedOperationLayerDigest": (digest_of(CONFIG), digest_of(_PART)),
        "CredentialArn": (_SECRET,),
        "CustomRoleArn": (_ROLE,),
        "ImageDigest": tuple(map(digest_of, (image, other, index))),
        "ImageManifest": (image, other, index, index_of([])),
        "ImageTag": ("v1", "v2", "multi", "old", "new"),
        "LayerDigest": (*map(digest_of, LAYERS), digest_of(_PART)),
        "LifecyclePolicyText": (_LIFECYCLE,),
        "LifecyclePolicyTextForRepositoryCreationTemplate": (_LIFECYCLE, ""),
        "MediaType": (OCI_MANIFEST,),
        "Prefix": ("team/", "ROOT", "other"),
        "PrincipalArn": (_ROLE, ecr.caller_arn),
        "PullThroughCacheRuleRepositoryPrefix": ("quay", "quay/", "hub", "ROOT"),
        "Region": ("eu-west-1", "eu-west-2"),
        "RegistryId": (ecr.account_id,),
        "RegistryPolicyText": (_REGISTRY_POLICY,),
        "ReplicationBackfillId": (stoppable, backfill),
        "RepositoryName": ("team/app", "team/empty", "team/new"),
        "RepositoryPolicyText": (_REPOSITORY_POLICY,),
        "SigningProfileArn": (_PROFILE,),
        "TagKey": ("env", "owner"),
        "TagValue": ("prod", ""),
        "UploadId": (upload,),
        "Url": ("quay.io", "registry-1.docker.io", "public.ecr.aws"),
    }

"""Tables that provoke each error of the service's model, for every client.

Calls use wire names. The last call of a script is the one that is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias
from uuid import UUID

from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import LAYERS, add_blobs, digest_of, image_manifest, index_of
from tests.in_memory.replicating import REGIONS
from tests.in_memory.stage import SERVICE, Scene
from tests.wire.record import POLICY

__all__ = ["BY_RULE", "FAULTS", "INVALID", "MODELLED", "NO_REPOSITORY", "ON_WHAT_IS_MISSING"]

Pair: TypeAlias = tuple[str, str]
"""An operation, and the code of one of its errors."""


Script: TypeAlias = Callable[[Scene], object]

_WHERE = {"repositoryName": "team/app"}
_V1: dict[str, Any] = {**_WHERE, "imageId": {"imageTag": "v1"}}
_QUAY = {"ecrRepositoryPrefix": "quay", "upstreamRegistryUrl": "quay.io"}
_SECRET = "arn:aws:secretsmanager:{}:{}:secret:ecr-pullthroughcache/hub-AbCdEf"
_ELSEWHERE = {"credentialArn": _SECRET.format("eu-west-1", "123456789012")}
_OF_OTHERS = {"credentialArn": _SECRET.format("us-east-1", "999999999999")}
_LIFECYCLE = POLICY.replace('"imageCountMoreThan"', '"imageCountMoreThan", "countNumber": 1')
_PREVIEW = {**_WHERE, "lifecyclePolicyText": _LIFECYCLE}
_IRELAND = {"region": "eu-west-1", "registryId": "123456789012"}
_MOST_TAGS = [{"Key": f"key-{number}", "Value": ""} for number in range(51)]
_RESERVED = [{"Key": "aws:mine", "Value": ""}]
_ARN = {"resourceArn": "arn:aws:ecr:us-east-1:123456789012:repository/team/app"}
_UPLOAD = {"uploadId": str(UUID(int=0))}
_DIGEST = digest_of(b"not here")

ON_WHAT_IS_MISSING: dict[Pair, dict[str, Any]] = {
    ("CompleteLayerUpload", "UploadNotFoundException"): _UPLOAD,
    ("DeleteLifecyclePolicy", "LifecyclePolicyNotFoundException"): {},
    ("DeletePullThroughCacheRule", "PullThroughCacheRuleNotFoundException"): {},
    ("DeleteRegistryPolicy", "RegistryPolicyNotFoundException"): {},
    ("DeleteRepositoryCreationTemplate", "TemplateNotFoundException"): {},
    ("DeleteRepositoryPolicy", "RepositoryPolicyNotFoundException"): {},
    ("DeleteSigningConfiguration", "SigningConfigurationNotFoundException"): {},
    ("DeregisterPullTimeUpdateExclusion", "ExclusionNotFoundException"): {},
    ("DescribeImageReplicationStatus", "ImageNotFoundException"): _V1,
    ("DescribeImageScanFindings", "ImageNotFoundException"): _V1,
    ("DescribeImageSigningStatus", "ImageNotFoundException"): _V1,
    ("DescribeImages", "ImageNotFoundException"): {"imageIds": [{"imageTag": "v1"}]},
    ("DescribePullThroughCacheRules", "PullThroughCacheRuleNotFoundException"): {
        "ecrRepositoryPrefixes": ["quay"]
    },
    ("DescribeReplicationBackfillResults", "ReplicationBackfillNotFoundException"): {},
    ("GetDownloadUrlForLayer", "LayersNotFoundException"): {},
    ("GetLifecyclePolicy", "LifecyclePolicyNotFoundException"): {},
    ("GetLifecyclePolicyPreview", "LifecyclePolicyPreviewNotFoundException"): {},
    ("GetRegistryPolicy", "RegistryPolicyNotFoundException"): {},
    ("GetRepositoryPolicy", "RepositoryPolicyNotFoundException"): {},
    ("GetSigningConfiguration", "SigningConfigurationNotFoundException"): {},
    ("PutImage", "LayersNotFoundException"): {"imageManifest": image_manifest()},
    ("PutImage", "ReferencedImagesNotFoundException"): {
        "imageManifest": index_of([image_manifest()])
    },
    ("StartImageScan", "ImageNotFoundException"): _V1,
    ("StartLifecyclePolicyPreview", "LifecyclePolicyNotFoundException"): {},
    ("StartReplicationBackfill", "ValidationException"): {"destination": _IRELAND},
    ("StopReplicationBackfill", "ReplicationBackfillNotFoundException"): {},
    ("UpdateImageStorageClass", "ImageNotFoundException"): _V1,
    ("UpdatePullThroughCacheRule", "PullThroughCacheRuleNotFoundException"): {},
    ("UpdateRepositoryCreationTemplate", "TemplateNotFoundException"): {},
    ("UploadLayerPart", "UploadNotFoundException"): _UPLOAD,
    ("ValidatePullThroughCacheRule", "PullThroughCacheRuleNotFoundException"): {},
}
"""Additional members for a registry that contains only an empty repository.

The members that the model requires are added to them."""


def _calls(*calls: tuple[str, Mapping[str, Any]]) -> Script:
    def script(scene: Scene) -> None:
        for operation, members in calls:
            scene(operation, **members)

    return script


def _push(scene: Scene) -> None:
    add_blobs(scene.ecr, "team/app")
    scene("PutImage", **_WHERE, imageManifest=image_manifest(), imageTag="v1")


def _pushed(*calls: tuple[str, Mapping[str, Any]]) -> Script:
    """Return a script that makes the calls in a repository with an image tagged ``v1``."""

    def script(scene: Scene) -> None:
        _push(scene)
        _calls(*calls)(scene)

    return script


def _upload(scene: Scene, *parts: bytes) -> dict[str, Any]:
    """Start an upload, and send parts of it."""
    scene.ecr.add_layer("team/app", b"another layer, which creates the repository")
    upload = {**_WHERE, "uploadId": scene("InitiateLayerUpload", **_WHERE)["uploadId"]}
    first = 0
    for part in parts:
        scene("UploadLayerPart", **upload, **_part(part, first))
        first += len(part)
    return upload


def _part(part: bytes, first: int) -> dict[str, Any]:
    last = first + len(part) - 1
    return {"partFirstByte": first, "partLastByte": last, "layerPartBlob": part}


def _completed(*parts: bytes, digest: str | None = None) -> Script:
    def script(scene: Scene) -> None:
        upload = _upload(scene, *parts)
        digests = [digest or digest_of(b"".join(parts))]
        scene("CompleteLayerUpload", **upload, layerDigests=digests)

    return script


def _complete_again(scene: Scene) -> None:
    for _ in range(2):
        _completed(b"a")(scene)


def _leave_a_gap(scene: Scene) -> None:
    scene("UploadLayerPart", **_upload(scene, b"abc"), **_part(b"de", 4))


def _send_too_many_parts(scene: Scene) -> None:
    upload = _upload(scene, b"x")
    # The other 4199 parts are written into the state, because sending them would be slow.
    with TemporaryDirectory() as folder:
        file = Path(folder) / "state.json"
        scene.ecr.save(file)
        state = json.loads(file.read_text(encoding="utf-8"))
        parts = state["repositories"]["team/app"]["uploads"][upload["uploadId"]]["parts"]
        parts *= 4200
        file.write_text(json.dumps(state), encoding="utf-8")
        scene.ecr = InMemoryECR.load(file)
    scene("UploadLayerPart", **upload, **_part(b"x", 4200))


def _scan_an_index(scene: Scene) -> None:
    _push(scene)
    index = index_of([image_manifest()])
    scene("PutImage", **_WHERE, imageManifest=index, imageTag="v1")
    scene("StartImageScan", **_V1)


def _move_an_immutable_tag(scene: Scene) -> None:
    _push(scene)
    scene("PutImageTagMutability", **_WHERE, imageTagMutability="IMMUTABLE")
    scene("PutImage", **_WHERE, imageManifest=image_manifest("other"), imageTag="v1")


def _get_an_unreferenced_layer(scene: Scene) -> None:
    add_blobs(scene.ecr, "team/app")
    scene("GetDownloadUrlForLayer", **_WHERE, layerDigest=digest_of(LAYERS[0]))


def _replicate_to(scene: Scene, *regions: str) -> Iterator[dict[str, Any]]:
    destinations = [_IRELAND | {"region": region} for region in regions]
    rules = [{"destinations": [destination]} for destination in destinations]
    scene("PutReplicationConfiguration", replicationConfiguration={"rules": rules})
    for destination in destinations:
        yield scene("StartReplicationBackfill", destination=destination)


def _backfill_twice(scene: Scene) -> None:
    list(_replicate_to(scene, "eu-west-1", "eu-west-1"))


def _start_too_many_backfills(scene: Scene) -> None:
    list(_replicate_to(scene, *REGIONS))


def _stop_twice(scene: Scene) -> None:
    (started,) = _replicate_to(scene, "eu-west-1")
    for _ in range(2):
        scene("StopReplicationBackfill", replicationBackfillId=started["replicationBackfillId"])


_MANUAL = {
    "scanFrequency": "MANUAL",
    "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}],
}
_ARCHIVED = ("UpdateImageStorageClass", {**_V1, "targetStorageClass": "ARCHIVE"})
_NEW = ("CreateRepository", _WHERE)
_EXCLUSION = (
    "RegisterPullTimeUpdateExclusion",
    {"principalArn": "arn:aws:iam::123456789012:user/me"},
)
_TEMPLATE = (
    "CreateRepositoryCreationTemplate",
    {"prefix": "team", "appliedFor": ["CREATE_ON_PUSH"]},
)
_RULE = ("CreatePullThroughCacheRule", _QUAY)
_UPDATE = {"ecrRepositoryPrefix": "quay"}

BY_RULE: dict[Pair, Script] = {
    ("CompleteLayerUpload", "EmptyUploadException"): _completed(),
    ("CompleteLayerUpload", "InvalidLayerException"): _completed(b"a", digest=_DIGEST),
    ("CompleteLayerUpload", "LayerAlreadyExistsException"): _complete_again,
    ("CompleteLayerUpload", "LayerPartTooSmallException"): _completed(b"a", b"b"),
    ("CreatePullThroughCacheRule", "LimitExceededException"): _calls(
        *[(_RULE[0], _QUAY | {"ecrRepositoryPrefix": f"q{number}"}) for number in range(51)]
    ),
    ("CreatePullThroughCacheRule", "PullThroughCacheRuleAlreadyExistsException"): _calls(
        _RULE, _RULE
    ),
    ("CreatePullThroughCacheRule", "SecretNotFoundException"): _calls(
        (_RULE[0], _QUAY | _ELSEWHERE)
    ),
    ("CreatePullThroughCacheRule", "UnableToAccessSecretException"): _calls(
        (_RULE[0], _QUAY | _OF_OTHERS)
    ),
    ("CreatePullThroughCacheRule", "UnsupportedUpstreamRegistryException"): _calls(
        (_RULE[0], _QUAY | {"upstreamRegistryUrl": "example.com"})
    ),
    ("CreateRepository", "InvalidTagParameterException"): _calls(
        ("CreateRepository", {**_WHERE, "tags": _RESERVED})
    ),
    ("CreateRepository", "RepositoryAlreadyExistsException"): _calls(_NEW, _NEW),
    ("CreateRepository", "TooManyTagsException"): _calls(
        ("CreateRepository", {**_WHERE, "tags": _MOST_TAGS})
    ),
    ("CreateRepositoryCreationTemplate", "TemplateAlreadyExistsException"): _calls(
        _TEMPLATE, _TEMPLATE
    ),
    ("DeleteRepository", "RepositoryNotEmptyException"): _pushed(("DeleteRepository", _WHERE)),
    ("DescribeImageScanFindings", "ScanNotFoundException"): _pushed(
        ("DescribeImageScanFindings", _V1)
    ),
    ("DescribeRepositories", "RepositoryNotFoundException"): _calls(
        ("DescribeRepositories", {"repositoryNames": ["team/app"]})
    ),
    ("GetDownloadUrlForLayer", "LayerInaccessibleException"): _get_an_unreferenced_layer,
    ("ListTagsForResource", "RepositoryNotFoundException"): _calls(("ListTagsForResource", _ARN)),
    ("PutImage", "ImageAlreadyExistsException"): _pushed(
        ("PutImage", {**_WHERE, "imageManifest": image_manifest()})
    ),
    ("PutImage", "ImageDigestDoesNotMatchException"): _pushed(
        ("PutImage", {**_WHERE, "imageManifest": image_manifest(), "imageDigest": _DIGEST})
    ),
    ("PutImage", "ImageTagAlreadyExistsException"): _move_an_immutable_tag,
    ("PutRegistryScanningConfiguration", "InvalidParameterException"): _calls(
        ("PutRegistryScanningConfiguration", {"scanType": "ENHANCED", "rules": [_MANUAL]})
    ),
    ("RegisterPullTimeUpdateExclusion", "ExclusionAlreadyExistsException"): _calls(
        _EXCLUSION, _EXCLUSION
    ),
    ("StartImageScan", "ImageArchivedException"): _pushed(_ARCHIVED, ("StartImageScan", _V1)),
    ("StartImageScan", "LimitExceededException"): _pushed(*[("StartImageScan", _V1)] * 2),
    ("StartImageScan", "UnsupportedImageTypeException"): _scan_an_index,
    ("StartImageScan", "ValidationException"): _pushed(
        ("PutRegistryScanningConfiguration", {"scanType": "ENHANCED"}), ("StartImageScan", _V1)
    ),
    ("StartLifecyclePolicyPreview", "LifecyclePolicyPreviewInProgressException"): _pushed(
        *[("StartLifecyclePolicyPreview", _PREVIEW)] * 2
    ),
    ("StartReplicationBackfill", "LimitExceededException"): _start_too_many_backfills,
    ("StartReplicationBackfill", "ReplicationBackfillInProgressException"): _backfill_twice,
    ("StopReplicationBackfill", "ReplicationBackfillInvalidStatusException"): _stop_twice,
    ("TagResource", "InvalidTagParameterException"): _calls(
        _NEW, ("TagResource", {**_ARN, "tags": _RESERVED})
    ),
    ("TagResource", "RepositoryNotFoundException"): _calls(
        ("TagResource", {**_ARN, "tags": _MOST_TAGS[:1]})
    ),
    ("TagResource", "TooManyTagsException"): _calls(
        _NEW, ("TagResource", {**_ARN, "tags": _MOST_TAGS})
    ),
    ("UntagResource", "InvalidTagParameterException"): _calls(
        _NEW, ("UntagResource", {**_ARN, "tagKeys": ["aws:mine"]})
    ),
    ("UntagResource", "RepositoryNotFoundException"): _calls(
        ("UntagResource", {**_ARN, "tagKeys": ["mine"]})
    ),
    ("UpdateImageStorageClass", "ImageStorageClassUpdateNotSupportedException"): _pushed(
        (_ARCHIVED[0], {**_V1, "targetStorageClass": "STANDARD"})
    ),
    ("UpdatePullThroughCacheRule", "SecretNotFoundException"): _calls(
        _RULE, ("UpdatePullThroughCacheRule", _UPDATE | _ELSEWHERE)
    ),
    ("UpdatePullThroughCacheRule", "UnableToAccessSecretException"): _calls(
        _RULE, ("UpdatePullThroughCacheRule", _UPDATE | _OF_OTHERS)
    ),
    ("UploadLayerPart", "InvalidLayerPartException"): _leave_a_gap,
    ("UploadLayerPart", "LimitExceededException"): _send_too_many_parts,
}
"""The scripts of errors that follow from the rules of a resource."""

_UNDOCUMENTED_LIMITS = (
    *("BatchGetImage", "CreateRepository", "CreateRepositoryCreationTemplate", "PutImage"),
    *("DeregisterPullTimeUpdateExclusion", "ListPullTimeUpdateExclusions", "PutAccountSetting"),
    "RegisterPullTimeUpdateExclusion",
)
_WITHOUT_MEMBERS = (
    *("DeleteRegistryPolicy", "DescribeRegistry", "GetRegistryPolicy", "GetSigningConfiguration"),
    "GetRegistryScanningConfiguration",
)

_BY_FAULT: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "BlockedByOrganizationPolicyException": ("Organizations are not simulated.", None),
    "InvalidParameterException": ("The requests have no members.", _WITHOUT_MEMBERS),
    "KmsException": ("KMS is not simulated.", None),
    "LimitExceededException": (
        "The quotas are adjustable, too large for a test, or undocumented.",
        _UNDOCUMENTED_LIMITS,
    ),
    "RepositoryNotFoundException": (
        "Missing repositories are reported as failures in the response.",
        ("BatchGetRepositoryScanningConfiguration",),
    ),
    "ServerException": ("The in-memory ECR does not fail.", None),
    "TooManyTagsException": ("Removing tags cannot exceed the limit.", ("UntagResource",)),
    "UnableToDecryptSecretValueException": ("Secrets Manager is not simulated.", None),
    "UnableToGetUpstreamImageException": ("Nothing is fetched from upstream registries.", None),
    "UnableToGetUpstreamLayerException": ("Nothing is fetched from upstream registries.", None),
    "UnableToListUpstreamImageReferrersException": (
        "Nothing is fetched from upstream registries.",
        None,
    ),
    "ValidationException": (
        "Undocumented: invalid parameters cause InvalidParameterException.",
        None,
    ),
}
"""The errors that only ``ecr.faults`` can cause: the reason, and the operations.

None means all operations that have the error and are not in the other tables for it.
"""

MODELLED = {
    (name, shape.error_code)
    for name in SERVICE.operation_names
    for shape in SERVICE.operation_model(name).error_shapes
}
"""Every error of every operation."""


def _remaining(code: str, *tables: Mapping[Pair, Any]) -> list[str]:
    """Return the operations with the error that are neither in *tables* nor in ``_BY_FAULT``."""
    covered = {pair for table in tables for pair in table}
    _, by_fault = _BY_FAULT.get(code, ("", ()))
    operations = {name for name, modelled in MODELLED - covered if modelled == code}
    return sorted(operations.difference(by_fault or ()))


INVALID = _remaining("InvalidParameterException", BY_RULE)
"""The operations with a constraint that a request can violate."""
NO_REPOSITORY = _remaining("RepositoryNotFoundException", BY_RULE)
"""The operations that refuse a request for a missing repository."""
FAULTS: dict[str, Sequence[str]] = {
    code: operations or _remaining(code, BY_RULE, ON_WHAT_IS_MISSING)
    for code, (_, operations) in _BY_FAULT.items()
}
"""The operations by the errors that only a fault can cause."""

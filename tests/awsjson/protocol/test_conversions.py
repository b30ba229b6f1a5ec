"""Structures that a caller may pass in place of another one."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from ecrclient import ECRClient, MissingMemberError, RequestValidationError
from ecrclient._awsjson.protocol import codec
from ecrclient._awsjson.protocol.operation import Operation
from ecrclient.models import (
    BatchDeleteImageRequest,
    Image,
    ImageDetail,
    ImageIdentifier,
    ImageReferrer,
    LifecyclePolicyPreviewResult,
    LifecyclePolicyRuleAction,
    SubjectIdentifier,
)
from ecrclient.operations import (
    BATCH_DELETE_IMAGE,
    DESCRIBE_IMAGES,
    LIST_IMAGE_REFERRERS,
    OPERATIONS,
    START_IMAGE_SCAN,
)
from tests.tools.scripted import Scripted, client, ok

DIGEST = f"sha256:{'a' * 64}"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
DETAIL = ImageDetail(
    registry_id="123456789012",
    repository_name="team/app",
    image_digest=DIGEST,
    image_tags=["v1", "v2"],
    image_pushed_at=NOW,
)
KINDS: dict[str, Any] = {
    "ImageIdentifier": ImageIdentifier(image_digest=DIGEST),
    "dictionary": {"image_digest": DIGEST},
    "ImageDetail": DETAIL,
    "LifecyclePolicyPreviewResult": LifecyclePolicyPreviewResult(
        image_digest=DIGEST,
        image_pushed_at=NOW,
        action=LifecyclePolicyRuleAction(type="EXPIRE"),
        applied_rule_priority=1,
    ),
    "ImageReferrer": ImageReferrer(digest=DIGEST, media_type="m", size=1),
}
IMAGE = Image(
    registry_id="123456789012",
    repository_name="team/app",
    image_id=ImageIdentifier(image_tag="v1"),
    image_manifest="{}",
)
EXPECTED = (
    "must be an ImageIdentifier, an ImageDetail, a LifecyclePolicyPreviewResult, an ImageReferrer "
    "or a dictionary, not "
)


def with_member(name: str) -> list[Operation[Any]]:
    return [
        operation for operation in OPERATIONS.values() if name in operation.request.model_fields
    ]


def body_of(operation: Operation[Any], **members: object) -> Any:
    """The body of a request, whose other required members are set to a text."""
    for name, field in operation.request.model_fields.items():
        if field.is_required():
            members.setdefault(name, "STANDARD" if name == "target_storage_class" else "team/app")
    return json.loads(codec.encode_request(codec.build_request(operation, members)))


def refused(operation: Operation[Any], **members: object) -> list[tuple[str, str]]:
    with pytest.raises(RequestValidationError) as caught:
        codec.build_request(operation, {"repository_name": "team/app", **members})
    return [(problem.member, problem.message) for problem in caught.value.problems]


# -- what is accepted -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("operation", with_member("image_id"), ids=lambda found: found.name)
def test_every_operation_on_an_image_takes_each_kind(operation: Operation[Any], kind: str) -> None:
    assert body_of(operation, image_id=KINDS[kind])["imageId"] == {"imageDigest": DIGEST}


@pytest.mark.parametrize("operation", with_member("image_ids"), ids=lambda found: found.name)
def test_every_operation_on_images_takes_a_mixed_list(operation: Operation[Any]) -> None:
    body = body_of(operation, image_ids=[*KINDS.values(), {"image_tag": "v1"}])
    assert body["imageIds"] == [{"imageDigest": DIGEST}] * len(KINDS) + [{"imageTag": "v1"}]


def test_there_are_operations_of_both_kinds() -> None:
    assert len(with_member("image_id")) == 5
    assert len(with_member("image_ids")) == 4


def test_the_subject_of_artifacts_may_be_a_described_image() -> None:
    body = body_of(LIST_IMAGE_REFERRERS, subject_id=DETAIL)
    assert body["subjectId"] == {"imageDigest": DIGEST}


def test_a_request_that_the_caller_builds_takes_them_too() -> None:
    request: Any = BatchDeleteImageRequest(repository_name="team/app", image_ids=[DETAIL])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    assert request.image_ids == [ImageIdentifier(image_digest=DIGEST)]
    assert pickle.loads(pickle.dumps(request)) == request


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [list, tuple, iter], ids=["list", "tuple", "iterator"])
async def test_batches_take_them_from_any_iterable(kind: Any) -> None:
    transport = Scripted(ok({"imageIds": [], "failures": []}))
    ecr: ECRClient = client(transport)
    await ecr.delete_images(repository_name="team/app", image_ids=kind(list(KINDS.values())))
    assert transport.bodies[0]["imageIds"] == [{"imageDigest": DIGEST}] * len(KINDS)


# -- the attributes -------------------------------------------------------------------------------


def test_the_attributes_identify_the_image_by_its_digest_alone() -> None:
    for kind in ("ImageDetail", "LifecyclePolicyPreviewResult", "ImageReferrer"):
        assert KINDS[kind].image_id == ImageIdentifier(image_digest=DIGEST)
    assert DETAIL.as_subject == SubjectIdentifier(image_digest=DIGEST)


def test_the_attributes_are_not_members() -> None:
    assert "image_id" not in DETAIL.model_dump()
    assert "image_id" not in repr(DETAIL)


def test_a_digest_that_the_service_did_not_send_is_named() -> None:
    content = b'{"imageDetails": [{"registryId": "123456789012"}]}'
    page = codec.decode_response(DESCRIBE_IMAGES, content, status=200, request_id=None)
    (image,) = page.image_details
    with pytest.raises(MissingMemberError, match=r"ImageDetail\.image_digest"):
        print(image.image_id)
    ((member, message),) = refused(START_IMAGE_SCAN, image_id=image)
    assert member == "image_id"
    assert "describe_images" in message
    assert "ImageDetail.image_digest" in message


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["v1", 5, b"v1", object(), (), DETAIL.image_tags])
def test_another_value_is_refused_with_what_is_accepted(wrong: object) -> None:
    kind = type(wrong).__name__
    assert refused(START_IMAGE_SCAN, image_id=wrong) == [("image_id", EXPECTED + kind)]
    assert refused(BATCH_DELETE_IMAGE, image_ids=[DETAIL, wrong]) == [
        ("image_ids[1]", EXPECTED + kind)
    ]


def test_an_object_with_the_attribute_is_refused_with_its_name() -> None:
    """An image that was fetched by a tag could mean the image or the tag."""
    assert refused(START_IMAGE_SCAN, image_id=IMAGE) == [
        ("image_id", f"{EXPECTED}Image: pass its image_id")
    ]


def test_a_class_of_the_same_name_is_refused() -> None:
    other = type("ImageDetail", (), {"image_id": 5})()
    assert refused(START_IMAGE_SCAN, image_id=other) == [("image_id", f"{EXPECTED}ImageDetail")]


def test_a_wrong_member_is_still_named() -> None:
    assert refused(START_IMAGE_SCAN, image_id={"image_tg": "v1"}) == [
        ("image_id.image_tg", "no such member")
    ]


def test_one_image_for_a_list_is_refused() -> None:
    assert refused(BATCH_DELETE_IMAGE, image_ids=DETAIL) == [
        ("image_ids", "must be a list, not ImageDetail")
    ]

"""Responses that lack members which the service's model declares always present."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ecrclient import ECRClientError, MissingMemberError, ResponseDecodeError, ServiceError
from ecrclient._awsjson.protocol.codec import decode_response
from ecrclient._awsjson.protocol.operation import Operation
from ecrclient._awsjson.protocol.service_error import ErrorMember
from ecrclient._awsjson.protocol.shapes import Structure
from ecrclient.findings import Finding
from ecrclient.models import ImageDetail, Repository
from ecrclient.operations import (
    CREATE_REPOSITORY,
    DESCRIBE_IMAGE_SCAN_FINDINGS,
    DESCRIBE_IMAGES,
    DESCRIBE_REPOSITORIES,
)
from tests.tools.operation_examples import write
from tests.tools.scripted import Scripted, client, ok

# As moto 4 returned it for an image without a push time.
MOTO_IMAGE = {
    "registryId": "123456789012",
    "repositoryName": "team/app",
    "imageDigest": "sha256:" + "a" * 64,
    "imageTags": ["v1"],
    "imageSizeInBytes": 50,
}
# As a LocalStack without registry support returns it.
LOCALSTACK_REPOSITORY = {
    "repositoryArn": "arn:aws:ecr:us-east-1:000000000000:repository/team/app",
    "registryId": "000000000000",
    "repositoryName": "team/app",
    "createdAt": 1700000000.5,
    "imageTagMutability": "MUTABLE",
    "repositoryUri": None,
}
WHOLE_REPOSITORY = {**LOCALSTACK_REPOSITORY, "repositoryUri": "000000000000.example/team/app"}


def decode(operation: Operation[Any], body: object) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode_response(operation, content, status=200, request_id="id")


def moto_image() -> ImageDetail:
    (image,) = decode(DESCRIBE_IMAGES, {"imageDetails": [MOTO_IMAGE]}).image_details
    assert isinstance(image, ImageDetail)
    return image


def localstack_repository() -> Repository:
    body = {"repositories": [LOCALSTACK_REPOSITORY]}
    (repository,) = decode(DESCRIBE_REPOSITORIES, body).repositories
    assert isinstance(repository, Repository)
    return repository


def test_reading_a_missing_member_names_it_and_the_operation() -> None:
    with pytest.raises(MissingMemberError) as caught:
        _ = moto_image().image_pushed_at

    error = caught.value
    assert isinstance(error, ECRClientError)
    assert isinstance(error, AttributeError)
    assert str(error) == (
        "describe_images: the response has no imagePushedAt (ImageDetail.image_pushed_at)"
    )
    assert (error.operation, error.structure) == ("describe_images", "ImageDetail")
    assert (error.member, error.wire_name) == ("image_pushed_at", "imagePushedAt")


def test_getattr_and_hasattr_treat_a_missing_member_as_a_missing_attribute() -> None:
    image = moto_image()

    assert getattr(image, "image_pushed_at", None) is None
    assert not hasattr(image, "image_pushed_at")
    assert not hasattr(image, "no_such_member")


def test_every_other_member_can_be_read() -> None:
    image, repository = moto_image(), localstack_repository()

    assert (image.image_tags, image.image_size_in_bytes) == (["v1"], 50)
    assert image.last_recorded_pull_time is None
    assert repository.repository_name == "team/app"
    assert repository.created_at == datetime(2023, 11, 14, 22, 13, 20, 500000, tzinfo=UTC)
    assert repository.image_tag_mutability_exclusion_filters == []


@pytest.mark.parametrize(
    ("make", "member"), [(moto_image, "image_pushed_at"), (localstack_repository, "repository_uri")]
)
def test_missing_member_is_in_no_view_of_the_model(make: Callable[[], Any], member: str) -> None:
    found = make()

    assert member not in found.__dict__
    assert member not in found.model_fields_set
    assert member not in found.model_dump()
    assert member not in json.loads(found.model_dump_json())
    assert member not in repr(found)
    assert member not in dict(found)


def test_only_what_was_sent_is_set() -> None:
    image = moto_image()

    assert json.loads(write(image)) == MOTO_IMAGE
    assert decode(DESCRIBE_IMAGES, {"imageDetails": None}).model_fields_set == set()


def test_response_without_a_member_differs_from_a_complete_one() -> None:
    whole = decode(DESCRIBE_REPOSITORIES, {"repositories": [WHOLE_REPOSITORY]}).repositories[0]

    assert localstack_repository() == localstack_repository()
    assert localstack_repository() != whole


def _pickle(image: ImageDetail) -> ImageDetail:
    found = pickle.loads(pickle.dumps(image))
    assert isinstance(found, ImageDetail)
    return found


@pytest.mark.parametrize("duplicate", [_pickle, copy.copy, copy.deepcopy, ImageDetail.model_copy])
def test_a_copy_lacks_the_same_members(
    duplicate: Callable[[ImageDetail], ImageDetail],
) -> None:
    image = moto_image()
    same = duplicate(image)

    assert same == image
    with pytest.raises(MissingMemberError, match="describe_images: the response has no imagePush"):
        _ = same.image_pushed_at


def test_hash_ignores_missing_members() -> None:
    body = {"imageScanStatus": {"description": "x"}}
    one, other = (decode(DESCRIBE_IMAGE_SCAN_FINDINGS, body).image_scan_status for _ in "12")

    assert hash(one) == hash(other)


@pytest.mark.parametrize("body", [b"", b"{}", b" null ", {"repository": None}])
def test_a_missing_structure_is_missing(body: object) -> None:
    with pytest.raises(MissingMemberError, match="create_repository: the response has no reposito"):
        _ = decode(CREATE_REPOSITORY, body).repository


@pytest.mark.parametrize("name", WHOLE_REPOSITORY)
@pytest.mark.parametrize("change", ["absent", "null"])
def test_missing_member_does_not_change_the_others(name: str, change: str) -> None:
    whole = decode(CREATE_REPOSITORY, {"repository": WHOLE_REPOSITORY}).repository
    less: dict[str, Any] = {**WHOLE_REPOSITORY, name: None}
    if change == "absent":
        del less[name]

    read = decode(CREATE_REPOSITORY, {"repository": less, "new": 1})

    values, expected = read.repository.model_dump(), whole.model_dump()
    assert len(set(expected) - set(values)) == 1
    assert all(value == expected[key] for key, value in values.items())
    assert list(values) == [key for key in expected if key in values]
    assert read.model_extra == {"new": 1}


def test_complete_structure_beside_an_incomplete_one() -> None:
    body = {"repositories": [LOCALSTACK_REPOSITORY, WHOLE_REPOSITORY]}
    read = decode(DESCRIBE_REPOSITORIES, body).repositories[1]

    assert (
        read == decode(DESCRIBE_REPOSITORIES, {"repositories": [WHOLE_REPOSITORY]}).repositories[0]
    )
    assert read.__pydantic_private__ is None


def test_a_wrong_type_is_refused_even_where_members_are_missing() -> None:
    with pytest.raises(ResponseDecodeError) as caught:
        decode(DESCRIBE_IMAGES, {"imageDetails": [{}, {"imageDigest": 5}]})

    assert caught.value.problem == "imageDetails[1].imageDigest: Input should be a valid string"


def test_a_model_that_was_not_validated_does_not_name_an_operation() -> None:
    with pytest.raises(MissingMemberError) as caught:
        _ = ImageDetail.model_construct().image_digest

    assert str(caught.value) == "ImageDetail.image_digest was not set"


def test_a_finding_without_a_severity_has_no_view() -> None:
    body = b'{"imageScanFindings": {"findings": [{"name": "CVE-2024-1", "attributes": [{}]}]}}'
    (finding,) = decode(DESCRIBE_IMAGE_SCAN_FINDINGS, body).image_scan_findings.findings

    with pytest.raises(MissingMemberError, match="severity"):
        Finding.of(finding)


@pytest.mark.anyio
async def test_latest_images_refuses_to_rank_an_image_without_a_push_time() -> None:
    newer = {**MOTO_IMAGE, "imageDigest": "sha256:" + "b" * 64, "imagePushedAt": 1700000000}
    transport = Scripted(ok({"imageDetails": [newer, MOTO_IMAGE]}))

    with pytest.raises(MissingMemberError, match="imagePushedAt"):
        await client(transport).latest_images("team/app")


@pytest.mark.anyio
async def test_a_batch_failure_without_a_code_is_still_a_failure() -> None:
    transport = Scripted(ok({"failures": [{"failureReason": "no such image"}]}))

    found = (
        await client(transport)
        .get_images(repository_name="team/app", image_ids=[{"image_tag": "v1"}])
        .settled()
    )

    assert [(failure.code, failure.reason, failure.id) for failure in found.failures] == [
        ("", "no such image", None)
    ]


@pytest.mark.anyio
async def test_a_login_without_a_registry_is_reported() -> None:
    token = {"authorizationToken": "QVdTOnB3", "expiresAt": 1}
    transport = Scripted(ok({"authorizationData": [token]}))

    with pytest.raises(ResponseDecodeError, match="the response has no proxyEndpoint"):
        await client(transport).registry_credentials()


@pytest.mark.anyio
async def test_a_client_returns_what_the_service_sent() -> None:
    transport = Scripted(ok({"imageDetails": [MOTO_IMAGE]}))

    (image,) = await client(transport).describe_images(repository_name="team/app").collect()

    assert image.image_digest == MOTO_IMAGE["imageDigest"]
    assert not hasattr(image, "image_pushed_at")


# -- members of errors ---------------------------------------------------------------------------


class Field(Structure, frozen=True):
    name: str
    path: str | None = None


class InvalidError(ServiceError):
    fields: ErrorMember[list[Field]] = ErrorMember("fields", list[Field])
    first: ErrorMember[Field] = ErrorMember("first", Field)


def test_a_structure_in_an_error_may_lack_members() -> None:
    error = InvalidError(
        "InvalidError",
        operation="Read",
        details={"fields": [{"path": "a"}, {"name": "b"}], "first": {"path": "c", "new": 1}},
    )
    assert error.fields is not None
    assert error.first is not None
    assert [field.path for field in error.fields] == ["a", None]
    assert (error.fields[1].name, error.first.path, error.first.model_extra) == (
        "b",
        "c",
        {"new": 1},
    )
    with pytest.raises(MissingMemberError, match="Read"):
        _ = error.first.name


def test_a_structure_in_an_error_with_a_wrong_member_is_none() -> None:
    assert InvalidError("InvalidError", details={"first": {"name": ["a"]}}).first is None

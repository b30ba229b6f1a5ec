"""Encoding of requests, and decoding of responses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecrclient import RequestValidationError, ResponseDecodeError
from ecrclient._awsjson.protocol.codec import build_request, decode_response, encode_request
from ecrclient._awsjson.protocol.operation import Operation
from ecrclient.models import (
    CreateRepositoryRequest,
    ImageIdentifier,
    ImageScanningConfiguration,
    ReplicationRule,
    Tag,
)
from ecrclient.operations import (
    CREATE_REPOSITORY,
    DESCRIBE_IMAGE_SCAN_FINDINGS,
    DESCRIBE_IMAGES,
    GET_AUTHORIZATION_TOKEN,
    LIST_IMAGES,
    PUT_IMAGE,
    PUT_REPLICATION_CONFIGURATION,
)
from tests.tools.operation_examples import EVERY_OPERATION


def decode(operation: Operation[Any], body: object) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode_response(operation, content, status=200, request_id="id")


def sent(operation: Operation[Any], **members: object) -> Any:
    return json.loads(encode_request(build_request(operation, members)))


# -- requests ------------------------------------------------------------------------------------


def test_none_and_unset_members_are_omitted_at_every_depth() -> None:
    body = sent(
        CREATE_REPOSITORY,
        repository_name="team/app",
        registry_id=None,
        tags=[Tag(key="k", value="v"), {"key": "l", "value": ""}],
        image_scanning_configuration={"scan_on_push": None},
        encryption_configuration={"encryption_type": "KMS", "kms_key": None},
    )

    assert body == {
        "repositoryName": "team/app",
        "tags": [{"Key": "k", "Value": "v"}, {"Key": "l", "Value": ""}],
        "imageScanningConfiguration": {},
        "encryptionConfiguration": {"encryptionType": "KMS"},
    }


def test_empty_and_false_values_are_sent() -> None:
    body = sent(
        CREATE_REPOSITORY,
        repository_name="team/app",
        tags=[],
        image_scanning_configuration={"scan_on_push": False},
    )

    assert body["tags"] == []
    assert body["imageScanningConfiguration"] == {"scanOnPush": False}


def test_request_model_is_encoded_like_its_members() -> None:
    model = CreateRepositoryRequest(
        repository_name="team/app",
        registry_id=None,
        image_scanning_configuration=ImageScanningConfiguration(scan_on_push=None),
    )

    assert json.loads(encode_request(model)) == {
        "repositoryName": "team/app",
        "imageScanningConfiguration": {},
    }


def test_unknown_members_of_a_response_are_sent_back() -> None:
    page = decode(LIST_IMAGES, {"imageIds": [{"imageTag": "v1", "new": 1}]})

    body = sent(DESCRIBE_IMAGES, repository_name="team/app", image_ids=page.image_ids)

    assert body["imageIds"] == [{"imageTag": "v1", "new": 1}], "too new to be known"


@pytest.mark.parametrize("manifest", ['{ "a":1,\r\n "b":\t"é☃\\u0041𝄞" }', "\x00\x7f", " "])
def test_manifest_is_sent_unchanged(manifest: str) -> None:
    body = sent(PUT_IMAGE, repository_name="team/app", image_manifest=manifest)

    assert body["imageManifest"] == manifest


def test_unset_list_is_not_sent() -> None:
    rules = [ReplicationRule(destinations=[])]
    body = sent(PUT_REPLICATION_CONFIGURATION, replication_configuration={"rules": rules})

    assert body == {"replicationConfiguration": {"rules": [{"destinations": []}]}}


def test_request_without_members_is_an_empty_object() -> None:
    assert encode_request(build_request(GET_AUTHORIZATION_TOKEN, {})) == b"{}"


def test_text_that_utf8_cannot_encode_is_refused() -> None:
    with pytest.raises(RequestValidationError):
        sent(CREATE_REPOSITORY, repository_name="ab", tags=[{"key": "\ud800", "value": "v"}])


def test_error_names_the_member_that_utf8_cannot_encode() -> None:
    with pytest.raises(RequestValidationError) as caught:
        sent(CREATE_REPOSITORY, repository_name="ab", tags=[{"key": "\ud800", "value": "v"}])

    assert caught.value.operation == "create_repository"
    assert caught.value.problems[0].member == "tags[0].key"


def test_error_lists_every_wrong_member() -> None:
    with pytest.raises(RequestValidationError) as caught:
        build_request(LIST_IMAGES, {"max_results": 0, "filtre": 1})

    assert {problem.member for problem in caught.value.problems} == {
        "repository_name",
        "max_results",
        "filtre",
    }


# -- responses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "tags"),
    [
        ({}, []),
        ({"imageIds": None}, []),
        ({"imageIds": []}, []),
        ({"imageIds": [None]}, []),
        ({"imageIds": [None, {"imageTag": "a"}, None, None, {"imageTag": None}]}, ["a", None]),
    ],
)
def test_nulls_in_lists_are_dropped(body: object, tags: list[str | None]) -> None:
    assert [image.image_tag for image in decode(LIST_IMAGES, body).image_ids] == tags


def test_nulls_count_as_missing_at_every_depth() -> None:
    finding = {"name": "CVE-1", "severity": "HIGH", "attributes": [None, {"key": None}]}
    read = decode(
        DESCRIBE_IMAGE_SCAN_FINDINGS,
        {
            "imageId": {"imageTag": "v1"},
            "imageScanFindings": {
                "findings": [None, finding, {"attributes": None}],
                "enhancedFindings": None,
                "findingSeverityCounts": None,
            },
        },
    )

    findings = read.image_scan_findings
    assert read.image_id == ImageIdentifier(image_tag="v1")
    assert not hasattr(read, "repository_name")
    assert [getattr(found, "name", None) for found in findings.findings] == ["CVE-1", None]
    assert [hasattr(found, "key") for found in findings.findings[0].attributes] == [False]
    assert (findings.enhanced_findings, findings.finding_severity_counts) == ([], {})


def test_nulls_in_maps_are_dropped() -> None:
    body = {"imageScanFindings": {"findingSeverityCounts": {"HIGH": None, "LOW": 3}}}

    found = decode(DESCRIBE_IMAGE_SCAN_FINDINGS, body).image_scan_findings

    assert found.finding_severity_counts == {"LOW": 3}


@pytest.mark.parametrize("operation", EVERY_OPERATION, ids=lambda found: found.name)
def test_empty_response_has_no_members(operation: Operation[Any]) -> None:
    response = decode(operation, b"")

    assert response.model_fields_set == set()
    for name, value in response:
        assert not operation.response.model_fields[name].is_required()
        assert value in (None, [], {})


@pytest.mark.parametrize(
    ("operation", "body", "place"),
    [
        (LIST_IMAGES, b"{", "body: "),
        (LIST_IMAGES, b"<html>", "body: "),
        (LIST_IMAGES, b"\xff", "body: "),
        (LIST_IMAGES, b'{"nextToken": "\xff"}', "body: "),
        (LIST_IMAGES, b'{"nextToken": "\\ud800"}', "body: "),
        (LIST_IMAGES, [], "body: "),
        (LIST_IMAGES, "text", "body: "),
        (LIST_IMAGES, 5, "body: "),
        (LIST_IMAGES, True, "body: "),
        (LIST_IMAGES, {"imageIds": "v1"}, "imageIds: "),
        (LIST_IMAGES, {"imageIds": [None, {"imageTag": 5}]}, "imageIds[1].imageTag: "),
        (LIST_IMAGES, {"imageIds": [5, None]}, "imageIds[0]: "),
        (CREATE_REPOSITORY, {"repository": []}, "repository: "),
        (CREATE_REPOSITORY, {"repository": {"createdAt": "soon"}}, "repository.createdAt: "),
        (CREATE_REPOSITORY, {"repository": {"createdAt": 1e20}}, "repository.createdAt: "),
        (
            DESCRIBE_IMAGE_SCAN_FINDINGS,
            {"imageScanFindings": {"findingSeverityCounts": {"HIGH": "many"}}},
            "imageScanFindings.findingSeverityCounts.HIGH: ",
        ),
    ],
)
def test_decode_error_names_the_member(operation: Operation[Any], body: object, place: str) -> None:
    with pytest.raises(ResponseDecodeError) as caught:
        decode(operation, body)

    error = caught.value
    assert place in error.problem
    assert (error.operation, error.status, error.request_id) == (operation.name, 200, "id")


def test_decode_error_lists_only_wrong_members() -> None:
    with pytest.raises(ResponseDecodeError) as caught:
        decode(CREATE_REPOSITORY, {"repository": {"createdAt": "soon"}})

    assert "repositoryArn" not in caught.value.problem


def test_response_is_decoded_by_wire_names_only() -> None:
    response = decode(CREATE_REPOSITORY, {"repository": {"repository_name": "ab"}})

    assert not hasattr(response.repository, "repository_name")
    assert response.repository.model_extra == {"repository_name": "ab"}


def test_decode_error_lists_every_wrong_member() -> None:
    body = {"repository": {"createdAt": "soon", "imageTagMutability": 5}}
    with pytest.raises(ResponseDecodeError) as caught:
        decode(CREATE_REPOSITORY, body)

    told = caught.value.problem.split("; ")
    assert [each.split(":")[0] for each in told] == [
        "repository.createdAt",
        "repository.imageTagMutability",
    ]


def test_a_decode_error_does_not_show_values() -> None:
    body = {"authorizationData": [{"authorizationToken": {"s3cret": "s3cret"}}]}
    with pytest.raises(ResponseDecodeError) as caught:
        decode(GET_AUTHORIZATION_TOKEN, body)

    assert "authorizationData[0].authorizationToken" in str(caught.value)
    assert "s3cret" not in str(caught.value)

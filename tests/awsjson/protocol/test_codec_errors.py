"""Decoding of error responses."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from ecrclient import ServiceError, errors
from ecrclient._awsjson.protocol.codec import decode_error
from ecrclient.operations import LIST_IMAGES, UPLOAD_LAYER_PART
from tests.tools.botocore_calls import service_model

CODE = "RepositoryNotFoundException"
NAMESPACE = "com.amazonaws.ecr.v20150921#"
URI = ":http://internal.amazon.com/coral/com.amazonaws.ecr/"


def refuse(
    body: object, headers: Mapping[str, str] | None = None, status: int = 400
) -> ServiceError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode_error(LIST_IMAGES, content, headers or {}, status=status, attempts=2)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"__type": CODE}, {}),
        ({"__type": NAMESPACE + CODE}, {}),
        ({"__type": CODE + URI}, {}),
        ({"__type": NAMESPACE + CODE + URI + "#x"}, {}),
        ({"code": CODE}, {}),
        ({"code": NAMESPACE + CODE}, {}),
        ({}, {"x-amzn-errortype": CODE}),
        ({}, {"x-amzn-errortype": CODE + URI}),
        ({}, {"x-amzn-errortype": NAMESPACE + CODE + URI}),
        (b"", {"x-amzn-errortype": CODE}),
        ({"__type": "Other", "code": "Another"}, {"x-amzn-errortype": CODE}),
        ({"__type": CODE, "code": "Another"}, {}),
    ],
)
def test_every_envelope_gives_the_code(body: object, headers: dict[str, str]) -> None:
    error = refuse(body, headers)

    assert type(error) is errors.RepositoryNotFoundException
    assert error.code == CODE
    assert (error.operation, error.status, error.attempts) == ("ListImages", 400, 2)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "a"}, "a"),
        ({"Message": "b"}, "b"),
        ({"message": "a", "Message": "b"}, "a"),
        ({"message": None, "Message": "b"}, "b"),
        ({}, ""),
        ({"message": None}, ""),
        ({"message": ["a"]}, ""),
        (b"", ""),
    ],
)
def test_the_message_is_found(body: object, message: str) -> None:
    assert refuse(body, {"x-amzn-errortype": CODE}).message == message


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"__type": "BrandNewException"}, "BrandNewException"),
        (b"<html><body>Service Unavailable</body></html>", "503"),
        (b"", "503"),
        (b"[1]", "503"),
        (b'"text"', "503"),
        (b"null", "503"),
        (b"\xff\xfe", "503"),
        ({"__type": 5}, "503"),
        ({"__type": ["a"]}, "503"),
        ({"__type": ""}, "503"),
        ({"__type": None, "code": "Other"}, "Other"),
    ],
)
def test_unknown_code_is_a_service_error(body: object, code: str) -> None:
    error = refuse(body, status=503)

    assert type(error) is ServiceError
    assert error.code == code
    assert error.is_retryable


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [({"__type": 5, "code": CODE}, CODE, ""), ({"message": 5, "Message": "b"}, "400", "b")],
)
def test_members_that_are_not_text_are_ignored(body: object, code: str, message: str) -> None:
    error = refuse(body)

    assert (error.code, error.message) == (code, message)


MODELLED = sorted(
    name for name, shape in service_model()["shapes"].items() if shape.get("exception")
)


@pytest.mark.parametrize("code", MODELLED)
def test_each_modelled_error_has_its_class(code: str) -> None:
    error = refuse({"__type": code, "message": "no", "x": 1})

    assert type(error) is getattr(errors, code)
    assert (error.code, error.message, error.details) == (code, "no", {"x": 1})


def test_members_of_modelled_errors_are_typed() -> None:
    body = {
        "__type": "InvalidLayerPartException",
        "registryId": "012345678910",
        "repositoryName": "team/app",
        "uploadId": "id",
        "lastValidByteReceived": 41,
    }
    content = json.dumps(body).encode()
    error = decode_error(UPLOAD_LAYER_PART, content, {}, status=400)

    assert isinstance(error, errors.InvalidLayerPartException)
    assert error.registry_id == "012345678910"
    assert (error.repository_name, error.upload_id) == ("team/app", "id")
    assert error.last_valid_byte_received == 41


@pytest.mark.parametrize(
    ("value", "expected"), [("KMS.Disabled", "KMS.Disabled"), (None, None), (5, None)]
)
def test_invalid_member_is_none(value: object, expected: str | None) -> None:
    error = refuse({"__type": "KmsException", "kmsError": value})

    assert isinstance(error, errors.KmsException)
    assert error.kms_error == expected
    assert not hasattr(errors.KmsException("KmsException"), "upload_id")


@pytest.mark.parametrize(
    ("headers", "request_id"),
    [
        ({"x-amzn-requestid": "a", "x-amz-request-id": "b"}, "a"),
        ({"x-amz-request-id": "b"}, "b"),
        ({}, None),
    ],
)
def test_the_request_id_is_found(headers: dict[str, str], request_id: str | None) -> None:
    assert refuse({}, headers).request_id == request_id

"""The JSON protocol: invalid requests, constraints of members, and the form of responses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from typing import Any, get_type_hints

import anyio
import pytest

from ecrclient import ECRClient
from ecrclient._awsjson.protocol.operation import Operation
from ecrclient.errors import InvalidParameterException, RepositoryNotFoundException
from ecrclient.operations import OPERATIONS
from ecrclient.testing import InMemoryECR
from ecrclient.testing.dispatch import Handlers
from ecrclient.testing.logins import Logins
from ecrclient.testing.resources import register_resources
from ecrclient.testing.resources.layer_downloads import LayerDownloads
from ecrclient.testing.store import Registry, utc_now
from tests.in_memory.builders import post

pytestmark = pytest.mark.anyio


async def test_responses_have_a_request_id_and_the_content_type(ecr: InMemoryECR) -> None:
    good = await post(ecr, "DescribeRegistry")
    bad = await post(ecr, "DescribeImages", b'{"repositoryName": "none"}')

    assert (good.status_code, bad.status_code) == (200, 400)
    for response in (good, bad):
        assert uuid.UUID(response.headers["x-amzn-RequestId"])
        assert response.headers["content-type"] == "application/x-amz-json-1.1"
    assert good.headers["x-amzn-RequestId"] != bad.headers["x-amzn-RequestId"]
    assert bad.json() == {
        "__type": "RepositoryNotFoundException",
        "message": "The repository with name 'none' does not exist in the registry with id "
        "'123456789012'",
    }


async def test_client_raises_the_modelled_error(client: ECRClient) -> None:
    with pytest.raises(RepositoryNotFoundException) as caught:
        await client.list_images(repository_name="none")
    assert caught.value.status == 400
    assert caught.value.request_id is not None


@pytest.mark.parametrize(
    "malformed",
    [
        pytest.param({"content_type": "application/json"}, id="another protocol"),
        pytest.param({"method": "GET"}, id="another method"),
    ],
)
async def test_request_of_another_protocol_is_an_unknown_operation(
    ecr: InMemoryECR, malformed: dict[str, Any]
) -> None:
    response = await post(ecr, "DescribeRegistry", **malformed)
    assert (response.status_code, response.json()["__type"]) == (400, "UnknownOperationException")


async def test_unknown_target_is_an_unknown_operation(ecr: InMemoryECR) -> None:
    response = await post(ecr, "MakeCoffee")
    assert (response.status_code, response.json()["__type"]) == (400, "UnknownOperationException")


async def test_handlers_have_the_types_of_their_operation() -> None:
    # Type checkers verify the response type. ``Handlers`` does not verify the request type.
    registered: set[str] = set()

    class Recorder(Handlers):
        def on(self, operation: Operation[Any], handler: Callable[..., Any]) -> None:
            module = sys.modules[handler.__module__]
            *request, response = get_type_hints(handler, vars(module)).values()
            assert (request, response) == ([operation.request], operation.response)
            registered.add(operation.name)

    registry = Registry("123456789012", "us-east-1", utc_now)
    register_resources(registry, Recorder(), LayerDownloads(registry), Logins(registry))
    assert registered == {operation.name for operation in OPERATIONS.values()}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="cut off"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"\xff\xfe\xff", id="invalid UTF-8"),
        pytest.param(b"[" * 200_000, id="deeply nested"),
        pytest.param(b'{"repositoryName": 7}', id="a number for a string"),
        pytest.param(
            b'{"repositoryName": "team/app", "maxResults": "7"}', id="a string for a number"
        ),
        pytest.param(b'{"repositoryName": "team/app", "filter": []}', id="a list for a structure"),
    ],
)
async def test_malformed_body_is_a_serialization_error(ecr: InMemoryECR, body: bytes) -> None:
    response = await post(ecr, "ListImages", body)
    assert (response.status_code, response.json()["__type"]) == (400, "SerializationException")


@pytest.mark.parametrize(
    ("operation", "members", "message"),
    [
        pytest.param("ListImages", {}, "'repositoryName'.*null", id="missing"),
        pytest.param("ListImages", {"repositoryName": None}, "'repositoryName'.*null", id="null"),
        pytest.param("ListImages", {"repositoryName": "a"}, "length greater than .* 2", id="short"),
        pytest.param("ListImages", {"repositoryName": "a" * 257}, "less than .* 256", id="long"),
        pytest.param(
            "ListImages", {"repositoryName": "Team"}, "regular expression", id="pattern in part"
        ),
        pytest.param(
            "ListImages", {"repositoryName": "-+-"}, "regular expression", id="pattern nowhere"
        ),
        pytest.param(
            "ListImages",
            {"repositoryName": "team/app", "maxResults": 0},
            "'maxResults'.*value greater than or equal to 1",
            id="too few",
        ),
        pytest.param(
            "ListImages",
            {"repositoryName": "team/app", "maxResults": 1001},
            "'maxResults'.*value less than or equal to 1000",
            id="too many",
        ),
        pytest.param(
            "ListImages",
            {"repositoryName": "team/app", "filter": {"tagStatus": "SOMETIMES"}},
            "'tagStatus'.*TAGGED, UNTAGGED, ANY",
            id="enum",
        ),
        pytest.param(
            "BatchGetImage",
            {"repositoryName": "team/app", "imageIds": []},
            "'imageIds'.*length greater than or equal to 1",
            id="empty list",
        ),
        pytest.param(
            "BatchGetImage",
            {"repositoryName": "team/app", "imageIds": [{"imageTag": "t"}] * 101},
            "'imageIds'.*length less than or equal to 100",
            id="long list",
        ),
        pytest.param(
            "BatchGetImage",
            {"repositoryName": "team/app", "imageIds": [{"imageTag": ""}]},
            "'imageTag'.*length greater than or equal to 1",
            id="nested",
        ),
        pytest.param(
            "DescribeRepositories",
            {"repositoryNames": ["team/app", "Team"]},
            "'repositoryNames'.*regular expression",
            id="pattern of an item",
        ),
    ],
)
async def test_constraints_of_the_model_are_enforced(
    ecr: InMemoryECR, operation: str, members: dict[str, object], message: str
) -> None:
    response = await post(ecr, operation, json.dumps(members).encode())
    assert response.status_code == 400
    assert response.json()["__type"] == "InvalidParameterException"
    assert re.search(message, response.json()["message"])


async def test_unknown_enum_value_is_refused(client: ECRClient) -> None:
    with pytest.raises(InvalidParameterException, match="imageTagMutability"):
        await client.create_repository(repository_name="team/app", image_tag_mutability="NEVER")


async def test_unknown_and_null_members_are_ignored(ecr: InMemoryECR) -> None:
    body = b'{"repositoryName": "team/app", "tags": null, "colour": {"of": "the sky"}}'
    response = await post(ecr, "CreateRepository", body)
    assert response.status_code == 200


async def test_empty_body_is_a_request_without_members(ecr: InMemoryECR) -> None:
    assert (await post(ecr, "DescribeRegistry", b"")).status_code == 200


async def test_unset_members_are_not_sent(ecr: InMemoryECR) -> None:
    response = await post(ecr, "CreateRepository", b'{"repositoryName": "team/app"}')
    assert response.json()["repository"] == {
        "repositoryArn": "arn:aws:ecr:us-east-1:123456789012:repository/team/app",
        "registryId": "123456789012",
        "repositoryName": "team/app",
        "repositoryUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app",
        "createdAt": 1714979289.0,
        "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": False},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }


async def test_call_can_be_cancelled(client: ECRClient) -> None:
    await client.describe_registry()  # set up the client first
    with anyio.CancelScope() as scope:
        scope.cancel()
        await client.create_repository(repository_name="team/app")
    assert scope.cancelled_caught
    assert await client.describe_repositories().collect() == []


async def test_registries_are_independent(client: ECRClient, repository: str) -> None:
    async with InMemoryECR().client() as other:
        assert await other.describe_repositories().collect() == []
    assert [one.repository_name async for one in client.describe_repositories()] == [repository]


def test_account_id_must_be_twelve_digits() -> None:
    with pytest.raises(ValueError, match="twelve digits"):
        InMemoryECR(account_id="1234")
    assert repr(InMemoryECR()) == "<InMemoryECR of 123456789012 in us-east-1>"


def test_optional_modules_are_imported_lazily() -> None:
    code = (
        "import sys, ecrclient; assert 'ecrclient.testing' not in sys.modules;"
        "import ecrclient.testing; assert not {'uvicorn', 'pytest'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

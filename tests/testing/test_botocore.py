"""AWS's own SDK is content with the answers, and its signatures pass.

botocore has no types, so what comes from it is Any.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from ecrclient.testing import InMemoryECR
from ecrclient.testing.wire import HttpRequest
from tests.testing.builders import digest_of, image_manifest, index_of

Call = Callable[..., dict[str, Any]]


def _botocore(module: str) -> Any:
    return importlib.import_module(f"botocore.{module}")


class _Body:
    """What botocore reads an answer from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> list[bytes]:
        return [self._content]


@pytest.fixture
def call() -> Call:
    """Calls an operation of a new registry through botocore."""
    ecr = InMemoryECR()

    def send(request: Any, **_: object) -> Any:
        url = urlsplit(str(request.url))
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        headers.setdefault("host", url.netloc)  # botocore leaves it to the HTTP library
        answer = ecr.handle(
            HttpRequest(request.method, url.path or "/", url.query, headers, request.body)
        )
        return _botocore("awsrequest").AWSResponse(
            request.url, answer.status, dict(answer.headers), _Body(answer.body)
        )

    client: Any = (
        _botocore("session")
        .Session()
        .create_client(
            "ecr",
            region_name=ecr.region,
            aws_access_key_id=ecr.credentials.access_key_id,
            aws_secret_access_key=ecr.credentials.secret_access_key,
        )
    )
    client.meta.events.register("before-send.ecr", send)

    def call(method: str, **members: object) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(client, method)(**members)
        return answer

    return call


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def test_a_repository_and_its_images(call: Call) -> None:
    repository = call(
        "create_repository", repositoryName="team/app", tags=[{"Key": "env", "Value": "prod"}]
    )["repository"]
    assert repository["createdAt"].tzinfo is not None
    tags = call("list_tags_for_resource", resourceArn=repository["repositoryArn"])["tags"]
    assert tags == [{"Key": "env", "Value": "prod"}]

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

    answer = call(
        "batch_delete_image",
        repositoryName="team/app",
        imageIds=[{"imageDigest": digest_of(image)}],
    )
    assert answer["failures"][0]["failureCode"] == "ImageReferencedByManifestList"
    assert answer["ResponseMetadata"]["RequestId"]


def test_a_refusal(call: Call) -> None:
    client_error: Any = _botocore("exceptions").ClientError
    with pytest.raises(client_error) as caught:
        call("describe_images", repositoryName="none")
    response: Any = caught.value.response
    assert response["Error"]["Code"] == "RepositoryNotFoundException"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400

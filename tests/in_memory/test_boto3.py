"""boto3 over real sockets. boto3 has no types, so its values are Any."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import digest_of, index_of


@pytest.fixture
def boto(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A boto3 client that is configured only by the environment."""
    with InMemoryECR().serve() as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        boto3: Any = importlib.import_module("boto3")
        client = boto3.session.Session().client("ecr")
        yield client
        client.close()


def test_boto3_pushes_and_pulls_images(boto: Any) -> None:
    repository = boto.create_repository(repositoryName="team/app")["repository"]
    assert repository["createdAt"].tzinfo is not None
    manifest = index_of([])
    for tag in ("v1", "v2", "v3"):
        boto.put_image(repositoryName="team/app", imageManifest=manifest, imageTag=tag)

    paginator = boto.get_paginator("list_images").paginate(
        repositoryName="team/app", PaginationConfig={"PageSize": 2}
    )
    pages = [[one["imageTag"] for one in page["imageIds"]] for page in paginator]
    assert [sorted(page) for page in pages] == [["v1", "v2"], ["v3"]]
    image = boto.batch_get_image(repositoryName="team/app", imageIds=[{"imageTag": "v1"}])
    assert image["images"][0]["imageManifest"] == manifest
    assert image["images"][0]["imageId"]["imageDigest"] == digest_of(manifest)
    assert image["ResponseMetadata"]["RequestId"]


def test_boto3_retries() -> None:
    ecr = InMemoryECR()
    ecr.faults.drop()
    ecr.faults.error("ServerException")
    with ecr.serve() as server:
        boto3: Any = importlib.import_module("boto3")
        config: Any = importlib.import_module("botocore.config")
        client = boto3.session.Session().client(
            "ecr",
            region_name=ecr.region,
            endpoint_url=server.url,
            aws_access_key_id=ecr.credentials.access_key_id,
            aws_secret_access_key=ecr.credentials.secret_access_key,
            config=config.Config(retries={"mode": "standard", "total_max_attempts": 3}),
        )
        response = client.describe_registry()
        client.close()
    assert response["ResponseMetadata"]["RetryAttempts"] == 2
    assert [call.error for call in ecr.calls] == [None, "ServerException", None]

"""Cleanups over HTTP, while boto3 changes and observes the repository."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecrclient import ECRClient, RetryPolicy, TransportError
from ecrclient.images import CleanupPlan, KeepNewest, KeepTagged
from ecrclient.testing import Call, InMemoryECR, ServedECR
from tests.images.cleanup.repositories import random_repository
from tests.images.graphs import CONFIG, INDEX, MANIFEST, Graph

pytestmark = pytest.mark.anyio

NAME = "team/app"
RULES = (KeepNewest(1), KeepTagged(["test-*"]))


def client_of(registry: InMemoryECR, server: ServedECR) -> ECRClient:
    return ECRClient(
        region=registry.region,
        endpoint_url=server.url,
        credentials=registry.credentials,
        retry=RetryPolicy(max_attempts=1),
    )


def boto3_of(registry: InMemoryECR, server: ServedECR) -> Any:
    boto3: Any = importlib.import_module("boto3")
    return boto3.client(
        "ecr",
        region_name=registry.region,
        endpoint_url=server.url,
        aws_access_key_id=registry.credentials.access_key_id,
        aws_secret_access_key=registry.credentials.secret_access_key,
    )


def digests(boto: Any) -> set[str]:
    pages = boto.get_paginator("describe_images").paginate(repositoryName=NAME)
    return {item["imageDigest"] for page in pages for item in page["imageDetails"]}


async def filled(registry: InMemoryECR, seed: int) -> CleanupPlan:
    async with registry.client() as client:
        await client.create_repository(repository_name=NAME)
        await random_repository(seed).push(client, NAME)
        return await client.images(NAME).plan_cleanup(*RULES)


@pytest.mark.parametrize("seed", range(8))
async def test_boto3_sees_what_a_cleanup_left(seed: int) -> None:
    registry = InMemoryECR()
    await filled(registry, seed)
    with registry.serve() as server:
        async with client_of(registry, server) as client:
            images = client.images(NAME)
            plan = await images.plan_cleanup(*RULES)
            report = await images.clean_up(CleanupPlan.model_validate_json(plan.model_dump_json()))
        boto = boto3_of(registry, server)
        seen = digests(boto)
        boto.close()
    assert report.is_complete
    assert seen == {item.digest for item in plan.keep}


@pytest.mark.parametrize("executed", [False, True])
async def test_boto3_sees_the_same_state_after_an_interruption_at_any_call(
    executed: bool, tmp_path: Path
) -> None:
    registry = InMemoryECR()
    plan = await filled(registry, seed=145)
    assert (len(plan.delete), len(plan.keep)) == (6, 5), "choose a seed with several passes"
    registry.save(tmp_path / "state.json")
    calls, interrupted = 0, True
    while interrupted:
        registry = InMemoryECR.load(tmp_path / "state.json")
        with registry.serve() as server:
            interrupted = await interrupt(registry, server, plan, calls, executed=executed)
            async with client_of(registry, server) as client:
                report = await client.images(NAME).clean_up(plan)
            boto = boto3_of(registry, server)
            seen = digests(boto)
            boto.close()
        assert report.is_complete
        assert seen == {item.digest for item in plan.keep}
        calls += 1
    assert calls > 6, "DescribeRepositories, DescribeImages, BatchGetImage and four deletions"


async def interrupt(
    registry: InMemoryECR, server: ServedECR, plan: CleanupPlan, calls: int, *, executed: bool
) -> bool:
    """Drop the connection from a call on; return whether the cleanup was interrupted."""
    begin = len(registry.calls)

    def is_late(_: Call) -> bool:
        # The call itself is listed already.
        return len(registry.calls) - begin > calls

    async with client_of(registry, server) as client:
        with registry.faults.drop(executed=executed, when=is_late, times=None):
            try:
                await client.images(NAME).clean_up(plan)
            except TransportError:
                return True
    return False


# -- changes by boto3 between the plan and the cleanup ---------------------------------------------


def put(boto: Any, document: dict[str, Any], tag: str | None = None) -> None:
    boto.put_image(
        repositoryName=NAME,
        imageManifest=json.dumps(document),
        **({} if tag is None else {"imageTag": tag}),
    )


def put_again(boto: Any, graph: Graph, tag: str) -> None:
    raw = graph.manifests[graph.tags["old"]]
    boto.put_image(repositoryName=NAME, imageManifest=raw.decode(), imageTag=tag)


def tag_image(boto: Any, graph: Graph) -> None:
    put_again(boto, graph, "release")


def push_again(boto: Any, graph: Graph) -> None:
    boto.batch_delete_image(repositoryName=NAME, imageIds=[{"imageDigest": graph.tags["old"]}])
    put_again(boto, graph, "old")


def pull(boto: Any, graph: Graph) -> None:
    boto.batch_get_image(repositoryName=NAME, imageIds=[{"imageTag": "old"}])
    [child] = json.loads(graph.manifests[graph.tags["old"]])["manifests"]
    boto.batch_get_image(repositoryName=NAME, imageIds=[{"imageDigest": child["digest"]}])


def refer(boto: Any, graph: Graph) -> None:
    [config] = {
        json.loads(raw)["config"]["digest"]
        for raw in graph.manifests.values()
        if "config" in json.loads(raw)
    }
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": "application/example",
        "config": {"mediaType": CONFIG, "digest": config, "size": len(graph.blobs[config])},
        "layers": [],
        "subject": descriptor(graph),
    }
    put(boto, document)


def list_in_an_index(boto: Any, graph: Graph) -> None:
    put(boto, {"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(graph)]}, "new")


def descriptor(graph: Graph) -> dict[str, Any]:
    digest = graph.tags["old"]
    size = len(graph.manifests[digest])
    return {"mediaType": graph.media_types[digest], "digest": digest, "size": size}


@pytest.mark.parametrize("change", [tag_image, push_again, pull, refer, list_in_an_index])
async def test_what_boto3_changes_after_the_plan_stays(
    change: Callable[[Any, Graph], None],
) -> None:
    registry, graph = InMemoryECR(), Graph()
    graph.add_index([graph.add_image([b"layer"])], tag="old")
    with registry.serve() as server:
        boto = boto3_of(registry, server)
        async with client_of(registry, server) as client:
            await client.create_repository(repository_name=NAME)
            await graph.push(client, NAME)
            plan = await client.images(NAME).plan_cleanup(KeepTagged(["none"]))
            change(boto, graph)
            before = digests(boto)
            report = await client.images(NAME).clean_up(plan)
            assert digests(boto) == before
            assert len(report.left) == len(plan.delete) == 2
            # A new plan sees the repository as it is now.
            plan = await client.images(NAME).plan_cleanup(KeepTagged(["none"]))
            assert (await client.images(NAME).clean_up(plan)).is_complete
            assert digests(boto) == set()
        boto.close()

"""Carrying out a plan: changes since it was made, failures, progress, and boto3 as the observer."""

from __future__ import annotations

import importlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ecrclient import ECRClient, RequestValidationError, RetryPolicy
from ecrclient.errors import ServerException
from ecrclient.images import CleanupPlan, CleanupProgress, KeepNewest, KeepTagged
from ecrclient.testing import InMemoryECR
from tests.images.cleanup.repositories import random_repository
from tests.images.graphs import Graph

pytestmark = pytest.mark.anyio


@pytest.fixture
async def graph(client: ECRClient) -> Graph:
    """An image to keep, and an index with two images, one of them shared, to delete."""
    graph = Graph()
    shared, other = graph.add_image([b"shared"]), graph.add_image([b"other"])
    graph.add_index([shared], tag="keep")
    graph.add_index([shared, other], tag="old")
    await graph.push(client, "team/app")
    return graph


async def left(client: ECRClient) -> set[str]:
    return {one.image_digest async for one in client.describe_images(repository_name="team/app")}


async def planned(client: ECRClient, graph: Graph) -> CleanupPlan:
    plan = await client.images("team/app").plan_cleanup(KeepTagged(["keep"]))
    assert len(plan.delete) == 2
    return plan


async def tag_again(client: ECRClient, graph: Graph) -> None:
    digest = graph.tags["old"]
    await client.put_image(
        repository_name="team/app",
        image_manifest=graph.manifests[digest].decode(),
        image_manifest_media_type=graph.media_types[digest],
        image_tag="release",
    )


async def push_again(client: ECRClient, graph: Graph) -> None:
    digest = graph.tags["old"]
    await client.batch_delete_image(
        repository_name="team/app", image_ids=[{"image_digest": digest}]
    )
    await client.put_image(
        repository_name="team/app",
        image_manifest=graph.manifests[digest].decode(),
        image_manifest_media_type=graph.media_types[digest],
        image_tag="old",
    )


async def pull_a_child(client: ECRClient, graph: Graph) -> None:
    [child] = other_of(graph)
    await client.batch_get_image(repository_name="team/app", image_ids=[{"image_digest": child}])


async def sign(client: ECRClient, graph: Graph) -> None:
    signature = Graph()
    digest = graph.tags["old"]
    subject = {
        "mediaType": graph.media_types[digest],
        "digest": digest,
        "size": len(graph.manifests[digest]),
    }
    signature.add_artifact(subject, b"signature")
    await signature.push(client, "team/app")


async def put_into_another_index(client: ECRClient, graph: Graph) -> None:
    index = Graph()
    digest = graph.tags["old"]
    descriptor = {
        "mediaType": graph.media_types[digest],
        "digest": digest,
        "size": len(graph.manifests[digest]),
    }
    index.add_index([descriptor], tag="release")
    await index.push(client, "team/app")


def other_of(graph: Graph) -> set[str]:
    """The image that only the old index lists."""
    keep, old = (
        {item["digest"] for item in json.loads(graph.manifests[graph.tags[tag]])["manifests"]}
        for tag in ("keep", "old")
    )
    return old - keep


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (tag_again, "it got the tag release"),
        (push_again, "it was pushed again"),
        (pull_a_child, "it was pulled"),
        (sign, "refers to it"),
        (put_into_another_index, "release, which stays, needs it"),
    ],
)
async def test_an_image_that_has_changed_stays_with_what_it_needs(
    client: ECRClient,
    graph: Graph,
    change: Callable[[ECRClient, Graph], Awaitable[None]],
    why: str,
) -> None:
    plan = await planned(client, graph)
    await change(client, graph)
    before = await left(client)
    report = await client.images("team/app").clean_up(plan)
    assert await left(client) == before
    assert report.deleted == []
    assert {item.digest for item in report.left} == {item.digest for item in plan.delete}
    whys = {item.digest: item.why for item in report.left}
    assert whys[graph.tags["old"]].endswith(why)


async def test_a_rule_that_needs_the_image_now_keeps_it(ecr: InMemoryECR) -> None:
    for number in range(3):
        ecr.add_image("team/app", [str(number).encode()], tags=[f"v{number}"])
        ecr.clock.advance(seconds=1)
    async with ecr.client() as client:
        images = client.images("team/app")
        plan = await images.plan_cleanup(KeepNewest(1))
        await client.batch_delete_image(repository_name="team/app", image_ids=[{"image_tag": "v2"}])
        report = await images.clean_up(plan)
    assert [item.why for item in report.left] == ["KeepNewest(1, of='*')"]
    assert len(report.deleted) == 1


async def test_images_that_are_gone_are_reported(client: ECRClient, graph: Graph) -> None:
    plan = await planned(client, graph)
    await client.batch_delete_image(repository_name="team/app", image_ids=[{"image_tag": "old"}])
    report = await client.images("team/app").clean_up(plan)
    assert report.already_deleted == [graph.tags["old"]]
    assert (len(report.deleted), report.is_complete) == (1, True)


async def test_new_images_are_never_deleted(client: ECRClient, graph: Graph) -> None:
    plan = await planned(client, graph)
    new = Graph()
    digest = new.add_image([b"new"])["digest"]
    await new.push(client, "team/app")
    report = await client.images("team/app").clean_up(plan)
    assert report.is_complete
    assert digest in await left(client)


async def test_a_failure_keeps_the_children_of_the_index(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    plan = await planned(client, graph)
    late = Graph()
    digest = graph.tags["old"]
    descriptor = {
        "mediaType": graph.media_types[digest],
        "digest": digest,
        "size": len(graph.manifests[digest]),
    }
    late.add_index([descriptor])

    async def between(request: Any, call_next: Any) -> Any:
        if request.headers["x-amz-target"].endswith(".BatchDeleteImage") and late.manifests:
            await late.push(client, "team/app")
            late.manifests.clear()
        return await call_next(request)

    async with ecr.client(middleware=[between]) as racing:
        report = await racing.images("team/app").clean_up(plan)
    assert [(one.digest, one.code) for one in report.failed] == [
        (digest, "ImageReferencedByManifestList")
    ]
    assert [item.why for item in report.left] == ["old, which was not deleted, needs it"]
    assert report.deleted == []


async def test_progress_and_the_note_of_an_error(ecr: InMemoryECR) -> None:
    for number in range(250):
        ecr.add_image("team/app", [str(number).encode()])
    seen: list[CleanupProgress] = []
    async with ecr.client(retry=RetryPolicy(max_attempts=1)) as client:
        images = client.images("team/app")
        plan = await images.plan_cleanup(KeepTagged(["none"]))
        assert len(plan.delete) == 250
        ecr.faults.error("ServerException", operation="BatchDeleteImage")
        with pytest.raises(ServerException) as caught:
            await images.clean_up(plan)
        [note] = caught.value.__notes__
        assert note.endswith("of 250 images had been deleted")
        report = await images.clean_up(plan, on_progress=seen.append)
    total = len(report.deleted)
    assert total + len(report.already_deleted) == 250
    assert seen[-1] == CleanupProgress(total, total)
    assert report.bytes_freed == sum(
        item.size or 0 for item in plan.delete if item.digest in report.deleted
    )


async def test_a_plan_of_another_repository_is_refused(client: ECRClient, graph: Graph) -> None:
    plan = await planned(client, graph)
    with pytest.raises(RequestValidationError, match="plan: is of arn:aws:ecr:"):
        await client.images("team/copy").clean_up(plan)
    with pytest.raises(RequestValidationError, match="must be a CleanupPlan"):
        await client.images("team/app").clean_up(plan.model_dump_json())  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(8))
async def test_boto3_sees_what_a_cleanup_left(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = InMemoryECR()
    boto3: Any = importlib.import_module("boto3")
    with registry.serve() as server:
        async with ECRClient(
            region=registry.region, endpoint_url=server.url, credentials=registry.credentials
        ) as client:
            await client.create_repository(repository_name="team/app")
            await random_repository(seed).push(client, "team/app")
            images = client.images("team/app")
            plan = await images.plan_cleanup(KeepNewest(1), KeepTagged(["test-*"]))
            report = await images.clean_up(plan)
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        boto = boto3.session.Session().client("ecr")
        pages = boto.get_paginator("describe_images").paginate(repositoryName="team/app")
        seen = {item["imageDigest"] for page in pages for item in page["imageDetails"]}
        boto.close()
    assert report.is_complete
    assert seen == {item.digest for item in plan.keep}

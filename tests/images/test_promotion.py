"""Promotion of images to other repositories."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecrclient import ECRClient, RequestValidationError, ServiceError
from ecrclient.errors import RepositoryNotFoundException
from ecrclient.images import ImageNotFoundError, Images, Layout, TagConflictError
from ecrclient.testing import InMemoryECR
from tests.images.calls import WRITES, Calls
from tests.images.graphs import PLATFORMS, Graph, random_graph
from tests.images.stores import Contents, repository_contents
from tests.images.test_cancellation import CancellingTransport

pytestmark = pytest.mark.anyio


@pytest.fixture
def graph() -> Graph:
    """An index of two images, with a referrer, a referrer of that, and a cosign signature."""
    graph = Graph()
    children = [graph.add_image([b"common"], platform=platform) for platform in PLATFORMS[:2]]
    index = graph.add_index(children, tag="v1")
    graph.add_artifact(graph.add_artifact(index, b"sbom"), b"signature of the sbom")
    graph.add_cosign_signature(index, b"signature")
    return graph


@pytest.fixture
async def images(client: ECRClient, graph: Graph) -> Images:
    await graph.push(client, "team/app")
    return client.images("team/app")


def equal(contents: Contents, graph: Graph) -> bool:
    """Whether a repository has exactly a graph, apart from tags."""
    contents.check()
    return contents.blobs == {**graph.blobs, **graph.manifests}


async def test_children_and_referrers_are_promoted(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    report = await images.promote("v1", to=client.images("team/copy"), tags=["1.0", "stable"])
    assert (report.source, report.destination) == ("repository team/app", "repository team/copy")
    assert report.digest == graph.tags["v1"]
    assert report.tags.added == ("1.0", "stable")
    assert report.transfer is not None
    assert report.transfer.manifests_written == len(graph.manifests)
    contents = await repository_contents(ecr, "team/copy")
    assert equal(contents, graph)
    assert contents.tags["1.0"] == contents.tags["stable"] == graph.tags["v1"]
    assert type(report).model_validate_json(report.model_dump_json()) == report


async def test_the_tag_is_kept_by_default(client: ECRClient, images: Images) -> None:
    assert (await images.promote("v1", to=client.images("team/copy"))).tags.added == ("v1",)


async def test_referrers_may_stay(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    await images.promote("v1", to=client.images("team/copy"), referrers=False)
    contents = await repository_contents(ecr, "team/copy")
    assert len(contents.blobs.keys() & graph.manifests.keys()) == 3


async def test_a_promotion_may_cross_accounts_and_regions(images: Images, graph: Graph) -> None:
    other = InMemoryECR(region="us-west-2", account_id="222222222222")
    async with other.client() as client:
        await client.create_repository(repository_name="team/copy")
        await images.promote("v1", to=client.images("team/copy"))
    assert equal(await repository_contents(other, "team/copy"), graph)


async def test_a_source_that_allows_only_pulls_suffices(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    other = InMemoryECR(region="us-west-2")
    async with other.client() as client:
        await client.create_repository(repository_name="team/copy")
        with ecr.deny("ecr:Describe*"):
            await images.promote("v1", to=client.images("team/copy"))
    assert equal(await repository_contents(other, "team/copy"), graph)


async def test_repeating_a_promotion_writes_nothing(
    ecr: InMemoryECR, client: ECRClient, images: Images
) -> None:
    target = client.images("team/copy")
    await images.promote("v1", to=target, tags=["1.0"])
    calls = Calls(ecr)
    report = await images.promote("v1", to=target, tags=["1.0"])
    assert report.tags.unchanged == ("1.0",)
    assert not calls.new().keys() & WRITES


async def test_a_new_referrer_of_a_promoted_image_is_promoted(
    ecr: InMemoryECR, client: ECRClient, images: Images
) -> None:
    target = client.images("team/copy")
    await images.promote("v1", to=target)
    attached = await images.attach("v1", b"{}", artifact_type="application/spdx+json")
    report = await images.promote("v1", to=target)
    assert report.transfer is not None
    assert report.transfer.manifests_written == 1
    assert attached.digest in [one.digest async for one in target.referrers("v1")]


async def test_immutable_tags_are_respected_before_anything_is_written(
    ecr: InMemoryECR, client: ECRClient, images: Images
) -> None:
    target = client.images("team/copy")
    other = ecr.add_image("team/copy", [b"other"], tags=["1.0"])
    await client.put_image_tag_mutability(
        repository_name="team/copy", image_tag_mutability="IMMUTABLE"
    )
    calls = Calls(ecr)
    with pytest.raises(TagConflictError) as caught:
        await images.promote("v1", to=target, tags=["new", "1.0"])
    assert (caught.value.existing, caught.value.is_immutable) == (other, True)
    assert not calls.new().keys() & WRITES
    await images.promote("v1", to=target, tags=["new"])


async def test_move_false_protects_tags_that_are_mutable(
    ecr: InMemoryECR, client: ECRClient, images: Images
) -> None:
    target = client.images("team/copy")
    other = ecr.add_image("team/copy", [b"other"], tags=["1.0"])
    calls = Calls(ecr)
    with pytest.raises(TagConflictError, match="move=False"):
        await images.promote("v1", to=target, tags=["1.0"], move=False)
    assert not calls.new().keys() & WRITES
    report = await images.promote("v1", to=target, tags=["1.0"])
    assert report.tags.moved == {"1.0": other}


async def test_the_repository_is_created_only_if_asked(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    target = client.images("prod/app")
    with pytest.raises(RepositoryNotFoundException):
        await images.promote("v1", to=target)
    report = await images.promote("v1", to=target, create_repository="if missing")
    assert report.tags.added == ("v1",)
    assert equal(await repository_contents(ecr, "prod/app"), graph)


async def test_a_promotion_to_the_same_repository_is_a_retag(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    calls = Calls(ecr)
    report = await images.promote("v1", to=client.images("team/app"), tags=["stable"])
    assert report.transfer is None
    assert (report.tags.added, report.tags.digest) == (("stable",), graph.tags["v1"])
    assert calls.new() == {"DescribeImages": 2, "BatchGetImage": 1, "PutImage": 1}


async def test_promotion_to_a_repository_through_another_client_writes_only_tags(
    ecr: InMemoryECR, images: Images
) -> None:
    async with ecr.client() as other:
        calls = Calls(ecr)
        await images.promote("v1", to=other.images("team/app"), tags=["stable"])
    assert calls.new()["UploadLayerPart"] == 0
    assert (await images.untag("stable")).remaining == ("v1",)


async def test_promotion_of_an_unknown_image(client: ECRClient, images: Images) -> None:
    with pytest.raises(ImageNotFoundError, match="repository team/app has no image v9"):
        await images.promote("v9", to=client.images("team/copy"))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"to": Layout("out")}, "to: must be the images of a repository"),
        ({"to": "team/copy"}, "to: must be the images of a repository"),
        ({"tags": "1.0"}, "tags: must be a list"),
        ({"tags": ["a b"]}, r"tags\[0\]: is not a tag"),
        ({"create_repository": True}, "create_repository: must be 'never'"),
        ({"move": "yes"}, "move: must be True or False"),
    ],
)
async def test_wrong_arguments(
    ecr: InMemoryECR,
    client: ECRClient,
    images: Images,
    arguments: dict[str, Any],
    problem: str,
) -> None:
    chosen: dict[str, Any] = {"to": client.images("team/copy"), **arguments}
    calls = Calls(ecr)
    with pytest.raises(RequestValidationError, match=f"promote: {problem}"):
        await images.promote("v1", **chosen)
    assert not calls.new()


async def test_a_cancelled_promotion_leaves_no_tag_on_an_incomplete_image(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    async def promote_until(step: int | None) -> int:
        transport = CancellingTransport(ecr.transport())
        async with ECRClient(
            region=ecr.region, credentials=ecr.credentials, transport=transport
        ) as cancelled:
            with anyio.CancelScope() as scope:
                transport.cancel_at, transport.cancel = step, scope.cancel
                source, target = cancelled.images("team/app"), cancelled.images("team/copy")
                await source.promote("v1", to=target, tags=["1.0", "stable"])
        return transport.steps

    steps = await promote_until(None)
    for step in range(1, steps + 1, 3):
        await client.delete_repository(repository_name="team/copy", force=True)
        await client.create_repository(repository_name="team/copy")
        await promote_until(step)
        contents = await repository_contents(ecr, "team/copy")
        contents.check()
        if {"1.0", "stable"} & contents.tags.keys():
            assert equal(contents, graph)
    await images.promote("v1", to=client.images("team/copy"), tags=["1.0", "stable"])
    assert equal(await repository_contents(ecr, "team/copy"), graph)


@pytest.mark.parametrize(
    "operation", ["InitiateLayerUpload", "CompleteLayerUpload", "PutImage", "ListImageReferrers"]
)
async def test_a_failed_promotion_leaves_no_tag_and_completes_when_it_is_repeated(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph, operation: str
) -> None:
    fault = ecr.faults.error("AccessDeniedException", operation=operation, times=None)
    with pytest.raises(ServiceError):
        await images.promote("v1", to=client.images("team/copy"), tags=["1.0"])
    ecr.faults.clear()
    assert fault is not None
    assert "1.0" not in (await repository_contents(ecr, "team/copy")).tags
    await images.promote("v1", to=client.images("team/copy"), tags=["1.0"])
    assert equal(await repository_contents(ecr, "team/copy"), graph)


def test_a_random_graph_is_equal_after_its_promotion(anyio_backend: str) -> None:
    @settings(max_examples=15, deadline=None)
    @given(seed=st.integers(0, 2**32))
    def check(seed: int) -> None:
        anyio.run(promote_random, seed, backend=anyio_backend)

    check()


async def promote_random(seed: int) -> None:
    """Promote a random image to another Region."""
    graph, tag = random_graph(seed)
    source, target = InMemoryECR(), InMemoryECR(region="eu-west-1")
    async with source.client() as near, target.client() as far:
        for client in (near, far):
            await client.create_repository(repository_name="app")
        await graph.push(near, "app")
        await near.images("app").promote(tag, to=far.images("app"))
        before = await repository_contents(source, "app")
        after = await repository_contents(target, "app")
        assert after == before
        assert equal(after, graph)
        assert (await far.images("app").verify(deep=True)).ok

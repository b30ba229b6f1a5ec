"""Tags of images: retag and untag."""

from __future__ import annotations

from typing import Any

import pytest

from ecrclient import ECRClient, RequestValidationError, ServiceError
from ecrclient.errors import RepositoryNotFoundException
from ecrclient.images import (
    DeletionError,
    ImageError,
    ImageNotFoundError,
    Images,
    LastTagError,
    RetagReport,
    TagConflictError,
    TagRaceError,
    UntagReport,
)
from ecrclient.testing import InMemoryECR
from tests.images.calls import Calls
from tests.images.graphs import DOCKER_MANIFEST, PLATFORMS, Graph
from tests.images.races import Before

pytestmark = pytest.mark.anyio


@pytest.fixture
def graph() -> Graph:
    """An index, and two images of one platform."""
    graph = Graph()
    children = [graph.add_image([b"a"], platform=platform) for platform in PLATFORMS[:2]]
    graph.add_index(children, tag="v1")
    graph.add_image([b"b"], tag="v2", media_type=DOCKER_MANIFEST)
    graph.add_image([b"c"], tag="v3")
    return graph


@pytest.fixture
async def images(client: ECRClient, graph: Graph) -> Images:
    await graph.push(client, "team/app")
    return client.images("team/app")


async def tags_of(client: ECRClient) -> dict[str, str]:
    """The digests of the tags in team/app."""
    return {
        tag: image.image_digest
        async for image in client.describe_images(repository_name="team/app")
        for tag in image.image_tags
    }


async def make_immutable(client: ECRClient) -> None:
    await client.put_image_tag_mutability(
        repository_name="team/app", image_tag_mutability="IMMUTABLE"
    )


# -- retag -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", ["v1", "v2"])
async def test_retag_adds_tags_to_an_index_and_to_an_image(
    client: ECRClient, images: Images, graph: Graph, reference: str
) -> None:
    report = await images.retag(reference, "stable", "latest")
    digest = graph.tags[reference]
    assert report == RetagReport(repository="team/app", digest=digest, added=("stable", "latest"))
    assert await tags_of(client) == {**graph.tags, "stable": digest, "latest": digest}
    manifest = await images.manifest("stable")
    assert (manifest.raw, manifest.media_type) == (
        graph.manifests[digest],
        graph.media_types[digest],
    )


async def test_retag_by_digest_moves_a_tag(client: ECRClient, images: Images, graph: Graph) -> None:
    report = await images.retag(graph.tags["v1"], "v1", "v2", "new")
    assert report.model_dump() == {
        "repository": "team/app",
        "digest": graph.tags["v1"],
        "added": ("new",),
        "moved": {"v2": graph.tags["v2"]},
        "unchanged": ("v1",),
    }
    tags = await tags_of(client)
    assert tags == {**dict.fromkeys(("v1", "v2", "new"), graph.tags["v1"]), "v3": graph.tags["v3"]}


async def test_retag_transfers_no_blob(ecr: InMemoryECR, images: Images) -> None:
    calls = Calls(ecr)
    await images.retag("v1", "stable")
    assert calls.new() == {"DescribeImages": 2, "BatchGetImage": 1, "PutImage": 1}


async def test_repeating_retag_neither_writes_nor_pulls(ecr: InMemoryECR, images: Images) -> None:
    await images.retag("v1", "stable")
    calls = Calls(ecr)
    report = await images.retag("v1", "stable", "v1")
    assert (report.unchanged, report.added, report.moved) == (("stable", "v1"), (), {})
    assert calls.new() == {"DescribeImages": 1}


async def test_retag_passes_each_tag_once(ecr: InMemoryECR, images: Images) -> None:
    calls = Calls(ecr)
    assert (await images.retag("v1", "a", "a")).added == ("a",)
    assert calls.new()["PutImage"] == 1


async def test_an_immutable_tag_of_another_image_is_a_conflict_before_any_write(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    await make_immutable(client)
    calls = Calls(ecr)
    with pytest.raises(TagConflictError) as caught:
        await images.retag("v1", "new", "v2")
    error = caught.value
    assert (error.tag, error.existing, error.wanted) == ("v2", graph.tags["v2"], graph.tags["v1"])
    assert error.is_immutable
    assert calls.new()["PutImage"] == 0
    # The tags of the image itself, and new ones, are not conflicts.
    assert (await images.retag("v1", "v1", "new")).added == ("new",)


async def test_tags_that_match_an_exclusion_filter_may_be_moved(
    client: ECRClient, images: Images, graph: Graph
) -> None:
    await client.put_image_tag_mutability(
        repository_name="team/app",
        image_tag_mutability="IMMUTABLE_WITH_EXCLUSION",
        image_tag_mutability_exclusion_filters=[{"filter_type": "WILDCARD", "filter": "v2*"}],
    )
    assert (await images.retag("v1", "v2")).moved == {"v2": graph.tags["v2"]}
    with pytest.raises(TagConflictError):
        await images.retag("v1", "v3")


async def test_move_false_refuses_to_move_a_mutable_tag(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    calls = Calls(ecr)
    with pytest.raises(TagConflictError, match="move=False was passed") as caught:
        await images.retag("v1", "new", "v2", move=False)
    assert (caught.value.existing, caught.value.is_immutable) == (graph.tags["v2"], False)
    assert calls.new()["PutImage"] == 0
    assert (await images.retag("v1", "new", "v1", move=False)).added == ("new",)


async def test_a_tag_that_becomes_taken_during_retag_is_a_conflict(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    await make_immutable(client)
    other = client.images("team/app")
    race = Before("PutImage", lambda: other.retag("v2", "stable"))
    async with ecr.client(middleware=[race]) as racing:
        with pytest.raises(TagConflictError) as caught:
            await racing.images("team/app").retag("v1", "stable")
    assert caught.value.existing == graph.tags["v2"]


async def test_a_tag_that_another_client_adds_to_the_image_is_unchanged(
    ecr: InMemoryECR, client: ECRClient, images: Images
) -> None:
    """The other client adds the tag after the image was described."""
    looks = 0

    async def middleware(request: Any, call_next: Any) -> Any:
        nonlocal looks
        if request.headers["x-amz-target"].endswith(".DescribeImages"):
            looks += 1
            if looks == 2:
                await images.retag("v1", "stable")
        return await call_next(request)

    async with ecr.client(middleware=[middleware]) as racing:
        calls = Calls(ecr)
        report = await racing.images("team/app").retag("v1", "stable")
    assert report.unchanged == ("stable",)
    assert calls.new()["PutImage"] == 1


async def test_the_error_of_a_partial_retag_names_the_written_tags(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    ecr.faults.error(
        "AccessDeniedException", operation="PutImage", when=lambda call: b'"b"' in call.body
    )
    with pytest.raises(ServiceError, match="AccessDenied") as caught:
        await images.retag("v1", "a", "b", "c")
    assert caught.value.__notes__ == [
        f"repository team/app: these tags are on {graph.tags['v1']}: a"
    ]
    assert set(await tags_of(client)) == {"v1", "v2", "v3", "a"}
    assert (await images.retag("v1", "a", "b", "c")).added == ("b", "c")


async def test_retag_of_an_unknown_image(client: ECRClient, images: Images) -> None:
    for reference in ("v9", "sha256:" + "0" * 64):
        with pytest.raises(ImageNotFoundError, match="repository team/app has no image"):
            await images.retag(reference, "stable")
    with pytest.raises(RepositoryNotFoundException):
        await client.images("team/none").retag("v1", "stable")


async def test_an_archived_image_gets_no_tags(client: ECRClient, images: Images) -> None:
    await client.update_image_storage_class(
        repository_name="team/app", image_id={"image_tag": "v3"}, target_storage_class="ARCHIVE"
    )
    with pytest.raises(ImageError, match="archived"):
        await images.retag("v3", "stable")


async def test_a_tag_of_an_archived_image_is_moved(
    client: ECRClient, images: Images, graph: Graph
) -> None:
    await client.update_image_storage_class(
        repository_name="team/app", image_id={"image_tag": "v3"}, target_storage_class="ARCHIVE"
    )
    assert (await images.retag("v1", "v3")).moved == {"v3": graph.tags["v3"]}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("v1",), "tags: must be at least one tag"),
        (("v1", "not a tag"), r"tags\[0\]: is not a tag"),
        (("v1", "a", 3), r"tags\[1\]: is not a tag"),
        ((None, "a"), "reference: must be a tag or a digest"),
    ],
)
async def test_wrong_arguments_of_retag(
    ecr: InMemoryECR, images: Images, arguments: tuple[Any, ...], problem: str
) -> None:
    calls = Calls(ecr)
    with pytest.raises(RequestValidationError, match=f"retag: {problem}"):
        await images.retag(*arguments)
    assert not calls.new()


# -- untag -----------------------------------------------------------------------------------------


async def test_untag_keeps_the_image(client: ECRClient, images: Images, graph: Graph) -> None:
    await images.retag("v1", "stable", "latest")
    report = await images.untag("stable")
    assert report == UntagReport(
        repository="team/app", tag="stable", digest=graph.tags["v1"], remaining=("v1", "latest")
    )
    assert await tags_of(client) == {**graph.tags, "latest": graph.tags["v1"]}


async def test_untag_refuses_the_last_tag(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    calls = Calls(ecr)
    with pytest.raises(LastTagError, match="v2 is the last tag of sha256:") as caught:
        await images.untag("v2")
    assert (caught.value.tag, caught.value.digest) == ("v2", graph.tags["v2"])
    assert calls.new() == {"DescribeImages": 1}
    assert await tags_of(client) == graph.tags


async def test_untag_deletes_the_image_with_its_last_tag_if_asked(
    client: ECRClient, images: Images, graph: Graph
) -> None:
    report = await images.untag("v2", last_tag="delete image")
    assert (report.digest, report.remaining, report.image_deleted) == (graph.tags["v2"], (), True)
    with pytest.raises(ImageNotFoundError):
        await images.resolve(graph.tags["v2"])


async def test_the_last_tag_of_a_child_cannot_be_removed(
    client: ECRClient, images: Images, graph: Graph
) -> None:
    child = next(iter(graph.manifests))
    await images.retag(child, "child")
    with pytest.raises(DeletionError, match="child cannot be deleted: ImageRef") as caught:
        await images.untag("child", last_tag="delete image")
    assert caught.value.code == "ImageReferencedByManifestList"
    assert (await tags_of(client))["child"] == child


async def test_untag_of_an_unknown_tag(images: Images) -> None:
    with pytest.raises(ImageNotFoundError, match="has no image v9"):
        await images.untag("v9")


async def test_an_immutable_tag_can_be_removed(client: ECRClient, images: Images) -> None:
    await images.retag("v1", "stable")
    await make_immutable(client)
    assert (await images.untag("stable")).remaining == ("v1",)


async def test_a_tag_that_moves_during_untag_is_reported(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    await images.retag("v1", "stable")
    race = Before("BatchDeleteImage", lambda: images.retag("v2", "stable"))
    async with ecr.client(middleware=[race]) as racing:
        with pytest.raises(TagRaceError, match=f"moved it to {graph.tags['v2']}") as caught:
            await racing.images("team/app").untag("stable")
    assert caught.value.digest == graph.tags["v1"]
    assert await tags_of(client) == graph.tags


async def test_an_image_that_loses_its_other_tags_during_untag_is_reported(
    ecr: InMemoryECR, client: ECRClient, images: Images
) -> None:
    await images.retag("v2", "stable")
    race = Before("BatchDeleteImage", lambda: images.untag("v2"))
    async with ecr.client(middleware=[race]) as racing:
        with pytest.raises(TagRaceError, match="ECR has deleted the image"):
            await racing.images("team/app").untag("stable")
    assert set(await tags_of(client)) == {"v1", "v3"}


async def test_untag_succeeds_if_another_client_removes_the_same_tag(
    ecr: InMemoryECR, images: Images
) -> None:
    await images.retag("v1", "stable")
    race = Before("BatchDeleteImage", lambda: images.untag("stable"))
    async with ecr.client(middleware=[race]) as racing:
        assert (await racing.images("team/app").untag("stable")).remaining == ("v1",)


@pytest.mark.parametrize("tag", ["sha256:" + "0" * 64, "", None])
async def test_untag_takes_only_tags(ecr: InMemoryECR, images: Images, tag: Any) -> None:
    calls = Calls(ecr)
    with pytest.raises(RequestValidationError, match="untag: tag: is not a tag"):
        await images.untag(tag)
    with pytest.raises(RequestValidationError, match="untag: last_tag: must be 'refuse'"):
        await images.untag("v1", last_tag="keep")  # type: ignore[arg-type]
    assert not calls.new()

"""List, describe, get and delete images."""

from __future__ import annotations

import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    ImageNotFoundException,
    InvalidParameterException,
    RepositoryNotFoundException,
)
from ecrclient.models import (
    BatchDeleteImageResponse,
    BatchGetImageResponse,
    ImageIdentifier,
)
from tests.in_memory.builders import (
    OCI_MANIFEST,
    HandClock,
    digest_of,
    image_manifest,
    index_of,
)

pytestmark = pytest.mark.anyio

TAGGED, UNTAGGED = image_manifest("tagged"), image_manifest("untagged")


def by_digest(manifest: str) -> ImageIdentifier:
    return ImageIdentifier(image_digest=digest_of(manifest))


def by_tag(tag: str) -> ImageIdentifier:
    return ImageIdentifier(image_tag=tag)


def by_both(manifest: str, tag: str) -> ImageIdentifier:
    return ImageIdentifier(image_digest=digest_of(manifest), image_tag=tag)


@pytest.fixture
async def pushed(client: ECRClient, repository: str) -> str:
    """A repository with an image tagged v1 and v2, and an untagged one."""
    for tag in ("v1", "v2"):
        await client.put_image(repository_name=repository, image_manifest=TAGGED, image_tag=tag)
    await client.put_image(repository_name=repository, image_manifest=UNTAGGED)
    return repository


async def listed(client: ECRClient, repository: str) -> set[tuple[str | None, str | None]]:
    return {
        (one.image_digest, one.image_tag)
        async for one in client.list_images(repository_name=repository)
    }


EVERYTHING = {
    (digest_of(TAGGED), "v1"),
    (digest_of(TAGGED), "v2"),
    (digest_of(UNTAGGED), None),
}


class TestList:
    async def test_one_entry_for_each_tag_and_untagged_image(
        self, client: ECRClient, pushed: str
    ) -> None:
        assert await listed(client, pushed) == EVERYTHING

    @pytest.mark.parametrize(
        ("status", "tags"),
        [("TAGGED", {"v1", "v2"}), ("UNTAGGED", {None}), ("ANY", {"v1", "v2", None})],
    )
    async def test_filter_by_tag_status(
        self, client: ECRClient, pushed: str, status: str, tags: set[str | None]
    ) -> None:
        found = client.list_images(repository_name=pushed, filter={"tag_status": status})
        assert {one.image_tag async for one in found} == tags

    @pytest.mark.parametrize(("status", "count"), [("ACTIVE", 3), ("ARCHIVED", 0), ("ANY", 3)])
    async def test_filter_by_image_status(
        self, client: ECRClient, pushed: str, status: str, count: int
    ) -> None:
        found = client.list_images(repository_name=pushed, filter={"image_status": status})
        assert len(await found.collect()) == count

    async def test_no_repository(self, client: ECRClient) -> None:
        with pytest.raises(RepositoryNotFoundException):
            await client.list_images(repository_name="none")


class TestDescribe:
    async def test_all(self, client: ECRClient, pushed: str) -> None:
        found = {
            image.image_digest: image.image_tags
            async for image in client.describe_images(repository_name=pushed)
        }
        assert found == {digest_of(TAGGED): ["v1", "v2"], digest_of(UNTAGGED): []}

    @pytest.mark.parametrize(("status", "manifest"), [("TAGGED", TAGGED), ("UNTAGGED", UNTAGGED)])
    async def test_filter_by_tag_status(
        self, client: ECRClient, pushed: str, status: str, manifest: str
    ) -> None:
        found = client.describe_images(repository_name=pushed, filter={"tag_status": status})
        assert [image.image_digest async for image in found] == [digest_of(manifest)]

    @pytest.mark.parametrize("image_id", [by_digest(TAGGED), by_tag("v1"), by_both(TAGGED, "v2")])
    async def test_one_by_identifier(
        self, client: ECRClient, pushed: str, image_id: ImageIdentifier
    ) -> None:
        page = await client.describe_images(repository_name=pushed, image_ids=[image_id])
        assert [image.image_digest for image in page.image_details] == [digest_of(TAGGED)]
        assert page.image_details[0].image_tags == ["v1", "v2"]

    async def test_one_by_several_identifiers(self, client: ECRClient, pushed: str) -> None:
        page = await client.describe_images(
            repository_name=pushed, image_ids=[by_tag("v1"), by_tag("v2"), by_digest(TAGGED)]
        )
        assert len(page.image_details) == 1

    @pytest.mark.parametrize(
        "image_id", [by_digest("none"), by_tag("none"), by_both(UNTAGGED, "v1")]
    )
    async def test_a_missing_image(
        self, client: ECRClient, pushed: str, image_id: ImageIdentifier
    ) -> None:
        with pytest.raises(ImageNotFoundException, match="does not exist within the repository"):
            await client.describe_images(repository_name=pushed, image_ids=[by_tag("v1"), image_id])

    @pytest.mark.parametrize(
        ("image_id", "message"),
        [
            (ImageIdentifier(), "both tag and digest"),
            (ImageIdentifier(image_digest="latest"), "imageDigest"),
            (ImageIdentifier(image_tag="a b"), "imageTag"),
        ],
    )
    async def test_malformed_identifiers(
        self, client: ECRClient, pushed: str, image_id: ImageIdentifier, message: str
    ) -> None:
        with pytest.raises(InvalidParameterException, match=message):
            await client.describe_images(repository_name=pushed, image_ids=[image_id])


def failures(response: BatchGetImageResponse | BatchDeleteImageResponse) -> list[str]:
    return [failure.failure_code for failure in response.failures]


NO_IMAGE = [
    pytest.param(ImageIdentifier(), "MissingDigestAndTag", id="nothing"),
    pytest.param(ImageIdentifier(image_digest="x"), "InvalidImageDigest", id="malformed digest"),
    pytest.param(ImageIdentifier(image_tag="a b"), "InvalidImageTag", id="malformed tag"),
    pytest.param(by_digest("none"), "ImageNotFound", id="unknown digest"),
    pytest.param(by_tag("none"), "ImageNotFound", id="unknown tag"),
    pytest.param(by_both(TAGGED, "none"), "ImageNotFound", id="unknown tag of a known digest"),
    pytest.param(by_both("none", "v1"), "ImageNotFound", id="known tag of an unknown digest"),
    pytest.param(by_both(UNTAGGED, "v1"), "ImageTagDoesNotMatchDigest", id="another image's tag"),
]


class TestGet:
    async def test_the_pushed_manifest_is_returned(self, client: ECRClient, pushed: str) -> None:
        response = await client.batch_get_image(repository_name=pushed, image_ids=[by_tag("v1")])
        (image,) = response.images
        assert response.failures == []
        assert (image.registry_id, image.repository_name) == ("123456789012", pushed)
        assert image.image_id == by_both(TAGGED, "v1")
        assert (image.image_manifest, image.image_manifest_media_type) == (TAGGED, OCI_MANIFEST)

    @pytest.mark.parametrize(("image_id", "code"), NO_IMAGE)
    async def test_failures_are_listed_beside_successes(
        self, client: ECRClient, pushed: str, image_id: ImageIdentifier, code: str
    ) -> None:
        response = await client.batch_get_image(
            repository_name=pushed, image_ids=[image_id, by_digest(UNTAGGED)]
        )
        assert [image.image_id for image in response.images] == [by_digest(UNTAGGED)]
        assert failures(response) == [code]
        assert response.failures[0].image_id == image_id
        assert response.failures[0].failure_reason

    async def test_an_image_named_twice_is_returned_once(
        self, client: ECRClient, pushed: str
    ) -> None:
        response = await client.batch_get_image(
            repository_name=pushed, image_ids=[by_tag("v1"), by_tag("v1"), by_tag("v2")]
        )
        assert [image.image_id.image_tag for image in response.images] == ["v1", "v2"]

    async def test_a_pull_is_recorded_once_a_day(
        self, client: ECRClient, pushed: str, clock: HandClock
    ) -> None:
        async def pull() -> object:
            await client.batch_get_image(repository_name=pushed, image_ids=[by_tag("v1")])
            page = await client.describe_images(repository_name=pushed, image_ids=[by_tag("v1")])
            return page.image_details[0].last_recorded_pull_time

        first = clock.now
        assert await pull() == first
        clock.advance(hours=23)
        assert await pull() == first
        clock.advance(hours=1)
        assert await pull() == clock.now

    async def test_no_repository(self, client: ECRClient) -> None:
        with pytest.raises(RepositoryNotFoundException):
            await client.batch_get_image(repository_name="none", image_ids=[by_tag("v1")])


class TestDelete:
    async def test_by_tag_leaves_the_other_tags(self, client: ECRClient, pushed: str) -> None:
        response = await client.batch_delete_image(repository_name=pushed, image_ids=[by_tag("v1")])
        assert response.image_ids == [by_both(TAGGED, "v1")]
        assert await listed(client, pushed) == EVERYTHING - {(digest_of(TAGGED), "v1")}

    async def test_removing_the_last_tag_deletes_the_image(
        self, client: ECRClient, pushed: str
    ) -> None:
        response = await client.batch_delete_image(
            repository_name=pushed, image_ids=[by_tag("v1"), by_tag("v2")]
        )
        assert response.image_ids == [by_both(TAGGED, "v1"), by_both(TAGGED, "v2")]
        assert await listed(client, pushed) == {(digest_of(UNTAGGED), None)}

    async def test_by_digest_removes_all_tags(self, client: ECRClient, pushed: str) -> None:
        response = await client.batch_delete_image(
            repository_name=pushed, image_ids=[by_digest(TAGGED)]
        )
        assert response.image_ids == [by_both(TAGGED, "v1"), by_both(TAGGED, "v2")]
        assert await listed(client, pushed) == {(digest_of(UNTAGGED), None)}

    async def test_an_image_without_tags(self, client: ECRClient, pushed: str) -> None:
        response = await client.batch_delete_image(
            repository_name=pushed, image_ids=[by_digest(UNTAGGED), by_digest(UNTAGGED)]
        )
        assert (response.image_ids, response.failures) == ([by_digest(UNTAGGED)], [])

    async def test_by_both_removes_the_tag(self, client: ECRClient, pushed: str) -> None:
        await client.batch_delete_image(repository_name=pushed, image_ids=[by_both(TAGGED, "v2")])
        assert await listed(client, pushed) == EVERYTHING - {(digest_of(TAGGED), "v2")}

    async def test_listed_identifiers_can_be_deleted(self, client: ECRClient, pushed: str) -> None:
        image_ids = await client.list_images(repository_name=pushed).collect()
        response = await client.batch_delete_image(repository_name=pushed, image_ids=image_ids)
        assert response.failures == []
        assert await listed(client, pushed) == set()

    @pytest.mark.parametrize(("image_id", "code"), NO_IMAGE)
    async def test_failures_are_listed_beside_successes(
        self, client: ECRClient, pushed: str, image_id: ImageIdentifier, code: str
    ) -> None:
        response = await client.batch_delete_image(
            repository_name=pushed, image_ids=[image_id, by_digest(UNTAGGED)]
        )
        assert response.image_ids == [by_digest(UNTAGGED)]
        assert failures(response) == [code]
        assert response.failures[0].image_id == image_id

    async def test_a_deleted_image_can_be_pushed_again(
        self, client: ECRClient, pushed: str
    ) -> None:
        await client.batch_delete_image(repository_name=pushed, image_ids=[by_digest(TAGGED)])
        await client.put_image(repository_name=pushed, image_manifest=TAGGED, image_tag="v1")

    async def test_an_image_of_an_index_is_not_deleted(
        self, client: ECRClient, pushed: str
    ) -> None:
        index = index_of([TAGGED, UNTAGGED])
        await client.put_image(repository_name=pushed, image_manifest=index, image_tag="all")

        kept = await client.batch_delete_image(
            repository_name=pushed, image_ids=[by_digest(UNTAGGED), by_tag("v1"), by_tag("v2")]
        )
        # The first of the two tags is removed; removing the second would delete the image.
        assert kept.image_ids == [by_both(TAGGED, "v1")]
        assert failures(kept) == ["ImageReferencedByManifestList"] * 2
        assert digest_of(index) in (kept.failures[0].failure_reason or "")

        gone = await client.batch_delete_image(
            repository_name=pushed,
            image_ids=[by_tag("all"), by_digest(UNTAGGED), by_digest(TAGGED)],
        )
        assert gone.failures == []
        assert await listed(client, pushed) == set()

    async def test_no_repository(self, client: ECRClient) -> None:
        with pytest.raises(RepositoryNotFoundException):
            await client.batch_delete_image(repository_name="none", image_ids=[by_tag("v1")])

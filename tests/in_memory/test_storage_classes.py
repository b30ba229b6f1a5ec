"""Archived and restored images."""

from __future__ import annotations

import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    ImageAlreadyExistsException,
    ImageNotFoundException,
    ImageStorageClassUpdateNotSupportedException,
    InvalidParameterException,
    RepositoryNotFoundException,
)
from ecrclient.models import (
    DescribeImagesFilter,
    ImageDetail,
    ImageIdentifier,
    ListImagesFilter,
)
from tests.in_memory.builders import HandClock, digest_of, image_manifest

pytestmark = pytest.mark.anyio

MANIFEST = image_manifest()


@pytest.fixture
async def pushed(client: ECRClient, repository: str) -> str:
    """A repository with two images, the first of them tagged v1."""
    await client.put_image(repository_name=repository, image_manifest=MANIFEST, image_tag="v1")
    await client.put_image(repository_name=repository, image_manifest=image_manifest("other"))
    return repository


async def move(client: ECRClient, repository: str, target: str) -> str:
    """Move v1 to a storage class, and return its status."""
    moved = await client.update_image_storage_class(
        repository_name=repository, image_id={"image_tag": "v1"}, target_storage_class=target
    )
    assert (moved.registry_id, moved.repository_name) == ("123456789012", repository)
    assert moved.image_id == ImageIdentifier(image_digest=digest_of(MANIFEST), image_tag="v1")
    assert moved.image_status is not None
    return moved.image_status


async def detail(client: ECRClient, repository: str) -> ImageDetail:
    """Return the details of v1."""
    page = await client.describe_images(
        repository_name=repository,
        image_ids=[{"image_tag": "v1"}],
        filter={"image_status": "ANY"},
    )
    return page.image_details[0]


async def pull(client: ECRClient, repository: str) -> list[str]:
    """Return the failure codes of a pull of v1."""
    response = await client.batch_get_image(
        repository_name=repository, image_ids=[{"image_tag": "v1"}]
    )
    return [failure.failure_code for failure in response.failures]


async def test_archive_and_restore(client: ECRClient, pushed: str, clock: HandClock) -> None:
    before = await detail(client, pushed)
    assert (before.image_status, before.last_archived_at) == ("ACTIVE", None)

    archived_at = clock.now
    assert await move(client, pushed, "ARCHIVE") == "ARCHIVED"
    archived = await detail(client, pushed)
    assert (archived.image_status, archived.last_archived_at) == ("ARCHIVED", archived_at)
    assert archived.last_activated_at is None
    assert archived.image_tags == ["v1"]

    clock.advance(days=1)
    assert await move(client, pushed, "STANDARD") == "ACTIVATING"
    clock.advance(minutes=19)
    restoring = await detail(client, pushed)
    assert (restoring.image_status, restoring.last_activated_at) == ("ACTIVATING", None)

    clock.advance(minutes=1)
    restored = await detail(client, pushed)
    assert (restored.image_status, restored.last_activated_at) == ("ACTIVE", clock.now)
    assert restored.last_archived_at == archived_at


async def test_only_active_images_can_be_pulled(
    client: ECRClient, pushed: str, clock: HandClock
) -> None:
    await move(client, pushed, "ARCHIVE")
    assert await pull(client, pushed) == ["ImageInaccessible"]
    await move(client, pushed, "STANDARD")
    assert await pull(client, pushed) == ["ImageInaccessible"]
    assert (await detail(client, pushed)).last_recorded_pull_time is None
    clock.advance(minutes=20)
    assert await pull(client, pushed) == []
    assert (await detail(client, pushed)).last_recorded_pull_time == clock.now


async def test_filters(client: ECRClient, pushed: str, clock: HandClock) -> None:
    other = digest_of(image_manifest("other"))

    async def found(status: str | None) -> tuple[set[str], set[str | None]]:
        described = await client.describe_images(
            repository_name=pushed, filter=DescribeImagesFilter(image_status=status)
        ).collect()
        listed = await client.list_images(
            repository_name=pushed, filter=ListImagesFilter(image_status=status)
        ).collect()
        return {one.image_digest for one in described}, {one.image_digest for one in listed}

    await move(client, pushed, "ARCHIVE")
    assert await found(None) == await found("ACTIVE") == ({other}, {other})
    assert await found("ARCHIVED") == ({digest_of(MANIFEST)}, {digest_of(MANIFEST)})
    assert await found("ACTIVATING") == (set(), set())
    assert len((await found("ANY"))[0]) == 2

    await move(client, pushed, "STANDARD")
    assert await found("ARCHIVED") == (set(), set())
    assert await found("ACTIVATING") == ({digest_of(MANIFEST)}, {digest_of(MANIFEST)})
    clock.advance(minutes=20)
    assert len((await found(None))[0]) == 2


@pytest.mark.parametrize("is_restoring", [False, True])
@pytest.mark.parametrize("tag", ["v1", "v2", None])
async def test_a_push_restores_immediately(
    client: ECRClient, pushed: str, clock: HandClock, tag: str | None, *, is_restoring: bool
) -> None:
    await move(client, pushed, "ARCHIVE")
    if is_restoring:
        await move(client, pushed, "STANDARD")
    clock.advance(minutes=5)
    await client.put_image(repository_name=pushed, image_manifest=MANIFEST, image_tag=tag)
    restored = await detail(client, pushed)
    assert (restored.image_status, restored.last_activated_at) == ("ACTIVE", clock.now)
    assert restored.image_tags == (["v1", "v2"] if tag == "v2" else ["v1"])
    with pytest.raises(ImageAlreadyExistsException):
        await client.put_image(repository_name=pushed, image_manifest=MANIFEST, image_tag=tag)
    assert await move(client, pushed, "ARCHIVE") == "ARCHIVED"


async def test_an_archived_image_can_be_deleted(client: ECRClient, pushed: str) -> None:
    await move(client, pushed, "ARCHIVE")
    gone = await client.batch_delete_image(repository_name=pushed, image_ids=[{"image_tag": "v1"}])
    assert gone.failures == []
    with pytest.raises(ImageNotFoundException):
        await detail(client, pushed)


@pytest.mark.parametrize(
    ("before", "target", "message"),
    [
        ([], "STANDARD", "is ACTIVE"),
        (["ARCHIVE"], "ARCHIVE", "is ARCHIVED"),
        (["ARCHIVE", "STANDARD"], "STANDARD", "is ACTIVATING"),
        (["ARCHIVE", "STANDARD"], "ARCHIVE", "is ACTIVATING"),
    ],
)
async def test_refused_moves(
    client: ECRClient, pushed: str, before: list[str], target: str, message: str
) -> None:
    for step in before:
        await move(client, pushed, step)
    with pytest.raises(ImageStorageClassUpdateNotSupportedException, match=message):
        await move(client, pushed, target)


async def test_a_missing_image(client: ECRClient, repository: str) -> None:
    with pytest.raises(ImageNotFoundException):
        await move(client, repository, "ARCHIVE")
    with pytest.raises(RepositoryNotFoundException):
        await move(client, "none", "ARCHIVE")
    with pytest.raises(InvalidParameterException, match="both tag and digest"):
        await client.update_image_storage_class(
            repository_name=repository, image_id={}, target_storage_class="ARCHIVE"
        )


async def test_an_unknown_storage_class(client: ECRClient, pushed: str) -> None:
    with pytest.raises(InvalidParameterException, match="enum value set"):
        await move(client, pushed, "GLACIER")

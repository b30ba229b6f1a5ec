"""Pages and their tokens."""

from __future__ import annotations

import pytest

from ecrclient import ECRClient
from ecrclient.errors import InvalidParameterException
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import image_manifest

pytestmark = pytest.mark.anyio


async def make(client: ECRClient, count: int) -> list[str]:
    names = [f"app-{number:03}" for number in range(count)]
    for name in names:
        await client.create_repository(repository_name=name)
    return names


async def test_a_page_has_at_most_max_results(client: ECRClient) -> None:
    names = await make(client, 5)
    pages = [
        [one.repository_name for one in page.repositories]
        async for page in client.describe_repositories(max_results=2).pages()
    ]
    assert pages == [names[:2], names[2:4], names[4:]]


async def test_a_page_has_100_items_by_default(client: ECRClient) -> None:
    names = await make(client, 101)
    first = await client.describe_repositories()
    assert len(first.repositories) == 100
    second = await client.describe_repositories(next_token=first.next_token)
    assert [one.repository_name for one in second.repositories] == names[100:]
    assert second.next_token is None


async def test_the_last_page_has_no_token(client: ECRClient) -> None:
    await make(client, 2)
    assert (await client.describe_repositories(max_results=2)).next_token is None


async def test_images_are_paged(client: ECRClient, repository: str) -> None:
    for number in range(5):
        await client.put_image(
            repository_name=repository,
            image_manifest=image_manifest(str(number)),
            image_tag=f"v{number}",
        )
    details = [
        page
        async for page in client.describe_images(repository_name=repository, max_results=2).pages()
    ]
    assert [len(page.image_details) for page in details] == [2, 2, 1]
    listed = [
        page async for page in client.list_images(repository_name=repository, max_results=3).pages()
    ]
    assert [len(page.image_ids) for page in listed] == [3, 2]
    assert {one.image_tag for page in listed for one in page.image_ids} == {
        tag for page in details for image in page.image_details for tag in image.image_tags
    }


async def test_changes_between_pages_do_not_shift_them(client: ECRClient) -> None:
    names = await make(client, 4)
    first = await client.describe_repositories(max_results=2)
    await client.delete_repository(repository_name=names[1])
    await client.create_repository(repository_name="aaa")
    second = await client.describe_repositories(next_token=first.next_token, max_results=2)
    assert [one.repository_name for one in second.repositories] == names[2:]


async def test_the_page_size_may_change(client: ECRClient) -> None:
    await make(client, 4)
    first = await client.describe_repositories(max_results=1)
    second = await client.describe_repositories(next_token=first.next_token, max_results=3)
    assert len(second.repositories) == 3


async def test_a_token_belongs_to_its_request(client: ECRClient, repository: str) -> None:
    await client.create_repository(repository_name="other")
    for content in ("a", "b"):
        await client.put_image(repository_name=repository, image_manifest=image_manifest(content))
    token = (await client.list_images(repository_name=repository, max_results=1)).next_token
    assert token is not None

    with pytest.raises(InvalidParameterException, match="nextToken"):
        await client.list_images(repository_name="other", next_token=token)
    with pytest.raises(InvalidParameterException, match="nextToken"):
        await client.list_images(
            repository_name=repository, filter={"tag_status": "UNTAGGED"}, next_token=token
        )
    with pytest.raises(InvalidParameterException, match="nextToken"):
        await client.describe_images(repository_name=repository, next_token=token)
    assert len((await client.list_images(repository_name=repository, next_token=token)).image_ids)


@pytest.mark.parametrize("token", ["", "x", "bm8gdG9rZW4=", "é", "A" * 60])
async def test_a_forged_token(client: ECRClient, repository: str, token: str) -> None:
    with pytest.raises(InvalidParameterException, match="nextToken"):
        await client.list_images(repository_name=repository, next_token=token)


async def test_a_token_of_another_registry(client: ECRClient) -> None:
    await make(client, 2)
    token = (await client.describe_repositories(max_results=1)).next_token
    async with InMemoryECR().client() as other:
        with pytest.raises(InvalidParameterException, match="nextToken"):
            await other.describe_repositories(next_token=token)


async def test_named_repositories_are_not_paged(client: ECRClient, repository: str) -> None:
    with pytest.raises(InvalidParameterException, match="maxResults"):
        await client.describe_repositories(repository_names=[repository], max_results=10)
    with pytest.raises(InvalidParameterException, match="nextToken"):
        await client.describe_repositories(repository_names=[repository], next_token="x")


async def test_named_images_are_not_paged(client: ECRClient, repository: str) -> None:
    with pytest.raises(InvalidParameterException, match="maxResults"):
        await client.describe_images(
            repository_name=repository, image_ids=[{"image_tag": "v1"}], max_results=10
        )
    with pytest.raises(InvalidParameterException, match="nextToken"):
        await client.describe_images(
            repository_name=repository, image_ids=[{"image_tag": "v1"}], next_token="x"
        )

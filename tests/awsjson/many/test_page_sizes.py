"""The page sizes of iterations whose caller names none."""

from __future__ import annotations

from typing import Any

import pytest

from ecrclient import ResponseDecodeError
from ecrclient._awsjson.many.page_sizes import PageSizes, all_items, at_most, growing
from ecrclient._awsjson.protocol.operation import Pagination
from ecrclient.operations import OPERATIONS
from tests.tools.records import changed
from tests.tools.scripted import Scripted, ScriptedResponse, client, ok

pytestmark = pytest.mark.anyio


def page(count: int, token: str | None = None) -> ScriptedResponse:
    return ok({"imageIds": [{"imageTag": f"v{n}"} for n in range(count)], "nextToken": token})


def sizes(transport: Scripted) -> list[int | None]:
    return [body.get("maxResults") for body in transport.bodies]


async def test_collect_asks_for_the_largest_pages() -> None:
    transport = Scripted(page(3, "2"), page(2, "3"), page(1))
    await client(transport).list_images(repository_name="ab").collect()
    assert sizes(transport) == [1000, 1000, 1000]


@pytest.mark.parametrize(
    ("limit", "counts", "expected"),
    [
        (7, [7], [7]),
        (1000, [1000], [1000]),
        (1002, [1000, 2], [1000, 2]),
        (2500, [1000, 1000, 500], [1000, 1000, 500]),
        (7, [4, 3], [7, 1000]),
        (1, [0, 0, 1], [1, 1000, 1000]),
        (1003, [1000, 1, 2], [1000, 3, 1000]),
    ],
)
async def test_collect_asks_for_what_is_missing_and_after_a_short_page_for_the_largest(
    limit: int, counts: list[int], expected: list[int]
) -> None:
    responses = [page(count, str(number)) for number, count in enumerate(counts)]
    transport = Scripted(*responses)
    found = await client(transport).list_images(repository_name="ab").collect(limit)
    assert len(found) == min(limit, sum(counts))
    assert sizes(transport) == expected


async def test_first_asks_for_one_item() -> None:
    transport = Scripted(page(1, "2"))
    await client(transport).list_images(repository_name="ab").first()
    assert sizes(transport) == [1]


async def test_an_awaited_page_has_the_default_size() -> None:
    transport = Scripted(page(1))
    await client(transport).list_images(repository_name="ab")
    assert sizes(transport) == [None]


async def iterate_items(paginator: Any) -> None:
    async for _ in paginator:
        pass


async def iterate_pages(paginator: Any) -> None:
    async for _ in paginator.pages():
        pass


async def iterate_ahead(paginator: Any) -> None:
    async with paginator.prefetch(1) as items:
        async for _ in items:
            pass


async def collect_all(paginator: Any) -> None:
    await paginator.collect()


async def collect_three(paginator: Any) -> None:
    await paginator.collect(3)


WAYS = [iterate_items, iterate_pages, iterate_ahead]


@pytest.mark.parametrize("iterate", WAYS)
async def test_an_iteration_begins_with_the_default_size_and_goes_on_with_the_largest(
    iterate: Any,
) -> None:
    transport = Scripted(page(2, "2"), page(2, "3"), page(1))
    await iterate(client(transport).list_images(repository_name="ab"))
    assert sizes(transport) == [None, 1000, 1000]


@pytest.mark.parametrize("iterate", [*WAYS, collect_all, collect_three])
async def test_the_size_that_the_caller_names_is_that_of_every_page(iterate: Any) -> None:
    transport = Scripted(page(2, "2"), page(2))
    await iterate(client(transport).list_images(repository_name="ab", max_results=2))
    assert sizes(transport) == [2, 2]


async def test_each_use_of_a_paginator_has_its_own_sizes() -> None:
    transport = Scripted(page(2, "2"), page(1), page(2, "2"), page(1), page(1))
    images = client(transport).list_images(repository_name="ab")
    await iterate_items(images)
    await images.collect()
    await iterate_items(images)
    assert sizes(transport) == [None, 1000, 1000, 1000, None]


async def test_a_page_after_an_error_has_the_size_of_the_failed_one() -> None:
    transport = Scripted(page(2, "2"), ok({"imageIds": 1}), page(1))
    pages = client(transport).list_images(repository_name="ab").pages()
    await anext(pages)
    with pytest.raises(ResponseDecodeError, match="imageIds"):
        await anext(pages)
    await anext(pages)
    assert sizes(transport) == [None, 1000, 1000]


@pytest.mark.parametrize("collect", [collect_all, collect_three])
async def test_no_size_is_sent_beside_a_list_of_items(collect: Any) -> None:
    # ECR refuses a call with both.
    transport = Scripted(ok({"imageDetails": []}), ok({"repositories": []}))
    ecr = client(transport)
    await collect(ecr.describe_images(repository_name="ab", image_ids=[{"image_tag": "v1"}]))
    await collect(ecr.describe_repositories(repository_names=["ab"]))
    assert sizes(transport) == [None, None]


# -- services whose documentation states less ------------------------------------------------------

FIXED = Pagination("token", "token", "limit", (("items",),), largest=50)
UNKNOWN = changed(FIXED, largest=None)
NO_LIMIT = changed(FIXED, limit=None)


def first_and_later(found: PageSizes) -> tuple[int | None, int | None]:
    first = found.size
    found.received(1)
    return first, found.size


def test_a_size_that_must_not_change_is_sent_from_the_first_page_or_not_at_all() -> None:
    assert first_and_later(all_items(FIXED, {})) == (50, 50)
    assert first_and_later(growing(FIXED, {})) == (None, None)
    assert first_and_later(at_most(FIXED, {}, 50)) == (50, 50)
    assert first_and_later(at_most(FIXED, {}, 49)) == (None, None)


def test_a_size_that_must_not_change_is_not_sent_with_the_callers_token() -> None:
    members = {"token": "from an earlier iteration"}
    assert first_and_later(all_items(FIXED, members)) == (None, None)
    assert first_and_later(all_items(FIXED, {"token": None})) == (50, 50)
    resizable = changed(FIXED, resizable=True)
    assert first_and_later(all_items(resizable, members)) == (50, 50)


@pytest.mark.parametrize("pagination", [UNKNOWN, NO_LIMIT])
def test_no_size_is_sent_if_the_largest_is_unknown(pagination: Pagination) -> None:
    found = [
        all_items(pagination, {}),
        growing(changed(pagination, resizable=True), {}),
        at_most(pagination, {}, 5),
    ]
    assert {first_and_later(each) for each in found} == {(None, None)}


def test_every_paginated_operation_of_the_client_has_a_largest_page() -> None:
    paged = [found.pagination for found in OPERATIONS.values() if found.pagination]
    assert {found.largest for found in paged} == {50, 100, 1000}
    assert all(found.resizable for found in paged)

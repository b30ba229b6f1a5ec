"""Prefetching pages, and the deadline of an iteration, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import anyio
import anyio.lowlevel
import httpx
import pytest

from ecrclient import (
    CallOptions,
    ConfigurationError,
    DeadlineExceeded,
    ECRClient,
    PaginationError,
    ServiceError,
)
from tests.tools.scripted import NO_WAIT, Scripted, client, fail, ok
from tests.virtual_time import anyio_backend as anyio_backend

pytestmark = pytest.mark.anyio

LATENCY = 2.0
WORK = 1.0


class Service(Scripted):
    """A slow service with pages of one image each; counts the concurrent calls."""

    def __init__(
        self, count: int, *, latency: float = LATENCY, special: dict[int, Any] | None = None
    ) -> None:
        super().__init__()
        self.count = count
        self.latency = latency
        self.special = special or {}
        self.fetched = 0
        self.under_way = 0

    async def respond(self, request: httpx.Request) -> httpx.Response:
        number = len(self.requests)
        self.requests.append(request)
        self.under_way += 1
        try:
            await anyio.sleep(self.latency)
        finally:
            self.under_way -= 1
        self.fetched += 1
        if number in self.special:
            return cast("httpx.Response", self.special[number])
        token = str(number + 1) if number + 1 < self.count else None
        return ok({"imageIds": [{"imageTag": str(number)}], "nextToken": token})


async def opened(service: Scripted, **arguments: Any) -> ECRClient:
    ecr = client(service, **arguments)
    await cast(Any, ecr)._state.resources()
    return ecr


async def tasks() -> int:
    await anyio.lowlevel.checkpoint()
    return len(anyio.get_running_tasks())


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


@pytest.mark.parametrize(
    ("ahead", "seconds"),
    [
        (None, 10 * LATENCY + 10 * WORK),
        (1, 10 * LATENCY + WORK),
        (3, 10 * LATENCY + WORK),
    ],
)
async def test_fetching_and_consuming_overlap(ahead: int | None, seconds: float) -> None:
    ecr = await opened(Service(10))
    images = ecr.list_images(repository_name="ab")
    begun = anyio.current_time()
    found: list[str | None] = []
    if ahead is None:
        async for image in images:
            await anyio.sleep(WORK)
            found.append(image.image_tag)
    else:
        async with images.prefetch(ahead) as fetched:
            async for image in fetched:
                await anyio.sleep(WORK)
                found.append(image.image_tag)

    assert found == numbers(10)
    assert anyio.current_time() - begun == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("arguments", "ahead"), [((), 1), ((1,), 1), ((2,), 2), ((5,), 5)], ids=str
)
async def test_at_most_the_given_number_of_pages_is_fetched_ahead(
    arguments: tuple[int, ...], ahead: int
) -> None:
    service = Service(20, latency=0)
    ecr = await opened(service)
    consumed = 0
    most = 0
    async with ecr.list_images(repository_name="ab").prefetch(*arguments) as images:
        async for _ in images.pages():
            consumed += 1
            await anyio.sleep(1)
            most = max(most, service.fetched - consumed)
    assert consumed == 20
    assert most == ahead


async def test_an_empty_page_does_not_end_the_iteration() -> None:
    empty = ok({"imageIds": [], "nextToken": "2"})
    ecr = await opened(Service(3, special={1: empty}))
    async with ecr.list_images(repository_name="ab").prefetch() as images:
        assert [image.image_tag async for image in images] == ["0", "2"]


async def test_collect_and_first_continue_with_the_next_page() -> None:
    ecr = await opened(Service(5))
    async with ecr.list_images(repository_name="ab").prefetch() as images:
        first = await images.first()
        assert first is not None
        assert first.image_tag == "0"
        assert [image.image_tag for image in await images.collect(2)] == ["1", "2"]
        assert [image.image_tag for image in await images.collect()] == ["3", "4"]
        assert await images.first() is None


async def test_leaving_the_block_early_ends_the_task() -> None:
    service = Service(20)
    ecr = await opened(service)
    before = await tasks()
    async with ecr.list_images(repository_name="ab").prefetch(2) as images:
        async for image in images:
            await anyio.sleep(5 * LATENCY)
            if image.image_tag == "3":
                break
        assert await tasks() == before + 1
    assert await tasks() == before
    assert service.under_way == 0
    sent = len(service.requests)
    await anyio.sleep(100)
    assert len(service.requests) == sent


async def test_an_exception_of_the_consumer_is_raised_unchanged() -> None:
    service = Service(20)
    ecr = await opened(service)
    before = await tasks()
    with pytest.raises(KeyError, match="mine"):
        async with ecr.list_images(repository_name="ab").prefetch() as images:
            async for _ in images:
                raise KeyError("mine")
    assert await tasks() == before
    assert service.under_way == 0


async def test_cancellation_ends_the_task() -> None:
    service = Service(20)
    ecr = await opened(service)
    before = await tasks()
    with anyio.move_on_after(LATENCY * 2.5) as scope:
        async with ecr.list_images(repository_name="ab").prefetch() as images:
            async for _ in images:
                await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert await tasks() == before
    assert service.under_way == 0


async def test_an_error_is_raised_in_place_of_its_page_and_iteration_can_resume() -> None:
    service = Service(6, special={2: fail(400, "InvalidParameterException")})
    ecr = await opened(service)
    seen: list[str | None] = []
    token: str | None = None
    with pytest.raises(ServiceError, match="InvalidParameterException"):
        async with ecr.list_images(repository_name="ab").prefetch(3) as images:
            async for page in images.pages():
                await anyio.sleep(10 * LATENCY)
                seen += [image.image_tag for image in page.image_ids]
                token = page.next_token

    assert seen == ["0", "1"]
    rest = ecr.list_images(repository_name="ab", next_token=token)
    assert [image.image_tag async for image in rest] == ["3", "4", "5"]
    assert service.bodies[3]["nextToken"] == "2"


async def test_a_repeated_token_is_an_error() -> None:
    again = ok({"imageIds": [{"imageTag": "x"}], "nextToken": "1"})
    ecr = await opened(Service(9, special={1: again}))
    found: list[str | None] = []
    with pytest.raises(PaginationError):
        async with ecr.list_images(repository_name="ab").prefetch(4) as images:
            async for image in images:
                found.append(image.image_tag)  # noqa: PERF401 - keep the items before the error
    assert found == ["0", "x"]


async def test_a_prefetching_paginator_is_used_once_and_within_its_block() -> None:
    ecr = await opened(Service(2))
    ahead = ecr.list_images(repository_name="ab").prefetch()
    with pytest.raises(RuntimeError, match="async with"):
        await ahead.collect()
    async with ahead as images:
        iterator = images.pages()
        await anext(iterator)
    with pytest.raises(RuntimeError, match="has ended"):
        await anext(iterator)
    with pytest.raises(RuntimeError, match="once"):
        await ahead.__aenter__()


@pytest.mark.parametrize("pages", [0, -1])
async def test_fewer_than_one_page_is_refused(pages: int) -> None:
    with pytest.raises(ConfigurationError, match="pages must be at least 1"):
        client(Service(1)).list_images(repository_name="ab").prefetch(pages)


# -- the deadline of an iteration -----------------------------------------------------------------


async def iterate(ecr: ECRClient, *, ahead: bool, pause: float) -> Sequence[str | None]:
    found: list[str | None] = []
    paginator = ecr.list_images(repository_name="ab")
    if ahead:
        async with paginator.prefetch() as images:
            async for image in images:
                found.append(image.image_tag)
                await anyio.sleep(pause)
    else:
        async for image in paginator:
            found.append(image.image_tag)
            await anyio.sleep(pause)
    return found


@pytest.mark.parametrize("ahead", [False, True])
async def test_the_deadline_covers_all_pages(*, ahead: bool) -> None:
    ecr = await opened(Service(10), options=CallOptions(deadline=4.5 * LATENCY))
    with pytest.raises(DeadlineExceeded) as caught:
        await iterate(ecr, ahead=ahead, pause=0)
    assert anyio.current_time() == pytest.approx(4.5 * LATENCY)
    assert caught.value.spent["attempts"] == pytest.approx(4.5 * LATENCY)
    assert caught.value.deadline == 4.5 * LATENCY


async def test_the_deadline_includes_the_time_of_the_consumer() -> None:
    ecr = await opened(Service(10), options=CallOptions(deadline=10))
    with pytest.raises(DeadlineExceeded) as caught:
        await iterate(ecr, ahead=False, pause=7)
    assert anyio.current_time() == pytest.approx(10)
    spent = caught.value.spent
    assert (spent["between"], spent["attempts"]) == pytest.approx((7, 3))
    assert "between 7.00 s" in str(caught.value)


async def test_the_deadline_starts_with_the_first_page_of_each_iteration() -> None:
    ecr = await opened(Service(20), options=CallOptions(deadline=3 * LATENCY))
    images = ecr.list_images(repository_name="ab")
    iterations = [images.pages(), images.pages()]
    await anyio.sleep(100)
    for pages in iterations:
        for _ in range(2):
            await anext(pages)


async def test_the_deadline_includes_retries() -> None:
    broken = fail(500, "ServerException")
    ecr = await opened(
        Service(9, special={1: broken, 2: broken}),
        options=CallOptions(deadline=3.5 * LATENCY, retry=NO_WAIT),
    )
    with pytest.raises(DeadlineExceeded) as caught:
        await iterate(ecr, ahead=False, pause=0)
    assert caught.value.attempts == 3

"""Batches of ids, and responses with partial success."""

from __future__ import annotations

import copy
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, cast

import anyio
import anyio.lowlevel
import httpx
import pytest

from ecrclient import (
    BatchError,
    BatchFailure,
    CallNext,
    CallOptions,
    ConfigurationError,
    DeadlineExceeded,
    ECRClient,
    ECRClientError,
    RequestValidationError,
    ServiceError,
)
from ecrclient.errors import InvalidParameterException
from ecrclient.models import (
    BatchCheckLayerAvailabilityResponse,
    BatchGetImageResponse,
    ImageFailure,
    ImageIdentifier,
    LayerFailure,
)
from ecrclient.testing import InMemoryECR
from tests.tools.scripted import Scripted, client, fail
from tests.virtual_time import anyio_backend as anyio_backend

pytestmark = pytest.mark.anyio


class Images(Scripted):
    """A service with all images except *missing*; counts the concurrent calls."""

    def __init__(
        self, *missing: str, latency: dict[int, float] | float = 0, broken: tuple[int, ...] = ()
    ) -> None:
        super().__init__()
        self.missing = missing
        self.latency = latency
        self.broken = broken
        self.in_progress = 0
        self.most_in_progress = 0

    async def respond(self, request: httpx.Request) -> httpx.Response:
        number = len(self.requests)
        self.requests.append(request)
        self.in_progress += 1
        self.most_in_progress = max(self.most_in_progress, self.in_progress)
        wait = self.latency if isinstance(self.latency, float | int) else self.latency[number]
        try:
            await anyio.sleep(wait)
        finally:
            self.in_progress -= 1
        if number in self.broken:
            return fail(400, "InvalidParameterException")
        tags = [image_id["imageTag"] for image_id in self.bodies[number]["imageIds"]]
        found = [tag for tag in tags if tag not in self.missing]
        return httpx.Response(
            200,
            json={
                "images": [{"imageId": {"imageTag": tag}, "imageManifest": tag} for tag in found],
                "failures": [
                    {
                        "imageId": {"imageTag": tag},
                        "failureCode": "ImageNotFound",
                        "failureReason": "Requested image not found",
                    }
                    for tag in tags
                    if tag in self.missing
                ],
            },
        )

    @property
    def sizes(self) -> list[int]:
        return [len(body["imageIds"]) for body in self.bodies]


def ids(count: int) -> list[ImageIdentifier]:
    return [ImageIdentifier(image_tag=f"v{number}") for number in range(count)]


async def opened(service: Scripted, **arguments: Any) -> ECRClient:
    ecr = client(service, **arguments)
    await cast(Any, ecr)._state.resources()
    return ecr


def get(ecr: ECRClient, image_ids: Any) -> Any:
    return ecr.get_images(repository_name="ab", image_ids=image_ids)


def tags(images: list[Any]) -> list[str]:
    return [image.image_manifest for image in images]


def names(count: int) -> list[str]:
    return [f"v{number}" for number in range(count)]


async def tasks() -> int:
    await anyio.lowlevel.checkpoint()
    return len(anyio.get_running_tasks())


# -- run and settled ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(0, []), (1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])],
)
async def test_ids_are_split_into_chunks(count: int, sizes: list[int]) -> None:
    service = Images()
    assert tags(await get(await opened(service), ids(count))) == names(count)
    assert service.sizes == sizes


async def test_one_invalid_id_of_250_is_one_typed_failure() -> None:
    service = Images("v120")
    with pytest.raises(BatchError) as caught:
        await get(await opened(service), ids(250))

    error = caught.value
    assert len(error.succeeded) == 249
    (failure,) = cast("tuple[BatchFailure[ImageFailure]]", error.exceptions)
    assert isinstance(failure, BatchFailure)
    assert (failure.code, failure.reason) == ("ImageNotFound", "Requested image not found")
    assert failure.id == ImageIdentifier(image_tag="v120")
    assert isinstance(failure.failure, ImageFailure)
    assert str(error) == "1 failed, 249 succeeded (1 sub-exception)"
    assert service.sizes == [100, 100, 50]


async def test_settled_returns_items_and_failures() -> None:
    result = await get(await opened(Images("v1", "v120")), ids(130)).settled()

    assert len(result.items) == 128
    assert [failure.id.image_tag for failure in result.failures] == ["v1", "v120"]
    assert result.errors == []


async def test_a_failed_call_does_not_discard_the_items_of_others() -> None:
    ecr = await opened(Images("v220", broken=(1,)))
    with pytest.raises(BatchError) as caught:
        await get(ecr, ids(250))

    error = caught.value
    kept = [*names(100), *names(250)[200:]]
    kept.remove("v220")
    assert tags(list(error.succeeded)) == kept
    failure, whole = error.exceptions
    assert isinstance(failure, BatchFailure)
    assert isinstance(whole, ServiceError)
    assert whole.__notes__ == ["image_ids 100 to 199, counted from 0"]


async def test_items_are_in_order_whichever_call_ends_first() -> None:
    service = Images(latency={0: 3, 1: 1, 2: 2})
    assert tags(await get(await opened(service), ids(250))) == names(250)
    assert service.most_in_progress == 3


@pytest.mark.parametrize("concurrency", [1, 2, 4])
async def test_concurrent_calls_are_limited(concurrency: int) -> None:
    service = Images(latency=1)
    await get(await opened(service), ids(1000)).run(concurrency=concurrency)
    assert service.most_in_progress == concurrency
    assert len(service.requests) == 10


async def test_images_are_deleted_one_call_at_a_time() -> None:
    """An image that an index needs can be deleted only after the index."""
    service = Images(latency=1)
    ecr = await opened(service)
    await ecr.delete_images(repository_name="ab", image_ids=ids(300))
    assert service.most_in_progress == 1
    assert service.sizes == [100, 100, 100]


async def test_each_use_sends_the_calls_again() -> None:
    service = Images()
    images = get(await opened(service), ids(3))
    assert service.requests == []
    assert tags(await images) == tags(await images) == names(3)
    assert len(service.requests) == 2


# -- sources of ids -------------------------------------------------------------------------------


async def test_the_ids_may_be_any_iterable() -> None:
    def generated() -> Iterator[dict[str, str]]:
        for name in names(150):
            yield {"image_tag": name}

    service = Images()
    assert tags(await get(await opened(service), generated())) == names(150)
    assert service.sizes == [100, 50]


class Ids(AsyncIterator[ImageIdentifier]):
    """An async iterable of ids; counts those that were taken."""

    def __init__(self, count: int, *, fails_at: int | None = None) -> None:
        self.count = count
        self.taken = 0
        self.fails_at = fails_at

    async def __anext__(self) -> ImageIdentifier:
        await anyio.lowlevel.checkpoint()
        if self.taken == self.fails_at:
            raise KeyError("mine")
        if self.taken == self.count:
            raise StopAsyncIteration
        self.taken += 1
        return ImageIdentifier(image_tag=f"v{self.taken - 1}")


async def test_an_async_iterable_is_read_only_as_far_as_needed() -> None:
    service = Images()
    source = Ids(1000)
    taken: list[int] = []
    async with get(await opened(service), source).stream(concurrency=2) as images:
        async for _ in images:
            await anyio.sleep(1)
            taken.append(source.taken)
    # One chunk is being consumed; two more are in progress or complete.
    assert taken[0] == 300
    assert taken[99] == 300
    assert taken[100] == 400
    assert taken[-1] == 1000


async def test_an_exception_of_middleware_is_raised() -> None:
    async def broken(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        await get(await opened(Images(), middleware=[broken]), ids(250))


async def test_an_exception_of_the_source_is_raised() -> None:
    ecr = await opened(Images())
    before = await tasks()
    with pytest.raises(KeyError, match="mine"):
        await get(ecr, Ids(500, fails_at=250))
    assert await tasks() == before


@pytest.mark.parametrize("wrong", ["v1", b"v1", {"image_tag": "v1"}, ids(1)[0], 7, None])
async def test_ids_that_are_not_an_iterable_of_ids_are_refused(wrong: object) -> None:
    service = Images()
    with pytest.raises(RequestValidationError) as refused:
        await get(await opened(service), wrong)
    (problem,) = refused.value.problems
    assert problem.member == "image_ids"
    assert problem.message == f"must be an iterable of ids, not {type(wrong).__name__}"
    assert service.requests == []


async def test_an_invalid_id_in_a_list_is_named_and_nothing_is_sent() -> None:
    service = Images()
    wrong = [{"image_tag": name} for name in names(250)]
    wrong[220] = {"image_tag": ""}
    with pytest.raises(RequestValidationError) as refused:
        await get(await opened(service), wrong)
    assert [problem.member for problem in refused.value.problems] == ["image_ids[220].image_tag"]
    assert service.requests == []


async def test_an_invalid_member_is_named() -> None:
    ecr = await opened(Images())
    with pytest.raises(RequestValidationError, match="batch_get_image: repository_name: "):
        await ecr.get_images(repository_name="A", image_ids=ids(1))


async def test_an_invalid_id_of_an_async_iterable_is_reported_with_the_items() -> None:
    async def source() -> AsyncIterator[dict[str, str]]:
        for name in names(150):
            yield {"image_tag": name if name != "v120" else ""}

    result = await get(await opened(Images()), source()).settled()
    assert len(result.items) == 100
    (error,) = result.errors
    assert isinstance(error, RequestValidationError)
    assert error.problems[0].member == "image_ids[120].image_tag"


@pytest.mark.parametrize("concurrency", [0, -1])
async def test_an_invalid_concurrency_is_refused(concurrency: int) -> None:
    with pytest.raises(ConfigurationError, match="concurrency"):
        await get(client(Images()), ids(1)).run(concurrency=concurrency)


# -- streams --------------------------------------------------------------------------------------


async def test_a_stream_yields_items_in_order() -> None:
    ecr = await opened(Images(latency={0: 3, 1: 1, 2: 2}))
    async with get(ecr, ids(250)).stream() as images:
        assert [image.image_manifest async for image in images] == names(250)


async def test_an_unordered_stream_yields_items_as_they_arrive() -> None:
    ecr = await opened(Images(latency={0: 3, 1: 1, 2: 2}))
    async with get(ecr, ids(250)).stream(ordered=False) as images:
        found = [image.image_manifest async for image in images]
    assert found == names(250)[100:] + names(100)


@pytest.mark.parametrize("ordered", [True, False])
async def test_a_stream_raises_failures_after_the_last_item(*, ordered: bool) -> None:
    ecr = await opened(Images("v1", broken=(1,), latency={0: 3, 1: 1, 2: 2}))
    found: list[str] = []
    with pytest.raises(BatchError) as caught:
        async with get(ecr, ids(250)).stream(ordered=ordered) as images:
            async for image in images:
                found.append(image.image_manifest)  # noqa: PERF401 - keep the items despite the error
    assert len(found) == 149
    assert {type(error) for error in caught.value.exceptions} == {
        BatchFailure,
        InvalidParameterException,
    }


@pytest.mark.parametrize("ordered", [True, False])
async def test_a_stream_works_ahead_by_at_most_its_concurrency(*, ordered: bool) -> None:
    service = Images()
    ecr = await opened(service)
    consumed = 0
    async with get(ecr, ids(1000)).stream(concurrency=3, ordered=ordered) as images:
        async for _ in images:
            if consumed % 100 == 0:
                await anyio.sleep(1)
                # The chunk that is being consumed, and three more.
                assert len(service.requests) <= consumed // 100 + 4
            consumed += 1
    assert consumed == 1000


@pytest.mark.parametrize("ordered", [True, False])
async def test_leaving_a_stream_early_ends_its_tasks_and_calls(*, ordered: bool) -> None:
    service = Images(latency=1)
    ecr = await opened(service)
    before = await tasks()
    async with get(ecr, ids(1000)).stream(ordered=ordered) as images:
        async for _ in images:
            break
    assert await tasks() == before
    assert service.in_progress == 0


async def test_an_exception_of_the_consumer_is_raised_unchanged() -> None:
    ecr = await opened(Images(latency=1))
    before = await tasks()
    with pytest.raises(KeyError, match="mine"):
        async with get(ecr, ids(1000)).stream() as images:
            async for _ in images:
                raise KeyError("mine")
    assert await tasks() == before


async def test_cancellation_ends_the_calls() -> None:
    service = Images(latency=5)
    ecr = await opened(service)
    before = await tasks()
    with anyio.move_on_after(2) as scope:
        await get(ecr, ids(1000))
    assert scope.cancelled_caught
    assert await tasks() == before
    assert service.in_progress == 0


async def test_the_deadline_covers_all_calls() -> None:
    ecr = await opened(Images(latency=2), options=CallOptions(deadline=5))
    result = await get(ecr, ids(1000)).settled(concurrency=1)
    assert len(result.items) == 200
    assert {type(error) for error in result.errors} == {DeadlineExceeded}
    assert anyio.current_time() == pytest.approx(5)


# -- responses with partial success ---------------------------------------------------------------


def partial(*codes: str) -> BatchGetImageResponse:
    return BatchGetImageResponse(
        failures=[
            ImageFailure(image_id=ImageIdentifier(image_tag="v1"), failure_code=code)
            for code in codes
        ]
    )


def test_raise_for_failures_returns_a_response_without_failures() -> None:
    response = partial()
    assert response.raise_for_failures() is response


def test_raise_for_failures_raises_a_group() -> None:
    with pytest.raises(BatchError) as caught:
        partial("ImageNotFound", "InvalidImageTag").raise_for_failures()
    assert [cast(Any, failure).code for failure in caught.value.exceptions] == [
        "ImageNotFound",
        "InvalidImageTag",
    ]


def test_a_failure_without_a_reason_and_an_id() -> None:
    response = BatchCheckLayerAvailabilityResponse(failures=[LayerFailure(failure_code="x")])
    with pytest.raises(BatchError) as caught:
        response.raise_for_failures()
    (failure,) = caught.value.exceptions
    assert isinstance(failure, BatchFailure)
    assert (failure.code, failure.reason, failure.id) == ("x", "", None)


async def test_the_in_memory_registry_reports_failures() -> None:
    async with InMemoryECR().client() as ecr:
        await ecr.create_repository(repository_name="ab")
        response = await ecr.batch_get_image(repository_name="ab", image_ids=ids(2))
        with pytest.raises(BatchError, match="2 failed, 0 succeeded"):
            response.raise_for_failures()
        with pytest.raises(BatchError, match="150 failed"):
            await ecr.repository("ab").get_images(image_ids=ids(150))


def test_except_star_handles_the_failures() -> None:
    other = ServiceError("ServerException")
    group = BatchError.of([BatchFailure("a", "b", "c", None), other], ["kept"])
    caught: list[Any] = []
    with pytest.raises(BatchError) as rest:
        try:
            raise group
        except* BatchFailure as failures:  # pyright: ignore[reportUnknownVariableType]
            caught.append(failures)
    assert [type(error) for error in caught] == [BatchError]
    assert caught[0].succeeded == ["kept"]
    assert rest.value.exceptions == (other,)
    assert isinstance(group, ECRClientError)


def pickled(error: BatchError) -> BatchError:
    same: BatchError = pickle.loads(pickle.dumps(error))
    return same


def copied(error: BatchError) -> BatchError:
    return copy.copy(error)


@pytest.mark.parametrize("twin", [copied, pickled])
def test_a_group_pickles_and_copies(twin: Callable[[BatchError], BatchError]) -> None:
    group = BatchError.of([BatchFailure("a", "b", "c", partial("x").failures[0])], ["kept"])
    same = twin(group)
    assert str(same) == str(group)
    assert list(same.succeeded) == ["kept"]
    assert [str(error) for error in same.exceptions] == ["c: a: b"]
    assert [cast(Any, error).failure for error in same.exceptions] == partial("x").failures

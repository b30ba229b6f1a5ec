"""Paginators and batches as coroutines: several runs, introspection, and the forgotten ones."""

from __future__ import annotations

import asyncio
import gc
import inspect
import io
import subprocess
import sys
import textwrap
import tracemalloc
import warnings
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import trio

from ecrclient import (
    AttemptTimeout,
    Batches,
    CallOptions,
    ConfigurationError,
    ECRClient,
    Paginator,
    RetryPolicy,
)
from ecrclient.models import ImageIdentifier
from ecrclient.operations import LIST_IMAGES
from ecrclient.testing import InMemoryECR

pytestmark = pytest.mark.anyio


@pytest.fixture
def memory() -> InMemoryECR:
    memory = InMemoryECR()
    memory.add_image("team/app", [b"a layer"], tags=["v1"])
    return memory


@pytest.fixture
def ecr(memory: InMemoryECR) -> ECRClient:
    return memory.client()


def list_images(ecr: ECRClient) -> Any:
    return ecr.list_images(repository_name="team/app")


def delete_images(ecr: ECRClient) -> Any:
    return ecr.delete_images(repository_name="team/app", image_ids=[{"image_tag": "v1"}])


@contextmanager
def reported() -> Generator[list[str]]:
    """The texts of the warnings in the block; unlike pytest's, they do not keep their source."""
    found: list[str] = []

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        found.append(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        yield found


# -- several runs ---------------------------------------------------------------------------------


async def test_each_run_starts_again(memory: InMemoryECR, ecr: ECRClient) -> None:
    images = list_images(ecr)
    for _ in range(2):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: images)
        await images
    assert memory.calls.operations == ["ListImages"] * 4


async def test_awaiting_in_two_tasks_is_two_calls(memory: InMemoryECR, ecr: ECRClient) -> None:
    images = list_images(ecr)

    async def wait() -> None:
        await images

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        tasks.start_soon(wait)
    assert memory.calls.operations == ["ListImages"] * 2


async def test_a_second_task_is_refused_and_the_first_one_continues(
    memory: InMemoryECR, ecr: ECRClient
) -> None:
    images = list_images(ecr)
    memory.faults.latency(0.01)
    results: list[object] = []

    async def run() -> None:
        try:
            # As an event loop does, which calls send() instead of __await__().
            results.append(await _Sent(images))
        except RuntimeError as error:
            results.append(str(error))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        tasks.start_soon(run)
    refused, page = results
    assert refused == (
        "another task runs this ECRClient.list_images(...): call the method for each task"
    )
    assert isinstance(page, type(await images))
    assert memory.calls.operations == ["ListImages"] * 2


class _Sent:
    """Runs a coroutine with ``send`` and ``throw`` in the task that awaits it."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                if error is None:
                    yielded = self.coroutine.send(value)
                else:
                    yielded = self.coroutine.throw(error)
            except StopIteration as end:
                return end.value
            try:
                value, error = (yield yielded), None
            except BaseException as raised:  # noqa: BLE001 - passed to the coroutine
                value, error = None, raised


async def test_a_run_can_be_cancelled(memory: InMemoryECR, ecr: ECRClient) -> None:
    images = list_images(ecr)
    memory.faults.latency(60)
    with anyio.move_on_after(0.01) as scope:
        await _Sent(images)
    assert scope.cancelled_caught
    assert inspect.getcoroutinestate(images) == inspect.CORO_CLOSED


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_that_is_cancelled_before_it_starts_sends_nothing(
    anyio_backend: str, memory: InMemoryECR, ecr: ECRClient
) -> None:
    task = asyncio.create_task(list_images(ecr))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert memory.calls.operations == []


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_call_that_a_task_runs_can_time_out(
    anyio_backend: str, memory: InMemoryECR
) -> None:
    """anyio asks for the state of the task's coroutine before it delivers a cancellation."""
    options = CallOptions(timeout=0.01, retry=RetryPolicy(max_attempts=1))
    ecr = memory.client(options=options)
    memory.faults.latency(60)
    with pytest.raises(AttemptTimeout):
        await asyncio.create_task(list_images(ecr))


# -- what an event loop and a debugger read -------------------------------------------------------


async def test_it_is_a_coroutine_by_every_test(ecr: ECRClient) -> None:
    for made in (list_images(ecr), delete_images(ecr)):
        assert type(made) in {Paginator, Batches}
        assert inspect.iscoroutine(made)
        assert inspect.isawaitable(made)
        assert asyncio.iscoroutine(made)
        assert isinstance(made, Coroutine)
        made.close()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_shows_its_call(
    anyio_backend: str, memory: InMemoryECR, ecr: ECRClient
) -> None:
    images = list_images(ecr)
    assert inspect.getcoroutinestate(images) == inspect.CORO_CREATED
    memory.faults.latency(0.01)
    task: asyncio.Task[Any] = asyncio.create_task(images)
    same: Any = task.get_coro()
    assert same is images
    assert "coro=<ECRClient.list_images() running at " in repr(task)
    await anyio.lowlevel.checkpoint()
    assert inspect.getcoroutinestate(images) == inspect.CORO_SUSPENDED
    assert images.cr_await is not None
    assert [frame.f_code for frame in task.get_stack()] == [images.cr_code]
    task.print_stack(file=(printed := io.StringIO()))
    assert "in _call" in printed.getvalue()
    await task
    assert inspect.getcoroutinestate(images) == inspect.CORO_CLOSED
    assert "coro=<ECRClient.list_images() done, defined at " in repr(task)
    assert images.cr_origin is None


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_a_trio_task_shows_its_call(
    anyio_backend: str, memory: InMemoryECR, ecr: ECRClient
) -> None:
    memory.faults.latency(0.01)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: list_images(ecr))
        await trio.lowlevel.checkpoint()
        (task,) = nursery.child_tasks
        functions = [frame.f_code.co_name for frame, _ in task.iter_await_frames()]
    assert functions[0] == "_call"


async def test_looking_at_the_state_is_not_a_use(ecr: ECRClient) -> None:
    images = list_images(ecr)
    assert inspect.getcoroutinestate(images) == inspect.CORO_CREATED
    with pytest.warns(RuntimeWarning, match=r"^ECRClient\.list_images\(\.\.\.\) was never"):
        del images
    images = list_images(ecr)
    assert inspect.getcoroutinestate(images) == inspect.CORO_CREATED
    assert len([image async for image in images]) == 1


async def test_close_ends_a_run(ecr: ECRClient) -> None:
    await ecr.describe_registry()  # resolves the settings
    images = list_images(ecr)
    images.send(None)
    assert inspect.getcoroutinestate(images) == inspect.CORO_SUSPENDED
    images.close()
    assert inspect.getcoroutinestate(images) == inspect.CORO_CLOSED


# -- forgotten calls ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["list_images", "delete_images"])
async def test_a_forgotten_call_is_reported_where_it_was_made(ecr: ECRClient, method: str) -> None:
    with pytest.warns(RuntimeWarning) as caught:
        {"list_images": list_images, "delete_images": delete_images}[method](ecr)
    (warning,) = caught
    assert str(warning.message) == f"ECRClient.{method}(...) was never awaited or iterated"
    assert warning.filename == __file__


async def test_a_forgotten_call_of_a_handle_is_reported(ecr: ECRClient) -> None:
    with pytest.warns(RuntimeWarning, match=r"^ECRClient\.list_images\(\.\.\.\) was never"):
        ecr.repository("team/app").list_images()


async def test_a_subclass_of_the_client_is_named(memory: InMemoryECR) -> None:
    class Registry(ECRClient):
        pass

    with pytest.warns(RuntimeWarning, match=r"^Registry\.list_images\(\.\.\.\) was never"):
        Registry(transport=memory.transport()).list_images(repository_name="team/app")


async def test_tracemalloc_shows_where_a_forgotten_call_was_made(ecr: ECRClient) -> None:
    tracemalloc.start(4)
    try:
        with pytest.warns(RuntimeWarning) as caught:
            list_images(ecr)
        trace = tracemalloc.get_object_traceback(caught[0].source)
    finally:
        tracemalloc.stop()
    assert trace is not None
    assert __file__ in {frame.filename for frame in trace}


async def test_a_use_of_any_kind_is_not_reported(ecr: ECRClient) -> None:
    """Warnings are errors in this test suite."""
    with reported() as found:
        await list_images(ecr)
        pages = list_images(ecr).pages()
        items = aiter(list_images(ecr))
        collected, first = list_images(ecr).collect(), list_images(ecr).first()
        gc.collect()
        assert [page async for page in pages]
        assert [item async for item in items]
        assert await collected
        assert await first
        assert await list_images(ecr).collect(limit=0) == []
        async with list_images(ecr).prefetch() as ahead:
            assert [item async for item in ahead]
        images = [ImageIdentifier(image_tag="v1")]
        stream = ecr.get_images(repository_name="team/app", image_ids=images).stream()
        gc.collect()
        async with stream as streamed:
            assert [image async for image in streamed]
        ids = list_images(ecr)
        assert (await ecr.get_images(repository_name="team/app", image_ids=ids).settled()).items
        del ids
        list_images(ecr).close()
        gc.collect()
    assert found == []


async def test_a_use_with_a_wrong_argument_is_not_reported(ecr: ECRClient) -> None:
    wrong: Any = "two"
    with reported() as found:
        with pytest.raises(ConfigurationError):
            await list_images(ecr).collect(limit=wrong)
        with pytest.raises(ConfigurationError):
            list_images(ecr).prefetch(wrong)
        with pytest.raises(ConfigurationError):
            delete_images(ecr).stream(concurrency=wrong)
        gc.collect()
    assert found == []


async def test_a_forgotten_collect_is_reported_with_the_method(ecr: ECRClient) -> None:
    with reported() as found:
        list_images(ecr).collect()
        gc.collect()
    assert found == [
        "coroutine '_ItemsAndPages.collect' was never awaited",
        "ECRClient.list_images(...) was never awaited or iterated",
    ]


async def test_an_object_that_could_not_be_made_is_not_reported(ecr: ECRClient) -> None:
    with reported() as found:
        with pytest.raises(TypeError):
            Paginator(LIST_IMAGES, {})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        gc.collect()
    assert found == []


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("forgotten = ecr.list_images(repository_name='team/app')", ""),
        ("ecr.list_images(repository_name='team/app')", "ECRClient.list_images(...) was never"),
    ],
    ids=["kept until the end", "lost"],
)
def test_the_end_of_the_process_is_not_a_mistake(code: str, printed: str) -> None:
    program = f"from ecrclient import ECRClient\necr = ECRClient(region='eu-west-1')\n{code}\n"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed in done.stderr
    assert bool(done.stderr) == bool(printed), done.stderr

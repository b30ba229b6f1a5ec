"""The ways to run what paginated and batch methods return.

The table in docs/guides/concurrency.md has a row for each test of this file.
"""

from __future__ import annotations

import asyncio
import functools
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import anyio.abc
import anyio.from_thread
import anyio.to_thread
import pytest
import trio

from ecrclient.models import ImageIdentifier
from ecrclient.testing import InMemoryECR

Call = Callable[[], Coroutine[Any, Any, Any]]
BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
EAGER = pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")


@pytest.fixture
def memory() -> InMemoryECR:
    memory = InMemoryECR()
    memory.add_image("team/app", [b"a layer"], tags=["v1"])
    return memory


@pytest.fixture(params=["paginator", "batches"])
def call(request: pytest.FixtureRequest, memory: InMemoryECR) -> Call:
    """Call a paginated method, or a batch method."""
    ecr = memory.client()
    if request.param == "paginator":
        return functools.partial(ecr.list_images, repository_name="team/app")
    ids = [ImageIdentifier(image_tag="v1")]
    return functools.partial(ecr.get_images, repository_name="team/app", image_ids=ids)


def tag(result: Any) -> object:
    """The tag of the one image in a page of identifiers, or in the list of a batch."""
    identifiers: Any = getattr(result, "image_ids", None) or [result[0].image_id]
    return identifiers[0].image_tag


async def keep(call: Call, results: list[object]) -> None:
    results.append(tag(await call()))


# -- in any event loop ----------------------------------------------------------------------------


@BACKENDS
def test_await(call: Call, backend: str) -> None:
    results: list[object] = []
    anyio.run(keep, call, results, backend=backend)
    assert results == ["v1"]


@BACKENDS
def test_anyio_run(call: Call, backend: str) -> None:
    assert tag(anyio.run(call, backend=backend)) == "v1"


@BACKENDS
def test_anyio_start_soon(call: Call, memory: InMemoryECR, backend: str) -> None:
    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)

    anyio.run(main, backend=backend)
    assert len(memory.calls.operations) == 1


@BACKENDS
def test_anyio_create_task(call: Call, backend: str) -> None:
    async def main() -> object:
        handles: list[Any] = []
        async with anyio.create_task_group() as tasks:
            handles.append(tasks.create_task(call()))
        return tag(handles[0].return_value)

    if not hasattr(anyio.abc.TaskGroup, "create_task"):
        pytest.skip("new in anyio 4.14")
    assert anyio.run(main, backend=backend) == "v1"


@BACKENDS
def test_anyio_fail_after(call: Call, backend: str) -> None:
    async def main() -> object:
        with anyio.fail_after(30):
            return tag(await call())

    assert anyio.run(main, backend=backend) == "v1"


@BACKENDS
def test_anyio_from_thread(call: Call, backend: str) -> None:
    async def main() -> object:
        return tag(await anyio.to_thread.run_sync(anyio.from_thread.run, call))

    assert anyio.run(main, backend=backend) == "v1"


@BACKENDS
def test_anyio_blocking_portal(call: Call, backend: str) -> None:
    with anyio.from_thread.start_blocking_portal(backend) as portal:
        assert tag(portal.call(call)) == "v1"
        assert tag(portal.start_task_soon(call).result(30)) == "v1"


# -- asyncio --------------------------------------------------------------------------------------


def test_asyncio_run(call: Call) -> None:
    assert tag(asyncio.run(call())) == "v1"


def test_asyncio_run_until_complete(call: Call) -> None:
    loop = asyncio.new_event_loop()
    try:
        assert tag(loop.run_until_complete(call())) == "v1"
    finally:
        loop.close()


def test_asyncio_create_task(call: Call) -> None:
    async def main() -> object:
        return tag(await asyncio.create_task(call()))

    assert asyncio.run(main()) == "v1"


def test_asyncio_ensure_future(call: Call) -> None:
    async def main() -> object:
        return tag(await asyncio.ensure_future(call()))

    assert asyncio.run(main()) == "v1"


def test_asyncio_task_group(call: Call) -> None:
    async def main() -> object:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(call())
        return tag(task.result())

    assert asyncio.run(main()) == "v1"


def test_asyncio_gather(call: Call) -> None:
    async def main() -> list[object]:
        return [tag(result) for result in await asyncio.gather(call(), call())]

    assert asyncio.run(main()) == ["v1", "v1"]


def test_asyncio_wait(call: Call) -> None:
    async def main() -> list[object]:
        done, _ = await asyncio.wait([asyncio.create_task(call()), asyncio.create_task(call())])
        return [tag(task.result()) for task in done]

    assert asyncio.run(main()) == ["v1", "v1"]


def test_asyncio_as_completed(call: Call) -> None:
    async def main() -> list[object]:
        return [tag(await each) for each in asyncio.as_completed([call(), call()])]

    assert asyncio.run(main()) == ["v1", "v1"]


def test_asyncio_wait_for(call: Call) -> None:
    async def main() -> object:
        return tag(await asyncio.wait_for(call(), 30))

    assert asyncio.run(main()) == "v1"


def test_asyncio_timeout(call: Call) -> None:
    async def main() -> object:
        async with asyncio.timeout(30):
            return tag(await call())

    assert asyncio.run(main()) == "v1"


def test_asyncio_shield(call: Call) -> None:
    async def main() -> object:
        return tag(await asyncio.shield(call()))

    assert asyncio.run(main()) == "v1"


def test_asyncio_run_coroutine_threadsafe(call: Call) -> None:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        assert tag(asyncio.run_coroutine_threadsafe(call(), loop).result(30)) == "v1"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@EAGER
def test_asyncio_eager_task(call: Call) -> None:
    async def main() -> object:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(getattr(asyncio, "eager_task_factory"))  # noqa: B009
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
        return tag(await asyncio.create_task(call()))

    assert asyncio.run(main()) == "v1"


# -- trio -----------------------------------------------------------------------------------------


def test_trio_run(call: Call) -> None:
    assert tag(trio.run(call)) == "v1"


def test_trio_start_soon(call: Call, memory: InMemoryECR) -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call)

    trio.run(main)
    assert len(memory.calls.operations) == 1


def test_trio_from_thread(call: Call) -> None:
    async def main() -> object:
        return tag(await trio.to_thread.run_sync(trio.from_thread.run, call))

    assert trio.run(main) == "v1"

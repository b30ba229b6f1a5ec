"""A client used in two event loops at the same time raises an error; in sequence it works."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Generator
from typing import Any, Self, cast

import anyio
import anyio.lowlevel
import pytest

from ecrclient import CallOptions, ClientInUseError, ECRClient, ECRClientError, RetryPolicy
from ecrclient._awsjson.calling.loop_guard import LoopGuard
from tests.integration.test_lifetimes import Loopback, client, loopback, settled
from tests.integration.test_lifetimes import no_settings as no_settings
from tests.middleware import pass_on

PAIRS = [("asyncio", "asyncio"), ("asyncio", "trio"), ("trio", "asyncio"), ("trio", "trio")]


class Elsewhere:
    """An event loop in a thread, with a call that is in progress until the test releases it."""

    def __init__(self, ecr: ECRClient, backend: str) -> None:
        self._ecr = ecr
        self._started = threading.Event()
        self._end = threading.Event()
        self.outcome: object = None
        self._thread = threading.Thread(
            target=anyio.run, args=(self._run,), kwargs={"backend": backend}
        )

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    async def _run(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._call)
            while not core_of(self._ecr).loops._use.calls:
                await anyio.lowlevel.checkpoint()
            self._started.set()
            await anyio.to_thread.run_sync(self._end.wait)

    async def _call(self) -> None:
        self.outcome = (await self._ecr.describe_registry()).registry_id


def core_of(ecr: ECRClient) -> Any:
    return cast(Any, ecr)._state


@pytest.fixture
def slow() -> Generator[Loopback]:
    with loopback(delay=0.2) as server:
        yield server


@pytest.mark.parametrize("middleware", [(), (pass_on,)])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_second_loop_gets_an_error_and_the_first_continues(
    slow: Loopback, first: str, second: str, middleware: Any
) -> None:
    ecr = client(slow.url, middleware=middleware)

    async def refused() -> None:
        with pytest.raises(ClientInUseError, match="a client for each event loop") as caught:
            await ecr.describe_registry()
        assert isinstance(caught.value, ECRClientError)
        assert isinstance(caught.value, RuntimeError)
        with pytest.raises(ClientInUseError):
            await ecr.with_options(CallOptions(timeout=9)).describe_registry()

    async def works() -> None:
        with anyio.fail_after(30):
            assert (await ecr.describe_registry()).registry_id == "1"
        await ecr.aclose()

    with Elsewhere(ecr, first) as elsewhere:
        anyio.run(refused, backend=second)
    assert elsewhere.outcome == "1"
    assert slow.requests == 1
    anyio.run(works, backend=second)
    assert settled(slow, 0)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_many_threads_either_get_a_response_or_the_error(backend: str) -> None:
    with loopback() as server:
        ecr = client(server.url, retry=RetryPolicy(max_attempts=1))
        outcomes: list[str] = []
        start = threading.Barrier(8)

        async def call() -> None:
            for _ in range(25):
                try:
                    with anyio.fail_after(30):
                        outcomes.append((await ecr.describe_registry()).registry_id or "")
                except ClientInUseError:
                    outcomes.append("in use")

        def run() -> None:
            start.wait(10)
            anyio.run(call, backend=backend)

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(outcomes) == 200
        assert set(outcomes) <= {"1", "in use"}
        assert outcomes.count("1") == server.requests
        anyio.run(ecr.aclose)


@pytest.mark.parametrize("second", ["asyncio", "trio"])
def test_a_loop_that_died_during_calls_does_not_block_another(slow: Loopback, second: str) -> None:
    ecr = client(slow.url)
    loop = asyncio.new_event_loop()
    task = loop.create_task(cast(Any, ecr.describe_registry()))

    async def begin() -> None:
        while not core_of(ecr).loops._use.calls:
            await asyncio.sleep(0)

    def die() -> None:
        loop.run_until_complete(begin())

    thread = threading.Thread(target=die)
    thread.start()
    thread.join(10)
    assert core_of(ecr).loops._use.calls == 1
    outcomes: list[str | None] = []

    async def works() -> None:
        with anyio.fail_after(30):
            outcomes.append((await ecr.describe_registry()).registry_id)

    anyio.run(works, backend=second)
    assert outcomes == ["1"]
    # The loop is not closed yet, so its tasks can be ended properly.
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.run_until_complete(ecr.aclose())
    loop.close()
    gc.collect()


@pytest.mark.anyio
async def test_calls_of_one_loop_are_counted() -> None:
    guard = LoopGuard()
    first, second = guard.enter(), guard.enter()
    assert first is second
    assert first.calls == 2
    assert first.is_active()
    first.calls -= 2
    assert not first.is_active()


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_loop_that_has_ended_is_not_active(first: str, second: str) -> None:
    guard = LoopGuard()

    async def enter() -> None:
        guard.enter()

    anyio.run(enter, backend=first)
    anyio.run(enter, backend=second)

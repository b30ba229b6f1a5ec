"""A refresh in the event loop of one of the callers."""

from __future__ import annotations

import threading
from datetime import timedelta

import anyio
import pytest

from ecrclient import Credentials, CredentialsError, CredentialsTimeout
from ecrclient._awsjson.credentials.loop_refresh import LoopRefreshingCredentials
from tests.awsjson.credentials.tools import Clock, until


class AsyncSource:
    """Returns a new key each time, once ``gate`` is set, or fails."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.calls = 0
        self.gate: anyio.Event | None = None
        self.failure: Exception | None = None

    async def __call__(self) -> Credentials:
        self.calls += 1
        number = self.calls
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return Credentials(f"KEY{number}", "secret", None, self.clock() + timedelta(hours=1))


@pytest.fixture
def source(clock: Clock) -> AsyncSource:
    return AsyncSource(clock)


@pytest.fixture
def provider(source: AsyncSource, clock: Clock) -> LoopRefreshingCredentials:
    return LoopRefreshingCredentials(source, clock=clock)


async def collect(provider: LoopRefreshingCredentials, found: list[str]) -> None:
    found.append((await provider.get()).access_key_id)


@pytest.mark.anyio
async def test_concurrent_callers_share_one_refresh(
    provider: LoopRefreshingCredentials, source: AsyncSource
) -> None:
    source.gate = anyio.Event()
    found: list[str] = []
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(collect, provider, found)
        await anyio.wait_all_tasks_blocked()
        assert source.calls == 1
        source.gate.set()
    assert found == ["KEY1"] * 5
    assert source.calls == 1


@pytest.mark.anyio
async def test_another_caller_takes_over_from_a_cancelled_one(
    provider: LoopRefreshingCredentials, source: AsyncSource
) -> None:
    source.gate = anyio.Event()
    found: list[str] = []
    scope = anyio.CancelScope()

    async def cancelled() -> None:
        with scope:
            await provider.get()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cancelled)
        await anyio.wait_all_tasks_blocked()
        for _ in range(3):
            tasks.start_soon(collect, provider, found)
        await anyio.wait_all_tasks_blocked()
        scope.cancel()
        await until(lambda: source.calls == 2)
        source.gate.set()
    assert found == ["KEY2"] * 3


@pytest.mark.anyio
async def test_others_use_the_current_credentials_during_an_early_refresh(
    provider: LoopRefreshingCredentials, source: AsyncSource, clock: Clock
) -> None:
    await provider.get()
    clock.forward(minutes=46)
    source.gate = anyio.Event()
    found: list[str] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(collect, provider, found)
        await anyio.wait_all_tasks_blocked()
        assert (await provider.get()).access_key_id == "KEY1"
        assert found == []
        source.gate.set()
    assert (await provider.get()).access_key_id == "KEY2"


@pytest.mark.anyio
async def test_a_failure_reaches_all_callers(
    provider: LoopRefreshingCredentials, source: AsyncSource
) -> None:
    source.gate = anyio.Event()
    source.failure = CredentialsError("no role")
    failures: list[str] = []

    async def fail() -> None:
        with pytest.raises(CredentialsError) as caught:
            await provider.get()
        failures.append(str(caught.value))

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(fail)
        await anyio.wait_all_tasks_blocked()
        source.gate.set()
    assert failures == ["no role"] * 3
    source.failure = None
    assert (await provider.get()).access_key_id == "KEY2"


@pytest.mark.anyio
async def test_a_source_that_does_not_return_is_a_timeout(
    source: AsyncSource, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    provider = LoopRefreshingCredentials(source, timeout=0.01, clock=clock)
    first = await provider.get()
    source.gate = anyio.Event()
    clock.forward(minutes=46)
    assert await provider.get() is first
    assert "did not return within 0.01 s" in caplog.text
    clock.forward(minutes=10)
    with pytest.raises(CredentialsTimeout, match="did not return within"):
        await provider.get()
    source.gate = None
    assert (await provider.get()).access_key_id == "KEY4"


def test_callers_in_two_event_loops_share_one_refresh(clock: Clock) -> None:
    waiting, ready = threading.Event(), threading.Event()
    found: list[str] = []

    async def get() -> Credentials:
        waiting.set()
        await anyio.to_thread.run_sync(ready.wait, 10)
        return Credentials("KEY", "secret")

    provider = LoopRefreshingCredentials(get, clock=clock)

    async def call() -> None:
        found.append((await provider.get()).access_key_id)

    first = threading.Thread(target=anyio.run, args=(call,))
    first.start()
    assert waiting.wait(10)

    async def second() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await anyio.wait_all_tasks_blocked()
            ready.set()

    anyio.run(second, backend="trio")
    first.join(10)
    assert found == ["KEY", "KEY"]


def test_a_refresh_whose_event_loop_ended_is_started_again(
    provider: LoopRefreshingCredentials, source: AsyncSource
) -> None:
    async def interrupted() -> None:
        source.gate = anyio.Event()
        with anyio.move_on_after(0):
            await provider.get()

    anyio.run(interrupted)
    source.gate = None
    assert anyio.run(provider.get, backend="trio").access_key_id == f"KEY{source.calls}"

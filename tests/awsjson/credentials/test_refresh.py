"""One refresh at a time, in the background if possible, on asyncio and on trio."""

from __future__ import annotations

import importlib
import logging
import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

import ecrclient
from ecrclient import Credentials, CredentialsError, CredentialsProvider
from ecrclient._awsjson.credentials import RefreshingCredentials
from ecrclient._awsjson.credentials.refresh import ADVISORY_WINDOW, MANDATORY_WINDOW
from tests.awsjson.credentials.tools import NOON, Clock, Source, until

pytestmark = pytest.mark.anyio


async def keys_of(provider: RefreshingCredentials, callers: int) -> list[str]:
    """The keys that *callers* concurrent tasks get."""
    keys: list[str] = []

    async def get() -> None:
        keys.append((await provider.get()).access_key_id)

    async with anyio.create_task_group() as group:
        for _ in range(callers):
            group.start_soon(get)
    return keys


def no_refresh_thread_is_running() -> bool:
    return "awsjson-credentials" not in {thread.name for thread in threading.enumerate()}


async def test_a_thousand_tasks_cause_one_refresh(clock: Clock) -> None:
    source = Source(clock)
    source.hold()
    provider = RefreshingCredentials(source, clock=clock)

    given: list[str] = []
    async with anyio.create_task_group() as group:

        async def get() -> None:
            given.extend(await keys_of(provider, 1000))

        group.start_soon(get)
        await until(lambda: source.calls == 1)
        await anyio.wait_all_tasks_blocked()
        source.let_go()

    assert given == ["KEY1"] * 1000
    assert source.calls == 1
    assert isinstance(provider, CredentialsProvider)


async def test_a_refresh_does_not_need_a_worker_thread(clock: Clock) -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    done = threading.Event()

    async def block() -> None:
        await anyio.to_thread.run_sync(done.wait)

    async with anyio.create_task_group() as group:
        for _ in range(int(limiter.total_tokens)):
            group.start_soon(block)
        await anyio.wait_all_tasks_blocked()
        try:
            with anyio.fail_after(10):
                assert await keys_of(RefreshingCredentials(Source(clock), clock=clock), 1)
        finally:
            done.set()


async def test_credentials_without_an_expiry_are_kept(clock: Clock) -> None:
    source = Source(clock, life=None)
    provider = RefreshingCredentials(source, clock=clock)

    first = await provider.get()
    clock.forward(days=1000)

    assert await provider.get() is first


# -- the two windows -----------------------------------------------------------------------------


async def test_before_the_advisory_window_the_source_is_not_called(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()

    clock.forward(minutes=44, seconds=59)
    assert await keys_of(provider, 10) == ["KEY1"] * 10

    assert source.calls == 1


async def test_in_the_advisory_window_no_caller_waits(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()

    clock.forward(minutes=45)
    source.hold()
    # The source is blocked: a caller that waited for it would wait forever.
    with anyio.fail_after(10):
        assert await keys_of(provider, 100) == ["KEY1"] * 100
    await until(lambda: source.calls == 2)
    assert await keys_of(provider, 100) == ["KEY1"] * 100
    source.let_go()

    await until(lambda: source.returns == 2)
    await until(no_refresh_thread_is_running)
    assert (await provider.get()).access_key_id == "KEY2"
    assert source.calls == 2


async def test_in_the_mandatory_window_callers_wait_for_one_refresh(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()

    clock.forward(minutes=50)

    assert await keys_of(provider, 100) == ["KEY2"] * 100
    assert source.calls == 2


async def test_callers_join_the_advisory_refresh_when_it_becomes_mandatory(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()
    clock.forward(minutes=45)
    source.hold()
    await provider.get()

    clock.forward(minutes=5)
    given: list[str] = []

    async def get() -> None:
        given.extend(await keys_of(provider, 10))

    async with anyio.create_task_group() as group:
        group.start_soon(get)
        await anyio.wait_all_tasks_blocked()
        assert given == []
        source.let_go()

    assert given == ["KEY2"] * 10
    assert source.calls == 2


@pytest.mark.parametrize(
    ("life", "advisory", "mandatory"),
    [
        (timedelta(hours=12), timedelta(minutes=15), timedelta(minutes=10)),
        (timedelta(hours=1), timedelta(minutes=15), timedelta(minutes=10)),
        (timedelta(minutes=40), timedelta(minutes=15), timedelta(minutes=10)),
        # Short lifetimes, with which botocore would refresh at every call.
        (timedelta(minutes=20), timedelta(minutes=10), timedelta(minutes=5)),
        (timedelta(minutes=2), timedelta(minutes=1), timedelta(seconds=30)),
    ],
)
async def test_the_windows(
    life: timedelta, advisory: timedelta, mandatory: timedelta, clock: Clock
) -> None:
    source = Source(clock, life)
    provider = RefreshingCredentials(source, clock=clock)
    second = timedelta(seconds=1)
    await provider.get()

    clock.now = NOON + life - advisory - second
    await provider.get()
    assert cast(Any, provider)._refreshes == 1, "a refresh was started too early"
    assert source.calls == 1

    clock.now = NOON + life - mandatory - second
    source.hold()
    assert (await provider.get()).access_key_id == "KEY1"
    await until(lambda: source.calls == 2)

    clock.now = NOON + life - mandatory
    with anyio.move_on_after(0.01) as scope:
        await provider.get()
    assert scope.cancelled_caught
    source.let_go()


async def test_the_windows_are_those_of_botocore() -> None:
    theirs: Any = importlib.import_module("botocore.credentials")

    assert ADVISORY_WINDOW.total_seconds() == theirs._DEFAULT_ADVISORY_REFRESH_TIMEOUT
    assert MANDATORY_WINDOW.total_seconds() == theirs._DEFAULT_MANDATORY_REFRESH_TIMEOUT


# -- failures ------------------------------------------------------------------------------------


async def test_a_failed_advisory_refresh_keeps_the_credentials_and_is_logged(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()
    source.failure = ValueError("CANARY")

    clock.forward(minutes=45)
    assert (await provider.get()).access_key_id == "KEY1"
    await until(lambda: bool(caplog.records))

    [record] = caplog.records
    assert (record.name, record.levelno) == (
        "ecrclient._awsjson.credentials.refresh",
        logging.WARNING,
    )
    assert "ValueError" in record.getMessage()
    assert "2026-01-01 13:00:00" in record.getMessage()
    assert "CANARY" not in caplog.text
    assert "secret" not in caplog.text


async def test_after_a_failed_advisory_refresh_there_is_a_pause(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()
    source.failure = CredentialsError("the vault is shut")
    clock.forward(minutes=45)
    await provider.get()
    await until(lambda: bool(caplog.records))
    assert "the vault is shut" in caplog.text

    clock.forward(seconds=29)
    await keys_of(provider, 10)
    assert source.calls == 2

    clock.forward(seconds=1)
    source.failure = None
    await provider.get()
    await until(lambda: source.returns == 3)


async def test_a_failed_mandatory_refresh_is_raised_in_all_callers(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()
    clock.forward(minutes=51)
    source.failure = LookupError("CANARY")
    source.hold()
    errors: list[CredentialsError] = []

    async def get() -> None:
        with pytest.raises(CredentialsError) as caught:
            await provider.get()
        errors.append(caught.value)

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(get)
        await until(lambda: source.calls == 2)
        await anyio.wait_all_tasks_blocked()
        source.let_go()

    assert source.calls == 2
    assert len({id(error) for error in errors}) == 10, "each task gets a separate exception"
    assert {str(error) for error in errors} == {"the source of credentials failed: LookupError"}
    assert all(error.__cause__ is source.failure for error in errors)

    source.failure = None
    assert (await provider.get()).access_key_id == "KEY3"


@pytest.mark.parametrize("failure", [CredentialsError("no keys"), SystemExit(3)])
async def test_a_failed_first_refresh_is_raised_and_repeated(
    failure: BaseException, clock: Clock
) -> None:
    source = Source(clock)
    source.failure = failure
    provider = RefreshingCredentials(source, clock=clock)

    with pytest.raises(CredentialsError, match=r"no keys|SystemExit"):
        await provider.get()

    source.failure = None
    assert (await provider.get()).access_key_id == "KEY2"


async def test_expired_credentials_of_a_source_are_refused(clock: Clock) -> None:
    provider = RefreshingCredentials(Source(clock, timedelta(0)), clock=clock)

    with pytest.raises(CredentialsError, match="expired at 2026-01-01 12:00"):
        await provider.get()


async def test_a_source_must_return_credentials() -> None:
    provider = RefreshingCredentials(lambda: ("AKID", "secret"))  # type: ignore[arg-type,return-value]  # pyright: ignore[reportArgumentType]

    with pytest.raises(CredentialsError, match="the source must return Credentials, not tuple"):
        await provider.get()


async def test_a_source_that_repeats_credentials_is_not_called_for_every_call(clock: Clock) -> None:
    source = Source(clock)
    source.repeat = True
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()

    for calls, forward in [(2, timedelta(minutes=50)), (2, timedelta(seconds=29))]:
        clock.now += forward
        assert await keys_of(provider, 10) == ["KEY1"] * 10
        assert source.calls == calls
    clock.forward(seconds=1)
    await provider.get()
    assert source.calls == 3

    clock.now = NOON + timedelta(hours=1)
    with pytest.raises(CredentialsError, match="expired"):
        await provider.get()


async def test_a_thread_that_cannot_be_started_is_a_credentials_error(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)

    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        with pytest.raises(CredentialsError, match="RuntimeError"):
            await provider.get()

    assert (await provider.get()).access_key_id == "KEY1"


# -- cancellation --------------------------------------------------------------------------------


async def test_cancelling_the_first_caller_does_not_affect_others(clock: Clock) -> None:
    source = Source(clock)
    source.hold()
    provider = RefreshingCredentials(source, clock=clock)
    leading = anyio.CancelScope()
    given: list[str] = []

    async def lead() -> None:
        with leading:
            await provider.get()

    async def follow() -> None:
        given.append((await provider.get()).access_key_id)

    async with anyio.create_task_group() as group:
        group.start_soon(lead)
        await until(lambda: source.calls == 1)
        for _ in range(3):
            group.start_soon(follow)
        await anyio.wait_all_tasks_blocked()
        leading.cancel()
        await anyio.wait_all_tasks_blocked()
        assert leading.cancelled_caught
        assert given == []
        source.let_go()

    assert given == ["KEY1"] * 3
    assert source.calls == 1


async def test_the_result_of_a_refresh_is_kept_after_its_caller_was_cancelled(clock: Clock) -> None:
    source = Source(clock)
    source.hold()
    provider = RefreshingCredentials(source, clock=clock)
    with anyio.move_on_after(0.01):
        await provider.get()

    source.let_go()
    await until(lambda: source.returns == 1)

    assert await keys_of(provider, 10) == ["KEY1"] * 10
    assert source.calls == 1


async def test_threads_end_after_their_refresh(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    for _ in range(20):
        await provider.get()
        clock.forward(minutes=51)

    await until(no_refresh_thread_is_running)


# -- invalidation --------------------------------------------------------------------------------


async def test_concurrent_invalidations_cause_one_refresh(clock: Clock) -> None:
    source = Source(clock, life=None)
    started_over: list[int] = []
    provider = RefreshingCredentials(
        source, start_over=lambda: started_over.append(source.calls), clock=clock
    )
    assert await keys_of(provider, 10) == ["KEY1"] * 10
    source.hold()
    given: list[str] = []

    async def refused() -> None:
        await provider.invalidate()
        given.append((await provider.get()).access_key_id)

    async with anyio.create_task_group() as group:
        for _ in range(1000):
            group.start_soon(refused)
        await until(lambda: source.calls == 2)
        await anyio.wait_all_tasks_blocked()
        source.let_go()

    assert given == ["KEY2"] * 1000
    assert source.calls == 2
    assert started_over == [1], "once, before the source was called again"


async def test_a_refresh_from_before_an_invalidation_is_ignored(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()
    clock.forward(minutes=45)
    source.hold()
    await provider.get()
    await until(lambda: source.calls == 2)

    # The background refresh began before the keys were refused: it may return them again.
    await provider.invalidate()
    given: list[str] = []

    async def get() -> None:
        given.extend(await keys_of(provider, 3))

    async with anyio.create_task_group() as group:
        group.start_soon(get)
        await anyio.wait_all_tasks_blocked()
        source.let_go()

    assert given == ["KEY3"] * 3


async def test_invalidate_before_the_first_get(clock: Clock) -> None:
    provider = RefreshingCredentials(Source(clock), clock=clock)
    await provider.invalidate()

    assert (await provider.get()).access_key_id == "KEY1"


# -- async sources -------------------------------------------------------------------------------


async def test_an_async_source_runs_on_its_callers_backend(
    anyio_backend: str, clock: Clock
) -> None:
    backends: list[str] = []

    async def source() -> Credentials:
        await anyio.sleep(0.001)
        backends.append(type(anyio.Event()).__module__)
        return Credentials(f"KEY{len(backends)}", "secret", None, clock() + timedelta(hours=1))

    provider = RefreshingCredentials(source, clock=clock)

    assert await keys_of(provider, 100) == ["KEY1"] * 100
    clock.forward(minutes=45)
    assert (await provider.get()).access_key_id == "KEY1"
    await until(lambda: len(backends) == 2)
    assert set(backends) == {f"anyio._backends._{anyio_backend}"}


async def test_an_async_source_that_fails() -> None:
    async def source() -> Credentials:
        await anyio.lowlevel.checkpoint()
        raise KeyError("CANARY")

    with pytest.raises(CredentialsError, match=r": KeyError$"):
        await RefreshingCredentials(source).get()


# -- other loops, other processes ----------------------------------------------------------------


def test_a_provider_works_in_one_loop_after_another(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)

    async def give_up() -> None:
        with anyio.move_on_after(0.01):
            await provider.get()

    source.hold()
    for backend in ("asyncio", "trio"):
        anyio.run(give_up, backend=backend)
    # Two loops have ended in which a task waited.
    source.let_go()
    for backend in ("trio", "asyncio"):
        assert anyio.run(provider.get, backend=backend).access_key_id == "KEY1"
    assert source.calls == 1


def test_a_provider_works_in_concurrent_loops(clock: Clock) -> None:
    source = Source(clock)
    source.hold()
    provider = RefreshingCredentials(source, clock=clock)
    given: list[str] = []

    def run(backend: str) -> None:
        given.extend(anyio.run(keys_of, provider, 50, backend=backend))

    threads = [
        threading.Thread(target=run, args=(("asyncio", "trio")[number % 2],)) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    source.let_go()
    for thread in threads:
        thread.join(10)

    assert given == ["KEY1"] * 400
    assert source.calls == 1


FORK = """
import os, threading, time
import anyio
from ecrclient import Credentials
from ecrclient._awsjson.credentials import RefreshingCredentials

parent = os.getpid()
hold = threading.Event()

def source():
    if os.getpid() == parent:
        hold.wait()
    return Credentials(str(os.getpid()), "secret")

provider = RefreshingCredentials(source)

async def start():
    with anyio.move_on_after(0.05):
        await provider.get()

anyio.run(start)
# During the fork, another thread has the lock, and a refresh is running.
provider._state_lock = lock = threading.RLock()
holder = threading.Thread(target=lambda: (lock.acquire(), hold.wait(), lock.release()))
holder.start()
time.sleep(0.05)
child = os.fork()
if child == 0:
    assert anyio.run(provider.get).access_key_id == str(os.getpid())
    os._exit(0)
_, status = os.waitpid(child, 0)
hold.set()
assert anyio.run(provider.get).access_key_id == str(parent)
raise SystemExit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_fork_during_a_refresh() -> None:
    root = str(Path(ecrclient.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", FORK],
        env={**os.environ, "PYTHONPATH": root},
        timeout=30,
        check=False,
    )

    assert done.returncode == 0

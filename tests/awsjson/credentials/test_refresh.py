"""One refresh at a time, in the background where it may be, on asyncio and on trio."""

from __future__ import annotations

import importlib
import logging
import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

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
    """What *callers* tasks are given at once."""
    keys: list[str] = []

    async def ask() -> None:
        keys.append((await provider.get()).access_key_id)

    async with anyio.create_task_group() as group:
        for _ in range(callers):
            group.start_soon(ask)
    return keys


def no_refresh_is_under_way() -> bool:
    return "ecrclient-credentials" not in {thread.name for thread in threading.enumerate()}


async def test_a_thousand_tasks_one_resolution(clock: Clock) -> None:
    source = Source(clock)
    source.hold()
    provider = RefreshingCredentials(source, clock=clock)

    given: list[str] = []
    async with anyio.create_task_group() as group:

        async def ask() -> None:
            given.extend(await keys_of(provider, 1000))

        group.start_soon(ask)
        await until(lambda: source.asked == 1)
        await anyio.wait_all_tasks_blocked()
        source.let_go()

    assert given == ["KEY1"] * 1000
    assert source.asked == 1
    assert isinstance(provider, CredentialsProvider)


async def test_it_works_when_the_application_has_used_up_the_worker_threads(clock: Clock) -> None:
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


async def test_what_does_not_expire_is_kept(clock: Clock) -> None:
    source = Source(clock, life=None)
    provider = RefreshingCredentials(source, clock=clock)

    first = await provider.get()
    clock.forward(days=1000)

    assert await provider.get() is first


# -- the two windows -----------------------------------------------------------------------------


async def test_until_the_advisory_window_nothing_is_asked(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()

    clock.forward(minutes=44, seconds=59)
    assert await keys_of(provider, 10) == ["KEY1"] * 10

    assert source.asked == 1


async def test_in_the_advisory_window_no_caller_waits(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()

    clock.forward(minutes=45)
    source.hold()
    # The source is held up: whoever waited for it would wait for ever.
    with anyio.fail_after(10):
        assert await keys_of(provider, 100) == ["KEY1"] * 100
    await until(lambda: source.asked == 2)
    assert await keys_of(provider, 100) == ["KEY1"] * 100
    source.let_go()

    await until(lambda: source.answered == 2)
    await until(no_refresh_is_under_way)
    assert (await provider.get()).access_key_id == "KEY2"
    assert source.asked == 2


async def test_in_the_mandatory_window_all_wait_for_one_refresh(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()

    clock.forward(minutes=50)

    assert await keys_of(provider, 100) == ["KEY2"] * 100
    assert source.asked == 2


async def test_callers_join_the_advisory_refresh_when_it_becomes_mandatory(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()
    clock.forward(minutes=45)
    source.hold()
    await provider.get()

    clock.forward(minutes=5)
    given: list[str] = []

    async def ask() -> None:
        given.extend(await keys_of(provider, 10))

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert given == []
        source.let_go()

    assert given == ["KEY2"] * 10
    assert source.asked == 2


@pytest.mark.parametrize(
    ("life", "advisory", "mandatory"),
    [
        (timedelta(hours=12), timedelta(minutes=15), timedelta(minutes=10)),
        (timedelta(hours=1), timedelta(minutes=15), timedelta(minutes=10)),
        (timedelta(minutes=40), timedelta(minutes=15), timedelta(minutes=10)),
        # Short-lived ones, for which botocore would ask anew with every call.
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
    assert source.asked == 1

    clock.now = NOON + life - mandatory - second
    source.hold()
    assert (await provider.get()).access_key_id == "KEY1"
    await until(lambda: source.asked == 2)

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


async def test_a_failed_advisory_refresh_keeps_the_old_ones_and_is_logged(
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
    assert source.asked == 2

    clock.forward(seconds=1)
    source.failure = None
    await provider.get()
    await until(lambda: source.answered == 3)


async def test_a_failed_mandatory_refresh_is_raised_to_all_who_wait(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()
    clock.forward(minutes=51)
    source.failure = LookupError("CANARY")
    source.hold()
    errors: list[CredentialsError] = []

    async def ask() -> None:
        with pytest.raises(CredentialsError) as caught:
            await provider.get()
        errors.append(caught.value)

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(ask)
        await until(lambda: source.asked == 2)
        await anyio.wait_all_tasks_blocked()
        source.let_go()

    assert source.asked == 2
    assert len({id(error) for error in errors}) == 10, "each task has an exception of its own"
    assert {str(error) for error in errors} == {"the source of credentials failed: LookupError"}
    assert all(error.__cause__ is source.failure for error in errors)

    source.failure = None
    assert (await provider.get()).access_key_id == "KEY3"


@pytest.mark.parametrize("failure", [CredentialsError("no keys"), SystemExit(3)])
async def test_a_failed_first_resolution(failure: BaseException, clock: Clock) -> None:
    source = Source(clock)
    source.failure = failure
    provider = RefreshingCredentials(source, clock=clock)

    with pytest.raises(CredentialsError, match=r"no keys|SystemExit"):
        await provider.get()

    source.failure = None
    assert (await provider.get()).access_key_id == "KEY2"


async def test_credentials_that_come_expired_are_refused(clock: Clock) -> None:
    provider = RefreshingCredentials(Source(clock, timedelta(0)), clock=clock)

    with pytest.raises(CredentialsError, match="expired at 2026-01-01 12:00"):
        await provider.get()


async def test_what_is_no_credentials_is_refused() -> None:
    provider = RefreshingCredentials(lambda: ("AKID", "secret"))  # type: ignore[arg-type,return-value]  # pyright: ignore[reportArgumentType]

    with pytest.raises(CredentialsError, match="the source must return Credentials, not tuple"):
        await provider.get()


async def test_a_source_that_repeats_itself_is_not_asked_with_every_call(clock: Clock) -> None:
    source = Source(clock)
    source.repeat = True
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()

    for asked, forward in [(2, timedelta(minutes=50)), (2, timedelta(seconds=29))]:
        clock.now += forward
        assert await keys_of(provider, 10) == ["KEY1"] * 10
        assert source.asked == asked
    clock.forward(seconds=1)
    await provider.get()
    assert source.asked == 3

    clock.now = NOON + timedelta(hours=1)
    with pytest.raises(CredentialsError, match="expired"):
        await provider.get()


async def test_no_thread_to_be_had(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
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


async def test_who_leads_may_be_cancelled_and_the_others_go_on(clock: Clock) -> None:
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
        await until(lambda: source.asked == 1)
        for _ in range(3):
            group.start_soon(follow)
        await anyio.wait_all_tasks_blocked()
        leading.cancel()
        await anyio.wait_all_tasks_blocked()
        assert leading.cancelled_caught
        assert given == []
        source.let_go()

    assert given == ["KEY1"] * 3
    assert source.asked == 1


async def test_what_nobody_waited_for_is_kept(clock: Clock) -> None:
    source = Source(clock)
    source.hold()
    provider = RefreshingCredentials(source, clock=clock)
    with anyio.move_on_after(0.01):
        await provider.get()

    source.let_go()
    await until(lambda: source.answered == 1)

    assert await keys_of(provider, 10) == ["KEY1"] * 10
    assert source.asked == 1


async def test_no_thread_is_left(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    for _ in range(20):
        await provider.get()
        clock.forward(minutes=51)

    await until(no_refresh_is_under_way)


# -- invalidation --------------------------------------------------------------------------------


async def test_a_storm_of_invalidations_causes_one_refresh(clock: Clock) -> None:
    source = Source(clock, life=None)
    started_over: list[int] = []
    provider = RefreshingCredentials(
        source, start_over=lambda: started_over.append(source.asked), clock=clock
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
        await until(lambda: source.asked == 2)
        await anyio.wait_all_tasks_blocked()
        source.let_go()

    assert given == ["KEY2"] * 1000
    assert source.asked == 2
    assert started_over == [1], "once, before the source was asked again"


async def test_an_answer_to_a_question_from_before_is_dropped(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()
    clock.forward(minutes=45)
    source.hold()
    await provider.get()
    await until(lambda: source.asked == 2)

    # The refresh in the background began before the keys were refused: it may bring them again.
    await provider.invalidate()
    given: list[str] = []

    async def ask() -> None:
        given.extend(await keys_of(provider, 3))

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        source.let_go()

    assert given == ["KEY3"] * 3


async def test_invalidating_nothing(clock: Clock) -> None:
    provider = RefreshingCredentials(Source(clock), clock=clock)
    await provider.invalidate()

    assert (await provider.get()).access_key_id == "KEY1"


# -- async sources -------------------------------------------------------------------------------


async def test_an_async_source_runs_on_its_callers_backend(
    anyio_backend: str, clock: Clock
) -> None:
    asked: list[str] = []

    async def source() -> Credentials:
        await anyio.sleep(0.001)
        asked.append(type(anyio.Event()).__module__)
        return Credentials(f"KEY{len(asked)}", "secret", None, clock() + timedelta(hours=1))

    provider = RefreshingCredentials(source, clock=clock)

    assert await keys_of(provider, 100) == ["KEY1"] * 100
    clock.forward(minutes=45)
    assert (await provider.get()).access_key_id == "KEY1"
    await until(lambda: len(asked) == 2)
    assert set(asked) == {f"anyio._backends._{anyio_backend}"}


async def test_an_async_source_that_fails() -> None:
    async def source() -> Credentials:
        await anyio.lowlevel.checkpoint()
        raise KeyError("CANARY")

    with pytest.raises(CredentialsError, match=r": KeyError$"):
        await RefreshingCredentials(source).get()


# -- other loops, other processes ----------------------------------------------------------------


def test_one_loop_after_another(clock: Clock) -> None:
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)

    async def give_up() -> None:
        with anyio.move_on_after(0.01):
            await provider.get()

    source.hold()
    for backend in ("asyncio", "trio"):
        anyio.run(give_up, backend=backend)
    # Two loops have ended in which somebody waited.
    source.let_go()
    for backend in ("trio", "asyncio"):
        assert anyio.run(provider.get, backend=backend).access_key_id == "KEY1"
    assert source.asked == 1


def test_many_loops_at_once(clock: Clock) -> None:
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
    assert source.asked == 1


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
# Another thread holds the lock in the moment of the fork, and a refresh is under way.
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_in_the_middle_of_a_refresh() -> None:
    root = str(Path(ecrclient.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", FORK],
        env={**os.environ, "PYTHONPATH": root},
        timeout=30,
        check=False,
    )

    assert done.returncode == 0

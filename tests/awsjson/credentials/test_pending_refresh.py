"""One refresh: its outcome, and the tasks that wait for it."""

from __future__ import annotations

import json
import math
import sys
import threading
import time
from typing import Any, cast

import anyio
import anyio.to_thread
import pytest
import trio
import trio.testing

from ecrclient import Credentials, CredentialsError
from ecrclient._awsjson.credentials.pending_refresh import PendingRefresh, in_trio

KEY = Credentials("AKIDEXAMPLE", "secret")


def test_a_new_refresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    refresh = PendingRefresh(3, 2)
    assert (refresh.number, refresh.generation) == (3, 2)
    assert (refresh.is_finished, refresh.waiting) == (False, 0)
    monkeypatch.setattr(time, "monotonic", lambda: 103.5)
    assert refresh.age() == 3.5


@pytest.mark.anyio
async def test_a_finished_refresh_is_not_waited_for(anyio_backend: str) -> None:
    refresh = PendingRefresh(1, 0)
    refresh.finish(KEY)
    assert refresh.is_finished
    assert await refresh.wait(0)
    assert refresh.result() is KEY


@pytest.mark.anyio
@pytest.mark.parametrize("timeout", [math.inf, 1000])
async def test_all_tasks_are_woken_from_another_thread(anyio_backend: str, timeout: float) -> None:
    refresh = PendingRefresh(1, 0)
    woken: list[bool] = []

    async def wait() -> None:
        woken.append(await refresh.wait(timeout))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            assert refresh.waiting == 3
            await anyio.to_thread.run_sync(refresh.finish, KEY)
    assert woken == [True] * 3
    assert refresh.waiting == 0


@pytest.mark.anyio
async def test_a_wake_ends_the_wait_without_an_outcome(anyio_backend: str) -> None:
    refresh = PendingRefresh(1, 0)
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(refresh.wait, math.inf)
            await anyio.wait_all_tasks_blocked()
            refresh.wake()
    assert not refresh.is_finished
    assert refresh.waiting == 0


@pytest.mark.anyio
@pytest.mark.parametrize("timeout", [0, -5, 0.001])
async def test_a_wait_ends_after_the_timeout(anyio_backend: str, timeout: float) -> None:
    refresh = PendingRefresh(1, 0)
    with anyio.fail_after(20):
        assert not await refresh.wait(timeout)
    assert refresh.waiting == 0


@pytest.mark.parametrize(("timeout", "seconds"), [(5, 5), (0, 0), (-5, 0)])
def test_the_duration_of_a_wait(timeout: float, seconds: float) -> None:
    async def main() -> float:
        assert not await PendingRefresh(1, 0).wait(timeout)
        return anyio.current_time()

    clock = trio.testing.MockClock(autojump_threshold=0)
    assert trio.run(main, clock=clock) == seconds


@pytest.mark.anyio
async def test_a_cancelled_task_is_forgotten(anyio_backend: str) -> None:
    refresh = PendingRefresh(1, 0)
    with anyio.move_on_after(0.001):
        await refresh.wait(math.inf)
    assert refresh.waiting == 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_loop_that_has_ended_does_not_keep_others_from_waking(backend: str) -> None:
    refresh = PendingRefresh(1, 0)
    woken: list[bool] = []

    async def register() -> None:
        """Leave a waiting task's registration behind, as a loop that is stopped does."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(refresh.wait, math.inf)
            await anyio.wait_all_tasks_blocked()
            left.update(waiting)
            tasks.cancel_scope.cancel()

    async def wait() -> None:
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(others)
                await anyio.wait_all_tasks_blocked()
                thread = threading.Thread(target=refresh.finish, args=(KEY,))
                thread.start()
                await anyio.to_thread.run_sync(thread.join)

    async def others() -> None:
        woken.append(await refresh.wait(math.inf))

    waiting: dict[Any, Any] = cast(Any, refresh)._waiting
    left: dict[Any, Any] = {}
    anyio.run(register, backend=backend)
    waiting.update(left)
    anyio.run(wait, backend=backend)
    assert woken == [True]


@pytest.mark.parametrize(
    ("outcome", "message", "cause"),
    [
        (CredentialsError("no key"), "no key", None),
        (OSError("secret"), "the source of credentials failed: OSError", OSError),
        (json.JSONDecodeError("x", "secret", 0), None, None),
    ],
)
def test_a_failure_is_a_new_error_for_each_task(
    outcome: Exception, message: str | None, cause: type[Exception] | None
) -> None:
    refresh = PendingRefresh(1, 0)
    refresh.finish(outcome)
    errors: list[CredentialsError] = []
    for _ in range(2):
        with pytest.raises(CredentialsError) as caught:
            refresh.result()
        errors.append(caught.value)
    assert errors[0] is not errors[1]
    assert str(errors[0]) == (message or "the source of credentials failed: JSONDecodeError")
    assert (errors[0].__cause__ is outcome) is (cause is not None)


def test_the_cause_of_a_credentials_error_is_kept() -> None:
    outcome = CredentialsError("no key")
    outcome.__cause__ = KeyError("name")
    refresh = PendingRefresh(1, 0)
    refresh.finish(outcome)
    with pytest.raises(CredentialsError) as caught:
        refresh.result()
    assert caught.value.__cause__ is outcome.__cause__


@pytest.mark.anyio
async def test_whether_trio_runs(anyio_backend: str) -> None:
    assert in_trio() is (anyio_backend == "trio")
    assert not await anyio.to_thread.run_sync(in_trio)


def test_without_trio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "trio")
    assert not in_trio()

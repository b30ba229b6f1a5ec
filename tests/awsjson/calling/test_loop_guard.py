"""The count of a client's calls, and the loop that they run in."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, cast

import anyio
import pytest

from ecrclient import ClientInUseError
from ecrclient._awsjson.calling.loop_guard import LoopGuard, LoopUse

PAIRS = [("asyncio", "asyncio"), ("asyncio", "trio"), ("trio", "asyncio"), ("trio", "trio")]


def run(backend: str, call: Callable[[], Any]) -> Any:
    async def main() -> Any:
        return call()

    return anyio.run(main, backend=backend)


def in_another_loop(backend: str, call: Callable[[], Any]) -> list[Any]:
    """Call a function in a loop of another thread; return its result or its error."""
    outcomes: list[Any] = []

    def work() -> None:
        try:
            outcomes.append(run(backend, call))
        except ClientInUseError as error:
            outcomes.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    return outcomes


@pytest.mark.anyio
async def test_calls_are_counted(anyio_backend: str) -> None:
    guard = LoopGuard()
    use = guard.enter()
    assert (use.calls, use.pid) == (1, os.getpid())
    assert guard.enter() is use
    assert use.calls == 2
    assert use.is_active()
    use.calls -= 1
    assert use.is_active()
    use.calls -= 1
    assert not use.is_active()
    assert guard.enter() is use
    assert use.calls == 1


@pytest.mark.anyio
async def test_calls_of_a_parent_process_are_not_active(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use = LoopGuard().enter()
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert not use.is_active()


def test_no_calls_are_not_active() -> None:
    assert not LoopUse(None).is_active()


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_second_loop_is_refused_while_the_first_has_calls(first: str, second: str) -> None:
    guard = LoopGuard()

    def main() -> None:
        use = guard.enter()
        (error,) = in_another_loop(second, guard.enter)
        assert isinstance(error, ClientInUseError)
        assert str(error) == (
            "the client is in use in another event loop: create a client for each event loop, and "
            "so for each thread, that runs at the same time"
        )
        assert guard.enter() is use, "the refused loop must not replace the first"
        assert use.calls == 2
        use.calls = 0
        (other,) = in_another_loop(second, guard.enter)
        assert other is not use
        assert other.calls == 1

    run(first, main)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_calls_of_a_loop_that_has_ended_do_not_count(first: str, second: str) -> None:
    guard = LoopGuard()
    old = run(first, guard.enter)
    assert old.calls == 1
    assert not old.is_active()
    new = run(second, guard.enter)
    assert new is not old
    assert (old.calls, new.calls) == (1, 1)


@pytest.mark.anyio
async def test_a_use_that_is_replaced_while_it_is_counted_is_not_counted(
    anyio_backend: str,
) -> None:
    """Another thread replaces the use after this one has read it."""

    class Replaced(LoopUse):
        @property
        def calls(self) -> int:
            return self.counted

        @calls.setter
        def calls(self, count: int) -> None:
            self.counted = count
            cast(Any, guard)._use = other

    guard = LoopGuard()
    loop = guard.enter().loop
    other = LoopUse(loop)
    other.calls = 5
    replaced = object.__new__(Replaced)
    replaced.loop, replaced.pid, replaced.counted = loop, os.getpid(), 3
    cast(Any, guard)._use = replaced
    assert guard.enter() is other
    assert (replaced.counted, other.calls) == (3, 6)

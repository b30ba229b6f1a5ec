"""Concurrent work: how much of it runs at the same time, and which error is raised."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import anyio.lowlevel
import pytest

from ecrclient.images.concurrency import run_all

pytestmark = pytest.mark.anyio


async def test_items_are_taken_when_a_task_is_free() -> None:
    taken: list[int] = []
    done: list[int] = []
    ahead: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    async def work(number: int) -> None:
        await anyio.lowlevel.checkpoint()
        done.append(number)
        ahead.append(len(taken) - len(done))

    await run_all(work, items(), 3)
    assert sorted(done) == list(range(20))
    assert max(ahead) < 3


async def test_all_items_run_at_the_same_time_without_a_limit() -> None:
    everything = anyio.Event()
    running = 0

    async def work(_: int) -> None:
        nonlocal running
        running += 1
        if running == 20:
            everything.set()
        await everything.wait()

    with anyio.fail_after(10):
        await run_all(work, range(20))
    assert running == 20


@pytest.mark.parametrize("limit", [None, 1, 3])
async def test_the_first_error_is_raised_as_it_is(limit: int | None) -> None:
    async def work(number: int) -> None:
        if number == 4:
            raise KeyError(number)
        await anyio.lowlevel.checkpoint()

    with pytest.raises(KeyError, match="4"):
        await run_all(work, range(20), limit)


async def test_nothing_to_do() -> None:
    async def work(_: int) -> None:
        raise AssertionError

    await run_all(work, [], 3)

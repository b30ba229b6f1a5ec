"""The rate of PutImage: one limiter for all clients of an account in a Region."""

from __future__ import annotations

import gc
import threading
from collections.abc import Hashable

import anyio
import pytest

from ecrclient.images import put_image_rate
from ecrclient.images.put_image_rate import PutImageLimiter, PutImageRate
from tests.virtual_time import anyio_backend as anyio_backend

pytestmark = pytest.mark.anyio


@pytest.fixture
def put_image_rate_limit() -> None:
    """Keep the limit, which the other tests of this folder switch off."""


async def seconds_of(calls: int, rate: PutImageRate, key: Hashable) -> float:
    started = anyio.current_time()
    for _ in range(calls):
        await rate.wait(key)
    return anyio.current_time() - started


async def test_a_seconds_calls_are_sent_immediately_and_others_at_the_rate() -> None:
    rate = PutImageRate()
    assert await seconds_of(10, rate, "a") == 0
    assert await seconds_of(5, rate, "a") == pytest.approx(0.5)
    await anyio.sleep(10)
    assert await seconds_of(10, rate, "a") == pytest.approx(0)


async def test_clients_with_equal_keys_share_the_rate() -> None:
    one, other = PutImageRate(), PutImageRate()
    assert await seconds_of(10, one, ("account", "region")) == 0
    assert await seconds_of(10, other, ("account", "other region")) == 0
    assert await seconds_of(10, other, ("account", "region")) == pytest.approx(1)


async def test_another_access_key_has_another_rate() -> None:
    rate = PutImageRate()
    assert await seconds_of(10, rate, "first key") == 0
    assert await seconds_of(10, rate, "second key") == 0


async def test_tasks_share_the_rate() -> None:
    rate = PutImageRate()
    started = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        for _ in range(30):
            tasks.start_soon(rate.wait, "a")
    assert anyio.current_time() - started == pytest.approx(2)


def test_the_rate_is_forgotten_with_the_last_client() -> None:
    async def use(rate: PutImageRate) -> None:
        await rate.wait("forgotten")

    limiters = put_image_rate._LIMITERS  # pyright: ignore[reportPrivateUsage]
    one, other = PutImageRate(), PutImageRate()
    for rate in (one, other):
        anyio.run(use, rate)  # in one loop after another
    assert "forgotten" in limiters
    del one, rate
    gc.collect()
    assert "forgotten" in limiters
    del other
    gc.collect()
    assert "forgotten" not in limiters


def test_loops_in_several_threads_share_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    delays: list[float] = []

    async def sleep(delay: float) -> None:
        delays.append(delay)

    monkeypatch.setattr("ecrclient.images.put_image_rate.anyio.sleep", sleep)
    limiter = PutImageLimiter()
    limiter._now = lambda: 0.0  # type: ignore[assignment]

    async def use() -> None:
        for _ in range(200):
            await limiter.wait()

    threads = [threading.Thread(target=anyio.run, args=(use,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(delays) == pytest.approx([max(0.0, n / 10 - 1) for n in range(1, 801)])

"""A cancelled call releases its slot and its connection, whenever the cancellation arrives."""

from __future__ import annotations

import asyncio
import importlib
import random
import ssl
from collections import Counter
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from ecrclient._awsjson.over_httpx.pooled_transport import PooledTransport
from ecrclient._awsjson.transport.pool import Pool, PoolStats
from tests.awsjson.transport.conftest import request, send
from tests.awsjson.transport.server import Peer, http_response, respond_with, serve

pytestmark = pytest.mark.anyio
Make = Callable[..., PooledTransport]

TURNS = 20
"""More iterations of the event loop than passing on a slot takes."""


async def turns(count: int) -> None:
    """Let every ready task run, this number of times."""
    for _ in range(count):
        await anyio.lowlevel.checkpoint()


def assert_nothing_taken(stats: PoolStats, context: str) -> None:
    assert (stats.in_use, stats.waiting) == (0, 0), (
        f"{context}: {stats.in_use} slots still taken, {stats.waiting} calls still waiting"
    )


# -- when a slot is passed on ------------------------------------------------------


@pytest.mark.parametrize("order", ["cancelled, then handed over", "handed over, then cancelled"])
async def test_slot_passed_to_a_cancelled_call_is_not_lost(order: str) -> None:
    """Both happen before the call resumes; their order decides what it sees."""
    pool: Pool[None] = Pool(1)
    assert pool.try_acquire()
    served: list[str] = []

    async def wait(name: str, scope: anyio.CancelScope) -> None:
        with scope:
            await pool.acquire(None)
            served.append(name)
            pool.release()

    async with anyio.create_task_group() as tasks:
        scopes = {"first": anyio.CancelScope(), "second": anyio.CancelScope()}
        for name, scope in scopes.items():
            tasks.start_soon(wait, name, scope)
            await turns(TURNS)
        assert pool.stats().waiting == 2
        if order.startswith("cancelled"):
            scopes["first"].cancel()
            pool.release()
        else:
            pool.release()
            scopes["first"].cancel()
        await turns(TURNS)
        tasks.cancel_scope.cancel()

    assert "second" in served, f"the slot was lost: served {served}, {pool.stats()}"
    # Neither event loop cancels a task that is about to resume with a result.
    assert ("first" in served) is order.startswith("handed over")
    assert_nothing_taken(pool.stats(), order)


@pytest.mark.parametrize("order", ["cancelled, then handed over", "handed over, then cancelled"])
def test_slot_passed_to_a_task_that_asyncio_cancels_is_not_lost(order: str) -> None:
    """``Task.cancel`` also cancels a task that is about to resume with a result."""

    async def main() -> None:
        pool: Pool[None] = Pool(1)
        assert pool.try_acquire()
        first, second = (asyncio.ensure_future(pool.acquire(None)) for _ in range(2))
        await turns(TURNS)
        assert pool.stats().waiting == 2
        if order.startswith("cancelled"):
            first.cancel()
            pool.release()
        else:
            pool.release()
            first.cancel()
        await turns(TURNS)
        was_served = second.done()
        second.cancel()
        assert first.cancelled(), "the cancellation was lost"
        assert was_served, f"the slot was lost: {pool.stats()}"
        pool.release()
        assert_nothing_taken(pool.stats(), order)

    asyncio.run(main())


@pytest.mark.parametrize("order", ["timed out, then handed over", "handed over, then timed out"])
async def test_slot_passed_on_at_the_end_of_the_wait_is_not_lost(order: str) -> None:
    pool: Pool[None] = Pool(1)
    assert pool.try_acquire()
    ends: list[str] = []

    async def wait() -> None:
        try:
            await pool.acquire(0.01)
        except TimeoutError:
            ends.append("timed out")
        else:
            ends.append("served")
            pool.release()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await turns(TURNS)
        assert pool.stats().waiting == 1
        if order.startswith("handed over"):
            pool.release()
            _block_past(anyio.current_time() + 0.02)
        else:
            _block_past(anyio.current_time() + 0.02)
            pool.release()
    assert len(ends) == 1
    assert_nothing_taken(pool.stats(), f"{order}, {ends[0]}")


def _block_past(deadline: float) -> None:
    """Block the event loop, so that everything due in the meantime happens in one iteration."""
    while anyio.current_time() < deadline:
        pass


@pytest.fixture
def fixed_schedule(anyio_backend: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run ready tasks in an order that the seed determines; trio shuffles them otherwise."""
    run: Any = importlib.import_module("trio._core._run")
    monkeypatch.setattr(run, "_ALLOW_DETERMINISTIC_SCHEDULING", True)
    monkeypatch.setattr(run, "_r", random.Random(seed))


# -- at any moment ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.usefixtures("fixed_schedule")
async def test_cancelled_waits_lose_no_slot(seed: int) -> None:
    """Calls that start, wait, own a slot and are cancelled in given iterations of the loop."""
    draw = random.Random(seed)
    size = draw.randint(1, 3)
    holds = 3 * size  # iterations of the event loop, so that calls queue up
    pool: Pool[None] = Pool(size)
    ends: Counter[str] = Counter()
    holding = most = 0
    limit = 60 * holds
    stats = pool.stats()

    async def call(scope: anyio.CancelScope, turns_held: int) -> None:
        nonlocal holding, most
        how = "cancelled"
        with scope:
            if not pool.try_acquire():
                await pool.acquire(None)
            holding += 1
            most = max(most, holding)
            try:
                await turns(turns_held)
                how = "served"
            finally:
                holding -= 1
                pool.release()
        ends[how] += 1

    async with anyio.create_task_group() as tasks:
        scopes: list[anyio.CancelScope] = []
        for _ in range(60):
            scopes.append(anyio.CancelScope())
            tasks.start_soon(call, scopes[-1], draw.randrange(holds))
            if draw.random() < 0.5:
                draw.choice(scopes[-8:]).cancel()
            await turns(draw.randrange(3))
        while sum(ends.values()) < 60 and limit:
            limit -= 1
            await turns(1)
        stats = pool.stats()
        tasks.cancel_scope.cancel()

    assert limit, f"seed {seed}, size {size}: calls wait for lost slots: {stats}, {dict(ends)}"
    assert most <= size, f"seed {seed}: {most} calls had a slot of {size}"
    assert_nothing_taken(pool.stats(), f"seed {seed}, size {size}, {dict(ends)}")
    assert ends["cancelled"] >= 3, f"seed {seed}: {dict(ends)}"
    assert ends["served"] >= 3, f"seed {seed}: {dict(ends)}"


# -- over real connections -------------------------------------------------------------------------


class Peers:
    """Servers that are slow or misbehave, as the seed determines."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw

    async def script(self, peer: Peer) -> None:
        await (self._slow if self._draw.random() < 0.8 else self._misbehaving)(peer)

    async def _slow(self, peer: Peer) -> None:
        """Read the request late, and send the response in pieces."""
        draw = self._draw
        while True:
            await peer.request()
            await turns(draw.randrange(30))
            data = http_response(b"x" * draw.choice([2, 2, 100_000]))
            for piece in (data[:10], data[10:60], data[60:]):
                await peer.send(piece)
                await turns(draw.randrange(10))

    async def _misbehaving(self, peer: Peer) -> None:
        draw = self._draw
        for _ in range(draw.randrange(4)):
            await peer.request()
            await peer.send(http_response() + b"extra" * draw.randrange(2))
        if draw.random() < 0.5:
            await peer.reset()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.usefixtures("fixed_schedule")
async def test_cancelled_calls_release_everything(
    make: Make, good_context: ssl.SSLContext, tls: bool, seed: int
) -> None:
    draw = random.Random(seed)
    peers = Peers(random.Random(seed + 1000))
    ends: Counter[str] = Counter()
    async with serve(peers.script, context=good_context if tls else None) as server:
        transport = make(max_connections=8)

        async def call(body: bytes, scope: anyio.CancelScope) -> None:
            how = "cancelled"
            with scope:
                try:
                    await send(transport, server.url, body=body)
                    how = "complete"
                except httpx.TransportError as error:
                    how = type(error).__name__
            ends[how] += 1

        async def cancel(scope: anyio.CancelScope, after: int) -> None:
            await turns(after)
            scope.cancel()

        for number in range(5):
            with anyio.move_on_after(20) as whole_round:
                async with anyio.create_task_group() as tasks:
                    for _ in range(40):
                        scope = anyio.CancelScope()
                        tasks.start_soon(call, b"x" * draw.choice([2, 500_000]), scope)
                        if draw.random() < 0.5:
                            tasks.start_soon(cancel, scope, draw.randrange(100))
            context = f"seed {seed}, round {number}, {dict(ends)}"
            assert not whole_round.cancelled_caught, f"{context}: hangs, {transport.stats()}"
            stats = transport.stats()
            assert_nothing_taken(stats, context)
            assert stats.open == stats.idle <= 8, f"{context}: {stats}"
        assert min(ends["cancelled"], ends["complete"]) > 10, f"seed {seed}: {dict(ends)}"
        await _becomes_good(transport, server.url)


async def _becomes_good(transport: PooledTransport, url: str) -> None:
    for _ in range(20):  # until a connection gets a script that responds
        try:
            assert (await send(transport, url)).status_code == 200
        except httpx.TransportError:
            continue
        return
    pytest.fail(f"20 calls after the cancelled ones failed: {transport.stats()}")


@pytest.mark.parametrize("stage", ["wait", "connect", "handshake", "send", "head", "body"])
async def test_cancelled_at_each_stage(make: Make, stage: str) -> None:
    reached = anyio.Event()

    async def script(peer: Peer) -> None:
        if stage == "handshake":
            reached.set()
            await anyio.sleep_forever()
        await peer.head()
        if stage == "send":
            reached.set()
            await anyio.sleep_forever()
        await peer.request()
        if stage == "body":
            await peer.send(http_response(b"half")[:-2])
        reached.set()
        await peer.closed()

    async def watch() -> None:
        if stage == "wait":
            while not transport.stats().waiting:
                await anyio.lowlevel.checkpoint()
        elif stage == "connect":
            while not transport.stats().in_use:
                await anyio.lowlevel.checkpoint()
        else:
            await reached.wait()
            await anyio.sleep(0.02)
        scope.cancel()

    fine = http_response(b"x" * 3_000_000)
    scripts = [respond_with(fine)] if stage == "wait" else [script, respond_with(fine)]
    async with serve(*scripts) as server:
        transport = make(max_connections=1)
        held = None
        if stage == "wait":
            held = await transport.handle_async_request(request(server.url))
        url = server.url
        if stage == "handshake":
            url = url.replace("http://127.0.0.1", "https://localhost")
        with anyio.fail_after(10), anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(watch)
                await send(transport, url, body=b"x" * (30_000_000 if stage == "send" else 2))
        assert scope.cancelled_caught
        assert transport.stats().waiting == 0
        if held is not None:
            await held.aclose()
        stats = transport.stats()
        assert (stats.open, stats.in_use) == (0, 0)
        if stage in {"head", "body"}:  # so that the server finds it
            await server.wait_until_open(0)
        if stage != "handshake":
            server.connections = 1
            assert len((await send(transport, server.url)).content) == 3_000_000

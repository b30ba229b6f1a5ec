"""Cleanups of random repositories: what they must never delete, in which order, interrupted."""

from __future__ import annotations

import random
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecrclient import ECRClient
from ecrclient.images import (
    CleanupPlan,
    CleanupRule,
    KeepNewest,
    KeepReferenced,
    KeepTagged,
)
from ecrclient.testing import InMemoryECR
from tests.images.cleanup.repositories import random_repository, reachable
from tests.images.graphs import Graph

SEEDS = st.integers(0, 2**32)
BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def rules_for(graph: Graph, seed: int) -> list[CleanupRule]:
    rng = random.Random(seed)
    in_use = rng.sample(sorted(graph.manifests), rng.randint(0, min(2, len(graph.manifests))))
    rules: list[CleanupRule] = [
        KeepNewest(rng.randint(0, 2), of=rng.choice(["*", "v*"])),
        KeepTagged([rng.choice(["v1*", "test-*"])]),
        KeepReferenced(in_use),
    ]
    return rng.sample(rules, rng.randint(1, 3))


async def pushed(seed: int, client: ECRClient) -> Graph:
    graph = random_repository(seed)
    await client.create_repository(repository_name="team/app")
    await graph.push(client, "team/app")
    return graph


async def digests(client: ECRClient) -> set[str]:
    return {one.image_digest async for one in client.describe_images(repository_name="team/app")}


def rooted(graph: Graph, rules: list[CleanupRule], plan: CleanupPlan) -> set[str]:
    """The images that the plan says a rule keeps; and at least those that the tests expect."""
    tagged = {tag: d for tag, d in graph.tags.items() if not tag.startswith("sha256-")}
    expected: set[str] = set()
    for rule in rules:
        if isinstance(rule, KeepReferenced):
            expected |= set(rule.by)
        elif isinstance(rule, KeepTagged):
            prefix = rule.patterns[0].rstrip("*")
            expected |= {digest for tag, digest in tagged.items() if tag.startswith(prefix)}
        elif isinstance(rule, KeepNewest):
            prefix = rule.of.rstrip("*")
            of = {digest for tag, digest in tagged.items() if tag.startswith(prefix)}
            kept = {item.digest for item in plan.keep if item.why == str(rule)}
            # Images that another rule keeps have its reason.
            assert len(kept) <= min(rule.n, len(of))
            assert kept <= of
            expected |= kept
    return expected


@BACKENDS
@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_a_cleanup_deletes_exactly_what_nothing_needs(backend: str, seed: int) -> None:
    async def main() -> None:
        async with InMemoryECR().client() as client:
            graph = await pushed(seed, client)
            before = await digests(client)
            rules = rules_for(graph, seed)
            images = client.images("team/app")
            plan = await images.plan_cleanup(*rules)
            expected = reachable(graph, before, rooted(graph, rules, plan))
            assert {item.digest for item in plan.keep} == expected
            assert {item.digest for item in plan.delete} == before - expected
            report = await images.clean_up(CleanupPlan.model_validate_json(plan.model_dump_json()))
            assert report.is_complete, report
            assert await digests(client) == expected
            assert len(report.deleted) == len(before - expected)

    anyio.run(main, backend=backend)


class InterruptedByTestError(Exception):
    """Ends a call."""


class Interruption:
    """Middleware that ends a cleanup at one of its calls."""

    def __init__(self, call: int, how: str) -> None:
        self._left = call
        self._how = how
        self.scope = anyio.CancelScope()
        self.happened = False

    async def __call__(self, request: Any, call_next: Any) -> Any:
        self._left -= 1
        if self._left != -1:
            return await call_next(request)
        self.happened = True
        if self._how == "after":
            await call_next(request)
        if self._how == "cancelled":
            self.scope.cancel()
            await anyio.lowlevel.checkpoint()
        raise InterruptedByTestError


@BACKENDS
@pytest.mark.parametrize("how", ["before", "after", "cancelled"])
@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_a_cleanup_that_was_interrupted_at_any_call_can_be_repeated(
    backend: str, how: str, seed: int
) -> None:
    async def main() -> None:
        with tempfile.TemporaryDirectory() as folder:
            state = Path(folder) / "state.json"
            memory = InMemoryECR()
            async with memory.client() as client:
                graph = await pushed(seed, client)
                memory.save(state)
                plan = await client.images("team/app").plan_cleanup(*rules_for(graph, seed))
            call, interrupted = 0, True
            while interrupted:
                memory = InMemoryECR.load(state)
                interrupted = await interrupt(memory, plan, Interruption(call, how))
                call += 1
            assert call > 2, "DescribeRepositories and DescribeImages at least"

    anyio.run(main, backend=backend)


async def interrupt(memory: InMemoryECR, plan: CleanupPlan, interruption: Interruption) -> bool:
    """Interrupt a cleanup, and repeat it; return whether it was interrupted."""
    async with memory.client(middleware=[interruption]) as client:
        with interruption.scope, suppress(InterruptedByTestError):
            await client.images("team/app").clean_up(plan)
    async with memory.client() as client:
        report = await client.images("team/app").clean_up(plan)
        assert report.is_complete, report
        assert await digests(client) == {item.digest for item in plan.keep}
    return interruption.happened

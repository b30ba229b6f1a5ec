"""Cleanups of random repositories: what they must never delete, in which order, interrupted."""

from __future__ import annotations

import random
import tempfile
from contextlib import suppress
from datetime import datetime, timedelta
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
    KeepPulledWithin,
    KeepReferenced,
    KeepTagged,
    SpareYoungerThan,
)
from ecrclient.models import ImageDetail
from ecrclient.testing import InMemoryECR
from tests.images.cleanup.repositories import (
    belongs_to_none,
    images_of,
    random_repository,
    reachable,
    with_subjects,
    without_parts,
)
from tests.images.graphs import Graph

SEEDS = st.integers(0, 2**32)
BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def rules_for(graph: Graph, seed: int) -> list[CleanupRule]:
    rng = random.Random(seed)
    in_use = rng.sample(sorted(graph.manifests), rng.randint(1, min(2, len(graph.manifests))))
    rules: list[CleanupRule] = [
        KeepNewest(rng.randint(1, 2), of=rng.choice(["*", "v*"])),
        KeepTagged([rng.choice(["v1*", "test-*"])]),
        KeepReferenced(in_use),
        KeepPulledWithin(
            rng.choice([0.1, 0.5, 1]), never_pulled=rng.choice(["keep", "by push time"])
        ),
        SpareYoungerThan(rng.randint(1, 5)),
    ]
    return rng.sample(rules, rng.randint(1, 3))


async def pushed(seed: int, memory: InMemoryECR) -> Graph:
    """Push images over some hours, and pull some of them later."""
    rng, graph = random.Random(seed), random_repository(seed)

    async def wait(request: Any, call_next: Any) -> Any:
        if request.headers["x-amz-target"].endswith((".PutImage", ".BatchGetImage")):
            # In-memory layers that no image has are removed after a day.
            memory.clock.advance(hours=rng.choice([0, 0.3, 1]))
        return await call_next(request)

    async with memory.client(middleware=[wait]) as client:
        await client.create_repository(repository_name="team/app")
        await graph.push(client, "team/app")
        for digest in rng.sample(sorted(graph.manifests), rng.randint(0, 4) % len(graph.manifests)):
            await client.batch_get_image(
                repository_name="team/app", image_ids=[{"image_digest": digest}]
            )
    memory.clock.advance(hours=rng.choice([0, 5]))
    return graph


async def described(client: ECRClient) -> dict[str, ImageDetail]:
    images = client.describe_images(repository_name="team/app")
    return {image.image_digest: image async for image in images}


class Expectation:
    """The images that rules keep, according to the tests."""

    def __init__(self, graph: Graph, images: dict[str, ImageDetail], plan: CleanupPlan) -> None:
        self._graph = graph
        self._images = images
        self._plan = plan
        self._tagged = {
            tag: digest for tag, digest in graph.tags.items() if not tag.startswith("sha256-")
        }

    def roots(self) -> set[str]:
        return set[str]().union(*map(self._kept, self._plan.rules))

    def _kept(self, rule: CleanupRule) -> set[str]:
        if isinstance(rule, KeepReferenced):
            return set(rule.by)
        if isinstance(rule, KeepTagged):
            return self._with_tag(rule.patterns[0])
        if isinstance(rule, KeepNewest):
            of = without_parts(self._graph, self._with_tag(rule.of))
            return set(sorted(of, key=lambda d: (self._pushed(d), d), reverse=True)[: rule.n])
        if isinstance(rule, SpareYoungerThan):
            return {
                digest
                for digest in self._images
                if self._age(self._pushed(digest)) * 24 <= rule.hours
            }
        return {digest for digest in self._images if self._is_kept_by_pull(rule, digest)}

    def _is_kept_by_pull(self, rule: KeepPulledWithin, digest: str) -> bool:
        times = [
            self._images[image].last_recorded_pull_time for image in images_of(self._graph, digest)
        ]
        pulls = [time for time in times if time is not None]
        if any(self._age(time) <= rule.days for time in [*pulls, self._pushed(digest)]):
            return True
        return rule.never_pulled == "keep" and not pulls and belongs_to_none(self._graph, digest)

    def _with_tag(self, pattern: str) -> set[str]:
        prefix = pattern.rstrip("*")
        return {digest for tag, digest in self._tagged.items() if tag.startswith(prefix)}

    def _pushed(self, digest: str) -> datetime:
        return self._images[digest].image_pushed_at

    def _age(self, time: datetime) -> float:
        """Days."""
        return (self._plan.created_at - time) / timedelta(days=1)


@BACKENDS
@settings(max_examples=100, deadline=None)
@given(seed=SEEDS)
def test_a_cleanup_deletes_exactly_what_nothing_needs(backend: str, seed: int) -> None:
    async def main() -> None:
        memory = InMemoryECR()
        graph = await pushed(seed, memory)
        async with memory.client() as client:
            before = await described(client)
            images = client.images("team/app")
            plan = await images.plan_cleanup(*rules_for(graph, seed), now=memory.clock())
            roots = with_subjects(graph, Expectation(graph, before, plan).roots())
            expected = reachable(graph, before, roots)
            assert {item.digest for item in plan.keep} == expected
            assert {item.digest for item in plan.delete} == before.keys() - expected
            report = await images.clean_up(CleanupPlan.model_validate_json(plan.model_dump_json()))
            assert report.is_complete, report
            assert (await described(client)).keys() == expected
            assert len(report.deleted) == len(before.keys() - expected)

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
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_a_cleanup_that_was_interrupted_at_any_call_can_be_repeated(
    backend: str, how: str, seed: int
) -> None:
    async def main() -> None:
        with tempfile.TemporaryDirectory() as folder:
            state = Path(folder) / "state.json"
            memory = InMemoryECR()
            graph = await pushed(seed, memory)
            memory.save(state)
            async with memory.client() as client:
                plan = await client.images("team/app").plan_cleanup(
                    *rules_for(graph, seed), now=memory.clock()
                )
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
        assert (await described(client)).keys() == {item.digest for item in plan.keep}
    return interruption.happened

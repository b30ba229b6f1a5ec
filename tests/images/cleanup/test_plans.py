"""Plans: what each rule keeps, why, and what is never guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from ecrclient import ECRClient, RequestValidationError
from ecrclient.errors import RepositoryNotFoundException
from ecrclient.images import (
    CleanupPlan,
    CleanupRule,
    KeepNewest,
    KeepPulledWithin,
    KeepReferenced,
    KeepTagged,
    SpareYoungerThan,
)
from ecrclient.testing import InMemoryECR
from tests.images.graphs import Graph

pytestmark = pytest.mark.anyio

NOW = datetime(2030, 1, 31, tzinfo=UTC)
URI = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app"


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.fixture
def registry() -> InMemoryECR:
    return InMemoryECR(region="us-east-1", clock=lambda: NOW)


async def plan_of(registry: InMemoryECR, *rules: CleanupRule) -> CleanupPlan:
    async with registry.client() as client:
        return await client.images("team/app").plan_cleanup(*rules, now=NOW)


def going(plan: CleanupPlan) -> list[str]:
    return sorted(tag for item in plan.delete for tag in item.tags or ("untagged",))


def add(registry: InMemoryECR, *tags: str, days: float = 0, pulled: float | None = None) -> str:
    return registry.add_image(
        "team/app",
        [f"{tags} {days}".encode()],
        tags=tags,
        pushed_at=days_ago(days),
        last_pulled_at=None if pulled is None else days_ago(pulled),
    )


async def test_the_newest_of_a_pattern_stay(registry: InMemoryECR) -> None:
    for number in range(5):
        add(registry, f"v{number}", days=10 - number)
    add(registry, "latest", days=30)
    plan = await plan_of(registry, KeepNewest(2, of="v*"))
    assert going(plan) == ["latest", "v0", "v1", "v2"]
    assert {item.why for item in plan.keep} == {"KeepNewest(2, of='v*')"}


async def test_parts_of_an_image_that_match_too_do_not_count(client: ECRClient) -> None:
    graph = Graph()
    for version in ("v1", "v2", "v3"):
        children = [
            graph.add_image([f"{version} {name}".encode()], tag=f"{version}-{name}")
            for name in ("amd64", "arm64")
        ]
        index = graph.add_index(children, tag=version)
        graph.tags[f"{version}-sbom"] = graph.add_artifact(index, version.encode())["digest"]
    await graph.push(client, "team/app")
    images = client.images("team/app")
    plan = await images.plan_cleanup(KeepNewest(2, of="v*"))
    assert going(plan) == ["v1", "v1-amd64", "v1-arm64", "v1-sbom"]
    # Without the indexes, the images themselves count.
    plan = await images.plan_cleanup(KeepNewest(3, of="*-a*"))
    kept = {tag for item in plan.keep for tag in item.tags}
    assert kept == {"v2-arm64", "v3-amd64", "v3-arm64"}


async def test_signatures_do_not_count_as_newest(registry: InMemoryECR) -> None:
    digest = add(registry, "v1", days=9)
    add(registry, digest.replace(":", "-") + ".sig", days=1)
    plan = await plan_of(registry, KeepNewest(1))
    assert (going(plan), len(plan.keep)) == ([], 2)
    assert [item.why for item in plan.keep if item.digest != digest] == ["referrer of v1"]


async def test_a_pattern_for_the_tags_of_signatures_matches_them(registry: InMemoryECR) -> None:
    tag = "sha256-" + "0" * 64 + ".sig"
    add(registry, tag)
    assert going(await plan_of(registry, KeepTagged(["*"]))) == [tag]
    assert going(await plan_of(registry, KeepTagged(["sha256-*"]))) == []


async def test_equal_sboms_of_two_images_stay_with_either(registry: InMemoryECR) -> None:
    kept, other = add(registry, "v1"), add(registry, "w1")
    tags = [f"{digest.replace(':', '-')}.sbom" for digest in (kept, other)]
    sbom = add(registry, *tags)
    for pattern, subject in (("v*", "v1"), ("w*", "w1")):
        plan = await plan_of(registry, KeepTagged([pattern]))
        [why] = [item.why for item in plan.keep if item.digest == sbom]
        assert why == f"referrer of {subject}"
        assert len(plan.delete) == 1


async def test_the_subject_of_a_referrer_that_a_rule_keeps_stays(registry: InMemoryECR) -> None:
    subject = add(registry, days=10)
    signature = registry.add_image(
        "team/app", [b"signature"], subject=subject, pushed_at=days_ago(0.1)
    )
    plan = await plan_of(registry, SpareYoungerThan(24))
    assert {item.digest: item.why for item in plan.keep} == {
        signature: "SpareYoungerThan(24)",
        subject: f"subject of {signature}",
    }


async def test_tags_that_match_stay(registry: InMemoryECR) -> None:
    for tag in ("v1", "w1", "main"):
        add(registry, tag)
    assert going(await plan_of(registry, KeepTagged(["v*", "main"]))) == ["w1"]


async def test_recently_pulled_or_pushed_images_stay(registry: InMemoryECR) -> None:
    add(registry, "pulled", days=100, pulled=5)
    add(registry, "pulled-long-ago", days=100, pulled=50)
    add(registry, "never-pulled", days=100)
    add(registry, "new", days=5)
    plan = await plan_of(registry, KeepPulledWithin(30, never_pulled="by push time"))
    assert going(plan) == ["never-pulled", "pulled-long-ago"]
    plan = await plan_of(registry, KeepPulledWithin(30))
    assert going(plan) == ["pulled-long-ago"]
    [why] = [item.why for item in plan.keep if item.tags == ("never-pulled",)]
    assert why == "ECR did not send when it was pulled"


async def test_what_was_never_pulled_goes_with_its_index_and_its_subject(ecr: InMemoryECR) -> None:
    graph = Graph()
    pulled, other = graph.add_image([b"pulled"]), graph.add_image([b"other"])
    graph.add_artifact(graph.add_index([pulled, other], tag="v1"), b"signature")
    async with ecr.client() as client:
        await client.create_repository(repository_name="team/app")
        await graph.push(client, "team/app")
        images = client.images("team/app")
        ecr.clock.advance(days=60)
        never = await images.plan_cleanup(KeepPulledWithin(30), now=ecr.clock())
        assert never.delete == ()
        await client.batch_get_image(
            repository_name="team/app", image_ids=[{"image_digest": pulled["digest"]}]
        )
        ecr.clock.advance(days=60)
        plan = await images.plan_cleanup(KeepPulledWithin(30), now=ecr.clock())
        assert plan.keep == ()


async def test_planning_does_not_count_as_a_pull_of_an_index(ecr: InMemoryECR) -> None:
    graph = Graph()
    graph.add_index([graph.add_image([b"one"])], tag="v1")
    async with ecr.client() as client:
        await client.create_repository(repository_name="team/app")
        await graph.push(client, "team/app")
        images = client.images("team/app")
        ecr.clock.advance(days=60)
        later = ecr.clock()
        rule = KeepPulledWithin(30, never_pulled="by push time")
        await images.plan_cleanup(rule, now=later)
        read = await images.graph()
        assert read.nodes[read.tags["v1"]].pulled_at is not None, "reading it is a pull"
        plan = await images.plan_cleanup(rule, now=later)
        assert len(plan.delete) == 2
        report = await images.clean_up(plan)
    assert report.is_complete


async def test_young_images_are_spared(registry: InMemoryECR) -> None:
    add(registry, days=2)
    young = add(registry, days=0.5)
    plan = await plan_of(registry, SpareYoungerThan(24))
    assert [item.digest for item in plan.keep] == [young]
    assert going(plan) == ["untagged"]


async def test_images_in_use_stay(registry: InMemoryECR) -> None:
    digests = {tag: add(registry, tag) for tag in ("a", "b", "c", "latest", "d", "e")}
    other = f"{URI.replace('us-east-1', 'eu-west-1')}:d"
    used = [
        digests["a"],
        f"{URI}:b",
        f"{URI}:wrong-tag@{digests['c']}",
        URI,
        other,
        "docker.io/library/python:3.13",
        f"{URI}-two:d",
        f"{URI}:absent",
        "e",
        "nowhere",
        "sha256:" + "0" * 64,
    ]
    plan = await plan_of(registry, KeepReferenced(used))
    assert going(plan) == ["d"]
    assert plan.unresolved == (f"{URI}:absent", "nowhere")


async def test_images_in_use_by_the_uri_of_a_local_endpoint(registry: InMemoryECR) -> None:
    kept = add(registry, "a")
    add(registry, "b")
    with registry.serve() as server:
        async with ECRClient(
            region="us-east-1", endpoint_url=server.url, credentials=registry.credentials
        ) as client:
            [found] = await client.describe_repositories().collect()
            rule = KeepReferenced([f"{found.repository_uri}:a", f"{found.repository_uri}x:b"])
            plan = await client.images("team/app").plan_cleanup(rule)
    assert [item.digest for item in plan.keep] == [kept]


async def test_archived_images_stay(registry: InMemoryECR) -> None:
    add(registry, "v1")
    async with registry.client() as client:
        await client.update_image_storage_class(
            repository_name="team/app",
            image_id={"image_tag": "v1"},
            target_storage_class="ARCHIVE",
        )
    plan = await plan_of(registry, KeepTagged(["none"]))
    assert [item.why for item in plan.keep] == ["its status is ARCHIVED"]


async def test_possible_children_of_an_archived_index_stay(ecr: InMemoryECR) -> None:
    graph = Graph()
    graph.add_index([graph.add_image([b"child"])], tag="v1")
    tagged = graph.add_image([b"tagged"], tag="w1")
    async with ecr.client() as client:
        await client.create_repository(repository_name="team/app")
        await graph.push(client, "team/app")
        await client.update_image_storage_class(
            repository_name="team/app",
            image_id={"image_tag": "v1"},
            target_storage_class="ARCHIVE",
        )
        plan = await client.images("team/app").plan_cleanup(KeepTagged(["none"]))
        assert [item.digest for item in plan.delete] == [tagged["digest"]]
        assert (await client.images("team/app").clean_up(plan)).is_complete


async def test_a_fingerprint_is_that_of_a_state(registry: InMemoryECR) -> None:
    digest = add(registry, "a", days=3)
    plan = await plan_of(registry, KeepTagged(["a"]))
    assert (plan.region, plan.registry_id, plan.repository_name) == (
        "us-east-1",
        "123456789012",
        "team/app",
    )
    async with registry.client() as client:
        await client.batch_get_image(
            repository_name="team/app", image_ids=[{"image_digest": digest}]
        )
        assert (await client.images("team/app").graph()).fingerprint == plan.fingerprint
        add(registry, "a", "b", days=3)
        assert (await client.images("team/app").graph()).fingerprint != plan.fingerprint


# -- arguments and JSON ----------------------------------------------------------------------------


async def test_a_plan_needs_a_rule(client: ECRClient) -> None:
    with pytest.raises(RequestValidationError, match="rules: must not be empty"):
        await client.images("team/app").plan_cleanup()


@pytest.mark.parametrize("rule", [KeepNewest(0), KeepReferenced([])], ids=str)
async def test_a_plan_needs_a_rule_that_keeps_something(
    rule: CleanupRule, client: ECRClient
) -> None:
    images = client.images("team/app")
    with pytest.raises(RequestValidationError, match="rules: must keep something"):
        await images.plan_cleanup(rule)
    assert (await images.plan_cleanup(rule, KeepTagged(["v*"]))).rules[0] == rule


@pytest.mark.parametrize(
    ("rules", "now", "problem"),
    [
        (["v*"], None, r"rules\[0\]: must be a rule"),
        ([KeepNewest(1)], "today", "now: must be a datetime"),
        ([KeepNewest(1)], datetime(2030, 1, 1), "now: must have a time zone"),  # noqa: DTZ001
    ],
)
async def test_wrong_arguments(rules: Any, now: Any, problem: str, client: ECRClient) -> None:
    with pytest.raises(RequestValidationError, match=problem):
        await client.images("team/app").plan_cleanup(*rules, now=now)


async def test_a_missing_repository_is_an_error(client: ECRClient) -> None:
    with pytest.raises(RepositoryNotFoundException):
        await client.images("absent").plan_cleanup(KeepNewest(1))


@pytest.mark.parametrize(
    "make",
    [
        lambda: KeepNewest(-1),
        lambda: KeepNewest(1, of=""),
        lambda: KeepTagged([]),
        lambda: KeepTagged("v*"),
        lambda: KeepPulledWithin(0),
        lambda: SpareYoungerThan(float("nan")),
    ],
)
def test_a_wrong_rule_is_refused(make: Any) -> None:
    with pytest.raises(ValidationError):
        make()


def test_rules_are_read_from_json() -> None:
    rules = (
        KeepNewest(3, of="v*"),
        KeepTagged(["main"]),
        KeepPulledWithin(1.5),
        KeepReferenced(["sha256:" + "0" * 64]),
        SpareYoungerThan(24),
    )
    adapter: TypeAdapter[tuple[CleanupRule, ...]] = TypeAdapter(tuple[CleanupRule, ...])
    text = adapter.dump_json(rules)
    assert json.loads(text)[0] == {"n": 3, "of": "v*", "rule": "KeepNewest"}
    assert adapter.validate_json(text) == rules

"""Plans: what each rule keeps, why, and what is never guessed."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
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
    images_in_functions,
    images_in_manifests,
    images_in_task_definitions,
)
from ecrclient.testing import InMemoryECR
from tests.images.calls import Calls
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


async def test_signatures_do_not_count_as_newest(registry: InMemoryECR) -> None:
    digest = add(registry, "v1", days=9)
    add(registry, digest.replace(":", "-") + ".sig", days=1)
    plan = await plan_of(registry, KeepNewest(1))
    assert (going(plan), len(plan.keep)) == ([], 2)
    assert [item.why for item in plan.keep if item.digest != digest] == ["referrer of v1"]


async def test_tags_that_match_stay(registry: InMemoryECR) -> None:
    for tag in ("v1", "w1", "main"):
        add(registry, tag)
    assert going(await plan_of(registry, KeepTagged(["v*", "main"]))) == ["w1"]


async def test_recently_pulled_or_pushed_images_stay(registry: InMemoryECR) -> None:
    add(registry, "pulled", days=100, pulled=5)
    add(registry, "pulled-long-ago", days=100, pulled=50)
    add(registry, "never-pulled", days=100)
    add(registry, "new", days=5)
    plan = await plan_of(registry, KeepPulledWithin(30))
    assert going(plan) == ["never-pulled", "pulled-long-ago"]


async def test_planning_does_not_count_as_a_pull_of_an_index(ecr: InMemoryECR) -> None:
    graph = Graph()
    graph.add_index([graph.add_image([b"one"])], tag="v1")
    async with ecr.client() as client:
        await client.create_repository(repository_name="team/app")
        await graph.push(client, "team/app")
        images = client.images("team/app")
        ecr.clock.advance(days=60)
        later = ecr.clock()
        await images.plan_cleanup(KeepPulledWithin(30), now=later)
        read = await images.graph()
        assert read.nodes[read.tags["v1"]].pulled_at is not None, "reading it is a pull"
        plan = await images.plan_cleanup(KeepPulledWithin(30), now=later)
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
    digests = {tag: add(registry, tag) for tag in ("a", "b", "c", "latest", "d")}
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
        "sha256:" + "0" * 64,
    ]
    plan = await plan_of(registry, KeepReferenced(used))
    assert going(plan) == ["d"]
    assert plan.unresolved == (f"{URI}:absent",)


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


async def test_only_the_manifests_of_indexes_are_read(ecr: InMemoryECR, client: ECRClient) -> None:
    graph = Graph()
    children = [graph.add_image([str(number).encode()], tag=f"v{number}") for number in range(5)]
    graph.add_index(children, tag="all")
    await graph.push(client, "team/app")
    calls = Calls(ecr)
    read = await client.images("team/app").graph()
    assert calls.new() == Counter(DescribeImages=1, BatchGetImage=1)
    assert all(read.nodes[child["digest"]].pulled_at is None for child in children)
    index = read.nodes[read.tags["all"]]
    assert (index.kind, len(index.children), len(read.roots)) == ("index", 5, 1)
    assert read.missing == {}


async def test_sizes_of_an_index_are_those_of_its_children(client: ECRClient) -> None:
    graph = Graph()
    one, two = (graph.add_image([b"x" * size]) for size in (1_000, 3_000))
    graph.add_index([one, two], tag="both")
    graph.add_index([one], tag="one")
    await graph.push(client, "team/app")
    read = await client.images("team/app").graph()
    sizes = [read.nodes[child["digest"]].size or 0 for child in (one, two)]
    both = read.sizes(read.tags["both"])
    assert (both.total, both.shared, both.unique) == (sum(sizes), sizes[0], sizes[1])
    assert read.sizes(one["digest"]).unique == sizes[0]


# -- members that the service did not send ---------------------------------------------------------


def responder(details: list[dict[str, Any]]) -> httpx.MockTransport:
    repository = {"repositoryArn": "arn:aws:ecr:us-east-1:123456789012:repository/team/app"}

    def respond(request: httpx.Request) -> httpx.Response:
        operation = request.headers["x-amz-target"].rpartition(".")[2]
        bodies: dict[str, Any] = {
            "DescribeRepositories": {"repositories": [{**repository, "repositoryUri": URI}]},
            "DescribeImages": {"imageDetails": details},
        }
        return httpx.Response(200, json=bodies[operation])

    return httpx.MockTransport(respond)


@pytest.mark.parametrize(
    "rule", [KeepNewest(0), KeepPulledWithin(1), SpareYoungerThan(1)], ids=lambda rule: rule.rule
)
async def test_an_image_without_a_push_time_stays(rule: CleanupRule, ecr: InMemoryECR) -> None:
    detail = {
        "imageDigest": "sha256:" + "1" * 64,
        "imageTags": ["v1"],
        "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
    }
    async with ECRClient(
        region="us-east-1", credentials=ecr.credentials, transport=responder([detail])
    ) as client:
        plan = await client.images("team/app").plan_cleanup(rule)
    assert [(item.tags, item.why) for item in plan.keep] == [
        (("v1",), "ECR did not send when it was pushed")
    ]


# -- arguments and JSON ----------------------------------------------------------------------------


async def test_a_plan_needs_a_rule(client: ECRClient) -> None:
    with pytest.raises(RequestValidationError, match="rules: must not be empty"):
        await client.images("team/app").plan_cleanup()


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


# -- images in use ---------------------------------------------------------------------------------


def test_images_in_task_definitions() -> None:
    definition = {"containerDefinitions": [{"image": "a:1"}, {"image": "b:1"}, {"name": "x"}]}
    described = {"taskDefinition": {"containerDefinitions": [{"image": "a:1"}]}}
    assert images_in_task_definitions([definition, described]) == ["a:1", "b:1"]


def test_images_in_functions() -> None:
    image = {"Code": {"ImageUri": "a:1", "ResolvedImageUri": "a@sha256:1"}}
    assert images_in_functions([image, {"Code": {"Location": "s3"}}]) == ["a:1", "a@sha256:1"]


def test_images_in_manifests_of_any_kind() -> None:
    template = {
        "spec": {
            "initContainers": [{"image": "init:1"}],
            "containers": [{"image": "app:1", "env": [{"name": "image", "value": "not-this"}]}],
        }
    }
    pod = {
        "spec": {"containers": [{"image": "app:1"}]},
        "status": {"containerStatuses": [{"imageID": "docker-pullable://app@sha256:1"}]},
    }
    cron = {"spec": {"jobTemplate": {"spec": {"template": template}}}}
    found = images_in_manifests([cron, {"kind": "List", "items": [pod]}])
    assert found == ["app:1", "init:1", "app@sha256:1"]


@pytest.mark.parametrize(
    ("collect", "given", "problem"),
    [
        (images_in_task_definitions, [{}], r"definitions\[0\]: has no list containerDefinitions"),
        (images_in_functions, [{"FunctionName": "f"}], r"functions\[0\]: has no object Code"),
        (images_in_manifests, ["text"], r"manifests\[0\]: must be a mapping, not str"),
        (images_in_manifests, {"kind": "Pod"}, "manifests: must be several mappings"),
    ],
)
def test_descriptions_of_another_form_are_refused(collect: Any, given: Any, problem: str) -> None:
    with pytest.raises(RequestValidationError, match=problem):
        collect(given)

"""``Images.preview``: the images are read, and the result is compared with ECR's preview."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from ecrclient import ConfigurationError, ECRClient, RequestValidationError, WaiterFailureError
from ecrclient.errors import LifecyclePolicyNotFoundException, RepositoryNotFoundException
from ecrclient.images import Images
from ecrclient.lifecycle import (
    LifecyclePolicy,
    LifecyclePolicyError,
    LifecyclePreview,
    archive_after,
    expire_after,
    expire_archived_after,
    keep_last,
)
from ecrclient.testing import InMemoryECR
from tests.images.calls import Calls
from tests.images.graphs import PLATFORMS, Graph

pytestmark = pytest.mark.anyio

OLD = LifecyclePolicy.of(expire_after(14, tags="any"))
UNTAGGED = LifecyclePolicy.of(expire_after(14, tags="untagged"))


@pytest.fixture
def graph() -> Graph:
    """An index for three platforms with a signature, and a single image without a tag."""
    graph = Graph()
    children = [graph.add_image([one[1].encode()], platform=one) for one in PLATFORMS]
    index = graph.add_index(children, tag="v1")
    graph.add_artifact(index, b"signature")
    graph.add_image([b"single"], platform=PLATFORMS[1])
    return graph


@pytest.fixture
async def images(ecr: InMemoryECR, client: ECRClient, graph: Graph) -> Images:
    """A repository whose images are 20 days old."""
    ecr.clock.freeze()
    ecr.lifecycle.takes = timedelta(0)
    await graph.push(client, "team/app")
    ecr.clock.advance(days=20)
    return client.images("team/app")


def now(ecr: InMemoryECR) -> datetime:
    return ecr.clock()


def counts(preview: LifecyclePreview) -> dict[str, int]:
    found: dict[str, int] = {}
    for image in preview.images:
        found[image.outcome] = found.get(image.outcome, 0) + 1
    return found


async def test_children_of_an_index_are_protected(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    calls = Calls(ecr)
    preview = await images.preview(UNTAGGED, now=now(ecr))
    assert counts(preview) == {"protected": 3, "expire": 2, "keep": 1}
    assert {one.protected_by for one in preview.protected} == {(graph.tags["v1"],)}
    assert "indexes_unknown" not in preview.assumptions
    assert calls.new() == {"DescribeImages": 1, "BatchGetImage": 1}


async def test_indexes_are_not_read_on_request(ecr: InMemoryECR, images: Images) -> None:
    calls = Calls(ecr)
    preview = await images.preview(UNTAGGED, now=now(ecr), read_indexes=False)
    assert counts(preview) == {"expire": 5, "keep": 1}
    assert "indexes_unknown" in preview.assumptions
    assert calls.new() == {"DescribeImages": 1}


async def test_indexes_are_not_read_if_no_rule_acts(ecr: InMemoryECR, images: Images) -> None:
    calls = Calls(ecr)
    preview = await images.preview(LifecyclePolicy.of(keep_last(9, tags="any")), now=now(ecr))
    assert counts(preview) == {"keep": 6}
    assert calls.new() == {"DescribeImages": 1}


async def test_archived_images_are_included(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    await client.update_image_storage_class(
        repository_name="team/app",
        image_id={"image_digest": graph.tags["v1"]},
        target_storage_class="ARCHIVE",
    )
    ecr.clock.advance(days=100)
    policy = LifecyclePolicy.of(expire_archived_after(90, tags=["v*"]))
    preview = await images.preview(policy, now=now(ecr))
    assert [one.tags for one in preview.expiring] == [("v1",)]


async def test_an_archived_index_is_not_read(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    await client.update_image_storage_class(
        repository_name="team/app",
        image_id={"image_digest": graph.tags["v1"]},
        target_storage_class="ARCHIVE",
    )
    calls = Calls(ecr)
    preview = await images.preview(UNTAGGED, now=now(ecr))
    assert "indexes_unknown" in preview.assumptions
    assert calls.new() == {"DescribeImages": 1}


async def test_the_policy_as_text(ecr: InMemoryECR, images: Images) -> None:
    preview = await images.preview(OLD.to_json(), now=now(ecr))
    assert counts(preview) == {"protected": 3, "expire": 3}


async def test_the_policy_of_the_repository(
    ecr: InMemoryECR, client: ECRClient, images: Images
) -> None:
    with pytest.raises(LifecyclePolicyNotFoundException):
        await images.preview(now=now(ecr))
    await client.put_lifecycle_policy(repository_name="team/app", lifecycle_policy_text=OLD)
    calls = Calls(ecr)
    preview = await images.preview(now=now(ecr))
    assert counts(preview) == {"protected": 3, "expire": 3}
    assert calls.new() == {"GetLifecyclePolicy": 1, "DescribeImages": 1, "BatchGetImage": 1}


async def test_the_current_time_is_the_default(images: Images) -> None:
    # The clock of the in-memory ECR is 20 days ahead of the machine's.
    assert counts(await images.preview(OLD)) == {"keep": 6}


async def test_the_comparison_with_the_service(ecr: InMemoryECR, images: Images) -> None:
    calls = Calls(ecr)
    preview = await images.preview(OLD, now=now(ecr), compare_with_service=True)
    assert preview.service is not None
    assert preview.service.agrees
    assert preview.service.compared == 3
    assert calls.new() == {
        "StartLifecyclePolicyPreview": 1,
        "DescribeImages": 1,
        "BatchGetImage": 1,
        "GetLifecyclePolicyPreview": 2,
    }


async def test_the_differences_from_the_service(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    before = now(ecr) - timedelta(days=10)
    preview = await images.preview(OLD, now=before, compare_with_service=True)
    assert preview.service is not None
    assert [one.kind for one in preview.service.differences] == ["only_in_service"] * 3
    (index,) = (one for one in preview.service.differences if one.tags == ("v1",))
    assert (index.digest, index.service_action, index.service_rule) == (
        graph.tags["v1"],
        "expire",
        1,
    )
    assert index.here is not None
    assert index.here.outcome == "keep"


async def test_all_pages_are_compared(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.lifecycle.takes = timedelta(0)
    ecr.clock.freeze()
    for number in range(230):
        ecr.add_image("team/app", [b"%d" % number], tags=[f"v{number}"])
        ecr.clock.advance(seconds=1)
    policy = LifecyclePolicy.of(keep_last(10, tags="any"))
    images = client.images("team/app")
    preview = await images.preview(policy, now=now(ecr), compare_with_service=True)
    assert preview.service is not None
    assert (preview.service.compared, preview.service.agrees) == (220, True)
    assert len(preview.expiring) == 220


async def test_random_repositories_agree_with_the_in_memory_service(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    ecr.lifecycle.takes = timedelta(0)
    ecr.clock.freeze()
    chance = random.Random(7)
    acted = 0
    for number in range(20):
        name = f"random/{number}"
        for _ in range(chance.randint(5, 12)):
            ecr.clock.advance(hours=chance.randint(1, 90))
            tags = chance.sample(["v1", "v2", "w1", "latest"], chance.randint(0, 2))
            ecr.add_image(name, [chance.randbytes(9)], tags=tags)
        policy = LifecyclePolicy.of(
            keep_last(chance.randint(1, 3), tags=["v*"]),
            archive_after(chance.randint(1, 9), tags=["w*"], since="pushed"),
            expire_after(chance.randint(1, 9), tags="any"),
        )
        preview = await client.images(name).preview(policy, now=now(ecr), compare_with_service=True)
        assert preview.service is not None
        assert preview.service.differences == ()
        acted += preview.service.compared
    assert acted > 30


async def test_a_preview_of_the_service_that_fails(ecr: InMemoryECR, images: Images) -> None:
    ecr.lifecycle.set_preview_status("team/app", "FAILED")
    with pytest.raises(WaiterFailureError):
        await images.preview(OLD, now=now(ecr), compare_with_service=True)


async def test_a_repository_that_does_not_exist(client: ECRClient) -> None:
    with pytest.raises(RepositoryNotFoundException):
        await client.images("none").preview(OLD)


class TestWrongArguments:
    @pytest.mark.parametrize(
        ("arguments", "problem"),
        [
            ({"policy": 1}, "policy: must be a LifecyclePolicy, or the text of one, not 1"),
            ({"policy": OLD, "now": datetime(2026, 1, 1)}, "now: must have a time zone"),  # noqa: DTZ001
            ({"policy": OLD, "read_indexes": 1}, "read_indexes: must be True or False, not 1"),
            ({"policy": OLD, "compare_with_service": None}, "compare_with_service: must be True"),
        ],
    )
    async def test_an_argument_of_a_wrong_type(
        self, ecr: InMemoryECR, images: Images, arguments: dict[str, Any], problem: str
    ) -> None:
        calls = Calls(ecr)
        with pytest.raises(RequestValidationError) as refused:
            await images.preview(**arguments)
        assert f"preview: {problem}" in str(refused.value)
        assert calls.new() == {}

    async def test_a_wait_of_no_seconds(self, images: Images) -> None:
        with pytest.raises(ConfigurationError, match="max_wait must be more than 0 seconds"):
            await images.preview(OLD, max_wait=0)

    @pytest.mark.parametrize("text", ["{}", OLD.to_json().replace("14", "0")])
    async def test_a_text_that_ecr_would_refuse(
        self, ecr: InMemoryECR, images: Images, text: str
    ) -> None:
        calls = Calls(ecr)
        with pytest.raises(LifecyclePolicyError):
            await images.preview(text, compare_with_service=True)
        assert calls.new() == {}

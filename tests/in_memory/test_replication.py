"""Replication on push."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    ImageNotFoundException,
    InvalidParameterException,
    RepositoryNotFoundException,
)
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import HandClock, add_blobs, digest_of, image_manifest, push
from tests.in_memory.replicating import ACCOUNT, IRELAND, OHIO, OTHER, replicate, statuses

pytestmark = pytest.mark.anyio


async def test_a_replication_goes_through_its_states(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock, repository: str
) -> None:
    ecr.replication.takes = timedelta(minutes=2)
    assert ecr.replication.takes == timedelta(minutes=2)
    await replicate(client, IRELAND, OHIO)
    await push(client, repository)
    response = await client.describe_image_replication_status(
        repository_name=repository, image_id={"image_tag": "v1"}
    )
    assert response.repository_name == repository
    assert (response.image_id.image_digest, response.image_id.image_tag) == (
        digest_of(image_manifest()),
        "v1",
    )
    assert [(one.region, one.registry_id) for one in response.replication_statuses] == [
        ("eu-west-1", ACCOUNT),
        ("us-east-2", OTHER),
    ]
    assert await statuses(client, repository) == {
        "eu-west-1": ("IN_PROGRESS", None),
        "us-east-2": ("IN_PROGRESS", None),
    }
    clock.advance(minutes=2)
    assert await statuses(client, repository) == {
        "eu-west-1": ("COMPLETE", None),
        "us-east-2": ("COMPLETE", None),
    }


async def test_the_rules_at_the_time_of_the_push_apply(
    client: ECRClient, clock: HandClock, repository: str
) -> None:
    await push(client, repository)
    await replicate(client, IRELAND)
    assert await statuses(client, repository) == {}
    await push(client, repository, "v2")
    await replicate(client)
    clock.advance(minutes=1)
    assert await statuses(client, repository) == {"eu-west-1": ("COMPLETE", None)}


async def test_filters_match_the_prefix_of_the_name(ecr: InMemoryECR, client: ECRClient) -> None:
    await replicate(client, IRELAND, prefixes=("team/", "lib"))
    for name in ("team/app", "lib", "library/x", "app/team/x"):
        add_blobs(ecr, name)
        await push(client, name)
    for name in ("team/app", "lib", "library/x"):
        assert [*await statuses(client, name)] == ["eu-west-1"]
    assert await statuses(client, "app/team/x") == {}


async def test_replications_that_fail(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock, repository: str
) -> None:
    await replicate(client, IRELAND, OHIO)
    ecr.replication.fail("ACCESS_DENIED", registry_id=OTHER)
    ecr.replication.fail("BROKEN", image="bad", region="eu-west-1")
    ecr.replication.fail("NEVER", repository_name="other")
    await push(client, repository)
    await push(client, repository, "bad", image_manifest("bad"))
    assert (await statuses(client, repository))["us-east-2"] == ("IN_PROGRESS", None)
    clock.advance(minutes=1)
    assert await statuses(client, repository) == {
        "eu-west-1": ("COMPLETE", None),
        "us-east-2": ("FAILED", "ACCESS_DENIED"),
    }
    assert await statuses(client, repository, "bad") == {
        "eu-west-1": ("FAILED", "BROKEN"),
        "us-east-2": ("FAILED", "ACCESS_DENIED"),
    }
    ecr.replication.succeed()
    await push(client, repository, "again")
    clock.advance(minutes=1)
    assert await statuses(client, repository) == {
        "eu-west-1": ("COMPLETE", None),
        "us-east-2": ("COMPLETE", None),
    }


async def test_missing_images_and_repositories(client: ECRClient, repository: str) -> None:
    with pytest.raises(RepositoryNotFoundException):
        await statuses(client, "none")
    with pytest.raises(ImageNotFoundException):
        await statuses(client, repository)
    with pytest.raises(InvalidParameterException):
        await client.describe_image_replication_status(repository_name=repository, image_id={})

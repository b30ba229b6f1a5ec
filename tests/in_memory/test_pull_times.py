"""Pull time update exclusions."""

from __future__ import annotations

from datetime import datetime

import pytest

from ecrclient import ECRClient
from ecrclient.errors import ExclusionAlreadyExistsException, ExclusionNotFoundException
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import HandClock, image_manifest

pytestmark = pytest.mark.anyio

ROLE = "arn:aws:iam::123456789012:role/scanner"


async def pull(client: ECRClient, repository: str) -> datetime | None:
    """Pull an image, and return its last recorded pull time."""
    await client.batch_get_image(repository_name=repository, image_ids=[{"image_tag": "v1"}])
    (image,) = await client.describe_images(repository_name=repository).collect()
    return image.last_recorded_pull_time


async def test_register_and_deregister(client: ECRClient, clock: HandClock) -> None:
    made = await client.register_pull_time_update_exclusion(principal_arn=ROLE)
    assert (made.principal_arn, made.created_at) == (ROLE, clock.now)
    with pytest.raises(ExclusionAlreadyExistsException):
        await client.register_pull_time_update_exclusion(principal_arn=ROLE)
    assert (await client.list_pull_time_update_exclusions()).pull_time_update_exclusions == [ROLE]
    gone = await client.deregister_pull_time_update_exclusion(principal_arn=ROLE)
    assert gone.principal_arn == ROLE
    with pytest.raises(ExclusionNotFoundException):
        await client.deregister_pull_time_update_exclusion(principal_arn=ROLE)
    assert (await client.list_pull_time_update_exclusions()).pull_time_update_exclusions == []


async def test_exclusions_in_pages(client: ECRClient) -> None:
    roles = [f"{ROLE}-{number}" for number in range(5)]
    for role in reversed(roles):
        await client.register_pull_time_update_exclusion(principal_arn=role)
    first = await client.list_pull_time_update_exclusions(max_results=3)
    assert first.pull_time_update_exclusions == roles[:3]
    rest = await client.list_pull_time_update_exclusions(next_token=first.next_token)
    assert (rest.pull_time_update_exclusions, rest.next_token) == (roles[3:], None)


async def test_the_pulls_of_an_excluded_caller_are_not_recorded(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock, repository: str
) -> None:
    await client.put_image(
        repository_name=repository, image_manifest=image_manifest(), image_tag="v1"
    )
    await client.register_pull_time_update_exclusion(principal_arn=ecr.caller_arn)
    assert await pull(client, repository) is None
    await client.deregister_pull_time_update_exclusion(principal_arn=ecr.caller_arn)
    assert await pull(client, repository) == clock.now


async def test_the_pulls_of_other_callers_are_recorded(
    client: ECRClient, clock: HandClock, repository: str
) -> None:
    await client.put_image(
        repository_name=repository, image_manifest=image_manifest(), image_tag="v1"
    )
    await client.register_pull_time_update_exclusion(principal_arn=ROLE)
    assert await pull(client, repository) == clock.now


def test_the_caller_in_another_partition() -> None:
    ecr = InMemoryECR(region="cn-north-1", account_id="210987654321")
    assert ecr.caller_arn == "arn:aws-cn:iam::210987654321:user/in-memory-ecr"

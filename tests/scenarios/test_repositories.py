"""Repositories and their settings."""

from __future__ import annotations

import json
import re

import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    InvalidParameterException,
    LifecyclePolicyNotFoundException,
    RepositoryAlreadyExistsException,
    RepositoryNotEmptyException,
    RepositoryNotFoundException,
    RepositoryPolicyNotFoundException,
)
from ecrclient.lifecycle import LifecyclePolicy, expire_after
from tests.scenarios.pushing import image, push

pytestmark = pytest.mark.anyio

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "pull", "Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}
    ],
}


async def test_create_describe_and_delete(ecr: ECRClient, target: str) -> None:
    made = (await ecr.create_repository(repository_name="team/app")).repository
    assert made.repository_name == "team/app"
    assert made.repository_arn == f"arn:aws:ecr:us-east-1:{made.registry_id}:repository/team/app"
    # The served in-memory ECR returns a URI that reaches it.
    host = f"{made.registry_id}.dkr.ecr.us-east-1.amazonaws.com"
    host = r"127\.0\.0\.1:\d+" if target == "served" else re.escape(host)
    assert re.fullmatch(f"{host}/team/app", made.repository_uri)
    assert made.image_tag_mutability == "MUTABLE"
    assert made.encryption_configuration is not None
    assert made.encryption_configuration.encryption_type == "AES256"

    (described,) = await ecr.describe_repositories(repository_names=["team/app"]).collect()
    assert described == made

    deleted = (await ecr.delete_repository(repository_name="team/app")).repository
    assert deleted is not None
    assert deleted.repository_arn == made.repository_arn
    assert await ecr.describe_repositories().collect() == []


async def test_a_name_is_taken_once(ecr: ECRClient) -> None:
    await ecr.create_repository(repository_name="app")
    with pytest.raises(RepositoryAlreadyExistsException) as refused:
        await ecr.create_repository(repository_name="app")
    assert refused.value.status == 400


async def test_missing_repositories(ecr: ECRClient) -> None:
    with pytest.raises(RepositoryNotFoundException):
        await ecr.describe_repositories(repository_names=["app"])
    with pytest.raises(RepositoryNotFoundException):
        await ecr.delete_repository(repository_name="app")
    with pytest.raises(RepositoryNotFoundException):
        await ecr.list_images(repository_name="app")


async def test_delete_with_images_requires_force(ecr: ECRClient) -> None:
    await ecr.create_repository(repository_name="app")
    await push(ecr, "app", image("a"), "v1")
    with pytest.raises(RepositoryNotEmptyException):
        await ecr.delete_repository(repository_name="app")
    await ecr.delete_repository(repository_name="app", force=True)
    assert await ecr.describe_repositories().collect() == []


@pytest.mark.moto_differs(
    "moto returns everything in one page", '"DescribeRepositories", Amazon ECR API Reference'
)
async def test_repositories_in_pages(ecr: ECRClient) -> None:
    names = [f"app-{number}" for number in range(5)]
    for name in names:
        await ecr.create_repository(repository_name=name)
    pages = [page async for page in ecr.describe_repositories(max_results=2).pages()]
    assert [len(page.repositories) for page in pages] == [2, 2, 1]
    found = [repository.repository_name for page in pages for repository in page.repositories]
    assert sorted(found) == names


async def test_resource_tags(ecr: ECRClient) -> None:
    made = await ecr.create_repository(
        repository_name="app", tags=[{"key": "env", "value": "test"}, {"key": "a", "value": "1"}]
    )
    arn = made.repository.repository_arn
    await ecr.tag_resource(resource_arn=arn, tags=[{"key": "a", "value": "2"}])
    await ecr.untag_resource(resource_arn=arn, tag_keys=["env"])
    stored = await ecr.list_tags_for_resource(resource_arn=arn)
    assert [(tag.key, tag.value) for tag in stored.tags] == [("a", "2")]


async def test_settings(ecr: ECRClient) -> None:
    await ecr.create_repository(
        repository_name="app", image_scanning_configuration={"scan_on_push": True}
    )
    await ecr.put_image_tag_mutability(repository_name="app", image_tag_mutability="IMMUTABLE")
    await ecr.put_image_scanning_configuration(
        repository_name="app", image_scanning_configuration={"scan_on_push": False}
    )
    (stored,) = await ecr.describe_repositories().collect()
    assert stored.image_tag_mutability == "IMMUTABLE"
    assert stored.image_scanning_configuration is not None
    assert stored.image_scanning_configuration.scan_on_push is False


async def test_repository_policy(ecr: ECRClient) -> None:
    await ecr.create_repository(repository_name="app")
    with pytest.raises(RepositoryPolicyNotFoundException):
        await ecr.get_repository_policy(repository_name="app")
    await ecr.set_repository_policy(repository_name="app", policy_text=POLICY)
    stored = await ecr.get_repository_policy(repository_name="app")
    assert json.loads(stored.policy_text or "") == POLICY
    deleted = await ecr.delete_repository_policy(repository_name="app")
    assert json.loads(deleted.policy_text or "") == POLICY
    with pytest.raises(RepositoryPolicyNotFoundException):
        await ecr.delete_repository_policy(repository_name="app")


async def test_a_policy_that_is_not_json(ecr: ECRClient) -> None:
    await ecr.create_repository(repository_name="app")
    with pytest.raises(InvalidParameterException):
        await ecr.set_repository_policy(repository_name="app", policy_text="not JSON")


async def test_lifecycle_policy(ecr: ECRClient) -> None:
    await ecr.create_repository(repository_name="app")
    with pytest.raises(LifecyclePolicyNotFoundException):
        await ecr.get_lifecycle_policy(repository_name="app")
    policy = LifecyclePolicy.of(expire_after(14, tags="untagged"))
    await ecr.put_lifecycle_policy(repository_name="app", lifecycle_policy_text=policy)
    stored = await ecr.get_lifecycle_policy(repository_name="app")
    assert LifecyclePolicy.parse(stored.lifecycle_policy_text) == policy
    await ecr.delete_lifecycle_policy(repository_name="app")
    with pytest.raises(LifecyclePolicyNotFoundException):
        await ecr.delete_lifecycle_policy(repository_name="app")

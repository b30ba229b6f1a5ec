"""Policies, replication and authorization tokens."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    InvalidParameterException,
    LifecyclePolicyNotFoundException,
    RegistryPolicyNotFoundException,
    RepositoryNotFoundException,
    RepositoryPolicyNotFoundException,
)
from ecrclient.models import (
    ReplicationConfiguration,
    ReplicationDestination,
    ReplicationRule,
    RepositoryFilter,
)
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import HandClock, post

pytestmark = pytest.mark.anyio

POLICY = """{ "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}] }"""
REGISTRY_POLICY = POLICY.replace('"Action"', '"Resource": "*", "Action"')
LIFECYCLE = """{ "rules": [{"rulePriority": 1, "description": "few", "action": {"type": "expire"},
  "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5}}] }"""


async def test_a_repository_policy_is_stored_unchanged(client: ECRClient, repository: str) -> None:
    response = await client.set_repository_policy(repository_name=repository, policy_text=POLICY)
    got = await client.get_repository_policy(repository_name=repository)
    gone = await client.delete_repository_policy(repository_name=repository)
    for one in (response, got, gone):
        assert (one.registry_id, one.repository_name) == ("123456789012", repository)
        assert one.policy_text == POLICY
    with pytest.raises(RepositoryPolicyNotFoundException):
        await client.get_repository_policy(repository_name=repository)
    with pytest.raises(RepositoryPolicyNotFoundException):
        await client.delete_repository_policy(repository_name=repository)


async def test_a_lifecycle_policy_is_stored_unchanged(client: ECRClient, repository: str) -> None:
    response = await client.put_lifecycle_policy(
        repository_name=repository, lifecycle_policy_text=LIFECYCLE
    )
    got = await client.get_lifecycle_policy(repository_name=repository)
    gone = await client.delete_lifecycle_policy(repository_name=repository)
    for one in (response, got, gone):
        assert (one.registry_id, one.repository_name) == ("123456789012", repository)
        assert one.lifecycle_policy_text == LIFECYCLE
    assert got.last_evaluated_at is None
    with pytest.raises(LifecyclePolicyNotFoundException):
        await client.get_lifecycle_policy(repository_name=repository)
    with pytest.raises(LifecyclePolicyNotFoundException):
        await client.delete_lifecycle_policy(repository_name=repository)


async def test_policies_of_a_missing_repository(client: ECRClient) -> None:
    with pytest.raises(RepositoryNotFoundException):
        await client.set_repository_policy(repository_name="none", policy_text=POLICY)
    with pytest.raises(RepositoryNotFoundException):
        await client.get_lifecycle_policy(repository_name="none")


async def test_a_registry_policy_is_stored_unchanged(client: ECRClient) -> None:
    with pytest.raises(RegistryPolicyNotFoundException):
        await client.get_registry_policy()
    response = await client.put_registry_policy(policy_text=REGISTRY_POLICY)
    got = await client.get_registry_policy()
    gone = await client.delete_registry_policy()
    for one in (response, got, gone):
        assert (one.registry_id, one.policy_text) == ("123456789012", REGISTRY_POLICY)
    with pytest.raises(RegistryPolicyNotFoundException):
        await client.delete_registry_policy()


async def test_replication_is_stored(client: ECRClient) -> None:
    assert (await client.describe_registry()).replication_configuration.rules == []
    configuration = ReplicationConfiguration(
        rules=[
            ReplicationRule(
                destinations=[
                    ReplicationDestination(region="eu-west-1", registry_id="123456789012"),
                    ReplicationDestination(region="us-east-1", registry_id="999999999999"),
                ],
                repository_filters=[RepositoryFilter(filter="team/", filter_type="PREFIX_MATCH")],
            )
        ]
    )
    response = await client.put_replication_configuration(replication_configuration=configuration)
    assert response.replication_configuration == configuration
    described = await client.describe_registry()
    assert described.registry_id == "123456789012"
    assert described.replication_configuration == configuration


async def test_a_registry_is_not_replicated_to_itself(client: ECRClient) -> None:
    here = ReplicationDestination(region="us-east-1", registry_id="123456789012")
    with pytest.raises(
        InvalidParameterException,
        match="the same as the source registry",
    ):
        await client.put_replication_configuration(
            replication_configuration=ReplicationConfiguration(
                rules=[ReplicationRule(destinations=[here])]
            )
        )


@pytest.mark.parametrize(("rules", "destinations"), [(26, 1), (1, 101)])
async def test_a_replication_has_limits(ecr: InMemoryECR, rules: int, destinations: int) -> None:
    # The client would refuse the request before it is sent.
    rule = {
        "destinations": [
            {"region": "eu-west-1", "registryId": f"{number:012}"} for number in range(destinations)
        ]
    }
    body = json.dumps({"replicationConfiguration": {"rules": [rule] * rules}}).encode()
    response = await post(ecr, "PutReplicationConfiguration", body)
    assert response.json()["__type"] == "InvalidParameterException"
    assert "length less than or equal to" in response.json()["message"]


async def test_an_authorization_token(client: ECRClient, clock: HandClock) -> None:
    (login,) = (await client.get_authorization_token()).authorization_data
    user, _, password = base64.b64decode(login.authorization_token).decode().partition(":")
    assert (user, len(password) > 32) == ("AWS", True)
    assert login.expires_at == clock.now + timedelta(hours=12)
    assert login.proxy_endpoint == "https://123456789012.dkr.ecr.us-east-1.amazonaws.com"

    (another,) = (await client.get_authorization_token()).authorization_data
    assert another.authorization_token != login.authorization_token


async def test_authorization_tokens_for_named_registries() -> None:
    async with InMemoryECR(region="cn-north-1").client() as client:
        response = await client.get_authorization_token(
            registry_ids=["111111111111", "222222222222"]
        )
    assert [login.proxy_endpoint for login in response.authorization_data] == [
        "https://111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn",
        "https://222222222222.dkr.ecr.cn-north-1.amazonaws.com.cn",
    ]


def test_the_policies_are_json() -> None:
    assert json.loads(POLICY)
    assert json.loads(LIFECYCLE)

"""Settings of the registry, and authentication."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from ecrclient import Credentials, ECRClient, ServiceError
from ecrclient.errors import RegistryPolicyNotFoundException
from tests.scenarios.conftest import Service

pytestmark = pytest.mark.anyio

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "replicate",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
            "Action": ["ecr:ReplicateImage"],
            "Resource": ["*"],
        }
    ],
}


async def test_registry_policy(ecr: ECRClient) -> None:
    with pytest.raises(RegistryPolicyNotFoundException):
        await ecr.get_registry_policy()
    await ecr.put_registry_policy(policy_text=POLICY)
    assert json.loads((await ecr.get_registry_policy()).policy_text or "") == POLICY
    await ecr.delete_registry_policy()
    with pytest.raises(RegistryPolicyNotFoundException):
        await ecr.delete_registry_policy()


async def test_replication_configuration(ecr: ECRClient) -> None:
    account_id = (await ecr.describe_registry()).registry_id
    await ecr.put_replication_configuration(
        replication_configuration={
            "rules": [
                {
                    "destinations": [{"region": "eu-west-1", "registry_id": account_id}],
                    "repository_filters": [{"filter": "prod", "filter_type": "PREFIX_MATCH"}],
                }
            ]
        }
    )
    stored = (await ecr.describe_registry()).replication_configuration
    assert stored is not None
    (rule,) = stored.rules
    assert [to.region for to in rule.destinations] == ["eu-west-1"]
    assert [chosen.filter for chosen in rule.repository_filters] == ["prod"]


async def test_scanning_configuration(ecr: ECRClient) -> None:
    await ecr.put_registry_scanning_configuration(
        scan_type="BASIC",
        rules=[
            {
                "scan_frequency": "SCAN_ON_PUSH",
                "repository_filters": [{"filter": "prod*", "filter_type": "WILDCARD"}],
            }
        ],
    )
    stored = (await ecr.get_registry_scanning_configuration()).scanning_configuration
    assert stored is not None
    assert [rule.scan_frequency for rule in stored.rules] == ["SCAN_ON_PUSH"]


async def test_authorization_token(ecr: ECRClient) -> None:
    login = await ecr.registry_credentials()
    assert login.username == "AWS"
    assert login.password.get_secret_value()


@pytest.mark.moto_differs(
    "moto's token expired in 2015", '"GetAuthorizationToken", Amazon ECR API Reference: 12 hours'
)
async def test_an_authorization_token_is_valid_for_12_hours(ecr: ECRClient) -> None:
    login = await ecr.registry_credentials()
    left = login.expires_at - datetime.now(UTC)
    assert timedelta(hours=11) < left <= timedelta(hours=12, minutes=1)


@pytest.mark.moto_differs(
    "moto accepts any signature", '"Authenticating Requests (AWS Signature Version 4)", AWS'
)
async def test_a_wrong_key_is_refused(service: Service) -> None:
    async with service.connect(Credentials("AKIASTRANGER", "unknown")) as stranger:
        with pytest.raises(ServiceError) as refused:
            await stranger.describe_registry()
    assert refused.value.status in {400, 403}


async def test_an_html_response_is_a_service_error(ecr: ECRClient, target: str) -> None:
    """moto responds with HTML, which must raise a ServiceError, not a parser's exception."""
    if target == "moto":
        with pytest.raises(ServiceError) as refused:
            await ecr.list_image_referrers(
                repository_name="app", subject_id={"image_digest": f"sha256:{'0' * 64}"}
            )
        assert refused.value.status == 500
    else:
        assert await ecr.describe_pull_through_cache_rules().collect() == []

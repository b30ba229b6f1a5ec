"""The scanning configuration of the registry and of its repositories."""

from __future__ import annotations

import pytest

from ecrclient import ECRClient
from ecrclient.errors import InvalidParameterException
from ecrclient.models import RepositoryScanningConfiguration
from tests.in_memory.builders import scanning_rule

pytestmark = pytest.mark.anyio


async def configured(client: ECRClient, name: str) -> RepositoryScanningConfiguration:
    response = await client.batch_get_repository_scanning_configuration(repository_names=[name])
    (configuration,) = response.scanning_configurations
    return configuration


async def test_a_configuration_is_stored(client: ECRClient) -> None:
    first = await client.get_registry_scanning_configuration()
    assert first.registry_id == "123456789012"
    assert first.scanning_configuration is not None
    assert first.scanning_configuration.scan_type == "BASIC"
    assert first.scanning_configuration.rules == []

    rules = [scanning_rule("SCAN_ON_PUSH", "*"), scanning_rule("CONTINUOUS_SCAN", "prod", "team/*")]
    response = await client.put_registry_scanning_configuration(scan_type="ENHANCED", rules=rules)
    kept = (await client.get_registry_scanning_configuration()).scanning_configuration
    assert kept == response.registry_scanning_configuration
    assert kept is not None
    assert (kept.scan_type, kept.rules) == ("ENHANCED", rules)

    await client.put_registry_scanning_configuration()
    assert await client.get_registry_scanning_configuration() == first


@pytest.mark.parametrize(
    ("scan_type", "frequency"), [("BASIC", "CONTINUOUS_SCAN"), ("ENHANCED", "MANUAL")]
)
async def test_frequencies_of_the_other_scan_type_are_refused(
    client: ECRClient, scan_type: str, frequency: str
) -> None:
    with pytest.raises(InvalidParameterException, match="scanFrequency"):
        await client.put_registry_scanning_configuration(
            scan_type=scan_type, rules=[scanning_rule(frequency, "*")]
        )


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("prod", ["prod", "prod-repo", "prodrepo", "repo-prod", "repo-prod-repo"]),
        ("*prod", ["prod", "repo-prod"]),
        ("prod*", ["prod", "prod-repo", "prodrepo"]),
        ("*prod*", ["prod", "prod-repo", "prodrepo", "repo-prod", "repo-prod-repo"]),
        ("prod*repo", ["prod-repo", "prodrepo"]),
    ],
)
async def test_filters_of_the_user_guide(
    client: ECRClient, pattern: str, covered: list[str]
) -> None:
    names = ["prod", "prod-repo", "prodrepo", "repo-prod", "repo-prod-repo"]
    for name in names:
        await client.create_repository(repository_name=name)
    await client.put_registry_scanning_configuration(
        scan_type="BASIC", rules=[scanning_rule("SCAN_ON_PUSH", pattern)]
    )
    response = await client.batch_get_repository_scanning_configuration(repository_names=names)
    scanned = [one.repository_name for one in response.scanning_configurations if one.scan_on_push]
    assert scanned == covered


async def test_a_continuous_rule_has_precedence_over_one_on_push(
    client: ECRClient, repository: str
) -> None:
    push, continuous = (
        scanning_rule("SCAN_ON_PUSH", "*"),
        scanning_rule("CONTINUOUS_SCAN", "team/*", "x", "app"),
    )
    await client.put_registry_scanning_configuration(scan_type="ENHANCED", rules=[push, continuous])
    found = await configured(client, repository)
    assert found.repository_arn == f"arn:aws:ecr:us-east-1:123456789012:repository/{repository}"
    assert (found.scan_frequency, found.scan_on_push) == ("CONTINUOUS_SCAN", False)
    assert [one.filter for one in found.applied_scan_filters] == ["team/*", "app"]

    await client.put_registry_scanning_configuration(scan_type="ENHANCED", rules=[push])
    found = await configured(client, repository)
    assert (found.scan_frequency, found.scan_on_push) == ("SCAN_ON_PUSH", True)
    assert found.applied_scan_filters == push.repository_filters


async def test_the_setting_of_a_repository_applies_to_basic_scanning(
    client: ECRClient, repository: str
) -> None:
    assert (await configured(client, repository)).scan_frequency == "MANUAL"
    await client.put_image_scanning_configuration(
        repository_name=repository, image_scanning_configuration={"scan_on_push": True}
    )
    found = await configured(client, repository)
    assert (found.scan_frequency, found.applied_scan_filters) == ("SCAN_ON_PUSH", [])
    await client.put_registry_scanning_configuration(scan_type="ENHANCED", rules=[])
    found = await configured(client, repository)
    assert (found.scan_frequency, found.scan_on_push) == ("MANUAL", False)


async def test_missing_repositories(client: ECRClient, repository: str) -> None:
    response = await client.batch_get_repository_scanning_configuration(
        repository_names=["none", repository, "none"]
    )
    assert [one.repository_name for one in response.scanning_configurations] == [repository]
    (failure,) = response.failures
    assert (failure.repository_name, failure.failure_code) == ("none", "REPOSITORY_NOT_FOUND")

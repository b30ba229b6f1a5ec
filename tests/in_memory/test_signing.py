"""Managed signing."""

from __future__ import annotations

import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    ImageNotFoundException,
    InvalidParameterException,
    RepositoryNotFoundException,
    SigningConfigurationNotFoundException,
)
from ecrclient.models import SigningConfiguration, SigningRepositoryFilter, SigningRule
from tests.in_memory.builders import HandClock, digest_of, image_manifest

pytestmark = pytest.mark.anyio


def profile(name: str) -> str:
    return f"arn:aws:signer:us-east-1:123456789012:/signing-profiles/{name}"


def configuration(**filters: tuple[str, ...]) -> SigningConfiguration:
    """Return a rule for each profile, with its filters."""
    return SigningConfiguration(
        rules=[
            SigningRule(
                signing_profile_arn=profile(name),
                repository_filters=[
                    SigningRepositoryFilter(filter=one, filter_type="WILDCARD_MATCH")
                    for one in patterns
                ],
            )
            if patterns
            else SigningRule(signing_profile_arn=profile(name))
            for name, patterns in filters.items()
        ]
    )


async def push(client: ECRClient, repository: str, content: str = "app") -> str:
    manifest = image_manifest(content)
    await client.put_image(repository_name=repository, image_manifest=manifest, image_tag=content)
    return digest_of(manifest)


async def statuses(client: ECRClient, repository: str, tag: str = "app") -> dict[str, str]:
    response = await client.describe_image_signing_status(
        repository_name=repository, image_id={"image_tag": tag}
    )
    return {one.signing_profile_arn: one.status for one in response.signing_statuses}


async def test_a_configuration_is_stored(client: ECRClient) -> None:
    with pytest.raises(SigningConfigurationNotFoundException):
        await client.get_signing_configuration()
    wanted = configuration(ours=("team/*",), all_of_them=())
    response = await client.put_signing_configuration(signing_configuration=wanted)
    assert response.signing_configuration == wanted
    got = await client.get_signing_configuration()
    assert (got.registry_id, got.signing_configuration) == ("123456789012", wanted)
    gone = await client.delete_signing_configuration()
    assert (gone.registry_id, gone.signing_configuration) == ("123456789012", wanted)
    with pytest.raises(SigningConfigurationNotFoundException):
        await client.delete_signing_configuration()


async def test_an_image_is_signed_after_its_push(
    client: ECRClient, clock: HandClock, repository: str
) -> None:
    await client.put_signing_configuration(signing_configuration=configuration(ours=()))
    digest = await push(client, repository)
    response = await client.describe_image_signing_status(
        repository_name=repository, image_id={"image_tag": "app"}
    )
    assert (response.registry_id, response.repository_name) == ("123456789012", repository)
    assert response.image_id is not None
    assert (response.image_id.image_digest, response.image_id.image_tag) == (digest, "app")
    assert await statuses(client, repository) == {profile("ours"): "IN_PROGRESS"}
    clock.advance(minutes=1)
    assert await statuses(client, repository) == {profile("ours"): "COMPLETE"}


async def test_filters_match_the_name_of_the_repository(client: ECRClient, repository: str) -> None:
    rules = configuration(ours=("other", "team/*"), part=("team",), end=("*/app",), none=("x*",))
    twice = SigningConfiguration(rules=[*rules.rules, *rules.rules])
    await client.put_signing_configuration(signing_configuration=twice)
    await push(client, repository)
    response = await client.describe_image_signing_status(
        repository_name=repository, image_id={"image_tag": "app"}
    )
    assert [one.signing_profile_arn for one in response.signing_statuses] == [
        profile("ours"),
        profile("end"),
    ]


async def test_the_rules_at_the_time_of_the_push_apply(
    client: ECRClient, clock: HandClock, repository: str
) -> None:
    await push(client, repository, "before")
    await client.put_signing_configuration(signing_configuration=configuration(ours=()))
    await push(client, repository, "within")
    await client.delete_signing_configuration()
    await push(client, repository, "after")
    clock.advance(minutes=1)
    assert await statuses(client, repository, "before") == {}
    assert await statuses(client, repository, "within") == {profile("ours"): "COMPLETE"}
    assert await statuses(client, repository, "after") == {}


async def test_the_status_of_a_missing_image(client: ECRClient, repository: str) -> None:
    with pytest.raises(RepositoryNotFoundException):
        await statuses(client, "none")
    with pytest.raises(ImageNotFoundException):
        await statuses(client, repository)
    with pytest.raises(InvalidParameterException):
        await client.describe_image_signing_status(repository_name=repository, image_id={})

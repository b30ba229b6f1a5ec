"""Repositories and their settings."""

from __future__ import annotations

import pytest

from ecrclient import ECRClient, ServiceError
from ecrclient.errors import (
    InvalidParameterException,
    InvalidTagParameterException,
    RepositoryAlreadyExistsException,
    RepositoryNotEmptyException,
    RepositoryNotFoundException,
    TooManyTagsException,
)
from ecrclient.models import ImageTagMutabilityExclusionFilter, Tag
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import HandClock, image_manifest

pytestmark = pytest.mark.anyio

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

OTHER_ACCOUNT = "999999999999"
DEV = ImageTagMutabilityExclusionFilter(filter_type="WILDCARD", filter="dev-*")


async def test_create_with_only_a_name(client: ECRClient, clock: HandClock) -> None:
    made = (await client.create_repository(repository_name="team/app")).repository

    assert made.repository_arn == "arn:aws:ecr:us-east-1:123456789012:repository/team/app"
    assert made.repository_uri == "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app"
    assert (made.registry_id, made.created_at) == ("123456789012", clock.now)
    assert made.image_tag_mutability == "MUTABLE"
    assert made.image_tag_mutability_exclusion_filters == []
    assert made.image_scanning_configuration is not None
    assert made.image_scanning_configuration.scan_on_push is False
    assert made.encryption_configuration is not None
    assert made.encryption_configuration.encryption_type == "AES256"


async def test_create_with_all_settings(client: ECRClient) -> None:
    made = await client.create_repository(
        repository_name="team/app",
        registry_id="123456789012",
        tags=[Tag(key="env", value="prod")],
        image_tag_mutability="IMMUTABLE_WITH_EXCLUSION",
        image_tag_mutability_exclusion_filters=[DEV],
        image_scanning_configuration={"scan_on_push": True},
        encryption_configuration={"encryption_type": "KMS", "kms_key": KEY},
    )
    described = (await client.describe_repositories(repository_names=["team/app"])).repositories
    assert described == [made.repository]
    assert made.repository.image_tag_mutability_exclusion_filters == [DEV]
    assert made.repository.image_scanning_configuration is not None
    assert made.repository.image_scanning_configuration.scan_on_push is True
    assert made.repository.encryption_configuration is not None
    assert made.repository.encryption_configuration.kms_key == KEY


@pytest.mark.parametrize(
    ("region", "arn", "uri"),
    [
        (
            "cn-north-1",
            "arn:aws-cn:ecr:cn-north-1:210987654321:repository/app",
            "210987654321.dkr.ecr.cn-north-1.amazonaws.com.cn/app",
        ),
        (
            "us-gov-west-1",
            "arn:aws-us-gov:ecr:us-gov-west-1:210987654321:repository/app",
            "210987654321.dkr.ecr.us-gov-west-1.amazonaws.com/app",
        ),
    ],
)
async def test_names_in_other_partitions(region: str, arn: str, uri: str) -> None:
    async with InMemoryECR(region=region, account_id="210987654321").client() as client:
        made = (await client.create_repository(repository_name="app")).repository
    assert (made.repository_arn, made.repository_uri) == (arn, uri)


async def test_create_twice(client: ECRClient, repository: str) -> None:
    with pytest.raises(RepositoryAlreadyExistsException, match=f"'{repository}' already exists"):
        await client.create_repository(repository_name=repository)


async def test_create_in_another_account(client: ECRClient) -> None:
    with pytest.raises(InvalidParameterException, match="registryId"):
        await client.create_repository(repository_name="app", registry_id=OTHER_ACCOUNT)


@pytest.mark.parametrize("mutability", ["IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"])
async def test_exclusions_require_filters(client: ECRClient, mutability: str) -> None:
    with pytest.raises(InvalidParameterException, match=r"ExclusionFilters can't be null when"):
        await client.create_repository(repository_name="app", image_tag_mutability=mutability)


@pytest.mark.parametrize("mutability", ["IMMUTABLE", "MUTABLE", None])
async def test_filters_require_exclusions(client: ECRClient, mutability: str | None) -> None:
    with pytest.raises(InvalidParameterException, match=r"ExclusionFilters.*must not be given"):
        await client.create_repository(
            repository_name="app",
            image_tag_mutability=mutability,
            image_tag_mutability_exclusion_filters=[DEV],
        )


async def test_a_filter_has_at_most_two_wildcards(client: ECRClient, repository: str) -> None:
    with pytest.raises(InvalidParameterException, match="2 wildcards"):
        await client.put_image_tag_mutability(
            repository_name=repository,
            image_tag_mutability="IMMUTABLE_WITH_EXCLUSION",
            image_tag_mutability_exclusion_filters=[{"filter_type": "WILDCARD", "filter": "*a*b*"}],
        )


async def test_tags_of_a_new_repository_are_checked(client: ECRClient) -> None:
    with pytest.raises(TooManyTagsException):
        await client.create_repository(
            repository_name="app", tags=[Tag(key=str(one), value="") for one in range(51)]
        )
    with pytest.raises(InvalidTagParameterException):
        await client.create_repository(repository_name="app", tags=[Tag(key="aws:x", value="")])
    assert await client.describe_repositories().collect() == []


async def test_describe_a_missing_repository(client: ECRClient, repository: str) -> None:
    with pytest.raises(RepositoryNotFoundException, match="'none' does not exist"):
        await client.describe_repositories(repository_names=[repository, "none"])


async def test_the_registry_of_another_account(client: ECRClient, repository: str) -> None:
    with pytest.raises(RepositoryNotFoundException, match=f"with id '{OTHER_ACCOUNT}'"):
        await client.describe_repositories(registry_id=OTHER_ACCOUNT, repository_names=[repository])
    with pytest.raises(RepositoryNotFoundException):
        await client.list_images(registry_id=OTHER_ACCOUNT, repository_name=repository)
    with pytest.raises(RepositoryNotFoundException):
        await client.delete_repository(registry_id=OTHER_ACCOUNT, repository_name=repository)
    with pytest.raises(ServiceError) as caught:
        await client.describe_repositories(registry_id=OTHER_ACCOUNT)
    assert caught.value.code == "AccessDeniedException"


async def test_the_callers_registry_may_be_named(client: ECRClient, repository: str) -> None:
    page = await client.describe_repositories(registry_id="123456789012")
    assert [one.repository_name for one in page.repositories] == [repository]


async def test_delete(client: ECRClient, repository: str) -> None:
    gone = (await client.delete_repository(repository_name=repository)).repository
    assert gone.repository_name == repository
    with pytest.raises(RepositoryNotFoundException):
        await client.delete_repository(repository_name=repository)


async def test_delete_with_images_requires_force(client: ECRClient, repository: str) -> None:
    await client.put_image(repository_name=repository, image_manifest=image_manifest())
    with pytest.raises(RepositoryNotEmptyException, match="still contains images"):
        await client.delete_repository(repository_name=repository)
    with pytest.raises(RepositoryNotEmptyException):
        await client.delete_repository(repository_name=repository, force=False)
    await client.delete_repository(repository_name=repository, force=True)

    await client.create_repository(repository_name=repository)
    assert (await client.list_images(repository_name=repository)).image_ids == []


async def test_put_image_tag_mutability(client: ECRClient, repository: str) -> None:
    response = await client.put_image_tag_mutability(
        repository_name=repository,
        image_tag_mutability="MUTABLE_WITH_EXCLUSION",
        image_tag_mutability_exclusion_filters=[DEV],
    )
    assert (response.registry_id, response.repository_name) == ("123456789012", repository)
    assert response.image_tag_mutability == "MUTABLE_WITH_EXCLUSION"
    assert response.image_tag_mutability_exclusion_filters == [DEV]

    response = await client.put_image_tag_mutability(
        repository_name=repository, image_tag_mutability="IMMUTABLE"
    )
    assert response.image_tag_mutability_exclusion_filters == []
    (described,) = await client.describe_repositories().collect()
    assert described.image_tag_mutability == "IMMUTABLE"
    assert described.image_tag_mutability_exclusion_filters == []


async def test_put_image_scanning_configuration(client: ECRClient, repository: str) -> None:
    response = await client.put_image_scanning_configuration(
        repository_name=repository, image_scanning_configuration={"scan_on_push": True}
    )
    assert response.image_scanning_configuration.scan_on_push is True
    (described,) = await client.describe_repositories().collect()
    assert described.image_scanning_configuration == response.image_scanning_configuration


async def test_settings_of_a_missing_repository(client: ECRClient) -> None:
    with pytest.raises(RepositoryNotFoundException):
        await client.put_image_tag_mutability(
            repository_name="none", image_tag_mutability="IMMUTABLE"
        )
    with pytest.raises(RepositoryNotFoundException):
        await client.put_image_scanning_configuration(
            repository_name="none", image_scanning_configuration={"scan_on_push": True}
        )

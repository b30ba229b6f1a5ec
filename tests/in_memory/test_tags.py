"""Resource tags."""

from __future__ import annotations

import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    InvalidParameterException,
    InvalidTagParameterException,
    RepositoryNotFoundException,
    TooManyTagsException,
)
from ecrclient.models import Tag

pytestmark = pytest.mark.anyio

ARN = "arn:aws:ecr:us-east-1:123456789012:repository/team/app"


@pytest.fixture(autouse=True)
def create_repository(repository: str) -> None:
    assert ARN.endswith(repository)


async def tags(client: ECRClient) -> dict[str, str]:
    return {
        tag.key: tag.value for tag in (await client.list_tags_for_resource(resource_arn=ARN)).tags
    }


async def test_tags_of_a_new_repository(client: ECRClient) -> None:
    assert await tags(client) == {}
    made = await client.create_repository(
        repository_name="other", tags=[Tag(key="env", value="prod")]
    )
    listed = await client.list_tags_for_resource(resource_arn=made.repository.repository_arn)
    assert listed.tags == [Tag(key="env", value="prod")]


async def test_add_change_and_remove(client: ECRClient) -> None:
    await client.tag_resource(
        resource_arn=ARN, tags=[{"key": "env", "value": "dev"}, {"key": "owner", "value": "me"}]
    )
    await client.tag_resource(resource_arn=ARN, tags=[{"key": "env", "value": ""}])
    assert await tags(client) == {"env": "", "owner": "me"}
    await client.untag_resource(resource_arn=ARN, tag_keys=["owner", "never there"])
    assert await tags(client) == {"env": ""}


async def test_at_most_50_tags(client: ECRClient) -> None:
    fifty = [Tag(key=f"k{number}", value="") for number in range(50)]
    await client.tag_resource(resource_arn=ARN, tags=fifty)
    await client.tag_resource(resource_arn=ARN, tags=[Tag(key="k0", value="changed")])
    with pytest.raises(TooManyTagsException):
        await client.tag_resource(
            resource_arn=ARN, tags=[Tag(key="k0", value=""), Tag(key="one more", value="")]
        )
    assert (await tags(client))["k0"] == "changed"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("aws:mine", "", id="reserved"),
        pytest.param("AWS:mine", "", id="reserved in capitals"),
        pytest.param("k" * 129, "", id="long key"),
        pytest.param("k", "v" * 257, id="long value"),
        pytest.param("k?", "", id="character of a key"),
        pytest.param("k", "v\n", id="character of a value"),
    ],
)
async def test_refused_tags(client: ECRClient, key: str, value: str) -> None:
    with pytest.raises(InvalidTagParameterException):
        await client.tag_resource(resource_arn=ARN, tags=[Tag(key=key, value=value)])
    assert await tags(client) == {}


async def test_accepted_tags(client: ECRClient) -> None:
    good = {"k" * 128: "v" * 256, "größe ٣ _.:/=+-@": "東京"}
    await client.tag_resource(
        resource_arn=ARN, tags=[Tag(key=key, value=value) for key, value in good.items()]
    )
    assert await tags(client) == good


async def test_a_key_appears_once(client: ECRClient) -> None:
    with pytest.raises(InvalidTagParameterException, match="only once"):
        await client.tag_resource(
            resource_arn=ARN, tags=[Tag(key="k", value="1"), Tag(key="k", value="2")]
        )


async def test_a_reserved_tag_cannot_be_removed(client: ECRClient) -> None:
    with pytest.raises(InvalidTagParameterException, match="must not begin with"):
        await client.untag_resource(resource_arn=ARN, tag_keys=["aws:mine"])


@pytest.mark.parametrize(
    "arn",
    [
        "team/app",
        "arn:aws:ecr:us-east-1:123456789012",
        "arn:aws:s3:::bucket/key",
        "arn:aws:ecr:us-east-1:123456789012:pipeline/team/app",
        "arn:aws:ecr:us-east-1:123456789012:repository/",
    ],
)
async def test_malformed_arns(client: ECRClient, arn: str) -> None:
    with pytest.raises(InvalidParameterException, match="Invalid ARN"):
        await client.list_tags_for_resource(resource_arn=arn)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:ecr:us-east-1:123456789012:repository/none",
        "arn:aws:ecr:us-east-1:999999999999:repository/team/app",
        "arn:aws:ecr:eu-west-1:123456789012:repository/team/app",
        "arn:aws-cn:ecr:us-east-1:123456789012:repository/team/app",
    ],
)
async def test_arns_of_missing_repositories(client: ECRClient, arn: str) -> None:
    with pytest.raises(RepositoryNotFoundException):
        await client.list_tags_for_resource(resource_arn=arn)
    with pytest.raises(RepositoryNotFoundException):
        await client.tag_resource(resource_arn=arn, tags=[Tag(key="k", value="v")])
    with pytest.raises(RepositoryNotFoundException):
        await client.untag_resource(resource_arn=arn, tag_keys=["k"])

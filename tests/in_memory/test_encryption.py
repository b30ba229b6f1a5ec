"""The encryption of repositories, and KMS keys."""

from __future__ import annotations

import pytest

from ecrclient import ECRClient
from ecrclient.errors import InvalidParameterException
from ecrclient.models import EncryptionConfiguration
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import CONFIG, upload

pytestmark = pytest.mark.anyio

ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
MULTI_REGION_ID = "mrk-1234abcd12ab34cd56ef1234567890ab"
KEYS = "arn:aws:kms:us-east-1:123456789012:key/"
ROLE = "arn:aws:iam::123456789012:role/create"


async def key_of(client: ECRClient, name: str, kms_key: str | None, kind: str = "KMS") -> str:
    """Return the key of a new repository, and check that both responses report it."""
    made = await client.create_repository(
        repository_name=name,
        encryption_configuration=EncryptionConfiguration(encryption_type=kind, kms_key=kms_key),
    )
    (described,) = await client.describe_repositories(repository_names=[name]).collect()
    assert described == made.repository
    assert described.encryption_configuration is not None
    assert described.encryption_configuration.encryption_type == kind
    key = described.encryption_configuration.kms_key
    assert key is not None
    return key


async def test_the_default_is_aes256(client: ECRClient) -> None:
    made = await client.create_repository(repository_name="app")
    assert made.repository.encryption_configuration == EncryptionConfiguration(
        encryption_type="AES256"
    )


@pytest.mark.parametrize("kind", ["KMS", "KMS_DSSE"])
async def test_the_default_key_has_an_arn(client: ECRClient, kind: str) -> None:
    key = await key_of(client, "app", None, kind)
    assert key.startswith(KEYS)
    assert await key_of(client, "app-2", None) == key
    assert await key_of(client, "app-3", "alias/aws/ecr") == key


async def test_the_default_key_belongs_to_the_registry() -> None:
    keys: set[str] = set()
    for region in ("eu-west-1", "cn-north-1"):
        async with InMemoryECR(region=region, account_id="210987654321").client() as client:
            keys.add(await key_of(client, "app", None))
    assert {key.rpartition("/")[0] for key in keys} == {
        "arn:aws:kms:eu-west-1:210987654321:key",
        "arn:aws-cn:kms:cn-north-1:210987654321:key",
    }


@pytest.mark.parametrize(
    ("given", "returned"),
    [
        (f"{KEYS}{ID}", f"{KEYS}{ID}"),
        (f"arn:aws:kms:us-east-1:210987654321:key/{ID}", None),
        (ID, f"{KEYS}{ID}"),
        (MULTI_REGION_ID, f"{KEYS}{MULTI_REGION_ID}"),
    ],
)
async def test_a_key_is_returned_as_its_arn(
    client: ECRClient, given: str, returned: str | None
) -> None:
    assert await key_of(client, "app", given) == (returned or given)


async def test_an_alias_names_a_key(client: ECRClient) -> None:
    mine = await key_of(client, "app", "alias/mine")
    assert mine.startswith(KEYS)
    arn = "arn:aws:kms:us-east-1:123456789012:alias/mine"
    assert await key_of(client, "app-2", arn) == mine
    assert await key_of(client, "app-3", "alias/other") != mine
    others = await key_of(client, "app-4", arn.replace("123456789012", "210987654321"))
    assert others.startswith("arn:aws:kms:us-east-1:210987654321:key/")


@pytest.mark.parametrize(
    ("kind", "key", "message"),
    [
        ("AES256", ID, "'encryptionConfiguration'.*for the type AES256"),
        ("KMS", f"arn:aws:kms:eu-west-1:123456789012:key/{ID}", "'kmsKey'.*Region.*us-east-1"),
        ("KMS_DSSE", "arn:aws:kms:eu-west-1:123456789012:alias/mine", "'kmsKey'.*Region"),
        ("KMS", "mine", "'kmsKey'.*must be the alias, the key ID or the ARN"),
        ("KMS", "alias/", "'kmsKey'.*must be the alias"),
        ("KMS", f"arn:aws:s3:us-east-1:123456789012:key/{ID}", "'kmsKey'.*must be the alias"),
    ],
)
async def test_refused_keys(client: ECRClient, kind: str, key: str, message: str) -> None:
    with pytest.raises(InvalidParameterException, match=message):
        await key_of(client, "app", key, kind)
    assert await client.describe_repositories().collect() == []


@pytest.mark.parametrize(
    ("kind", "key"), [("AES256", f"{KEYS}{ID}"), ("KMS", f"{KEYS}{ID}".replace("us-", "eu-"))]
)
async def test_refused_keys_of_a_template(client: ECRClient, kind: str, key: str) -> None:
    with pytest.raises(InvalidParameterException):
        await client.create_repository_creation_template(
            prefix="team",
            applied_for=["CREATE_ON_PUSH"],
            encryption_configuration={"encryption_type": kind, "kms_key": key},
        )


async def test_a_repository_from_a_template_has_the_default_key(client: ECRClient) -> None:
    await client.create_repository_creation_template(
        prefix="team",
        applied_for=["CREATE_ON_PUSH"],
        encryption_configuration={"encryption_type": "KMS", "kms_key": ""},
        custom_role_arn=ROLE,
    )
    await upload(client, "team/app", CONFIG)
    (made,) = await client.describe_repositories().collect()
    assert made.encryption_configuration is not None
    assert made.encryption_configuration.kms_key == await key_of(client, "other", None)

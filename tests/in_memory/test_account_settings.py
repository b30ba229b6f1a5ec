"""Account settings."""

from __future__ import annotations

import pytest

from ecrclient import ECRClient
from ecrclient.errors import InvalidParameterException

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("name", "first", "other"),
    [
        ("BASIC_SCAN_TYPE_VERSION", "AWS_NATIVE", "AWS_NATIVE"),
        ("BLOB_MOUNTING", "DISABLED", "ENABLED"),
        ("REGISTRY_POLICY_SCOPE", "V2", "V2"),
    ],
)
async def test_a_setting_is_kept(client: ECRClient, name: str, first: str, other: str) -> None:
    before = await client.get_account_setting(name=name)
    assert (before.name, before.value) == (name, first)
    answer = await client.put_account_setting(name=name, value=other)
    assert (answer.name, answer.value) == (name, other)
    assert (await client.get_account_setting(name=name)).value == other


async def test_a_value_that_a_setting_does_not_have(client: ECRClient) -> None:
    with pytest.raises(InvalidParameterException, match=r"DISABLED, ENABLED"):
        await client.put_account_setting(name="BLOB_MOUNTING", value="V2")
    assert (await client.get_account_setting(name="BLOB_MOUNTING")).value == "DISABLED"


async def test_a_setting_that_there_is_not(client: ECRClient) -> None:
    with pytest.raises(InvalidParameterException, match="'name'"):
        await client.get_account_setting(name="COLOUR")
    with pytest.raises(InvalidParameterException, match="'name'"):
        await client.put_account_setting(name="COLOUR", value="BLUE")

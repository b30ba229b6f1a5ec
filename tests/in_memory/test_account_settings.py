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
async def test_a_setting_is_stored(client: ECRClient, name: str, first: str, other: str) -> None:
    before = await client.get_account_setting(name=name)
    assert (before.name, before.value) == (name, first)
    response = await client.put_account_setting(name=name, value=other)
    assert (response.name, response.value) == (name, other)
    assert (await client.get_account_setting(name=name)).value == other


async def test_an_unknown_value_is_refused(client: ECRClient) -> None:
    with pytest.raises(InvalidParameterException, match=r"DISABLED, ENABLED"):
        await client.put_account_setting(name="BLOB_MOUNTING", value="V2")
    assert (await client.get_account_setting(name="BLOB_MOUNTING")).value == "DISABLED"


async def test_an_unknown_setting_is_refused(client: ECRClient) -> None:
    with pytest.raises(InvalidParameterException, match="'name'"):
        await client.get_account_setting(name="COLOUR")
    with pytest.raises(InvalidParameterException, match="'name'"):
        await client.put_account_setting(name="COLOUR", value="BLUE")

"""The ways to assume a role: by a profile, by botocore's objects, and by calling STS."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import boto3
import botocore.credentials
import pytest

from ecrclient import BotocoreCredentials, Credentials, CredentialsProvider, RefreshingCredentials
from ecrclient._awsjson.credentials import default_provider
from tests.tools.sts import FAR, sts_server

pytestmark = pytest.mark.anyio

ROLE = "arn:aws:iam::123456789012:role/deploy"
CONFIG = f"""
[profile deploy]
role_arn = {ROLE}
source_profile = default
region = eu-west-1
[default]
aws_access_key_id = AKIDSOURCE
aws_secret_access_key = s3cret
"""


def by_profile() -> CredentialsProvider:
    return default_provider(None, "deploy", "eu-west-1")


def by_a_session_with_a_profile() -> CredentialsProvider:
    return default_provider(boto3.Session(profile_name="deploy"), None)


def by_botocores_fetcher() -> CredentialsProvider:
    session = cast(Any, boto3).Session(region_name="eu-west-1")
    fetcher = cast(Any, botocore.credentials).AssumeRoleCredentialFetcher(
        session._session.create_client, session.get_credentials(), ROLE
    )
    keys = botocore.credentials.DeferredRefreshableCredentials(
        fetcher.fetch_credentials, "assume-role"
    )
    return BotocoreCredentials(keys)


def by_calling_sts() -> CredentialsProvider:
    sts = cast(Any, boto3).client("sts", region_name="eu-west-1")

    def assume() -> Credentials:
        keys = sts.assume_role(RoleArn=ROLE, RoleSessionName="deploy")["Credentials"]
        return Credentials(
            keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], keys["Expiration"]
        )

    return RefreshingCredentials(assume)


@pytest.fixture
def requests(home: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[list[dict[str, str]]]:
    (home / ".aws" / "config").write_text(CONFIG)
    with sts_server(Credentials("ROLE", "s3cret", "t0ken", FAR)) as (url, requests):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        yield requests


@pytest.mark.parametrize(
    "make", [by_profile, by_a_session_with_a_profile, by_botocores_fetcher, by_calling_sts]
)
async def test_the_keys_of_a_role(make: Any, requests: list[dict[str, str]]) -> None:
    provider: CredentialsProvider = make()
    assert requests == [], "making a provider sends nothing"

    for _ in range(2):
        found = await provider.get()
        # Older versions of botocore do not report the account.
        assert found.account_id in {None, "123456789012"}
        assert found == Credentials("ROLE", "s3cret", "t0ken", FAR, found.account_id)
    assert [request["RoleArn"] for request in requests] == [ROLE]

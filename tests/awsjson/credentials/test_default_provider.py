"""Which provider a client uses, and the renewal of refused credentials, without a client."""

from __future__ import annotations

import logging
from typing import Any, cast

import pytest

from ecrclient import ConfigurationError, Credentials, RefreshingCredentials
from ecrclient._awsjson.credentials import RequestsAuthCredentials
from ecrclient._awsjson.credentials.providers import (
    BotocoreCredentials,
    EnvironmentCredentials,
    StaticCredentials,
)
from ecrclient._awsjson.credentials.selection import default_provider, renew
from ecrclient._awsjson.credentials.user_provider import UserProvider

OLD, NEW = Credentials("OLD", "secret"), Credentials("NEW", "secret")
ENVIRON = {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "secret"}


class Provider:
    """Has these credentials one after another; the last ones stay."""

    def __init__(self, *credentials: Credentials) -> None:
        self.credentials = list(credentials)
        self.invalidations = 0

    async def get(self) -> Credentials:
        return self.credentials[0]

    async def invalidate(self) -> None:
        self.invalidations += 1
        if len(self.credentials) > 1:
            self.credentials.pop(0)


class Auth:
    """Has the interface of an ``AWSRequestsAuth``."""

    aws_access_key, aws_secret_access_key, aws_token = "AUTH", "secret", None

    def get_aws_request_headers_handler(self, r: object) -> None: ...


class Junk:
    """Has nothing of a source of credentials."""


def kind_of(provider: object) -> type:
    return type(provider)


@pytest.mark.anyio
async def test_the_argument_decides() -> None:
    found: Any = default_provider(OLD, "profile", environ=ENVIRON)
    assert kind_of(found) is StaticCredentials
    assert await found.get() is OLD
    refreshing = RefreshingCredentials(lambda: OLD)
    assert default_provider(refreshing, None, environ=ENVIRON) is refreshing
    users = Provider(OLD)
    found = default_provider(users, None, environ=ENVIRON)
    assert kind_of(found) is UserProvider
    assert await found.get() is OLD
    found = default_provider(Auth(), None, environ=ENVIRON)
    assert kind_of(found) is RequestsAuthCredentials
    assert (await found.get()).access_key_id == "AUTH"


def test_another_argument_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        default_provider(Junk(), None, environ=ENVIRON)
    message = str(caught.value)
    assert message.startswith("credentials must be Credentials, a CredentialsProvider")
    assert "AWSRequestsAuth" in message
    assert message.endswith("Junk")
    assert "XX" not in message


@pytest.mark.anyio
async def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Any = default_provider(None, None, environ=ENVIRON)
    assert kind_of(found) is EnvironmentCredentials
    assert (await found.get()).access_key_id == "ENV"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "PROCESS")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    found = default_provider(None, None)
    assert (await found.get()).access_key_id == "PROCESS"
    profile = {"AWS_PROFILE": "dev"}
    assert type(default_provider(None, None, environ=profile)) is BotocoreCredentials


def test_a_profile_has_priority_over_the_environment() -> None:
    found: Any = default_provider(None, "profile", "eu-west-1", ENVIRON)
    assert kind_of(found) is BotocoreCredentials
    assert (found._profile, found._region) == ("profile", "eu-west-1")


# -- renewal ---------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_refused_credentials_are_replaced(caplog: pytest.LogCaptureFixture) -> None:
    provider = Provider(OLD, NEW)
    with caplog.at_level(logging.INFO):
        assert await renew(provider, OLD)
    assert provider.invalidations == 1
    assert [cast(Any, record).getMessage() for record in caplog.records] == [
        "the service refused key OLD: getting others"
    ]


@pytest.mark.anyio
async def test_a_provider_may_have_no_others() -> None:
    provider = Provider(OLD)
    assert not await renew(provider, OLD)
    assert provider.invalidations == 1


@pytest.mark.anyio
async def test_new_credentials_are_not_invalidated(caplog: pytest.LogCaptureFixture) -> None:
    provider = Provider(NEW)
    with caplog.at_level(logging.INFO):
        assert await renew(provider, OLD)
    assert provider.invalidations == 0
    assert not caplog.records

"""Calls of a provider that the user wrote."""

from __future__ import annotations

from typing import Any, cast

import pytest
import trio.testing

from ecrclient import (
    ConfigurationError,
    Credentials,
    CredentialsError,
    CredentialsTimeout,
    RefreshingCredentials,
)
from ecrclient._awsjson.credentials.providers import EnvironmentCredentials, StaticCredentials
from ecrclient._awsjson.credentials.user_provider import UserProvider, has_time_limit

KEY = Credentials("AKIDEXAMPLE", "secret")


class Provider:
    """Records its calls; returns or raises the outcome."""

    def __init__(self, outcome: Any = KEY) -> None:
        self.outcome = outcome
        self.calls: list[str] = []

    async def get(self) -> Any:
        self.calls.append("get")
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def invalidate(self) -> None:
        self.calls.append("invalidate")


class Blocking:
    """Its methods are not async."""

    def get(self) -> Credentials:
        return KEY

    def invalidate(self) -> None:
        pass


class OwnGet(RefreshingCredentials):
    async def get(self) -> Credentials:
        return KEY


class Inherited(RefreshingCredentials):
    pass


class Dynamic:
    """Its methods are attributes of the object."""

    def __init__(self) -> None:
        self.get = self.invalidate = Provider().get


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        (StaticCredentials(KEY), True),
        (EnvironmentCredentials({}), True),
        (RefreshingCredentials(lambda: KEY), True),
        (Inherited(lambda: KEY), True),
        (OwnGet(lambda: KEY), False),
        (Provider(), False),
        (Dynamic(), False),
    ],
)
def test_which_providers_have_a_time_limit(provider: Any, expected: bool) -> None:
    assert has_time_limit(provider) is expected


@pytest.mark.anyio
async def test_the_calls_are_passed_on() -> None:
    provider = Provider()
    assert await UserProvider(provider).get() is KEY
    assert provider.calls == ["get"]
    await UserProvider(provider).invalidate()
    assert provider.calls == ["get", "invalidate"]


@pytest.mark.anyio
async def test_methods_that_are_not_async() -> None:
    provider = UserProvider(cast(Any, Blocking()))
    assert await provider.get() is KEY
    await provider.invalidate()


@pytest.mark.anyio
@pytest.mark.parametrize("wrong", [None, "AKID"])
async def test_another_result_is_refused(wrong: Any) -> None:
    with pytest.raises(CredentialsError) as caught:
        await UserProvider(Provider(wrong)).get()
    name = type(wrong).__name__
    assert str(caught.value) == f"Provider.get() must return Credentials, not {name}"


@pytest.mark.anyio
@pytest.mark.parametrize("failure", [OSError("secret"), ValueError("secret")])
async def test_a_failure_is_named_and_its_cause_is_kept_if_harmless(failure: Exception) -> None:
    with pytest.raises(CredentialsError) as caught:
        await UserProvider(Provider(failure)).get()
    assert str(caught.value) == f"the provider Provider raised {type(failure).__name__}"
    assert caught.value.__cause__ is (failure if isinstance(failure, OSError) else None)
    assert caught.value.__context__ is None or caught.value.__context__ is caught.value.__cause__


@pytest.mark.anyio
async def test_a_client_error_is_raised_unchanged() -> None:
    failure = ConfigurationError("no region")
    with pytest.raises(ConfigurationError) as caught:
        await UserProvider(Provider(failure)).get()
    assert caught.value is failure


def test_the_limit_is_120_seconds() -> None:
    class Slow(Provider):
        async def get(self) -> Any:
            await trio.sleep(seconds)
            return KEY

    async def main() -> Credentials:
        return await UserProvider(Slow()).get()

    seconds = 119.0
    assert trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0)) is KEY
    seconds = 121.0
    with pytest.raises(CredentialsTimeout) as caught:
        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    assert str(caught.value) == "the provider Slow did not return within 120 s"

"""Refused credentials are renewed once per call, which does not count as a retry."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx
import pytest

from ecrclient import (
    CallOptions,
    Credentials,
    CredentialsError,
    CredentialsProvider,
    ECRClient,
    RetryPolicy,
    ServiceError,
)
from ecrclient._awsjson.credentials import RefreshingCredentials
from tests.awsjson.credentials.tools import Clock, Source, until

pytestmark = pytest.mark.anyio

CODES = ["ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException"]


class Service:
    """Refuses some keys, and records the keys that requests were signed with."""

    def __init__(self, *refused: str, code: str = "ExpiredTokenException") -> None:
        self.refused = set(refused)
        self.code = code
        self.keys: list[str] = []
        self.then: list[httpx.Response] = []
        self.wait: Callable[[], Awaitable[object]] | None = None

    def fail(self, code: str, status: int = 400) -> httpx.Response:
        return httpx.Response(status, json={"__type": code, "message": "no"})

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        scope = re.search(r"Credential=(\w+)/", request.headers["authorization"])
        assert scope
        self.keys.append(scope[1])
        if self.wait is not None:
            await self.wait()
        if scope[1] in self.refused:
            return self.fail(self.code)
        return self.then.pop(0) if self.then else httpx.Response(200, json={})

    def client(self, credentials: Credentials | CredentialsProvider, **arguments: Any) -> ECRClient:
        arguments.setdefault("retry", RetryPolicy(max_attempts=1))
        return ECRClient(
            region="eu-west-1",
            credentials=credentials,
            transport=httpx.MockTransport(self),
            **arguments,
        )


@pytest.mark.parametrize("code", [*CODES, "InvalidClientTokenId"])
async def test_refused_credentials_are_renewed_and_the_call_is_retried(
    code: str, clock: Clock
) -> None:
    service = Service("KEY1", code=code)
    source = Source(clock)
    async with service.client(RefreshingCredentials(source, clock=clock)) as ecr:
        response = await ecr.describe_registry()
        await ecr.describe_registry()

    assert service.keys == ["KEY1", "KEY2", "KEY2"]
    assert response.response_metadata.attempts == 2
    assert source.calls == 2


@pytest.mark.parametrize(
    "code", ["RequestExpired", "InvalidSignatureException", "AccessDeniedException"]
)
async def test_other_errors_do_not_renew_the_credentials(code: str, clock: Clock) -> None:
    service = Service("KEY1", code=code)
    source = Source(clock)
    async with service.client(RefreshingCredentials(source, clock=clock)) as ecr:
        with pytest.raises(ServiceError, match=code):
            await ecr.describe_registry()

    assert source.calls == 1


@pytest.mark.parametrize("code", CODES)
async def test_fixed_credentials_are_not_renewed(code: str) -> None:
    service = Service("AKID", code=code)
    async with service.client(Credentials("AKID", "secret")) as ecr:
        with pytest.raises(ServiceError, match=code):
            await ecr.describe_registry()

    assert service.keys == ["AKID"]


async def test_credentials_are_renewed_once_per_call(clock: Clock) -> None:
    service = Service("KEY1", "KEY2", "KEY3")
    source = Source(clock)
    async with service.client(
        RefreshingCredentials(source, clock=clock), retry=RetryPolicy(max_attempts=5)
    ) as ecr:
        with pytest.raises(ServiceError, match="ExpiredTokenException") as caught:
            await ecr.describe_registry()
        assert service.keys == ["KEY1", "KEY2"]
        assert caught.value.attempts == 2

        # Each call renews the credentials once.
        with pytest.raises(ServiceError, match="ExpiredTokenException"):
            await ecr.describe_registry()
    assert service.keys == ["KEY1", "KEY2", "KEY2", "KEY3"]


async def test_a_renewal_does_not_count_as_a_retry(clock: Clock) -> None:
    service = Service("KEY1")
    service.then = [service.fail("ServerException", 500), service.fail("ServerException", 500)]
    policy = RetryPolicy(max_attempts=3, base_delay=0)
    async with service.client(
        RefreshingCredentials(Source(clock), clock=clock), retry=policy
    ) as ecr:
        response = await ecr.describe_registry()

    # Refused; renewed and failed; the first retry failed; the second one succeeded.
    assert service.keys == ["KEY1", "KEY2", "KEY2", "KEY2"]
    assert response.response_metadata.attempts == 4


async def test_the_same_credentials_again_are_not_a_renewal(clock: Clock) -> None:
    service = Service("KEY1")
    source = Source(clock)
    source.repeat = True
    async with service.client(RefreshingCredentials(source, clock=clock)) as ecr:
        with pytest.raises(ServiceError, match="ExpiredTokenException"):
            await ecr.describe_registry()
        assert (service.keys, source.calls) == (["KEY1"], 2)

        # The next refused call calls the source again.
        source.repeat = False
        await ecr.describe_registry()
    assert service.keys == ["KEY1", "KEY1", "KEY3"]


async def test_a_failed_renewal_is_raised(clock: Clock) -> None:
    service = Service("KEY1")
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    async with service.client(provider) as ecr:
        await provider.get()
        source.failure = CredentialsError("the vault is shut")
        with pytest.raises(CredentialsError, match="the vault is shut"):
            await ecr.describe_registry()

    assert service.keys == ["KEY1"]


async def test_the_renewal_is_within_the_deadline(clock: Clock) -> None:
    service = Service("KEY1")
    source = Source(clock)
    provider = RefreshingCredentials(source, clock=clock)
    await provider.get()
    source.hold()
    async with service.client(provider, options=CallOptions(deadline=0.05)) as ecr:
        with pytest.raises(TimeoutError):
            await ecr.describe_registry()
    source.let_go()


async def test_concurrent_refusals_cause_one_refresh(clock: Clock) -> None:
    service = Service("KEY1")
    source = Source(clock)
    # No response before all requests have arrived, so all are signed with the old key.
    arrived = anyio.Event()

    async def wait() -> None:
        if len(service.keys) == 1000:
            arrived.set()
        await arrived.wait()

    service.wait = wait
    provider = RefreshingCredentials(source, clock=clock)
    async with service.client(provider) as ecr, anyio.create_task_group() as group:
        for _ in range(1000):
            group.start_soon(ecr.describe_registry)

    assert service.keys == ["KEY1"] * 1000 + ["KEY2"] * 1000
    assert source.calls == 2


async def test_a_late_refusal_does_not_invalidate_new_credentials(clock: Clock) -> None:
    service = Service("KEY1")
    source = Source(clock)
    late = anyio.Event()
    calls: list[int] = []

    async def wait() -> None:
        calls.append(1)
        if len(calls) == 1:
            await late.wait()

    service.wait = wait
    provider = RefreshingCredentials(source, clock=clock)
    async with service.client(provider) as ecr, anyio.create_task_group() as group:
        group.start_soon(ecr.describe_registry)
        await until(lambda: len(calls) == 1)
        await ecr.describe_registry()
        late.set()

    assert service.keys == ["KEY1", "KEY1", "KEY2", "KEY2"]
    assert source.calls == 2


class UsersProvider:
    """A user's provider, which has no cache and suspends its caller."""

    def __init__(self) -> None:
        self.number = 1
        self.invalidated = 0

    async def get(self) -> Credentials:
        number = self.number
        await anyio.sleep(0.001)
        return Credentials(f"KEY{number}", "secret")

    async def invalidate(self) -> None:
        self.invalidated += 1
        await anyio.sleep(0.001)
        self.number = 2


async def test_a_provider_of_the_user() -> None:
    service = Service("KEY1")
    provider = UsersProvider()
    async with service.client(provider) as ecr:
        await ecr.describe_registry()
        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(ecr.describe_registry)

    assert service.keys == ["KEY1"] + ["KEY2"] * 11
    assert provider.invalidated == 1


async def test_a_renewal_is_logged_without_secrets(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    service = Service("KEY1")
    async with service.client(RefreshingCredentials(Source(clock), clock=clock)) as ecr:
        await ecr.describe_registry()

    assert "the service refused key KEY1: getting others" in caplog.text
    assert "secret" not in caplog.text

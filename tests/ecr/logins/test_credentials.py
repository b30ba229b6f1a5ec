"""Registry logins: decoding tokens, caching and renewing them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import anyio
import httpx
import pytest

from ecrclient import CallOptions, ECRClient, ResponseDecodeError, ServiceError
from ecrclient.logins import RegistryCredentials
from ecrclient.testing import InMemoryECR
from tests.tools.scripted import Scripted, client, fail, ok

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
PASSWORD = "canary:with:colons"


class Time:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def token(password: str = PASSWORD, *, issued: datetime = NOW) -> httpx.Response:
    data = {
        "authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(),
        "expiresAt": (issued + timedelta(hours=12)).timestamp(),
        "proxyEndpoint": f"https://{HOST}",
    }
    return ok({"authorizationData": [data]})


def at(time: Time, transport: Scripted) -> ECRClient:
    ecr = client(transport)
    cast(Any, ecr)._state.clock.local = time
    return ecr


async def test_a_token_is_decoded() -> None:
    login = await at(Time(), Scripted(token())).registry_credentials()

    assert (login.username, login.registry) == ("AWS", HOST)
    assert login.password.get_secret_value() == PASSWORD
    assert login.expires_at == NOW + timedelta(hours=12)
    assert "canary" not in f"{login!r} {login}"


async def test_the_docker_configuration() -> None:
    login = await at(Time(), Scripted(token())).registry_credentials()

    config = json.loads(login.docker_config())

    assert config.keys() == {"auths"}
    assert base64.b64decode(config["auths"][HOST]["auth"]).decode() == f"AWS:{PASSWORD}"


async def test_logging_in_to_the_in_memory_registry() -> None:
    ecr = InMemoryECR(region="eu-west-1")
    async with ecr.client() as inside:
        login = await inside.registry_credentials()

    assert login.registry == HOST
    assert login.username == "AWS"


async def test_a_hundred_callers_make_one_request() -> None:
    async def slow(_: httpx.Request) -> httpx.Response:
        await anyio.sleep(0.01)
        return token()

    transport = Scripted(slow)
    ecr = at(Time(), transport)
    logins: list[RegistryCredentials] = []

    async def log_in() -> None:
        logins.append(await ecr.registry_credentials())

    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(log_in)

    assert len(transport.requests) == 1
    assert logins == logins[:1] * 100


async def test_a_failure_is_raised_for_all_waiting_callers_and_not_cached() -> None:
    async def slow(_: httpx.Request) -> httpx.Response:
        await anyio.sleep(0.01)
        return fail(400, "InvalidParameterException")

    transport = Scripted(slow, token())
    ecr = at(Time(), transport)
    refused: list[str] = []

    async def log_in() -> None:
        with pytest.raises(ServiceError) as caught:
            await ecr.registry_credentials()
        refused.append(caught.value.code)

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(log_in)

    assert refused == ["InvalidParameterException"] * 20
    assert len(transport.requests) == 1
    assert (await ecr.registry_credentials()).username == "AWS"


async def test_cancelling_one_caller_does_not_cancel_the_others() -> None:
    requested = anyio.Event()

    async def never(_: httpx.Request) -> httpx.Response:
        requested.set()
        await anyio.sleep_forever()
        raise AssertionError

    transport = Scripted(never, token())
    ecr = at(Time(), transport)
    got: list[str] = []

    async def log_in() -> None:
        got.append((await ecr.registry_credentials()).username)

    async with anyio.create_task_group() as group, anyio.create_task_group() as first:
        first.start_soon(ecr.registry_credentials)
        await requested.wait()
        group.start_soon(log_in)
        await anyio.wait_all_tasks_blocked()
        first.cancel_scope.cancel()

    assert got == ["AWS"]
    assert len(transport.requests) == 2


@pytest.mark.parametrize(
    ("passed", "requests"),
    [
        (timedelta(hours=11, minutes=44), 1),
        (timedelta(hours=11, minutes=45), 2),
        (timedelta(hours=13), 2),
    ],
)
async def test_a_login_is_renewed_before_it_expires(passed: timedelta, requests: int) -> None:
    time = Time()
    transport = Scripted(token(), token("next", issued=NOW + passed))
    ecr = at(time, transport)
    await ecr.registry_credentials()
    time.now += passed

    login = await ecr.registry_credentials()

    assert len(transport.requests) == requests
    assert login.password.get_secret_value() == (PASSWORD if requests == 1 else "next")


async def test_a_valid_login_is_returned_when_the_renewal_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    time = Time()
    ecr = at(time, Scripted(token(), fail(400, "ServerException"), fail(400, "ServerException")))
    first = await ecr.registry_credentials()
    time.now += timedelta(hours=11, minutes=50)

    assert await ecr.registry_credentials() == first
    assert "could not renew the login" in caplog.text
    time.now += timedelta(minutes=10)
    with pytest.raises(ServiceError):
        await ecr.registry_credentials()


async def test_each_registry_has_its_own_login_and_clones_share_them() -> None:
    transport = Scripted(token("one"), token("two"))
    ecr = at(Time(), transport)
    clone = ecr.with_options(CallOptions(timeout=5))

    one = await clone.registry_credentials()
    two = await ecr.registry_credentials("210987654321")

    assert await ecr.registry_credentials() == one
    assert await clone.registry_credentials("210987654321") == two
    assert transport.bodies == [{}, {"registryIds": ["210987654321"]}]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "contains no authorization token"),
        ([{"authorizationToken": "canary!"}], "not base64"),
        ([{"authorizationToken": "canary\u00fc"}], "not base64"),
        ([{"authorizationToken": base64.b64encode(b"\xffcanary").decode()}], "not base64 text"),
        (
            [{"authorizationToken": base64.b64encode(b"canary").decode()}],
            "not of the form user:password",
        ),
    ],
)
async def test_an_invalid_token(data: list[dict[str, str]], message: str) -> None:
    ecr = at(Time(), Scripted(ok({"authorizationData": data}, **{"x-amzn-requestid": "the-id"})))

    with pytest.raises(ResponseDecodeError, match=message) as caught:
        await ecr.registry_credentials()

    assert caught.value.request_id == "the-id"
    assert "canary" not in str(caught.value)


def test_one_client_in_two_kinds_of_event_loop() -> None:
    transport = Scripted(token("one"), token("two"))
    time = Time()
    ecr = at(time, transport)

    anyio.run(ecr.registry_credentials, backend="asyncio")
    time.now += timedelta(days=1)
    transport.responses[0] = token("two", issued=time.now)
    login = anyio.run(ecr.registry_credentials, backend="trio")

    assert login.password.get_secret_value() == "two"

"""Sessions and credentials of boto3 and botocore as the credentials of a client."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import anyio
import boto3
import botocore.credentials
import botocore.session
import pytest
from aws_requests_auth.aws_auth import AWSRequestsAuth
from botocore.exceptions import ClientError

from ecrclient import (
    BotocoreCredentials,
    ConfigurationError,
    Credentials,
    CredentialsError,
    RequestsAuthCredentials,
    StaticCredentials,
)
from ecrclient._awsjson.credentials import default_provider
from tests.awsjson.credentials.tools import Clock
from tests.tools.scripted import Scripted, client, ok

pytestmark = pytest.mark.anyio

KEY = Credentials("AKID", "s3cret", "t0ken")


def boto3_session() -> Any:
    return boto3.Session("AKID", "s3cret", "t0ken", region_name="eu-west-3")


def botocore_session() -> Any:
    session: Any = botocore.session.Session()
    session.set_credentials("AKID", "s3cret", "t0ken")
    return session


SOURCES: dict[str, Callable[[], Any]] = {
    "boto3 session": boto3_session,
    "botocore session": botocore_session,
    "its credentials": lambda: boto3_session().get_credentials(),
    "frozen credentials": lambda: boto3_session().get_credentials().get_frozen_credentials(),
    "credentials by hand": lambda: botocore.credentials.Credentials("AKID", "s3cret", "t0ken"),
}


@pytest.fixture(params=SOURCES.values(), ids=list(SOURCES))
def source(request: pytest.FixtureRequest) -> Any:
    return request.param()


async def test_the_keys_of_a_source(source: Any) -> None:
    assert await BotocoreCredentials(source).get() == KEY
    assert await default_provider(source, None).get() == KEY


async def test_a_source_signs_calls_and_takes_precedence_over_a_profile(source: Any) -> None:
    transport = Scripted(ok())
    await client(transport, credentials=source, profile=None).describe_registry()

    (request,) = transport.requests
    assert "Credential=AKID/" in request.headers["authorization"]
    assert "/eu-west-1/ecr/" in request.headers["authorization"], "not the session's region"
    assert request.headers["x-amz-security-token"] == "t0ken"


async def test_an_empty_token_is_none() -> None:
    key = botocore.credentials.Credentials("AKID", "s3cret", "")
    assert await BotocoreCredentials(key).get() == Credentials("AKID", "s3cret")


# -- refreshing ----------------------------------------------------------------------------------


class Role:
    """The refresh function of botocore's refreshable credentials; each key lives an hour."""

    def __init__(self) -> None:
        self.calls = 0
        self.threads: set[int] = set()
        self.failure: Exception | None = None

    def __call__(self) -> dict[str, str]:
        self.calls += 1
        self.threads.add(threading.get_ident())
        if self.failure is not None:
            raise self.failure
        end = datetime.now(UTC) + timedelta(hours=1)
        return {
            "access_key": f"ROLE{self.calls}",
            "secret_key": "s3cret",
            "token": "t0ken",
            "expiry_time": end.isoformat(),
        }

    def refreshable(self) -> Any:
        kind: Any = botocore.credentials.RefreshableCredentials
        return kind.create_from_metadata(self(), self, "assume-role")

    def deferred(self) -> Any:
        return botocore.credentials.DeferredRefreshableCredentials(self, "assume-role")


@pytest.mark.parametrize("kind", ["refreshable", "deferred"])
async def test_refreshable_credentials_refresh_before_they_expire(kind: str) -> None:
    role = Role()
    found = getattr(role, kind)()
    clock = Clock()
    clock.now = datetime.now(UTC)
    provider = BotocoreCredentials(found, clock=clock)

    first = await provider.get()
    assert first.access_key_id == "ROLE1"
    assert first.expires_at is not None
    assert await provider.get() is first

    # Not due for this package's clock until the advisory window, which is botocore's.
    found._expiry_time -= timedelta(minutes=50)
    clock.forward(minutes=51)
    assert (await provider.get()).access_key_id == "ROLE2"
    assert role.calls == 2


async def test_a_refresh_does_not_run_in_the_event_loops_thread() -> None:
    role = Role()
    await BotocoreCredentials(role.deferred()).get()
    assert role.threads.isdisjoint({threading.get_ident()})


async def test_choosing_a_provider_does_not_refresh() -> None:
    role = Role()
    default_provider(role.deferred(), None)
    BotocoreCredentials(role.deferred())
    assert role.calls == 0


async def test_concurrent_calls_share_one_refresh() -> None:
    role = Role()
    provider = BotocoreCredentials(role.deferred())
    found: list[Credentials] = []

    async def get() -> None:
        found.append(await provider.get())

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(get)
    assert role.calls == 1
    assert len({each.access_key_id for each in found}) == 1


async def test_a_source_is_asked_again_after_a_refusal() -> None:
    key = botocore.credentials.Credentials("OLD", "s3cret")
    provider = BotocoreCredentials(key)
    await provider.get()
    key.access_key = "NEW"

    assert (await provider.get()).access_key_id == "OLD"
    await provider.invalidate()
    assert (await provider.get()).access_key_id == "NEW"


async def test_the_failure_of_a_refresh_is_botocores_without_a_secret() -> None:
    role = Role()
    role.failure = ClientError(
        {"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "AssumeRole"
    )
    with pytest.raises(CredentialsError, match=r"AccessDenied.*AssumeRole.*not authorized"):
        await BotocoreCredentials(role.deferred()).get()

    for failure in (RuntimeError("CANARY"), OSError("CANARY"), ValueError("CANARY")):
        role.failure = failure
        with pytest.raises(CredentialsError, match=type(failure).__name__) as caught:
            await BotocoreCredentials(role.deferred()).get()
        assert "CANARY" not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_a_session_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for session in (boto3.Session(), botocore.session.Session()):
        with pytest.raises(CredentialsError) as caught:
            await default_provider(session, None).get()
        name = f"{type(session).__module__}.Session"
        assert str(caught.value) == f"the {name} passed as credentials has no credentials"


# -- wrong arguments -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("dev", "source must be a session, not a string: pass profile= to name one"),
        (5, "source must be a boto3 or botocore session or its credentials, not 5"),
        (KEY, "source must be a boto3 or botocore session or its credentials, not an object"),
        (boto3.Session, "source must be a boto3"),
    ],
)
async def test_a_wrong_source(source: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        BotocoreCredentials(source)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("name", ["profile", "region"])
async def test_a_source_has_its_own_profile_and_region(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} must be None if there is a source"):
        BotocoreCredentials(boto3_session(), **{name: cast("Any", "x")})


class Keys:
    """Another package's keys."""

    access_key_id = "AKID"


@pytest.mark.parametrize("wrong", [Keys(), boto3.Session, "AKID", {"access_key": "AKID"}])
async def test_a_wrong_argument_is_shown_with_its_module(wrong: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await client(Scripted(), credentials=wrong).describe_registry()
    name = "type" if isinstance(wrong, type) else type(wrong).__name__
    where = f"{__name__}." if isinstance(wrong, Keys) else ""
    assert str(caught.value).endswith(f"or an AWSRequestsAuth, not {where}{name}")


async def test_other_providers_show_the_module_of_a_wrong_argument() -> None:
    key: Any = botocore.credentials.Credentials("AKID", "CANARY")
    for provider in (StaticCredentials, RequestsAuthCredentials):
        with pytest.raises(CredentialsError, match=r"not botocore\.credentials\.Credentials$"):
            provider(key)


async def test_an_aws_requests_auth_is_not_taken_for_a_key() -> None:
    auth = AWSRequestsAuth("AKID", "s3cret", "host", "eu-west-1", "ecr", "t0ken")
    assert isinstance(default_provider(auth, None), RequestsAuthCredentials)

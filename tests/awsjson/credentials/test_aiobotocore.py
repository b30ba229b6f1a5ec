"""Sessions and credentials of aiobotocore, in the shape of its classes.

aiobotocore is not a dependency of the tests, because it pins another botocore.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import anyio
import botocore.credentials
import pytest

from ecrclient import BotocoreCredentials, ConfigurationError, Credentials, CredentialsError
from ecrclient._awsjson.credentials import default_provider
from tests.tools.scripted import Scripted, client, ok

pytestmark = pytest.mark.anyio

FAR = datetime(2999, 1, 1, tzinfo=UTC)
only_asyncio = pytest.mark.parametrize("anyio_backend", ["asyncio"])


class AioCredentials:
    """As ``aiobotocore.credentials.AioCredentials``."""

    _expiry_time = FAR

    async def get_frozen_credentials(self) -> Any:
        await anyio.lowlevel.checkpoint()
        return botocore.credentials.ReadOnlyCredentials("AIO", "s3cret", "t0ken")


class AioSession:
    """As ``aiobotocore.session.AioSession``."""

    def __init__(self, found: Any) -> None:
        self.found = found
        self.calls = 0

    async def get_credentials(self) -> Any:
        self.calls += 1
        await anyio.sleep(0.001)
        return self.found


KEYS = AioCredentials()


class Aioboto3Session:
    """As ``aioboto3.Session``: boto3's method returns a coroutine of aiobotocore's session."""

    __module__ = "aioboto3.session"

    def __init__(self) -> None:
        self.session = AioSession(KEYS)

    def get_credentials(self) -> Any:
        return self.session.get_credentials()


@only_asyncio
async def test_the_keys_of_a_session_or_of_its_credentials() -> None:
    for source in (AioSession(KEYS), Aioboto3Session(), KEYS):
        assert await default_provider(source, None).get() == Credentials(
            "AIO", "s3cret", "t0ken", FAR
        )


@only_asyncio
async def test_concurrent_calls_run_the_sessions_chain_once_until_a_refusal() -> None:
    session = AioSession(KEYS)
    transport = Scripted(*[ok() for _ in range(10)])
    ecr = client(transport, credentials=session)
    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(ecr.describe_registry)
    assert session.calls == 1
    assert all("Credential=AIO/" in each.headers["authorization"] for each in transport.requests)

    provider = default_provider(session, None)
    await provider.get()
    await provider.invalidate()
    await provider.get()
    assert session.calls == 3


@only_asyncio
async def test_a_session_without_credentials() -> None:
    with pytest.raises(CredentialsError, match=r"AioSession passed as credentials has no cred"):
        await client(Scripted(), credentials=AioSession(None)).describe_registry()


@pytest.mark.parametrize("anyio_backend", ["trio"])
@pytest.mark.parametrize("source", [AioSession(KEYS), Aioboto3Session(), KEYS])
async def test_trio_is_refused_with_the_alternatives(source: Any) -> None:
    with pytest.raises(CredentialsError, match="asyncio only: on trio pass a boto3 or botocore"):
        await client(Scripted(), credentials=source).describe_registry()


async def test_botocore_credentials_do_not_take_an_async_source() -> None:
    with pytest.raises(ConfigurationError, match="source must be a boto3 or botocore session"):
        BotocoreCredentials(AioSession(KEYS))

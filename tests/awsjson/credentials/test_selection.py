"""The choice of a provider, and credentials that are not shown."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from ecrclient import Credentials, CredentialsError, CredentialsProvider
from ecrclient._awsjson.credentials import (
    BotocoreCredentials,
    StaticCredentials,
    default_provider,
    environment_credentials,
)
from ecrclient._awsjson.settings import shared_config
from tests.tools.scripted import Scripted, client, ok

pytestmark = pytest.mark.anyio

KEY = Credentials("AKID", "s3cret", "t0ken")


class Rotating:
    """A user's provider, which returns a new key each time."""

    def __init__(self) -> None:
        self.calls = 0

    async def get(self) -> Credentials:
        self.calls += 1
        await checkpoint()
        return Credentials(f"AKID{self.calls}", "s3cret")

    async def invalidate(self) -> None:
        pass


# -- credentials ---------------------------------------------------------------------------------


def test_secrets_are_not_shown() -> None:
    for text in (repr(KEY), str(KEY), f"{KEY}", repr(StaticCredentials(KEY))):
        assert "s3cret" not in text
        assert "t0ken" not in text
    assert "AKID" in repr(KEY)


def test_credentials_are_values() -> None:
    expiring = Credentials("AKID", "s3cret", expires_at=datetime(2030, 1, 1, tzinfo=UTC))

    assert pickle.loads(pickle.dumps(expiring)) == expiring
    assert expiring != KEY
    assert expiring.session_token is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("", "secret"), "access_key_id"),
        (("  ", "secret"), "access_key_id"),
        ((None, "secret"), "access_key_id"),
        ((b"AKID", "secret"), "access_key_id"),
        (("AKID", ""), "secret_access_key"),
        (("AKID", "\n"), "secret_access_key"),
        (("AKID", None), "secret_access_key"),
        (("AKID\r\nx-evil: 1", "secret"), "access_key_id"),
        (("AKID\n", "secret"), "access_key_id"),
        (("AKÏD", "secret"), "access_key_id"),
        (("AKID", "secret", "token\r\nx-evil: 1"), "session_token"),
        (("AKID", "secret", "tok\x00en"), "session_token"),
        (("AKID", "secret", "tökén"), "session_token"),
    ],
)
def test_values_that_a_header_must_not_contain_are_refused(
    arguments: tuple[Any, ...], named: str
) -> None:
    with pytest.raises(CredentialsError, match=named) as caught:
        Credentials(*arguments)

    assert "evil" not in str(caught.value)


@pytest.mark.parametrize("arguments", [("AKID", "secret", 5), ("AKID", "\ud800")])
def test_values_that_cannot_be_used_to_sign_are_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(CredentialsError):
        Credentials(*arguments)


# -- the environment -----------------------------------------------------------------------------

ID, SECRET = {"AWS_ACCESS_KEY_ID": "AKID"}, {"AWS_SECRET_ACCESS_KEY": "s3cret"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, None),
        ({"AWS_SESSION_TOKEN": "t"}, None),
        (SECRET, None),
        ({**ID, **SECRET}, Credentials("AKID", "s3cret")),
        ({**ID, **SECRET, "AWS_SESSION_TOKEN": ""}, Credentials("AKID", "s3cret")),
        ({**ID, **SECRET, "AWS_SECURITY_TOKEN": ""}, Credentials("AKID", "s3cret")),
        ({**ID, **SECRET, "AWS_SESSION_TOKEN": "t"}, Credentials("AKID", "s3cret", "t")),
        ({**ID, **SECRET, "AWS_SECURITY_TOKEN": "o"}, Credentials("AKID", "s3cret", "o")),
        (
            {**ID, **SECRET, "AWS_SESSION_TOKEN": "t", "AWS_SECURITY_TOKEN": "o"},
            Credentials("AKID", "s3cret", "o"),
        ),
    ],
)
def test_the_environment(environ: dict[str, str], expected: Credentials | None) -> None:
    assert environment_credentials(environ) == expected


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        (ID, "AWS_SECRET_ACCESS_KEY is not set"),
        ({**ID, "AWS_SECRET_ACCESS_KEY": ""}, "AWS_SECRET_ACCESS_KEY is not set"),
    ],
)
def test_a_key_without_its_secret_is_refused(environ: dict[str, str], missing: str) -> None:
    with pytest.raises(CredentialsError, match=missing) as caught:
        environment_credentials(environ)

    assert "s3cret" not in str(caught.value)


# -- botocore's chain ----------------------------------------------------------------------------

FILE = """
[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key = one
[far]
aws_access_key_id = AKIDFAR
aws_secret_access_key = two
aws_session_token = t0ken
"""


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (None, Credentials("AKIDDEFAULT", "one")),
        ("far", Credentials("AKIDFAR", "two", "t0ken")),
    ],
)
async def test_the_shared_credentials_file(
    tmp_path: Path, profile: str | None, expected: Credentials
) -> None:
    (tmp_path / ".aws" / "credentials").write_text(FILE)

    assert await BotocoreCredentials(profile=profile).get() == expected


async def test_no_credentials_anywhere() -> None:
    with pytest.raises(CredentialsError, match="AWS_ACCESS_KEY_ID"):
        await BotocoreCredentials().get()


async def test_an_unknown_profile(tmp_path: Path) -> None:
    (tmp_path / ".aws" / "credentials").write_text(FILE)

    with pytest.raises(CredentialsError, match="absent"):
        await BotocoreCredentials(profile="absent").get()


async def test_a_key_without_its_secret_in_the_file(tmp_path: Path) -> None:
    (tmp_path / ".aws" / "credentials").write_text("[default]\naws_access_key_id = AKID\n")

    with pytest.raises(CredentialsError, match="aws_secret_access_key"):
        await BotocoreCredentials().get()


async def test_credentials_that_appear_later_are_found(tmp_path: Path) -> None:
    provider = BotocoreCredentials()
    with pytest.raises(CredentialsError):
        await provider.get()
    (tmp_path / ".aws" / "credentials").write_text(FILE)

    assert (await provider.get()).access_key_id == "AKIDDEFAULT"


async def test_invalidate_runs_the_chain_again(tmp_path: Path) -> None:
    (tmp_path / ".aws" / "credentials").write_text(FILE)
    provider = BotocoreCredentials()
    before = await provider.get()
    (tmp_path / ".aws" / "credentials").write_text(FILE.replace("AKIDDEFAULT", "AKIDNEW"))

    assert await provider.get() == before
    await provider.invalidate()
    assert (await provider.get()).access_key_id == "AKIDNEW"


async def test_concurrent_callers_open_one_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".aws" / "credentials").write_text(FILE)
    opened: list[str | None] = []

    def counting(profile: str | None, region: str | None) -> Any:
        opened.append(profile)
        return shared_config.open_session(profile, region)

    monkeypatch.setattr("ecrclient._awsjson.credentials.providers.open_session", counting)
    provider = BotocoreCredentials(profile="far")
    found: list[Credentials] = []

    async def get() -> None:
        found.append(await provider.get())

    async with anyio.create_task_group() as group:
        for _ in range(30):
            group.start_soon(get)

    assert found == [Credentials("AKIDFAR", "two", "t0ken")] * 30
    assert opened == ["far"]


# -- the choice of a provider --------------------------------------------------------------------


async def test_the_argument_takes_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "env")
    rotating = Rotating()

    assert await default_provider(KEY, "far").get() == KEY
    assert await default_provider(rotating, "far").get() == await Rotating().get()
    assert isinstance(rotating, CredentialsProvider)


async def test_the_environment_comes_before_the_chain_unless_a_profile_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".aws" / "credentials").write_text(FILE)
    assert (await default_provider(None, None).get()).access_key_id == "AKIDDEFAULT"

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "env")

    assert await default_provider(None, None).get() == Credentials("AKIDENV", "env")
    assert (await default_provider(None, "far").get()).access_key_id == "AKIDFAR"


async def test_a_provider_is_called_for_each_attempt() -> None:
    transport = Scripted(ok(), ok())
    provider = Rotating()
    ecr = client(transport, credentials=provider)
    for _ in range(2):
        await ecr.describe_registry()

    keys = [request.headers["authorization"].split("/")[0] for request in transport.requests]
    assert [key.rpartition("=")[2] for key in keys] == ["AKID1", "AKID2"]
    assert provider.calls == 2


async def test_nothing_is_sent_without_credentials() -> None:
    transport = Scripted()
    with pytest.raises(CredentialsError):
        await client(transport, credentials=None).describe_registry()

    assert transport.requests == []

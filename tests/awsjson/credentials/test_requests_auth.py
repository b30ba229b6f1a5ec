"""Credentials of ``aws-requests-auth`` objects."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

import ecrclient
from ecrclient import Credentials, CredentialsError, ECRClient
from ecrclient._awsjson.credentials import RequestsAuthCredentials
from tests.awsjson.credentials.tools import NOON, Clock

pytestmark = pytest.mark.anyio

HOST = "api.ecr.eu-west-1.amazonaws.com"


def fixed(key: str | None = "AKID", secret: str | None = "secret", token: str | None = None) -> Any:
    module = importlib.import_module("aws_requests_auth.aws_auth")
    return module.AWSRequestsAuth(key, secret, HOST, "eu-west-1", "ecr", token)


def found_by_botocore() -> Any:
    module = importlib.import_module("aws_requests_auth.boto_utils")
    return module.BotoAWSRequestsAuth(HOST, "eu-west-1", "ecr")


async def test_the_keys_of_the_object() -> None:
    provider = RequestsAuthCredentials(fixed(token="token"))

    assert await provider.get() == Credentials("AKID", "secret", "token")


async def test_changed_keys_of_the_object_take_effect() -> None:
    auth = fixed()
    provider = RequestsAuthCredentials(auth)
    await provider.get()
    auth.aws_access_key, auth.aws_secret_access_key = "OTHER", "secret2"

    assert await provider.get() == Credentials("OTHER", "secret2")


async def test_the_keys_that_botocore_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    auth = found_by_botocore()
    before: dict[str, Any] = {**vars(auth)}

    assert await RequestsAuthCredentials(auth).get() == Credentials("ENV", "secret", "token")
    assert vars(auth) == before, "the object is unchanged"


async def test_keys_that_botocore_refreshes(home: Path) -> None:
    output = {
        "Version": 1,
        "AccessKeyId": "PROCESS",
        "SecretAccessKey": "secret",
        "SessionToken": "token",
        "Expiration": "2999-01-01T00:00:00Z",
    }
    (home / "output").write_text(json.dumps(output))
    (home / ".aws" / "config").write_text(f"[default]\ncredential_process = cat {home}/output\n")

    credentials = await RequestsAuthCredentials(found_by_botocore()).get()

    expiry = datetime(2999, 1, 1, tzinfo=UTC)
    assert credentials == Credentials("PROCESS", "secret", "token", expiry)


async def test_an_object_without_keys() -> None:
    with pytest.raises(CredentialsError):
        await RequestsAuthCredentials(found_by_botocore()).get()


async def test_an_object_with_a_key_without_its_secret() -> None:
    with pytest.raises(CredentialsError, match="secret_access_key must be a string"):
        await RequestsAuthCredentials(fixed(secret=None)).get()


async def test_a_subclass_that_gets_its_keys_elsewhere() -> None:
    base: Any = importlib.import_module("aws_requests_auth.aws_auth").AWSRequestsAuth
    calls: list[int] = []

    class Vault(base):  # type: ignore[misc]
        def get_aws_request_headers_handler(self, r: object) -> Any:
            calls.append(1)
            return self.get_aws_request_headers(r, f"VAULT{len(calls)}", "secret", None)

    provider = RequestsAuthCredentials(Vault(None, None, HOST, "eu-west-1", "ecr"))

    assert await provider.get() == Credentials("VAULT1", "secret")
    assert await provider.get() == Credentials("VAULT1", "secret")
    await provider.invalidate()
    assert await provider.get() == Credentials("VAULT2", "secret")


class Hooked:
    """Has the interface of an ``AWSRequestsAuth``."""

    def __init__(self, key: str | None = None, secret: str | None = None) -> None:
        self.aws_access_key, self.aws_secret_access_key = key, secret
        self.aws_token: str | None = None
        self.keys: tuple[str, str, str] | None = ("HOOK", "secret", "")
        self._refreshable_credentials: Any = None
        self.calls = 0

    def get_aws_request_headers_handler(self, r: object) -> None:
        if self.keys is not None:
            self.get_aws_request_headers(r, *self.keys)

    def get_aws_request_headers(self, *_: object) -> None:
        raise AssertionError("only a copy is called")


@pytest.mark.parametrize(
    ("key", "secret", "found"),
    [("A", "b", "A"), ("A", None, "HOOK"), (None, "b", "HOOK"), ("", "", "HOOK")],
)
async def test_half_of_a_key_is_not_used(key: str | None, secret: str | None, found: str) -> None:
    credentials = await RequestsAuthCredentials(Hooked(key, secret)).get()
    assert credentials.access_key_id == found
    assert credentials.session_token is None


async def test_a_hook_that_provides_nothing() -> None:
    auth = Hooked()
    auth.keys = None
    with pytest.raises(CredentialsError, match=r"Hooked did not provide any keys$"):
        await RequestsAuthCredentials(auth).get()


async def test_keys_of_a_hook_are_refreshed_by_the_clock(clock: Clock) -> None:
    auth = Hooked()
    provider = RequestsAuthCredentials(auth, clock=clock)
    cast(Any, auth)._refreshable_credentials = SimpleNamespace(
        _expiry_time=NOON + timedelta(hours=1)
    )
    assert (await provider.get()).expires_at == NOON + timedelta(hours=1)
    auth.keys = ("LATER", "secret", "token")
    cast(Any, auth)._refreshable_credentials = SimpleNamespace(
        _expiry_time=NOON + timedelta(hours=9)
    )
    assert (await provider.get()).access_key_id == "HOOK"
    clock.forward(hours=1)
    assert await provider.get() == Credentials(
        "LATER", "secret", "token", NOON + timedelta(hours=9)
    )


class Keys:
    """Has the attribute of the key, and not the hook."""

    aws_access_key = "AKID"


@pytest.mark.parametrize("junk", ["AKID", Keys(), None])
async def test_the_argument_must_be_such_an_object(junk: object) -> None:
    with pytest.raises(CredentialsError) as caught:
        RequestsAuthCredentials(junk)
    message = str(caught.value)
    assert message.startswith("the argument must be an AWSRequestsAuth, not ")
    assert message.endswith(type(junk).__name__)


@pytest.mark.parametrize("make", [fixed, found_by_botocore])
async def test_a_client_takes_it_as_credentials(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    signed: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        signed.append(request.headers["authorization"])
        return httpx.Response(200, json={})

    async with ECRClient(
        region="eu-west-1", credentials=make(), transport=httpx.MockTransport(handle)
    ) as ecr:
        await ecr.describe_registry()

    assert "Credential=AKID/" in signed[0]


def test_the_package_is_not_imported() -> None:
    script = (
        "import sys, ecrclient._awsjson.credentials\n"
        "print([n for n in sys.modules if n.startswith(('aws_requests', 'requests', 'botocore'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(Path(ecrclient.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"

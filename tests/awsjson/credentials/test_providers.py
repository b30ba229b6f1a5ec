"""The built-in providers, and most sources of botocore's chain."""

from __future__ import annotations

import http.server
import json
import re
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from ecrclient import (
    ConfigurationError,
    Credentials,
    CredentialsError,
    CredentialsProvider,
    ECRClient,
)
from ecrclient._awsjson.credentials import (
    BotocoreCredentials,
    EnvironmentCredentials,
    StaticCredentials,
    default_provider,
)
from ecrclient._awsjson.credentials.user_provider import UserProvider
from tests.awsjson.credentials.tools import Clock

pytestmark = pytest.mark.anyio

KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
FAR = datetime(2999, 1, 1, tzinfo=UTC)


# -- credentials themselves ----------------------------------------------------------------------


def test_an_expiry_needs_a_time_zone() -> None:
    with pytest.raises(CredentialsError, match="expires_at must have a time zone"):
        Credentials("AKID", "secret", None, datetime(2026, 1, 1))  # noqa: DTZ001


# -- static and environment ----------------------------------------------------------------------


async def test_static_credentials_do_not_change() -> None:
    credentials = Credentials("AKID", "secret")
    provider = StaticCredentials(credentials)

    assert await provider.get() is credentials
    await provider.invalidate()
    assert await provider.get() is credentials


async def test_the_environment_is_read_at_the_first_use_and_after_a_refusal() -> None:
    environ: dict[str, str] = {}
    provider = EnvironmentCredentials(environ)
    environ.update(KEYS)

    assert await provider.get() == Credentials("AKID", "secret")
    environ["AWS_ACCESS_KEY_ID"] = "AKID2"
    assert (await provider.get()).access_key_id == "AKID"
    await provider.invalidate()
    assert (await provider.get()).access_key_id == "AKID2"


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ({}, None),
        ({"AWS_SESSION_TOKEN": "new"}, "new"),
        ({"AWS_SECURITY_TOKEN": "old"}, "old"),
        ({"AWS_SESSION_TOKEN": "new", "AWS_SECURITY_TOKEN": "old"}, "old"),
        ({"AWS_SESSION_TOKEN": "new", "AWS_SECURITY_TOKEN": ""}, "new"),
    ],
)
async def test_the_environments_token_is_botocores(
    tokens: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**KEYS, **tokens}.items():
        monkeypatch.setenv(name, value)

    ours = await EnvironmentCredentials().get()

    assert ours.session_token == expected
    assert ours == await BotocoreCredentials().get()


@pytest.mark.generator  # older versions of botocore do not read the account
@pytest.mark.parametrize("account", ["123456789012", "", None])
async def test_the_environments_account_is_botocores(
    account: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**KEYS, "AWS_ACCOUNT_ID": account}.items():
        if value is not None:
            monkeypatch.setenv(name, value)

    ours = await EnvironmentCredentials().get()

    assert ours.account_id == (account or None)
    assert ours == await BotocoreCredentials().get()


async def test_a_key_without_its_secret_in_the_environment() -> None:
    with pytest.raises(CredentialsError, match="AWS_SECRET_ACCESS_KEY is not set"):
        await EnvironmentCredentials({"AWS_ACCESS_KEY_ID": "AKID"}).get()


async def test_a_key_that_is_removed_from_the_environment() -> None:
    environ = dict(KEYS)
    provider = EnvironmentCredentials(environ)
    await provider.get()
    environ.clear()
    await provider.invalidate()

    with pytest.raises(CredentialsError, match="AWS_ACCESS_KEY_ID is no longer set"):
        await provider.get()


async def test_the_environments_expiry(clock: Clock) -> None:
    environ = {**KEYS, "AWS_CREDENTIAL_EXPIRATION": "2026-01-01T13:00:00Z"}
    provider = EnvironmentCredentials(environ, clock=clock)
    first = await provider.get()
    assert first.expires_at == datetime(2026, 1, 1, 13, tzinfo=UTC)

    clock.forward(minutes=59)
    assert await provider.get() is first
    clock.forward(minutes=1)
    with pytest.raises(CredentialsError, match="AWS_CREDENTIAL_EXPIRATION is 2026-01-01 13:00"):
        await provider.get()
    environ["AWS_CREDENTIAL_EXPIRATION"] = "2026-01-01T14:00:00"
    assert (await provider.get()).expires_at == datetime(2026, 1, 1, 14, tzinfo=UTC)


async def test_an_invalid_expiry_in_the_environment() -> None:
    environ = {**KEYS, "AWS_CREDENTIAL_EXPIRATION": "soon"}

    with pytest.raises(
        CredentialsError, match="AWS_CREDENTIAL_EXPIRATION must be an ISO 8601 time"
    ):
        await EnvironmentCredentials(environ).get()


# -- the choice of a provider --------------------------------------------------------------------


class Own:
    async def get(self) -> Credentials:
        return Credentials("OWN", "secret")

    async def invalidate(self) -> None: ...


def test_which_provider_a_client_uses() -> None:
    own = Own()
    fixed = Credentials("AKID", "secret")

    def chosen(
        credentials: object = None,
        profile: str | None = None,
        environ: dict[str, str] | None = None,
    ) -> CredentialsProvider:
        return default_provider(credentials, profile, "eu-west-1", environ or {})

    assert isinstance(chosen(own, environ=KEYS), UserProvider)
    botocores = BotocoreCredentials()
    assert chosen(botocores, environ=KEYS) is botocores
    assert isinstance(chosen(fixed, environ=KEYS), StaticCredentials)
    assert isinstance(chosen(environ=KEYS), EnvironmentCredentials)
    # A profile argument takes precedence over the environment's key; the environment's profile
    # does not.
    assert isinstance(chosen(profile="dev", environ=KEYS), BotocoreCredentials)
    assert isinstance(chosen(environ={**KEYS, "AWS_PROFILE": "dev"}), EnvironmentCredentials)
    assert isinstance(chosen(), BotocoreCredentials)
    assert isinstance(chosen(environ={"AWS_SECRET_ACCESS_KEY": "secret"}), BotocoreCredentials)


@pytest.mark.parametrize("junk", ["AKID", ("AKID", "CANARY"), {"secret": "CANARY"}])
async def test_the_argument_must_be_credentials_or_a_provider(junk: Any) -> None:
    async with ECRClient(region="eu-west-1", credentials=junk) as ecr:
        with pytest.raises(ConfigurationError, match="credentials must be") as caught:
            await ecr.describe_registry()

    assert type(junk).__name__ in str(caught.value)
    assert "CANARY" not in str(caught.value)


# -- botocore's chain ----------------------------------------------------------------------------


async def test_a_profile_of_the_credentials_file(home: Path) -> None:
    (home / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = ONE\naws_secret_access_key = s1\n"
        "[dev]\naws_access_key_id = TWO\naws_secret_access_key = s2\naws_session_token = t\n"
    )

    assert await BotocoreCredentials().get() == Credentials("ONE", "s1")
    assert await BotocoreCredentials(profile="dev").get() == Credentials("TWO", "s2", "t")


async def test_the_profile_of_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".aws" / "config").write_text(
        "[profile dev]\naws_access_key_id = TWO\naws_secret_access_key = s2\n"
    )
    monkeypatch.setenv("AWS_PROFILE", "dev")

    assert (await BotocoreCredentials().get()).access_key_id == "TWO"


async def test_an_empty_chain_is_a_credentials_error() -> None:
    with pytest.raises(CredentialsError, match="no credentials: set AWS_ACCESS_KEY_ID"):
        await BotocoreCredentials().get()


async def test_a_missing_profile_is_a_credentials_error() -> None:
    with pytest.raises(CredentialsError, match="missing"):
        await BotocoreCredentials(profile="missing").get()


def process(home: Path, script: str) -> None:
    """Configure a credential process."""
    (home / "process.py").write_text(script)
    command = f'"{sys.executable}" "{home / "process.py"}"'
    (home / ".aws" / "config").write_text(f"[default]\ncredential_process = {command}\n")


PROCESS = """
import json, pathlib, time
time.sleep({sleep})
count = pathlib.Path(__file__).with_name("count")
number = int(count.read_text() or 0) + 1 if count.exists() else 1
count.write_text(str(number))
print(json.dumps(dict(
    Version=1, AccessKeyId=f"KEY{{number}}", SecretAccessKey="secret", SessionToken="token",
    Expiration={expiration!r},
)))
"""


async def test_a_credential_process(home: Path) -> None:
    process(home, PROCESS.format(sleep=0, expiration="2999-01-01T00:00:00Z"))
    provider = BotocoreCredentials()

    assert await provider.get() == Credentials("KEY1", "secret", "token", FAR)
    assert (await provider.get()).access_key_id == "KEY1"
    await provider.invalidate()
    assert (await provider.get()).access_key_id == "KEY2"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("import sys; sys.exit('the vault is shut')", "the vault is shut"),
        ('print(\'{"SecretAccessKey": "CANARY"\')', "botocore raised JSONDecodeError"),
        ('print(\'{"Version": 1, "SecretAccessKey": "CANARY"}\')', "AccessKeyId"),
        ('print(\'{"Version": 7, "SecretAccessKey": "CANARY"}\')', "Unsupported version '7'"),
    ],
)
async def test_a_credential_process_that_fails(script: str, problem: str, home: Path) -> None:
    process(home, script)

    with pytest.raises(CredentialsError, match=re.escape(problem)) as caught:
        await BotocoreCredentials().get()

    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


async def test_a_missing_credential_process(home: Path) -> None:
    (home / ".aws" / "config").write_text("[default]\ncredential_process = /nowhere/at-all\n")

    with pytest.raises(CredentialsError, match="/nowhere/at-all"):
        await BotocoreCredentials().get()


async def test_a_slow_process_does_not_block_other_tasks(home: Path) -> None:
    process(home, PROCESS.format(sleep=1, expiration="2999-01-01T00:00:00Z"))
    beats = 0
    keys: list[str] = []
    took = 0.0

    def handle(request: httpx.Request) -> httpx.Response:
        scope = re.search(r"Credential=(\w+)/", request.headers["authorization"])
        assert scope
        keys.append(scope[1])
        return httpx.Response(200, json={})

    async def heartbeat() -> None:
        nonlocal beats
        while True:
            await anyio.sleep(0.005)
            beats += 1

    async with anyio.create_task_group() as group:
        group.start_soon(heartbeat)
        await anyio.sleep(0.02)
        begin, beats = time.perf_counter(), 0
        async with (
            ECRClient(region="eu-west-1", transport=httpx.MockTransport(handle)) as ecr,
            anyio.create_task_group() as calls,
        ):
            for _ in range(20):
                calls.start_soon(ecr.describe_registry)
        took = time.perf_counter() - begin
        group.cancel_scope.cancel()

    assert took >= 1
    assert keys == ["KEY1"] * 20
    assert beats >= 10, "the loop ran during the second that the process needed"


Response = tuple[int, str]


@contextmanager
def server(*responses: Response) -> Generator[tuple[str, list[tuple[str, str]]]]:
    """Run a local server; provide its URL and its requests (path or body, authorization)."""
    requests: list[tuple[str, str]] = []
    remaining = list(responses)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            requests.append((body or self.path, self.headers.get("Authorization", "")))
            status, text = remaining.pop(0)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_PUT = do_GET  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None: ...

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}", requests
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def container(key: str, expiration: datetime) -> Response:
    return 200, json.dumps(
        {
            "AccessKeyId": key,
            "SecretAccessKey": "secret",
            "Token": "token",
            "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )


async def test_a_container(monkeypatch: pytest.MonkeyPatch) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=5)).replace(microsecond=0)
    with server(container("KEY1", soon), container("KEY2", FAR)) as (url, requests):
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{url}/keys")
        provider = BotocoreCredentials()

        # botocore would refresh them immediately, since they expire within its window.
        assert await provider.get() == Credentials("KEY1", "secret", "token", soon)
        assert [path for path, _ in requests] == ["/keys"]
        await provider.invalidate()
        assert await provider.get() == Credentials("KEY2", "secret", "token", FAR)

    assert [path for path, _ in requests] == ["/keys", "/keys"]


async def test_the_instances_metadata_service(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"Code": "Success", "LastUpdated": "2026-01-01T00:00:00Z", "Type": "AWS-HMAC"}
    _, text = container("KEY1", FAR)
    responses = [(200, "imds-token"), (200, "my-role"), (200, json.dumps(keys | json.loads(text)))]
    with server(*responses) as (url, requests):
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)

        assert await BotocoreCredentials().get() == Credentials("KEY1", "secret", "token", FAR)

    assert [path for path, _ in requests] == [
        "/latest/api/token",
        "/latest/meta-data/iam/security-credentials/",
        "/latest/meta-data/iam/security-credentials/my-role",
    ]


def assumed(operation: str) -> Response:
    return 200, (
        f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<{operation}Result><Credentials><AccessKeyId>ROLE</AccessKeyId>"
        "<SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>"
        "<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>"
        f"</{operation}Result></{operation}Response>"
    )


REFUSED = """<ErrorResponse><Error><Code>AccessDenied</Code>
<Message>User is not authorized to perform sts:AssumeRole</Message></Error></ErrorResponse>"""


async def test_a_role_is_assumed_in_the_clients_region(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".aws" / "config").write_text(
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = source\n"
        "[profile source]\naws_access_key_id = AKID\naws_secret_access_key = secret\n"
    )
    with server(assumed("AssumeRole"), (403, REFUSED)) as (url, requests):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        provider = default_provider(None, "role", "eu-south-2", {})

        assert await provider.get() == Credentials("ROLE", "secret", "token", FAR)
        await provider.invalidate()
        with pytest.raises(CredentialsError, match=r"AccessDenied.*not authorized"):
            await provider.get()

    assert all("/eu-south-2/sts/" in authorization for _, authorization in requests)


async def test_a_web_identity(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "token").write_text("TOKEN")
    with server(assumed("AssumeRoleWithWebIdentity")) as (url, requests):
        for name, value in {
            "AWS_ENDPOINT_URL_STS": url,
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(home / "token"),
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r",
        }.items():
            monkeypatch.setenv(name, value)

        credentials = await default_provider(None, None, "eu-west-1").get()

    assert credentials == Credentials("ROLE", "secret", "token", FAR)
    [(body, authorization)] = requests
    assert "WebIdentityToken=TOKEN" in body
    assert authorization == ""


@pytest.mark.generator  # older versions of botocore do not report the account
async def test_single_sign_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".aws" / "config").write_text(
        "[default]\nsso_start_url = https://sso.example\nsso_region = eu-west-1\n"
        "sso_account_id = 123456789012\nsso_role_name = dev\n"
    )
    # The file that "aws sso login" writes: its name is the SHA-1 of the start URL.
    import hashlib

    name = hashlib.sha1(b"https://sso.example").hexdigest()
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    (cache / f"{name}.json").write_text(
        json.dumps({"accessToken": "T", "expiresAt": "2999-01-01T00:00:00Z", "region": "eu-west-1"})
    )
    role = {
        "accessKeyId": "SSO",
        "secretAccessKey": "secret",
        "sessionToken": "token",
        "expiration": int(FAR.timestamp()) * 1000,
    }
    monkeypatch.setattr("botocore.utils.SSOTokenLoader.__init__", _cache_in(cache))
    with server((200, json.dumps({"roleCredentials": role}))) as (url, requests):
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", url)
        assert await BotocoreCredentials().get() == Credentials(
            "SSO", "secret", "token", FAR, "123456789012"
        )

    assert "role_name=dev" in requests[0][0]


def _cache_in(directory: Path) -> Any:
    """Replace the directory of the cache, which botocore chooses when it is imported."""

    def __init__(self: Any, cache: Any = None) -> None:  # noqa: N807
        from botocore.utils import JSONFileCache

        self._cache = JSONFileCache(str(directory))

    return __init__

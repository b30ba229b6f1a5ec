"""What the providers of a container and of an instance do besides what botocore does."""

from __future__ import annotations

import logging
import random
import socket
import threading
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from ecrclient import ContainerCredentials, CredentialsError, InstanceMetadataCredentials
from ecrclient._awsjson.credentials.native_chain import native_provider
from ecrclient._awsjson.credentials.selection import default_provider
from tests.awsjson.credentials.metadata_server import (
    CONTAINER_PATH,
    Reply,
    Service,
    document,
    serving,
)
from tests.awsjson.credentials.tools import NOON, Clock

FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
IMDS = "AWS_EC2_METADATA_SERVICE_ENDPOINT"


@pytest.fixture
def service() -> Generator[Service]:
    with serving() as service:
        yield service


def expiring(minutes: float) -> Reply:
    moment = NOON + timedelta(minutes=minutes)
    return Reply(body=document(Expiration=moment.strftime("%Y-%m-%dT%H:%M:%SZ")))


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("kind", [ContainerCredentials, InstanceMetadataCredentials])
def test_no_thread_is_started_and_the_connection_is_closed(
    kind: type[Any], backend: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = kind(environ={FULL: service.url + CONTAINER_PATH, IMDS: service.url})
    client = threading.current_thread()
    opened: list[Any] = []
    started: list[threading.Thread] = []

    def record(create: Callable[..., None], into: list[Any]) -> Callable[..., None]:
        def recorded(self: Any, *args: Any, **keywords: Any) -> None:
            if threading.current_thread() is client:  # the server has others
                into.append(self)
            create(self, *args, **keywords)

        return recorded

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", record(threading.Thread.start, started))
        patch.setattr(socket.socket, "__init__", record(socket.socket.__init__, opened))
        # Not by the fixture of anyio, whose runner starts threads on trio.
        assert anyio.run(provider.get, backend=backend).access_key_id == "ASIAEXAMPLE"
    assert not started
    ours = [sock for sock in opened if sock.family == socket.AF_INET]  # not the event loop's
    assert [sock.fileno() for sock in ours] == [-1]


@pytest.mark.anyio
async def test_credentials_are_cached(service: Service, clock: Clock) -> None:
    service.set("credentials", expiring(60))
    provider = InstanceMetadataCredentials(environ={IMDS: service.url}, clock=clock)
    first = await provider.get()
    clock.forward(minutes=44)
    assert await provider.get() is first
    assert len(service.requests) == 3


@pytest.mark.anyio
async def test_they_are_refreshed_15_minutes_before_they_expire(
    service: Service, clock: Clock
) -> None:
    service.set("container", expiring(60))
    provider = ContainerCredentials(environ={FULL: service.url + CONTAINER_PATH}, clock=clock)
    await provider.get()
    service.set("container", expiring(120))
    clock.forward(minutes=45)
    await provider.get()
    assert (await provider.get()).expires_at == NOON + timedelta(minutes=120)
    assert len(service.requests) == 2


@pytest.mark.anyio
async def test_a_refresh_that_fails_early_keeps_the_current_ones(
    service: Service, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    service.set("credentials", expiring(60))
    provider = InstanceMetadataCredentials(environ={IMDS: service.url}, clock=clock)
    first = await provider.get()
    service.set("roles", Reply(500))
    clock.forward(minutes=46)
    assert await provider.get() is first
    assert "refreshing the credentials failed" in caplog.text
    assert "the-secret" not in caplog.text
    clock.forward(minutes=10)
    with pytest.raises(CredentialsError, match="returned status 500"):
        await provider.get()


@pytest.mark.anyio
async def test_refused_credentials_are_asked_for_again(service: Service) -> None:
    provider = ContainerCredentials(environ={FULL: service.url + CONTAINER_PATH})
    await provider.get()
    await provider.invalidate()
    await provider.get()
    assert len(service.requests) == 2


@pytest.mark.anyio
@pytest.mark.parametrize("seconds", [120, 600])
async def test_expired_credentials_of_an_instance_are_used_longer(
    service: Service,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    seconds: int,
) -> None:
    def jitter(least: int, most: int) -> int:
        assert (least, most) == (120, 600)
        return seconds

    monkeypatch.setattr(random, "randint", jitter)
    service.set("credentials", expiring(-30))
    provider = InstanceMetadataCredentials(environ={IMDS: service.url}, clock=clock)
    with caplog.at_level(logging.INFO):
        found = await provider.get()
    assert found.expires_at == NOON + timedelta(minutes=15, seconds=seconds)
    assert "minutes more" in caplog.text
    assert "the-secret" not in caplog.text


@pytest.mark.anyio
async def test_a_time_with_a_fraction_is_not_extended(service: Service, clock: Clock) -> None:
    service.set("credentials", Reply(body=document(Expiration="2026-01-01T11:00:00.5Z")))
    provider = InstanceMetadataCredentials(environ={IMDS: service.url}, clock=clock)
    with pytest.raises(CredentialsError, match="expired at 2026-01-01 11:00"):
        await provider.get()


@pytest.mark.anyio
async def test_a_large_response_is_refused(service: Service) -> None:
    service.set("container", Reply(body=document(Padding="x" * 100_000)))
    provider = ContainerCredentials(environ={FULL: service.url + CONTAINER_PATH})
    with pytest.raises(CredentialsError, match="larger than 65536 bytes"):
        await provider.get()
    assert len(service.requests) == 1
    service.set("credentials", Reply(body=document(Padding="x" * 100_000)))
    instance = InstanceMetadataCredentials(environ={IMDS: service.url})
    with pytest.raises(CredentialsError, match="larger than 65536 bytes"):
        await instance.get()


@pytest.mark.anyio
async def test_a_token_with_a_line_break_in_the_response_is_refused(service: Service) -> None:
    service.set("token", Reply(body="an-imds\r\ntoken"))
    provider = InstanceMetadataCredentials(environ={IMDS: service.url})
    with pytest.raises(CredentialsError) as caught:
        await provider.get()
    assert "an-imds" not in str(caught.value)


@pytest.mark.anyio
async def test_a_token_file_is_read_again(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "token"
    environ = {
        FULL: service.url + CONTAINER_PATH,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(file),
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "not this one",
    }
    provider = ContainerCredentials(environ=environ)
    for token in ("one", "two"):
        file.write_text(token)
        await provider.get()
        await provider.invalidate()
    assert [each.headers["authorization"] for each in service.requests] == ["one", "two"]
    file.write_bytes(b"\xff")
    with pytest.raises(CredentialsError, match="it is not text"):
        await provider.get()


@pytest.mark.anyio
async def test_without_an_endpoint_there_is_an_error() -> None:
    with pytest.raises(CredentialsError, match=r"neither .* nor .* is set"):
        await ContainerCredentials(environ={}).get()


# -- the choice ------------------------------------------------------------------------------------


def test_the_chain_without_files_is_native() -> None:
    assert isinstance(native_provider({}), InstanceMetadataCredentials)
    assert isinstance(native_provider({RELATIVE: "/"}), ContainerCredentials)
    assert isinstance(native_provider({FULL: ""}), ContainerCredentials)
    assert isinstance(default_provider(None, None, environ={}), InstanceMetadataCredentials)


@pytest.mark.parametrize(
    "environ",
    [
        {"AWS_PROFILE": "dev"},
        {"AWS_DEFAULT_PROFILE": "dev"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/token"},
        {"AWS_CREDENTIAL_FILE": ""},
    ],
)
def test_an_earlier_source_of_the_environment_needs_botocore(environ: dict[str, str]) -> None:
    assert native_provider({RELATIVE: "/", **environ}) is None


@pytest.mark.parametrize("name", [".aws/config", ".aws/credentials", ".boto"])
def test_a_file_in_the_home_directory_needs_botocore(home: Path, name: str) -> None:
    (home / name).touch()
    assert native_provider({RELATIVE: "/"}) is None


@pytest.mark.parametrize(
    "variable", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG"]
)
def test_a_file_that_the_environment_names_needs_botocore(home: Path, variable: str) -> None:
    environ = {RELATIVE: "/", variable: "~/the file"}
    assert native_provider(environ) is not None
    (home / "the file").touch()
    assert native_provider(environ) is None


def test_an_initializer_of_botocore_needs_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore._INITIALIZERS", [print])
    assert native_provider({RELATIVE: "/"}) is None


def test_a_proxy_for_the_instance_needs_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"http_proxy": "http://proxy:1"}
    monkeypatch.setenv("http_proxy", "http://proxy:1")
    assert native_provider(environ) is None
    assert native_provider({RELATIVE: "/", **environ}) is not None
    assert native_provider({IMDS: "http://[", **environ}) is not None
    monkeypatch.setenv("no_proxy", "169.254.169.254")
    assert native_provider(environ) is not None

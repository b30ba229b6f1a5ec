"""The lifecycle of a client: created without I/O, opened at the first call, closed once."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

import anyio
import anyio.to_thread
import pytest

from ecrclient import ClientClosedError, ConfigurationError, ECRClient
from ecrclient._awsjson.calling import client_state as module
from ecrclient._awsjson.settings import resolution as config
from tests.tools.scripted import KEY, Scripted, client, ok

pytestmark = pytest.mark.anyio


async def test_a_closed_client_refuses() -> None:
    transport = Scripted(ok())
    async with client(transport) as ecr:
        await ecr.describe_registry()
    await ecr.aclose()

    for call in (ecr.describe_registry, ecr.list_images(repository_name="ab").first):
        with pytest.raises(ClientClosedError):
            await call()
    assert len(transport.requests) == 1
    assert transport.closed == 0, "the caller that passes a transport closes it"


async def test_the_default_transport_is_closed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Scripted] = []
    sizes: list[int] = []

    def make(_: str, max_connections: int, **__: object) -> Scripted:
        sizes.append(max_connections)
        made.append(Scripted(ok(), ok()))
        return made[-1]

    monkeypatch.setattr(module, "default_transport", make)
    async with ECRClient(region="eu-west-1", credentials=KEY, max_connections=7) as ecr:
        await ecr.describe_registry()
        await ecr.describe_registry()
    await ecr.aclose()

    assert sizes == [7]
    assert made[0].closed == 1


async def test_an_unused_client_can_be_closed() -> None:
    async with ECRClient() as ecr:
        pass
    with pytest.raises(ClientClosedError):
        await ecr.describe_registry()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_client_is_created_outside_a_loop_without_io(
    monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    def forbidden(*args: object, **named: object) -> None:
        raise AssertionError("I/O while a client is created")

    with monkeypatch.context() as patch:
        for name in ("open_session", "resolve_settings"):
            for place in ("settings.resolution", "calling.client_state", "credentials.providers"):
                patch.setattr(f"ecrclient._awsjson.{place}.{name}", forbidden, raising=False)
        patch.setattr(module, "default_transport", forbidden)
        patch.setattr(socket, "socket", forbidden)
        patch.setattr(threading.Thread, "start", forbidden)
        patch.setattr(anyio.to_thread, "run_sync", forbidden)
        patch.setattr("builtins.open", forbidden)
        ECRClient(profile="absent", endpoint_url="no url")
        ecr = client(Scripted(ok({"registryId": "1"})))

    async def use() -> str:
        async with ecr:
            return (await ecr.describe_registry()).registry_id

    assert anyio.run(use, backend=backend) == "1"


async def test_concurrent_first_calls_resolve_settings_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolved: list[int] = []
    resolve = config.resolve_settings

    def counting(*args: Any) -> Any:
        resolved.append(threading.get_ident())
        return resolve(*args)

    monkeypatch.setattr(module, "resolve_settings", counting)
    ecr = client(Scripted(*[ok() for _ in range(20)]))
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(ecr.describe_registry)

    assert len(resolved) == 1
    assert resolved[0] != threading.get_ident(), "off the event loop"


async def test_settings_are_resolved_again_after_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ecr = client(Scripted(ok({"registryId": "1"})), region=None)
    with pytest.raises(ConfigurationError, match="no region"):
        await ecr.describe_registry()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    assert (await ecr.describe_registry()).registry_id == "1"


@pytest.mark.parametrize("calls", [1, 3])
async def test_calls_send_nothing_after_aclose_during_opening(
    monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    made = Scripted(*[ok() for _ in range(calls)])
    resolving, closed = anyio.Event(), threading.Event()
    resolve = config.resolve_settings

    def slow(*args: Any) -> Any:
        anyio.from_thread.run_sync(resolving.set)
        closed.wait(10)
        return resolve(*args)

    monkeypatch.setattr(module, "resolve_settings", slow)

    def make(*_: object, **__: object) -> Scripted:
        return made

    monkeypatch.setattr(module, "default_transport", make)
    ecr = ECRClient(region="eu-west-1", credentials=KEY, max_connections=1)

    async def call() -> None:
        with contextlib.suppress(ClientClosedError):
            await ecr.describe_registry()

    async with anyio.create_task_group() as group:
        for _ in range(calls):
            group.start_soon(call)
        await resolving.wait()
        await anyio.wait_all_tasks_blocked()
        await ecr.aclose()
        closed.set()

    assert made.requests == []
    assert made.closed == 1


# -- inspection ----------------------------------------------------------------------------------


async def test_what_is_known_before_and_after_the_first_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-south-2")
    ecr = ECRClient(transport=Scripted(ok()), credentials=KEY)
    assert (ecr.region, ecr.endpoint_url, ecr.is_closed) == (None, None, False)
    assert repr(ecr) == "<ECRClient region=unresolved endpoint=unresolved>"

    await ecr.describe_registry()
    assert ecr.region == "eu-south-2"
    assert ecr.endpoint_url == "https://api.ecr.eu-south-2.amazonaws.com"
    host = "'api.ecr.eu-south-2.amazonaws.com'"
    assert repr(ecr) == f"<ECRClient region='eu-south-2' endpoint={host}>"

    clone = ecr.with_options(timeout=3)
    await clone.aclose()
    assert (ecr.is_closed, clone.is_closed) == (True, True)
    assert repr(ecr) == f"<ECRClient region='eu-south-2' endpoint={host} closed>"
    assert repr(clone) == repr(ecr)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://localhost:5000/", "'localhost:5000'"),
        ("https://Example.org:443", "'example.org'"),
        ("https://user:CANARY@example.org", "invalid"),
        ("https://example.org/CANARY", "invalid"),
    ],
)
def test_the_arguments_before_the_first_call(url: str, shown: str) -> None:
    ecr = ECRClient(region="eu-west-1", endpoint_url=url, credentials=KEY)
    assert (ecr.region, ecr.endpoint_url) == ("eu-west-1", url)
    assert repr(ecr) == f"<ECRClient region='eu-west-1' endpoint={shown}>"


async def test_the_region_of_a_pseudo_region_is_the_one_that_signs() -> None:
    ecr = ECRClient(region="fips-us-east-1", transport=Scripted(ok()), credentials=KEY)
    await ecr.describe_registry()
    assert (ecr.region, ecr.endpoint_url) == (
        "us-east-1",
        "https://api.ecr-fips.us-east-1.amazonaws.com",
    )


def test_repr_shows_no_credentials_and_the_class_of_a_subclass() -> None:
    class Tenant(ECRClient):
        """A user's client."""

    shown = repr(Tenant(credentials=KEY, profile="dev"))
    assert shown == "<Tenant region=unresolved endpoint=unresolved>"
    assert KEY.access_key_id not in shown

"""What a client opens at its first call, and closes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, cast

import anyio
import anyio.from_thread
import httpx
import pytest

from ecrclient import ClientClosedError, Credentials, RetryPolicy
from ecrclient._awsjson.calling import client_state, senders
from ecrclient._awsjson.calling.byte_sender import ByteSender
from ecrclient._awsjson.calling.client_state import ClientState, Resources
from ecrclient._awsjson.over_httpx.sender import HttpxSender
from ecrclient._awsjson.protocol.operation import Service
from ecrclient._awsjson.settings.endpoints import Endpoint, EndpointSettings
from ecrclient._awsjson.settings.resolution import ClientArguments, Settings
from ecrclient._awsjson.settings.shared_config import ConfigValue
from ecrclient._awsjson.transport.byte_transport import ByteTransport
from ecrclient.endpoints import resolve_endpoint
from tests.middleware import pass_on
from tests.tools.records import changed

pytestmark = pytest.mark.anyio
SERVICE = Service("ECR", "ecr-signing", "1.1", {}, "some.package")
ARGUMENTS = ClientArguments("eu-west-1", None, "https://ecr.example", None, None)
KEY = Credentials("AKIDEXAMPLE", "secret")
CONFIGURED = ConfigValue("https://ecr.example", "argument endpoint_url")
SETTINGS = Settings("eu-west-1", EndpointSettings("eu-west-1", False, False, CONFIGURED))


class UserTransport(httpx.AsyncBaseTransport):
    """Counts how often it is closed."""

    closed = 0

    async def aclose(self) -> None:
        self.closed += 1


def make(
    transport: httpx.AsyncBaseTransport | None = None, middleware: tuple[Any, ...] = ()
) -> ClientState:
    return ClientState(ARGUMENTS, resolve_endpoint, SERVICE, KEY, transport, 7, middleware)


def returning(transport: object) -> Callable[..., object]:
    """A function that ignores its arguments."""

    def default_transport(*_: object, **__: object) -> object:
        return transport

    return default_transport


async def open_with(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, **arguments: Any
) -> tuple[Resources, dict[str, Any]]:
    """Open a client with these settings; return the arguments of what it calls, too."""
    called: dict[str, Any] = {}

    def resolve_settings(*given: Any) -> Settings:
        called["resolve_settings"] = given
        return settings

    def default_transport(*given: Any, **named: Any) -> ByteTransport:
        called["default_transport"] = (*given, named)
        return ByteTransport(max_connections=1)

    def default_provider(*given: Any) -> Any:
        called["default_provider"] = given
        return KEY

    monkeypatch.setattr(client_state, "resolve_settings", resolve_settings)
    monkeypatch.setattr(senders, "default_transport", default_transport)
    monkeypatch.setattr(client_state, "default_provider", default_provider)
    return await make(**arguments).resources(), called


async def test_what_the_settings_determine(monkeypatch: pytest.MonkeyPatch) -> None:
    resources, called = await open_with(monkeypatch, changed(SETTINGS, ca_bundle="ca.pem"))
    assert called == {
        "resolve_settings": (ARGUMENTS, "ECR"),
        "default_transport": ("https://ecr.example", 7, {"ca_bundle": "ca.pem"}),
        "default_provider": (KEY, None, "eu-west-1"),
    }
    assert cast(Any, resources.credentials) is KEY
    made = resources.senders
    assert made.endpoint == Endpoint("https://ecr.example", "ecr.example", "eu-west-1")
    assert isinstance(made.transports[0], ByteTransport)
    assert isinstance(made.default, ByteSender)
    sender = cast(Any, made.default)
    assert sender._transport is made.transports[0]
    assert (sender._signer._region, sender._signer._service) == (b"eu-west-1", b"ecr-signing")


async def test_the_pseudo_region_is_that_of_the_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = changed(SETTINGS, pseudo_region="fips-eu-west-1")
    _, called = await open_with(monkeypatch, settings)
    assert called["default_provider"] == (KEY, None, "fips-eu-west-1")


async def test_the_users_transport_and_middleware(monkeypatch: pytest.MonkeyPatch) -> None:
    transport = UserTransport()
    resources, called = await open_with(
        monkeypatch, SETTINGS, transport=transport, middleware=(pass_on,)
    )
    assert "default_transport" not in called
    assert resources.senders.transports == []
    sender = cast(Any, resources.senders.default)
    assert isinstance(sender, HttpxSender)
    assert cast(Any, sender)._transport is transport
    assert cast(Any, sender)._middleware == (pass_on,)


@pytest.mark.parametrize(
    ("mode", "attempts", "policy"),
    [
        (None, None, RetryPolicy()),
        ("legacy", None, RetryPolicy(mode="standard")),
        ("standard", 5, RetryPolicy(5, mode="standard")),
        ("adaptive", None, RetryPolicy(mode="adaptive")),
        ("adaptive", 1, RetryPolicy(1, mode="adaptive")),
    ],
)
async def test_the_policy_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, mode: str | None, attempts: int | None, policy: RetryPolicy
) -> None:
    settings = changed(SETTINGS, retry_mode=mode, max_attempts=attempts)
    resources, _ = await open_with(monkeypatch, settings)
    assert resources.retry == policy


async def test_resources_are_created_once(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Resources] = []
    original = cast(Any, ClientState)._open

    def count(state: ClientState) -> Resources:
        opened.append(original(state))
        return opened[-1]

    monkeypatch.setattr(ClientState, "_open", count)
    state = make(UserTransport())
    found: list[Resources] = []

    async def get() -> None:
        found.append(await state.resources())

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(get)
    assert len(opened) == 1
    assert all(each is opened[0] for each in found)
    assert await state.resources() is opened[0]


async def test_a_cancelled_call_does_not_wait_until_the_client_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, release, ended = threading.Event(), threading.Event(), threading.Event()
    original = cast(Any, ClientState)._open

    def open_slowly(state: ClientState) -> Resources:
        begun.set()
        release.wait(10)
        ended.set()
        resources: Resources = original(state)
        return resources

    monkeypatch.setattr(ClientState, "_open", open_slowly)
    state = make(UserTransport())
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(state.resources)
            while not begun.is_set():
                await anyio.sleep(0.001)
            tasks.cancel_scope.cancel()
        assert not ended.is_set()
    finally:
        release.set()


async def test_shared_objects_are_created_once() -> None:
    state = make()

    def one() -> list[int]:
        return [1]

    def two() -> list[int]:
        return [2]

    assert state.shared(one) is state.shared(one)
    assert (state.shared(one), state.shared(two)) == ([1], [2])


async def test_a_closed_client_is_not_opened() -> None:
    state = make()
    await state.aclose()
    with pytest.raises(ClientClosedError, match=r"^the client is closed$"):
        await state.resources()
    await state.aclose()


@pytest.mark.parametrize("is_users", [True, False])
async def test_only_the_clients_transport_is_closed_and_only_once(
    monkeypatch: pytest.MonkeyPatch, is_users: bool
) -> None:
    transport = UserTransport()
    monkeypatch.setattr(senders, "default_transport", returning(transport))
    state = make(transport if is_users else None)
    await state.resources()
    for _ in range(3):
        await state.aclose()
    assert transport.closed == (0 if is_users else 1)


async def test_a_byte_transport_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    transport = ByteTransport(max_connections=1)
    monkeypatch.setattr(senders, "default_transport", returning(transport))
    state = make()
    await state.resources()
    await state.aclose()
    with pytest.raises(ClientClosedError, match="transport is closed"):
        cast(Any, transport)._open_pool()


async def test_calls_that_wait_for_the_opening_are_refused_after_closing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The client is closed while the first call opens it; the second waits for the first."""
    transport = UserTransport()
    original = cast(Any, ClientState)._open

    def close_meanwhile(state: ClientState) -> Resources:
        anyio.from_thread.run_sync(setattr, state, "_closed", True)
        resources: Resources = original(state)
        return resources

    monkeypatch.setattr(senders, "default_transport", returning(transport))
    monkeypatch.setattr(ClientState, "_open", close_meanwhile)
    state = make()
    refused: list[str] = []

    async def get() -> None:
        with pytest.raises(ClientClosedError) as caught:
            await state.resources()
        refused.append(str(caught.value))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(get)
        tasks.start_soon(get)
    assert refused == ["the client is closed"] * 2
    assert transport.closed == 1


async def test_the_quota_key_is_that_of_the_account_the_endpoint_and_the_transport() -> None:
    account = Credentials("AKIDFIRST", "secret", account_id="111122223333")
    rotated = Credentials("AKIDSECOND", "secret", account_id="111122223333")
    transport = UserTransport()

    async def key(
        credentials: Credentials,
        transport: httpx.AsyncBaseTransport | None = None,
        region: str = "eu-west-1",
    ) -> tuple[Hashable, ...]:
        arguments = changed(ARGUMENTS, region=region)
        state = ClientState(arguments, resolve_endpoint, SERVICE, credentials, transport, 7, ())
        try:
            return await state.quota_key()
        finally:
            await state.aclose()

    assert await key(account) == await key(rotated)
    assert await key(KEY) == await key(KEY)
    assert await key(account, transport) == await key(rotated, transport)
    others = [await key(KEY), await key(account, transport), await key(account, None, "us-east-1")]
    assert len({await key(account), *others}) == 4

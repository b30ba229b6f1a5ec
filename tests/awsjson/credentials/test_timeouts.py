"""Sources and providers that hang: a typed error within a limit, and a new refresh afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import anyio
import anyio.lowlevel
import botocore.credentials
import pytest

from ecrclient import (
    CallOptions,
    ConfigurationError,
    Credentials,
    CredentialsError,
    CredentialsTimeout,
    DeadlineExceeded,
    ECRClient,
    ECRClientError,
    RefreshingCredentials,
    RetryPolicy,
)
from ecrclient._awsjson.credentials.pending_refresh import PendingRefresh
from tests.awsjson.credentials.tools import Clock, Source, until
from tests.middleware import pass_on
from tests.tools.scripted import Scripted, ok

pytestmark = pytest.mark.anyio

ONCE = RetryPolicy(max_attempts=1)


class Gated:
    """A source whose calls return or fail when the test opens their gates."""

    def __init__(self) -> None:
        self.gates: list[threading.Event] = []
        self.failure: Exception | None = None

    def __call__(self) -> Credentials:
        gate = threading.Event()
        self.gates.append(gate)
        number = len(self.gates)
        assert gate.wait(30)
        if self.failure is not None:
            raise self.failure
        return Credentials(f"KEY{number}", "secret")

    def let_go(self) -> None:
        for gate in self.gates:
            gate.set()


@pytest.fixture
def gated() -> Any:
    source = Gated()
    yield source
    source.let_go()


def refresh_of(provider: RefreshingCredentials) -> PendingRefresh:
    refresh = cast(Any, provider)._refresh
    assert isinstance(refresh, PendingRefresh)
    return refresh


def count_abandoned(provider: RefreshingCredentials) -> int:
    return len(cast(Any, provider)._abandoned)


def client(
    credentials: Any, *, middleware: bool = False, sends: bool = True, **options: Any
) -> ECRClient:
    """A client; with ``sends=False`` it has the default transport and sends nothing."""
    return ECRClient(
        region="eu-west-1",
        credentials=credentials,
        endpoint_url="http://127.0.0.1:9",
        transport=Scripted(*[ok({}) for _ in range(9)]) if sends else None,
        middleware=[pass_on] if middleware else [],
        options=CallOptions(**options),
        retry=RetryPolicy(base_delay=0),
    )


# -- a call --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sends", [False, True])
@pytest.mark.parametrize("middleware", [False, True])
async def test_a_hanging_source_is_a_credentials_error_and_costs_no_quota(
    gated: Gated, *, middleware: bool, sends: bool
) -> None:
    provider = RefreshingCredentials(gated, timeout=0.05)
    async with client(provider, middleware=middleware, sends=sends) as ecr:
        before = cast(Any, ecr)._state.quota.available
        with pytest.raises(CredentialsTimeout, match=r"not return within 0\.05 s") as caught:
            await ecr.describe_registry()
        assert isinstance(caught.value, CredentialsError)
        assert isinstance(caught.value, TimeoutError)
        assert not caught.value.is_retryable
        assert cast(Any, ecr)._state.quota.available == before
        assert len(gated.gates) == 1


async def test_the_next_call_starts_another_refresh(gated: Gated) -> None:
    provider = RefreshingCredentials(gated, timeout=0.05)
    async with client(provider) as ecr:
        with pytest.raises(CredentialsTimeout):
            await ecr.describe_registry()
        async with anyio.create_task_group() as tasks:
            cast(Any, provider)._timeout = 30
            tasks.start_soon(ecr.describe_registry)
            await until(lambda: len(gated.gates) == 2)
            gated.gates[1].set()
    assert (await provider.get()).access_key_id == "KEY2"


@pytest.mark.parametrize("middleware", [False, True])
async def test_getting_credentials_is_not_part_of_the_attempt(
    gated: Gated, *, middleware: bool
) -> None:
    provider = RefreshingCredentials(gated)
    async with (
        client(provider, middleware=middleware, timeout=0.5, retry=ONCE) as ecr,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(ecr.describe_registry)
        await until(lambda: bool(gated.gates))
        await anyio.sleep(0.7)
        gated.let_go()


@pytest.mark.parametrize("middleware", [False, True])
async def test_the_deadline_covers_getting_credentials(gated: Gated, *, middleware: bool) -> None:
    async with client(RefreshingCredentials(gated), middleware=middleware, deadline=0.02) as ecr:
        with pytest.raises(DeadlineExceeded) as caught:
            await ecr.describe_registry()
    assert caught.value.spent["credentials"] > 0


# -- a refresh that hangs --------------------------------------------------------------------------


async def test_a_later_caller_starts_a_new_refresh(gated: Gated) -> None:
    provider = RefreshingCredentials(gated, timeout=30)
    given: list[str] = []

    async def join() -> None:
        given.append((await provider.get()).access_key_id)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(join)
        await until(lambda: len(gated.gates) == 1)
        # Its timeout has passed.
        cast(Any, refresh_of(provider))._started_at -= 60
        tasks.start_soon(join)
        await until(lambda: len(gated.gates) == 2)
        gated.gates[1].set()
        await until(lambda: bool(given))
        assert given == ["KEY2"]
        gated.gates[0].set()
    assert given == ["KEY2", "KEY1"]
    assert (await provider.get()).access_key_id == "KEY2", "the newer refresh counts"


async def test_the_result_of_an_abandoned_refresh_is_used(gated: Gated) -> None:
    provider = RefreshingCredentials(gated, timeout=0.05)
    with pytest.raises(CredentialsTimeout):
        await provider.get()
    gated.let_go()
    await until(lambda: count_abandoned(provider) == 0)
    assert (await provider.get()).access_key_id == "KEY1"
    assert len(gated.gates) == 1


async def test_the_result_of_an_abandoned_refresh_wakes_later_callers(gated: Gated) -> None:
    provider = RefreshingCredentials(gated, timeout=0.05)
    with pytest.raises(CredentialsTimeout):
        await provider.get()
    cast(Any, provider)._timeout = 30
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(provider.get)
        await until(lambda: len(gated.gates) == 2)
        gated.gates[0].set()
    assert (await provider.get()).access_key_id == "KEY1"


async def test_the_failure_of_an_abandoned_refresh_is_ignored(gated: Gated, clock: Clock) -> None:
    provider = RefreshingCredentials(gated, timeout=0.05, clock=clock)
    with pytest.raises(CredentialsTimeout):
        await provider.get()
    gated.failure = CredentialsError("too late")
    gated.let_go()
    await until(lambda: count_abandoned(provider) == 0)
    gated.failure = None
    cast(Any, provider)._timeout = 30
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(provider.get)
        await until(lambda: len(gated.gates) == 2)
        gated.let_go()


async def test_an_abandoned_refresh_from_before_an_invalidation_is_ignored(
    gated: Gated,
) -> None:
    provider = RefreshingCredentials(gated, timeout=0.05)
    with pytest.raises(CredentialsTimeout):
        await provider.get()
    cast(Any, provider)._timeout = 30
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(provider.get)
        await until(lambda: len(gated.gates) == 2)
        gated.gates[1].set()
    await provider.invalidate()
    gated.gates[0].set()
    await until(lambda: count_abandoned(provider) == 0)
    assert cast(Any, provider)._credentials is None


async def test_at_most_four_refreshes_hang_at_the_same_time(gated: Gated) -> None:
    provider = RefreshingCredentials(gated, timeout=0.02)
    for _ in range(4):
        with pytest.raises(CredentialsTimeout, match="not return within"):
            await provider.get()
    for _ in range(10):
        with pytest.raises(CredentialsTimeout, match=r"4 calls .* still running"):
            await provider.get()
    assert len(gated.gates) == 4

    gated.let_go()
    await until(lambda: count_abandoned(provider) == 0)
    assert (await provider.get()).access_key_id.startswith("KEY")


async def test_the_source_starts_over_after_a_refresh_that_hung(gated: Gated) -> None:
    started_over: list[int] = []
    provider = RefreshingCredentials(
        gated, start_over=lambda: started_over.append(len(gated.gates)), timeout=0.05
    )
    for _ in range(2):
        with pytest.raises(CredentialsTimeout):
            await provider.get()
    assert started_over == [1]


async def test_a_hanging_background_refresh_is_replaced(clock: Clock) -> None:
    source = Source(clock, timedelta(hours=1))
    provider = RefreshingCredentials(source, clock=clock, timeout=30)
    assert (await provider.get()).access_key_id == "KEY1"
    source.hold()
    clock.forward(minutes=46)
    assert (await provider.get()).access_key_id == "KEY1"
    await until(lambda: source.calls == 2)
    cast(Any, refresh_of(provider))._started_at -= 60
    assert (await provider.get()).access_key_id == "KEY1", "callers do not wait yet"
    await until(lambda: source.calls == 3)
    assert count_abandoned(provider) == 1
    source.let_go()
    await until(lambda: source.returns == 3 and count_abandoned(provider) == 0)


async def test_cancelled_callers_are_removed_from_the_refresh(gated: Gated) -> None:
    provider = RefreshingCredentials(gated)
    async with anyio.create_task_group() as tasks:
        for _ in range(5000):
            tasks.start_soon(provider.get)
        await until(lambda: len(gated.gates) == 1)
        await until(lambda: refresh_of(provider).waiting == 5000)
        tasks.cancel_scope.cancel()
    assert refresh_of(provider).waiting == 0


async def test_without_a_timeout_callers_wait(gated: Gated) -> None:
    provider = RefreshingCredentials(gated, timeout=None)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(provider.get)
        await until(lambda: len(gated.gates) == 1)
        cast(Any, refresh_of(provider))._started_at -= 1e9
        tasks.start_soon(provider.get)
        await anyio.wait_all_tasks_blocked()
        gated.let_go()
    assert len(gated.gates) == 1


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), "5", True])
def test_a_wrong_timeout_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="timeout"):
        RefreshingCredentials(lambda: Credentials("A", "s"), timeout=wrong)


# -- providers of the user -------------------------------------------------------------------------


class Provider:
    """A provider with the ``get`` of the test."""

    def __init__(self, get: Callable[[], Any]) -> None:
        self._get = get

    async def get(self) -> Credentials:
        return cast(Credentials, await self._get())

    async def invalidate(self) -> None:
        await self._get()


@pytest.mark.parametrize("middleware", [False, True])
async def test_a_hanging_provider_is_a_credentials_error(
    monkeypatch: pytest.MonkeyPatch, *, middleware: bool
) -> None:
    monkeypatch.setattr("ecrclient._awsjson.credentials.user_provider.TIMEOUT", 0.02)
    async with client(Provider(anyio.sleep_forever), middleware=middleware) as ecr:
        with pytest.raises(CredentialsTimeout, match="Provider did not return"):
            await ecr.describe_registry()


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (None, "NoneType"),
        ("AKIDEXAMPLE", "str"),
        (("AKIDEXAMPLE", "CANARY"), "tuple"),
        (botocore.credentials.Credentials("AKID", "CANARY"), "botocore.credentials.Credentials"),
    ],
)
async def test_a_provider_must_return_credentials(wrong: Any, name: str) -> None:
    async def get() -> Any:
        await anyio.lowlevel.checkpoint()
        return wrong

    async with client(Provider(get)) as ecr:
        with pytest.raises(CredentialsError) as caught:
            await ecr.describe_registry()
    assert str(caught.value) == f"Provider.get() must return Credentials, not {name}"


async def test_a_provider_that_raises_is_named_and_not_quoted() -> None:
    async def get() -> Any:
        await anyio.lowlevel.checkpoint()
        raise LookupError("CANARY")

    async with client(Provider(get)) as ecr:
        with pytest.raises(CredentialsError, match="the provider Provider raised LookupError"):
            await ecr.describe_registry()


async def test_a_client_error_of_a_provider_is_not_translated() -> None:
    error = ECRClientError("mine")

    async def get() -> Any:
        await anyio.lowlevel.checkpoint()
        raise error

    async with client(Provider(get)) as ecr:
        with pytest.raises(ECRClientError) as caught:
            await ecr.describe_registry()
    assert caught.value is error


async def test_a_provider_whose_get_is_not_async() -> None:
    class Sync:
        def get(self) -> Credentials:
            return Credentials("AKIDEXAMPLE", "secret")

        def invalidate(self) -> None:
            """Do nothing."""

    async with client(Sync()) as ecr:
        await ecr.describe_registry()

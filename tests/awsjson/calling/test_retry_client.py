"""The retry loop of the client: attempts, time limits, and errors of the transport."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest

import ecrclient
from ecrclient import (
    AttemptTimeout,
    CallNext,
    CallOptions,
    CredentialsError,
    DeadlineExceeded,
    ECRClientError,
    PoolTimeout,
    ReadError,
    RetryPolicy,
    ServiceError,
    TransportError,
)
from ecrclient._awsjson.calling import clock
from tests.paths import only_httpx
from tests.tools.scripted import MakeClient, Scripted, ScriptedResponse, fail, ok

pytestmark = pytest.mark.anyio

BROKEN = httpx.ConnectError("refused")


async def never(request: httpx.Request) -> httpx.Response:
    await anyio.sleep_forever()
    raise AssertionError


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The delays that the client would have slept; it does not sleep."""
    slept: list[float] = []

    async def record(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("anyio.sleep", record)
    return slept


@pytest.mark.parametrize(
    "failure",
    [
        lambda: fail(500, "ServerException"),
        lambda: httpx.Response(503, text="<html>"),
        lambda: fail(400, "ThrottlingException"),
        lambda: httpx.Response(429),
        lambda: httpx.ConnectError("refused"),
        lambda: httpx.ReadTimeout("silent"),
        lambda: httpx.RemoteProtocolError("cut off"),
    ],
)
async def test_transient_failures_are_retried(client: MakeClient, failure: Any) -> None:
    transport = Scripted(failure(), failure(), ok({"registryId": "1"}))

    found = await client(transport).describe_registry()

    assert found.registry_id == "1"
    assert found.response_metadata.attempts == 3
    assert len({request.content for request in transport.requests}) == 1
    assert len(set(map(id, transport.requests))) == 3, "a new request for each attempt"


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (lambda: fail(500, "ServerException"), ServiceError),
        (lambda: httpx.ReadError("reset"), ReadError),
    ],
)
@pytest.mark.parametrize("attempts", [1, 2, 5])
async def test_max_attempts(
    client: MakeClient, failure: Any, kind: type[Any], attempts: int
) -> None:
    transport = Scripted(*[failure() for _ in range(6)])
    policy = RetryPolicy(max_attempts=attempts, base_delay=0)
    with pytest.raises(kind) as caught:
        await client(transport, retry=policy).describe_registry()

    assert len(transport.requests) == attempts
    assert caught.value.attempts == attempts
    assert caught.value.operation == "DescribeRegistry"


@pytest.mark.parametrize(
    "failure",
    [
        fail(400, "RepositoryNotFoundException"),
        fail(403, "AccessDeniedException"),
        httpx.Response(404),
    ],
)
async def test_final_errors_are_not_retried(client: MakeClient, failure: ScriptedResponse) -> None:
    transport = Scripted(failure)
    with pytest.raises(ECRClientError):
        await client(transport).describe_registry()

    assert len(transport.requests) == 1


@only_httpx
async def test_a_pool_timeout_is_not_retried(client: MakeClient) -> None:
    transport = Scripted(httpx.PoolTimeout("busy"))
    with pytest.raises(PoolTimeout):
        await client(transport).describe_registry()

    assert len(transport.requests) == 1


async def test_the_delays_are_the_policys(client: MakeClient, sleeps: list[float]) -> None:
    class Fixed(RetryPolicy):
        def delay(self, error: ECRClientError, attempt: int, **named: Any) -> float:
            return attempt + (100 if isinstance(error, ServiceError) else 0)

    transport = Scripted(fail(500, "ServerException"), BROKEN, ok())
    await client(transport, retry=Fixed()).describe_registry()

    assert sleeps == [101, 2]


async def test_an_exhausted_quota_ends_the_retries_of_all_calls(
    client: MakeClient, sleeps: list[float]
) -> None:
    transport = Scripted(*[fail(500, "ServerException") for _ in range(100)])
    ecr = client(transport, retry=RetryPolicy(max_attempts=50))
    with pytest.raises(ServiceError) as caught:
        await ecr.describe_registry()
    assert caught.value.attempts == 1 + 500 // 14

    with pytest.raises(ServiceError) as caught:
        await ecr.with_options(CallOptions()).describe_registry()
    assert caught.value.attempts == 1, "clients made by with_options share the quota"

    other = client(Scripted(fail(500, "ServerException"), ok()))
    await other.describe_registry()
    assert len(sleeps) == 500 // 14 + 1


async def test_successes_refill_the_quota(client: MakeClient) -> None:
    failures = [fail(500, "ServerException") for _ in range(36)]
    transport = Scripted(*failures, *[ok() for _ in range(4)], fail(500, "ServerException"), ok())
    ecr = client(transport, retry=RetryPolicy(max_attempts=50, base_delay=0))
    with pytest.raises(ServiceError):
        await ecr.describe_registry()
    for _ in range(4):  # the quota has 10 tokens, and a retry costs 14
        await ecr.describe_registry()

    assert (await ecr.describe_registry()).response_metadata.attempts == 2


async def test_a_successful_retry_refunds_its_cost(client: MakeClient) -> None:
    transport = Scripted(*[fail(500, "ServerException"), ok()] * 60)
    ecr = client(transport)

    attempts = [(await ecr.describe_registry()).response_metadata.attempts for _ in range(60)]

    assert attempts == [2] * 60


async def test_each_attempt_is_signed_again(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    minutes = iter(range(60))

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2024, 1, 1, 0, next(minutes), tzinfo=UTC)

    monkeypatch.setattr(clock, "datetime", Clock)
    transport = Scripted(fail(500, "ServerException"), ok())
    await client(transport).describe_registry()

    one, two = (request.headers for request in transport.requests)
    assert (one["x-amz-date"], two["x-amz-date"]) == ("20240101T000000Z", "20240101T000100Z")
    assert one["authorization"] != two["authorization"]
    assert two.get_list("authorization") == [two["authorization"]]


# -- time limits ---------------------------------------------------------------------------------
# test_budget.py has tests of both paths, on virtual time.


@only_httpx
async def test_the_deadline_ends_the_whole_call(client: MakeClient) -> None:
    transport = Scripted(BROKEN, never)
    options = CallOptions(deadline=1, timeout=None)
    with pytest.raises(DeadlineExceeded) as caught:
        await client(transport, options=options).describe_registry()

    error = caught.value
    assert (error.operation, error.deadline, error.attempts) == ("DescribeRegistry", 1, 2)
    assert isinstance(error, TimeoutError)


@only_httpx
async def test_the_deadline_ends_a_wait_between_attempts(client: MakeClient) -> None:
    transport = Scripted(BROKEN)
    policy = RetryPolicy(base_delay=10**6, max_delay=10**6)
    options = CallOptions(deadline=0.5)
    with pytest.raises(DeadlineExceeded):
        await client(transport, options=options, retry=policy).describe_registry()

    assert len(transport.requests) == 1


@only_httpx
@pytest.mark.parametrize(
    "slow_step", ["credentials.providers.open_session", "calling.client_state.resolve_settings"]
)
async def test_the_deadline_does_not_wait_for_a_worker_thread(
    client: MakeClient, slow_step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up, returned = threading.Event(), threading.Event()
    in_time: list[bool] = []

    def slow(*_: object) -> Any:
        in_time.append(given_up.wait(5))
        returned.set()
        raise AssertionError

    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/absent")  # botocore reads the keys
    monkeypatch.setattr(f"ecrclient._awsjson.{slow_step}", slow)
    options = CallOptions(deadline=0.5, timeout=None)  # the step begins, even on a busy machine
    with pytest.raises(DeadlineExceeded):
        await client(Scripted(), credentials=None, options=options).describe_registry()
    given_up.set()
    await anyio.to_thread.run_sync(returned.wait, 10)

    assert in_time == [True]


@only_httpx
async def test_an_attempt_after_a_timeout_can_succeed(client: MakeClient) -> None:
    transport = Scripted(never, never, ok({"registryId": "1"}))
    found = await client(transport, options=CallOptions(timeout=0.02)).describe_registry()

    assert (found.registry_id, found.response_metadata.attempts) == ("1", 3)


async def test_a_last_timeout_is_raised(client: MakeClient) -> None:
    transport = Scripted(never, never, never)
    with pytest.raises(AttemptTimeout) as caught:
        await client(transport, options=CallOptions(timeout=0.02)).describe_registry()

    error = caught.value
    assert (error.operation, error.attempts, "0.02 s" in str(error)) == (
        "DescribeRegistry",
        3,
        True,
    )


async def test_a_cancelled_call_is_cancelled(client: MakeClient) -> None:
    transport = Scripted(never)
    ecr = client(transport, options=CallOptions(timeout=10**6, deadline=10**6))

    async def cancel_once_it_is_sent() -> None:
        while not transport.requests:
            await anyio.sleep(0.001)
        scope.cancel()

    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(cancel_once_it_is_sent)
            await ecr.describe_registry()

    assert scope.cancelled_caught
    assert len(transport.requests) == 1


@pytest.mark.parametrize("timeout", [60, None])
async def test_a_timeout_error_of_middleware_is_not_translated(
    client: MakeClient, timeout: float | None
) -> None:
    async def impatient(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        raise TimeoutError("from middleware")

    ecr = client(Scripted(), middleware=[impatient], options=CallOptions(timeout=timeout))
    with pytest.raises(TimeoutError, match="from middleware"):
        await ecr.describe_registry()


# -- errors of the transport ---------------------------------------------------------------------


@only_httpx
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (httpx.ConnectTimeout, "ConnectTimeout"),
        (httpx.ReadTimeout, "ReadTimeout"),
        (httpx.WriteTimeout, "WriteTimeout"),
        (httpx.PoolTimeout, "PoolTimeout"),
        (httpx.ConnectError, "ConnectError"),
        (httpx.ReadError, "ReadError"),
        (httpx.WriteError, "WriteError"),
        (httpx.RemoteProtocolError, "ReadError"),
        (httpx.LocalProtocolError, "WriteError"),
        (httpx.CloseError, "TransportError"),
        (httpx.ProxyError, "ConnectError"),
        (httpx.UnsupportedProtocol, "TransportError"),
    ],
)
async def test_errors_of_httpx_are_translated(
    client: MakeClient, theirs: type[httpx.TransportError], ours: str
) -> None:
    cause = theirs("what happened")
    ecr = client(Scripted(cause), retry=RetryPolicy(max_attempts=1))
    with pytest.raises(TransportError) as caught:
        await ecr.describe_registry()

    assert type(caught.value) is getattr(ecrclient, ours)
    assert caught.value.__cause__ is cause
    assert str(caught.value) == "what happened"


@only_httpx
async def test_an_error_without_a_message_has_its_type(client: MakeClient) -> None:
    ecr = client(Scripted(httpx.ReadError("")), retry=RetryPolicy(max_attempts=1))
    with pytest.raises(TransportError, match="ReadError"):
        await ecr.describe_registry()


class Broken(httpx.AsyncByteStream):
    """A body that fails after its first byte."""

    def __init__(self) -> None:
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{"
        raise httpx.ReadError("cut off")

    async def aclose(self) -> None:
        self.closed = True


async def test_a_truncated_body_is_closed_and_retried(client: MakeClient) -> None:
    body = Broken()
    transport = Scripted(httpx.Response(200, stream=body), ok({"registryId": "1"}))

    assert (await client(transport).describe_registry()).registry_id == "1"
    assert body.closed


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_body_that_cannot_be_decompressed_is_a_read_error(client: MakeClient) -> None:
    response = httpx.Response(
        200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"not gzip")
    )
    with pytest.raises(ReadError):
        await client(Scripted(response), retry=RetryPolicy(max_attempts=1)).describe_registry()


async def test_an_error_of_the_provider_is_not_retried(client: MakeClient) -> None:
    class Failing:
        calls = 0

        async def get(self) -> Any:
            self.calls += 1
            raise CredentialsError("gone")

        async def invalidate(self) -> None:
            pass

    provider = Failing()
    transport = Scripted()
    with pytest.raises(CredentialsError, match="gone"):
        await client(transport, credentials=provider).describe_registry()

    assert (provider.calls, transport.requests) == (1, [])

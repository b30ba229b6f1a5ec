"""The state of one call's attempts, without a client."""

from __future__ import annotations

import math
import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from ecrclient import (
    ConnectError,
    ReadError,
    ResponseDecodeError,
    RetryPolicy,
    ServiceError,
)
from ecrclient._awsjson.calling.clock import ServiceClock
from ecrclient._awsjson.calling.retry import Retry, RetryQuota
from ecrclient._awsjson.protocol.errors import AWSClientError

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TRANSIENT = ServiceError("ServerException", status=500)
THROTTLED = ServiceError("ThrottlingException", status=400)
FINAL = ServiceError("RepositoryNotFoundException", status=400)
SKEWED = ServiceError("RequestTimeTooSkewed", status=403)
UNREADABLE = ResponseDecodeError("x", "y", status=200, request_id=None)


class Fixed(RetryPolicy):
    """Delays by the number of the attempt."""

    def delay(self, error: AWSClientError, attempt: int, *_: Any, **__: Any) -> float:
        assert isinstance(error, AWSClientError)
        return float(attempt)


class Throttle:
    """Records the calls of the limiter."""

    def __init__(self) -> None:
        self.events: list[str] = []

    async def acquire(self) -> None:
        self.events.append("acquire")

    def received(self, *, throttled: bool) -> None:
        self.events.append({True: "throttled", False: "not throttled"}[throttled])


def make(
    attempts: int = 3,
    *,
    idempotent: bool = True,
    non_idempotent: bool = False,
    throttle: Any = None,
) -> tuple[Retry, RetryQuota]:
    quota = RetryQuota()
    policy = Fixed(attempts, retry_non_idempotent=non_idempotent)
    clock = ServiceClock(lambda: NOW)
    return Retry(policy, quota, clock, throttle, idempotent=idempotent), quota


async def attempted(retry: Retry, times: int = 1) -> Retry:
    for _ in range(times):
        await retry.begin()
    return retry


@pytest.mark.anyio
async def test_attempts_are_counted_up_to_the_maximum() -> None:
    retry, quota = make(3)
    assert retry.attempts == 0
    delays: list[float | None] = []
    for number in (1, 2, 3):
        await retry.begin()
        assert retry.attempts == number
        delays.append(retry.next_delay(TRANSIENT))
    assert delays == [1, 2, None]
    assert quota.available == 500 - 2 * 14


@pytest.mark.anyio
async def test_excused_attempts_do_not_count() -> None:
    retry, quota = make(2)
    await attempted(retry, 2)
    retry.excuse()
    assert retry.next_delay(TRANSIENT) == 1
    await retry.begin()
    assert retry.headers(None)["amz-sdk-request"] == "attempt=3; max=3"
    assert retry.next_delay(TRANSIENT) is None
    assert quota.available == 500 - 14


@pytest.mark.anyio
async def test_final_errors_cost_nothing() -> None:
    retry, quota = make()
    assert (await attempted(retry)).next_delay(FINAL) is None
    assert quota.available == 500


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("error", "idempotent", "non_idempotent", "retried"),
    [
        (ReadError("x"), True, False, True),
        (ReadError("x"), False, False, False),
        (ReadError("x"), False, True, True),
        (ConnectError("x"), False, False, True),
        (TRANSIENT, False, False, True),
        (THROTTLED, False, False, True),
    ],
)
async def test_ambiguous_failures(
    error: AWSClientError, idempotent: bool, non_idempotent: bool, retried: bool
) -> None:
    retry, quota = make(idempotent=idempotent, non_idempotent=non_idempotent)
    assert ((await attempted(retry)).next_delay(error) is not None) is retried
    assert (quota.available < 500) is retried


@pytest.mark.anyio
async def test_an_unreadable_response_may_be_a_success() -> None:
    retryable = ResponseDecodeError("x", "y", status=500, request_id=None)
    for idempotent in (True, False):
        retry, _ = make(idempotent=idempotent)
        found = (await attempted(retry)).next_delay(retryable)
        assert (found is not None) is (idempotent and retryable.is_retryable)


@pytest.mark.anyio
async def test_without_tokens_there_is_no_retry() -> None:
    retry, quota = make()
    while quota.acquire(TRANSIENT):
        pass
    left = quota.available
    assert (await attempted(retry)).next_delay(TRANSIENT) is None
    retry.abandon()
    assert quota.available == left
    retry.succeeded()
    assert quota.available == left + 1


@pytest.mark.anyio
async def test_the_last_cost_is_refunded() -> None:
    for end in (Retry.succeeded, Retry.abandon):
        retry, quota = make()
        await retry.begin()
        assert retry.next_delay(TRANSIENT) == 1
        await retry.begin()
        assert retry.next_delay(THROTTLED) == 2
        assert quota.available == 500 - 14 - 5
        end(retry)
        assert quota.available == 500 - 14


def test_abandoning_without_a_retry_refunds_nothing() -> None:
    retry, quota = make()
    quota.acquire(TRANSIENT)
    retry.abandon()
    assert quota.available == 500 - 14


@pytest.mark.anyio
async def test_the_limiter_learns_the_outcome_of_every_attempt() -> None:
    throttle = Throttle()
    retry, _ = make(throttle=throttle)
    await retry.begin()
    retry.next_delay(THROTTLED)
    await retry.begin()
    retry.next_delay(TRANSIENT)
    await retry.begin()
    retry.succeeded()
    assert throttle.events == [
        *("acquire", "throttled", "acquire", "not throttled", "acquire", "not throttled")
    ]


# -- headers and the clock -------------------------------------------------------------------------


@pytest.mark.anyio
async def test_the_headers_of_attempts() -> None:
    retry, _ = make(5)
    await retry.begin()
    first = retry.headers(60)
    assert first["amz-sdk-request"] == "attempt=1; max=5"
    retry.next_delay(TRANSIENT, "Thu, 01 Jan 2026 12:00:30 GMT")
    assert retry.headers(60)["amz-sdk-request"] == "attempt=1; max=5"
    await retry.begin()
    second = retry.headers(60)
    assert second["amz-sdk-request"] == "ttl=20260101T120130Z; attempt=2; max=5"
    assert retry.headers(None)["amz-sdk-request"] == "attempt=2; max=5"
    assert retry.headers(1e12)["amz-sdk-request"] == "attempt=2; max=5"
    retry.next_delay(TRANSIENT)
    await retry.begin()
    assert retry.headers(60)["amz-sdk-request"] == "ttl=20260101T120130Z; attempt=3; max=5"
    assert first["amz-sdk-invocation-id"] == second["amz-sdk-invocation-id"]


@pytest.mark.anyio
async def test_without_a_date_the_time_to_live_is_unknown() -> None:
    retry, _ = make()
    await attempted(retry, 2)
    assert retry.headers(60)["amz-sdk-request"] == "attempt=2; max=3"


def test_each_call_has_a_random_id(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = {make()[0].headers(None)["amz-sdk-invocation-id"] for _ in range(100)}
    assert len(ids) == 100
    pattern = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(pattern.fullmatch(each) for each in ids)
    asked: list[int] = []

    def getrandbits(count: int) -> int:
        asked.append(count)
        return 0x0123456789ABCDEF_F123456789ABCDEF

    monkeypatch.setattr(random, "getrandbits", getrandbits)
    found = make()[0].headers(None)["amz-sdk-invocation-id"]
    assert found == "01234567-89ab-4def-b123-456789abcdef"
    assert asked == [128]


@pytest.mark.anyio
async def test_the_clock_is_corrected_once_and_the_attempt_excused() -> None:
    retry, quota = make(1)
    await retry.begin()
    assert retry.next_delay(SKEWED, "Thu, 01 Jan 2026 13:00:00 GMT") == 0.0
    clock: ServiceClock = cast(Any, retry)._clock
    assert clock.offset == timedelta(hours=1)
    assert quota.available == 500
    await retry.begin()
    assert retry.headers(60)["amz-sdk-request"] == "ttl=20260101T130100Z; attempt=2; max=2"
    assert retry.next_delay(SKEWED, "Thu, 01 Jan 2026 15:00:00 GMT") is None
    assert clock.offset == timedelta(hours=1)


@pytest.mark.anyio
async def test_a_correction_of_another_call_is_used() -> None:
    """The attempt was signed before the clock was corrected."""
    retry, _ = make(1)
    await retry.begin()
    clock: ServiceClock = cast(Any, retry)._clock
    clock.offset = timedelta(hours=1)
    assert retry.next_delay(SKEWED, "Thu, 01 Jan 2026 13:00:00 GMT") == 0.0
    assert clock.offset == timedelta(hours=1)
    await retry.begin()
    assert math.isclose(cast(Any, retry)._signed_with.total_seconds(), 3600)

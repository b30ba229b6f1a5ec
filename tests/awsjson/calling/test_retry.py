"""Which calls are retried, after which delay, and at which cost."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ecrclient import (
    AttemptTimeout,
    ConfigurationError,
    ConnectError,
    ConnectTimeout,
    CredentialsError,
    DeadlineExceeded,
    ECRClientError,
    PoolTimeout,
    ReadError,
    ReadTimeout,
    ResponseDecodeError,
    ResponseTooLarge,
    RetryPolicy,
    ServiceError,
    TransportError,
    WriteError,
    WriteTimeout,
)
from ecrclient._awsjson.calling.clock import ServiceClock
from ecrclient._awsjson.calling.retry import Retry, RetryQuota

TRANSIENT = ServiceError("ServerException", status=500)
THROTTLED = ServiceError("ThrottlingException", status=400)
BROKEN = ReadError("broken")


@pytest.mark.parametrize(
    ("error", "bounds"),
    [
        (TRANSIENT, [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20, 20]),
        (BROKEN, [0.05, 0.1, 0.2]),
        (THROTTLED, [1, 2, 4, 8, 16, 20, 20]),
        (ServiceError("Odd", status=429), [1, 2]),
    ],
)
@pytest.mark.parametrize("drawn", [0.0, 0.25, 1.0])
def test_the_delay_is_full_jitter_under_a_doubling_cap(
    error: ECRClientError, bounds: list[float], drawn: float
) -> None:
    policy = RetryPolicy()
    for attempt, bound in enumerate(bounds, 1):
        found = policy.delay(error, attempt, random=lambda: drawn)
        assert math.isclose(found, drawn * bound)


def test_the_delay_is_random_by_default() -> None:
    delays = [RetryPolicy().delay(THROTTLED, 1) for _ in range(200)]

    assert all(0 <= delay <= 1 for delay in delays)
    assert len(set(delays)) > 100


def test_the_delays_are_those_of_the_policy() -> None:
    policy = RetryPolicy(base_delay=2, throttling_base_delay=3, max_delay=5)
    delays = [
        policy.delay(error, attempt, random=lambda: 1)
        for error in (TRANSIENT, THROTTLED)
        for attempt in (1, 2, 3)
    ]

    assert delays == [2, 4, 5, 3, 5, 5]


def test_the_delay_is_capped_at_max_delay() -> None:
    assert RetryPolicy().delay(TRANSIENT, 2000, random=lambda: 1) == 20


@pytest.mark.parametrize(
    ("error", "cost"),
    [(TRANSIENT, 14), (BROKEN, 14), (ConnectTimeout("slow"), 14), (THROTTLED, 5)],
)
def test_a_retry_costs_tokens(error: ECRClientError, cost: int) -> None:
    quota = RetryQuota()

    assert quota.acquire(error) == cost
    assert quota.available == 500 - cost


@pytest.mark.parametrize(("error", "times"), [(TRANSIENT, 35), (THROTTLED, 100)])
def test_the_quota_runs_out(error: ECRClientError, times: int) -> None:
    quota = RetryQuota()
    assert all(quota.acquire(error) for _ in range(times))
    left = quota.available

    assert quota.acquire(error) is None
    assert quota.available == left, "a refused retry costs nothing"


def test_a_throttled_retry_is_allowed_when_a_transient_one_is_not() -> None:
    quota = RetryQuota()
    for _ in range(35):
        quota.acquire(TRANSIENT)

    assert quota.available == 10
    assert quota.acquire(TRANSIENT) is None
    assert [quota.acquire(THROTTLED) for _ in range(3)] == [5, 5, None]


def test_a_success_refunds_the_last_cost_or_one() -> None:
    quota = RetryQuota()
    for _ in range(3):
        quota.acquire(TRANSIENT)
    quota.release(14)
    assert quota.available == 500 - 2 * 14
    quota.release(None)
    assert quota.available == 500 - 2 * 14 + 1


def test_the_quota_never_exceeds_its_initial_size() -> None:
    quota = RetryQuota()
    quota.release(None)
    quota.acquire(THROTTLED)
    quota.release(14)

    assert quota.available == 500


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TRANSIENT, True),
        (THROTTLED, True),
        (ServiceError("RepositoryNotFoundException", status=400), False),
        (ServiceError("AccessDeniedException", status=403), False),
        (TransportError("x"), True),
        (ConnectError("x"), True),
        (ConnectTimeout("x"), True),
        (ReadError("x"), True),
        (ReadTimeout("x"), True),
        (WriteError("x"), True),
        (WriteTimeout("x"), True),
        (AttemptTimeout("x"), True),
        (PoolTimeout("x"), False),
        (ResponseTooLarge("x"), False),
        (CredentialsError("x"), False),
        (ConfigurationError("x"), False),
        (DeadlineExceeded("x", 1, 1), False),
        (ResponseDecodeError("x", "y", status=200, request_id=None), False),
    ],
    ids=repr,
)
def test_which_errors_are_retried(error: ECRClientError, *, expected: bool) -> None:
    assert error.is_retryable is expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_attempts": 0},
        {"max_attempts": -1},
        {"base_delay": -0.1},
        {"throttling_base_delay": -1},
        {"max_delay": -1},
    ],
)
def test_a_policy_refuses_bad_values(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        RetryPolicy(**wrong)


@pytest.mark.parametrize("wrong", [{"base_delay": math.nan}, {"max_attempts": 2.5}])
def test_a_policy_refuses_values_that_are_not_numbers(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        RetryPolicy(**wrong)


def test_excused_attempts_increase_the_maximum() -> None:
    retry = Retry(RetryPolicy(max_attempts=2), RetryQuota(), ServiceClock(), idempotent=True)
    retry.excuse()
    retry.excuse()

    assert retry.headers(None)["amz-sdk-request"] == "attempt=0; max=4"

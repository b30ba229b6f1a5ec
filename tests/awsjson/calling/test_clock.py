"""The correction of a wrong clock by the Date of a response."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import anyio
import pytest

from ecrclient import CallOptions, ECRClientError, ReadError, RetryPolicy, ServiceError
from ecrclient._awsjson.calling.clock import ServiceClock
from tests.awsjson.calling.players import OpenStage, Stage, core_of
from tests.awsjson.calling.script import OK, START, Call, CallRecord, Response, Step, error
from tests.virtual_time import anyio_backend as anyio_backend

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
AHEAD = timedelta(minutes=20)


@pytest.mark.parametrize(
    ("date", "difference"),
    [
        ("Sun, 01 Mar 2026 12:20:00 GMT", AHEAD),
        ("Sun, 01 Mar 2026 11:40:00 GMT", -AHEAD),
        ("Sunday, 01-Mar-26 12:20:00 GMT", AHEAD),
        ("Sun, 01 Mar 2026 13:20:00 +0100", AHEAD),
        ("Sun, 01 Mar 2026 12:20:00 -0000", AHEAD),
        ("Thu, 01 Jan 1970 00:00:00 GMT", datetime(1970, 1, 1, tzinfo=UTC) - NOON),
        ("Wed, 31 Dec 9000 23:59:59 GMT", datetime(9000, 12, 31, 23, 59, 59, tzinfo=UTC) - NOON),
        ("Thu, 01 Jan 9001 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 99999999999999999999 Jan 2026 00:00:00 GMT", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Sun, 41 Mar 2026 12:20:00 GMT", None),
        ("Sun, 01 Mar 2026 12:20:00 +9999999999", None),
    ],
)
def test_the_difference_of_a_date_to_the_local_time(
    date: str | None, difference: timedelta | None
) -> None:
    assert ServiceClock(lambda: NOON).difference(date) == difference


SLIGHTLY = timedelta(minutes=3)


@pytest.mark.parametrize(
    ("refusal", "difference", "signed_with", "learned"),
    [
        (ServiceError("RequestTimeTooSkewed", status=403), AHEAD, timedelta(0), True),
        (ServiceError("RequestExpired"), -AHEAD, timedelta(0), True),
        (ServiceError("RequestInTheFuture"), SLIGHTLY, timedelta(0), True),
        (ServiceError("RequestTimeTooSkewed"), None, timedelta(0), False),
        (ServiceError("InvalidSignatureException"), AHEAD, timedelta(0), True),
        (ServiceError("SignatureDoesNotMatch"), -AHEAD, timedelta(0), True),
        (ServiceError("AuthFailure"), AHEAD, timedelta(0), True),
        (ServiceError("InvalidSignatureException"), SLIGHTLY, timedelta(0), False),
        (ServiceError("InvalidSignatureException"), timedelta(minutes=4), timedelta(0), False),
        (ServiceError("InvalidSignatureException"), AHEAD, AHEAD + SLIGHTLY, False),
        (ServiceError("InvalidSignatureException"), timedelta(0), AHEAD, True),
        (ServiceError("InvalidSignatureException"), None, timedelta(0), False),
        (ServiceError("AccessDeniedException"), AHEAD, timedelta(0), False),
        (ReadError("broken"), AHEAD, timedelta(0), False),
    ],
)
def test_which_errors_correct_the_clock(
    refusal: ECRClientError,
    difference: timedelta | None,
    signed_with: timedelta,
    *,
    learned: bool,
) -> None:
    clock = ServiceClock(lambda: NOON)
    clock.offset = signed_with

    assert clock.learn(refusal, difference, signed_with) is learned
    assert clock.offset == (difference if learned else signed_with)
    assert clock.now() == NOON + clock.offset


def test_the_local_time_is_the_default() -> None:
    before = datetime.now(UTC)
    found = ServiceClock().now()

    assert before <= found <= datetime.now(UTC)


# -- through the client ----------------------------------------------------------------------------


async def _record(stage: Stage, *steps: Step, operation: str = "list_images") -> CallRecord:
    stage.record, stage.steps = CallRecord(), Call(steps).play()
    try:
        await stage.call(operation)
        stage.record.outcome = "ok"
    except ServiceError as refused:
        stage.record.outcome = f"{refused.code}, {refused.attempts} attempts"
    return stage.record


def _ahead(record: CallRecord) -> list[float]:
    """Seconds that each attempt's signature was ahead of the machine's clock."""
    return [
        (
            datetime.strptime(sent["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            - START
            - timedelta(seconds=at)
        ).total_seconds()
        for at, sent in zip(record.sent, record.headers, strict=True)
    ]


def _max(record: CallRecord) -> list[str]:
    return [f"{header['attempt']} of {header['max']}" for header in record.sdk_requests()]


@pytest.mark.anyio
@pytest.mark.parametrize("minutes", [20, -20])
@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "InvalidSignatureException"])
async def test_the_retry_and_later_calls_are_signed_with_the_services_time(
    open_stage: OpenStage, code: str, minutes: int
) -> None:
    stage = await open_stage(RetryPolicy(max_attempts=1))
    seconds = minutes * 60
    first = await _record(stage, error(code, 403, ahead=seconds), Response(ahead=seconds))
    later = await _record(stage, Response(ahead=seconds), operation="describe_images")
    clone = stage.client.with_options(CallOptions(timeout=5))

    assert first.outcome == later.outcome == "ok"
    assert _ahead(first) == [0, seconds]
    assert _ahead(later) == [seconds]
    assert core_of(clone).clock.offset == timedelta(seconds=seconds)
    assert first.sent[0] == first.sent[1], "without a delay"
    assert stage.core.quota.available == 500
    assert _max(first) == ["1 of 1", "2 of 2"]
    one, two = (sent["authorization"] for sent in first.headers)
    assert one != two


@pytest.mark.anyio
async def test_a_call_corrects_the_clock_once(open_stage: OpenStage) -> None:
    stage = await open_stage()
    refusal = error("RequestTimeTooSkewed", 403, ahead=1200)

    assert (await _record(stage, refusal)).outcome == "RequestTimeTooSkewed, 2 attempts"


@pytest.mark.anyio
async def test_a_wrong_secret_does_not_correct_the_clock(open_stage: OpenStage) -> None:
    stage = await open_stage()
    record = await _record(stage, error("InvalidSignatureException", 403, ahead=100))

    assert record.outcome == "InvalidSignatureException, 1 attempts"
    assert stage.core.clock.offset == timedelta(0)


@pytest.mark.anyio
async def test_a_correction_does_not_count_as_an_attempt(open_stage: OpenStage) -> None:
    stage = await open_stage()
    fault, refusal = error("ServerException", 500), error("RequestExpired", ahead=1200)
    record = await _record(stage, fault, refusal, fault, fault, OK)

    assert record.outcome == "ServerException, 4 attempts"
    assert _max(record) == ["1 of 3", "2 of 3", "3 of 4", "4 of 4"]
    assert stage.core.quota.available == 500 - 2 * 14


@pytest.mark.anyio
async def test_concurrent_calls_with_a_wrong_time_are_all_retried(open_stage: OpenStage) -> None:
    """One call corrects the clock; the others were signed before the correction."""
    stage = await open_stage()
    refusal = error("InvalidSignatureException", 403, ahead=1200, takes=1)
    stage.steps = iter([*[refusal] * 10, *[Response(ahead=1200)] * 10])
    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(stage.call, "list_images")

    assert _ahead(stage.record) == [0] * 10 + [1200] * 10


@pytest.mark.anyio
async def test_the_correction_is_updated_when_the_local_clock_is_set(open_stage: OpenStage) -> None:
    stage = await open_stage()
    await _record(stage, error("RequestTimeTooSkewed", 403, ahead=1200), Response(ahead=1200))
    record = await _record(stage, error("RequestTimeTooSkewed", 403), OK)

    assert record.outcome == "ok"
    assert _ahead(record) == [1200, 0]

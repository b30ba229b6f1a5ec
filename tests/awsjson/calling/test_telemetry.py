"""Telemetry of a call: its log lines, one span, one duration."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import opentelemetry.metrics
import opentelemetry.trace
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from ecrclient import (
    AttemptTimeout,
    CallOptions,
    ConnectError,
    Credentials,
    DeadlineExceeded,
    RequestValidationError,
    ResponseDecodeError,
    RetryPolicy,
    ServiceError,
)
from ecrclient._awsjson.calling import telemetry as observability
from ecrclient.errors import RepositoryNotFoundException
from ecrclient.operations import DESCRIBE_REGISTRY
from tests.tools.scripted import Scripted, client, fail, ok

pytestmark = pytest.mark.anyio

ID = {"x-amzn-requestid": "the-id"}


async def hang(_: httpx.Request) -> httpx.Response:
    await anyio.sleep_forever()
    raise AssertionError


class Lines(logging.Handler):
    """Collects the lines of the logger ``ecrclient`` and its children."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def texts(self) -> list[str]:
        return [record.getMessage() for record in self.records]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The lines that are logged at DEBUG or above."""
    logger, handler = logging.getLogger("ecrclient"), Lines()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.fixture
def no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove OpenTelemetry from the imported modules."""
    for name in [name for name in sys.modules if name.split(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)


class Telemetry:
    """A separate OpenTelemetry SDK for a test."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meters = MeterProvider([self._reader], shutdown_on_exit=False)

    def close(self) -> None:
        self.tracers.shutdown()
        self.meters.shutdown()

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """The spans that have ended."""
        return self._exporter.get_finished_spans()

    def span(self) -> ReadableSpan:
        """The only span."""
        (span,) = self.spans
        return span

    def durations(self) -> list[tuple[str, str | None, HistogramDataPoint]]:
        """The name, unit and values of each measurement."""
        data = self._reader.get_metrics_data()
        found: list[tuple[str, str | None, HistogramDataPoint]] = []
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        assert isinstance(point, HistogramDataPoint)
                        found.append((metric.name, metric.unit, point))
        return found


@pytest.fixture
def telemetry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telemetry]:
    """Enable OpenTelemetry with an SDK that only this test uses."""
    sdk = Telemetry()
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", opentelemetry.trace)
    monkeypatch.setitem(sys.modules, "opentelemetry.metrics", opentelemetry.metrics)
    monkeypatch.setattr(opentelemetry.trace, "get_tracer", sdk.tracers.get_tracer)
    monkeypatch.setattr(opentelemetry.metrics, "get_meter", sdk.meters.get_meter)
    yield sdk
    sdk.close()


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def attempts(span: ReadableSpan) -> list[dict[str, Any]]:
    assert {event.name for event in span.events} <= {"attempt"}
    return [dict(event.attributes or {}) for event in span.events]


COMMON = {"rpc.system": "aws-api", "rpc.service": "ECR", "rpc.method": "DescribeRegistry"}


# -- the log ---------------------------------------------------------------------------------------


async def test_a_success_is_one_debug_line(lines: Lines) -> None:
    await client(Scripted(ok(None, **ID))).describe_registry()

    (record,) = lines.records
    assert (record.name, record.levelno) == ("ecrclient", logging.DEBUG)
    text = record.getMessage()
    assert text.startswith("ECR.DescribeRegistry: 200 ok request_id=the-id attempts=1 elapsed=")


async def test_a_service_error_is_one_debug_line(lines: Lines) -> None:
    response = fail(400, "RepositoryNotFoundException", "the message", **ID)
    with pytest.raises(RepositoryNotFoundException):
        await client(Scripted(response)).list_images(repository_name="ab")

    (text,) = lines.texts
    assert text.startswith(
        "ECR.ListImages: 400 RepositoryNotFoundException request_id=the-id attempts=1 elapsed="
    )
    assert "the message" not in text


async def test_a_transport_failure_is_one_debug_line(lines: Lines) -> None:
    transport = Scripted(*[httpx.ConnectError("refused")] * 3)
    with pytest.raises(ConnectError):
        await client(transport).describe_registry()

    *_, record = lines.records
    assert record.levelno == logging.DEBUG
    text = record.getMessage()
    assert text.startswith("ECR.DescribeRegistry: ConnectError: refused attempts=3 elapsed=")


async def test_each_retry_is_a_debug_line_with_its_reason_and_delay(lines: Lines) -> None:
    script = (
        fail(500, "ServerException", "CANARY", **ID),
        fail(400, "ThrottlingException", "CANARY"),
        httpx.ReadError("gone"),
        ok(),
    )
    policy = RetryPolicy(4, base_delay=0.001, throttling_base_delay=0.002)
    await client(Scripted(*script), retry=policy).describe_registry()

    assert {record.levelno for record in lines.records} == {logging.DEBUG}
    *retries, end = lines.texts
    name, in_seconds = r"ECR\.DescribeRegistry", r"retry in 0\.00[0-9] s"
    for text, expected in zip(
        retries,
        (
            rf"{name}: attempt 1 failed: 500 ServerException request_id=the-id; {in_seconds}",
            rf"{name}: attempt 2 failed: 400 ThrottlingException request_id=None; {in_seconds}",
            rf"{name}: attempt 3 failed: ReadError: .*gone.*; {in_seconds}",
        ),
        strict=True,
    ):
        assert re.fullmatch(expected, text), text
    assert " 200 ok " in end
    assert " attempts=4 " in end


async def test_the_logged_delay_is_the_one_that_passes(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await anyio.lowlevel.checkpoint()

    monkeypatch.setattr("ecrclient._awsjson.calling.call.anyio.sleep", sleep)
    transport = Scripted(fail(503, "ServerException"), ok())
    await client(transport, retry=RetryPolicy(base_delay=10)).describe_registry()

    assert f"retry in {slept[0]:.3f} s" in lines.texts[0]


async def test_an_attempt_with_other_credentials_is_a_line_that_says_so(lines: Lines) -> None:
    class Rotating:
        number = 0

        async def get(self) -> Credentials:
            return Credentials(f"AKID{self.number}", "CANARY")

        async def invalidate(self) -> None:
            self.number += 1

    transport = Scripted(fail(400, "ExpiredTokenException"), ok())
    await client(transport, credentials=Rotating()).describe_registry()

    texts = [record.getMessage() for record in lines.records if record.name == "ecrclient"]
    assert texts[0] == (
        "ECR.DescribeRegistry: attempt 1 failed: 400 ExpiredTokenException request_id=None; "
        "retry in 0.000 s with other credentials"
    )
    assert not any("CANARY" in text for text in lines.texts)


async def test_a_failure_without_a_retry_is_not_a_retry_line(lines: Lines) -> None:
    script = [fail(500, "ServerException")] * 2
    with pytest.raises(ServiceError):
        await client(Scripted(*script), retry=RetryPolicy(1)).describe_registry()
    slow = RetryPolicy(base_delay=10**9, max_delay=10**9)
    with pytest.raises(DeadlineExceeded):
        await client(
            Scripted(*script), retry=slow, options=CallOptions(deadline=1)
        ).describe_registry()

    assert not any("retry in" in text for text in lines.texts)


async def test_a_deadline_is_one_debug_line(lines: Lines) -> None:
    with pytest.raises(DeadlineExceeded):
        await client(Scripted(hang), options=CallOptions(deadline=1)).describe_registry()

    (text,) = lines.texts
    assert text.startswith("ECR.DescribeRegistry: DeadlineExceeded: ")
    assert " attempts=1 " in text


async def test_each_page_of_a_paginator_is_a_line(lines: Lines) -> None:
    pages = (ok({"imageIds": [], "nextToken": "t"}), ok({"imageIds": []}))
    await client(Scripted(*pages)).list_images(repository_name="ab").collect()

    assert [text.partition(":")[0] for text in lines.texts] == ["ECR.ListImages"] * 2


async def test_an_invalid_request_is_not_logged(lines: Lines) -> None:
    with pytest.raises(RequestValidationError):
        await client(Scripted()).list_images(repository_name="A")

    assert lines.texts == []


async def test_the_message_of_a_foreign_exception_is_not_logged(lines: Lines) -> None:
    with pytest.raises(ZeroDivisionError):
        await client(Scripted(ZeroDivisionError("perhaps secret"))).describe_registry()

    (text,) = lines.texts
    assert text.startswith("ECR.DescribeRegistry: ZeroDivisionError attempts=1 ")


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING])
async def test_nothing_above_debug(lines: Lines, level: int) -> None:
    logging.getLogger("ecrclient").setLevel(level)
    with pytest.raises(ServiceError):
        await client(Scripted(*[fail(500, "ServerException")] * 3)).describe_registry()
    with pytest.raises(ConnectError):
        await client(Scripted(*[httpx.ConnectError("no")] * 3)).describe_registry()
    await client(Scripted(ok())).describe_registry()

    assert lines.texts == []


async def test_a_cancelled_call_is_one_debug_line(lines: Lines) -> None:
    with anyio.move_on_after(0.05) as scope:
        await client(Scripted(hang)).describe_registry()

    assert scope.cancelled_caught
    (text,) = lines.texts
    assert text.startswith("ECR.DescribeRegistry: Cancelled")


# -- without telemetry -----------------------------------------------------------------------------


def test_without_logging_and_tracing_there_is_no_observation(no_telemetry: None) -> None:
    assert not logging.getLogger("ecrclient").isEnabledFor(logging.DEBUG)
    assert observability.observe(DESCRIBE_REGISTRY) is None


async def test_a_call_without_telemetry_does_not_create_an_observation(
    no_telemetry: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("an observation was created")

    monkeypatch.setattr(observability, "Observation", refuse)
    await client(Scripted(fail(500, "ServerException"), ok())).describe_registry()


def test_logging_works_without_tracing(no_telemetry: None, lines: Lines) -> None:
    assert observability.observe(DESCRIBE_REGISTRY) is not None


async def test_a_call_does_not_import_opentelemetry(no_telemetry: None, lines: Lines) -> None:
    await client(Scripted(ok())).describe_registry()

    assert len(lines.texts) == 1
    assert not [name for name in sys.modules if name.split(".")[0] == "opentelemetry"]


async def test_the_api_without_an_sdk_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        opentelemetry.trace, "get_tracer", opentelemetry.trace.NoOpTracerProvider().get_tracer
    )
    monkeypatch.setattr(
        opentelemetry.metrics, "get_meter", opentelemetry.metrics.NoOpMeterProvider().get_meter
    )
    response = await client(Scripted(ok({"registryId": "1"}))).describe_registry()

    assert response.registry_id == "1"


# -- spans and durations ---------------------------------------------------------------------------


async def test_a_success_is_one_span(telemetry: Telemetry) -> None:
    await client(Scripted(ok(None, **ID))).describe_registry()

    span = telemetry.span()
    assert span.name == "ECR.DescribeRegistry"
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.UNSET
    assert attributes(span) == {
        **COMMON,
        "aws.request_id": "the-id",
        "http.response.status_code": 200,
        "http.request.resend_count": 0,
    }
    assert attempts(span) == [{"attempt": 1, "http.response.status_code": 200}]
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.name == "ecrclient"


async def test_retries_are_events_of_the_one_span(telemetry: Telemetry) -> None:
    responses = (fail(500, "ServerException"), httpx.ReadError("gone"), ok(None, **ID))
    await client(Scripted(*responses)).describe_registry()

    span = telemetry.span()
    assert attempts(span) == [
        {"attempt": 1, "http.response.status_code": 500, "error.type": "ServerException"},
        {"attempt": 2, "error.type": "ReadError"},
        {"attempt": 3, "http.response.status_code": 200},
    ]
    assert attributes(span)["http.request.resend_count"] == 2
    assert span.status.status_code is StatusCode.UNSET
    assert "error.type" not in attributes(span)


async def test_a_service_error_is_an_error_of_the_span(telemetry: Telemetry) -> None:
    with pytest.raises(ServiceError):
        await client(
            Scripted(fail(400, "InvalidParameterException", "text", **ID))
        ).describe_registry()

    span = telemetry.span()
    assert span.status.status_code is StatusCode.ERROR
    assert attributes(span) == {
        **COMMON,
        "aws.request_id": "the-id",
        "http.response.status_code": 400,
        "http.request.resend_count": 0,
        "error.type": "InvalidParameterException",
    }
    assert attempts(span) == [
        {
            "attempt": 1,
            "http.response.status_code": 400,
            "error.type": "InvalidParameterException",
        }
    ]


async def test_a_transport_failure_is_an_error_of_the_span(telemetry: Telemetry) -> None:
    with pytest.raises(ConnectError):
        await client(Scripted(*[httpx.ConnectError("no")] * 3)).describe_registry()

    span = telemetry.span()
    assert span.status.status_code is StatusCode.ERROR
    assert attributes(span) == {
        **COMMON,
        "http.request.resend_count": 2,
        "error.type": "ConnectError",
    }
    assert attempts(span) == [
        {"attempt": number, "error.type": "ConnectError"} for number in (1, 2, 3)
    ]


async def test_a_timeout_is_an_error_of_the_span(telemetry: Telemetry) -> None:
    ecr = client(
        Scripted(hang), options=CallOptions(timeout=0.05), retry=RetryPolicy(max_attempts=1)
    )
    with pytest.raises(AttemptTimeout):
        await ecr.describe_registry()

    span = telemetry.span()
    assert attributes(span)["error.type"] == "AttemptTimeout"
    assert attempts(span) == [{"attempt": 1, "error.type": "AttemptTimeout"}]


async def test_an_invalid_response_is_an_error_of_the_span(
    telemetry: Telemetry,
) -> None:
    with pytest.raises(ResponseDecodeError):
        await client(Scripted(ok({"registryId": 5}))).describe_registry()

    span = telemetry.span()
    assert attempts(span)[0]["error.type"] == "ResponseDecodeError"
    assert span.status.status_code is StatusCode.ERROR
    assert attributes(span)["error.type"] == "ResponseDecodeError"


async def test_an_invalid_response_is_not_logged_as_ok(lines: Lines) -> None:
    with pytest.raises(ResponseDecodeError):
        await client(Scripted(ok({"registryId": 5}))).describe_registry()

    assert " ok " not in lines.texts[0]


async def test_the_span_ends_on_cancellation(telemetry: Telemetry) -> None:
    with anyio.move_on_after(0.05) as scope:
        await client(Scripted(hang)).describe_registry()

    assert scope.cancelled_caught
    span = telemetry.span()
    assert span.end_time is not None
    assert span.status.status_code is StatusCode.ERROR
    assert attributes(span)["error.type"].startswith("Cancelled")
    assert len(telemetry.durations()) == 1


async def test_the_span_ends_at_a_deadline(telemetry: Telemetry) -> None:
    with pytest.raises(DeadlineExceeded):
        await client(Scripted(hang), options=CallOptions(deadline=1)).describe_registry()

    span = telemetry.span()
    assert attributes(span)["error.type"] == "DeadlineExceeded"


async def test_an_attempt_that_the_deadline_interrupts_is_an_event(telemetry: Telemetry) -> None:
    transport = Scripted(fail(500, "ServerException"), hang)
    with pytest.raises(DeadlineExceeded):
        await client(transport, options=CallOptions(deadline=1)).describe_registry()

    assert [event["attempt"] for event in attempts(telemetry.span())] == [1, 2]


async def test_each_call_has_a_separate_span(telemetry: Telemetry) -> None:
    pages = (ok({"imageIds": [], "nextToken": "t"}), ok({"imageIds": []}))
    ecr = client(Scripted(*pages, ok()))
    await ecr.list_images(repository_name="ab").collect()
    await ecr.describe_registry()

    names = [span.name for span in telemetry.spans]
    assert names == ["ECR.ListImages", "ECR.ListImages", "ECR.DescribeRegistry"]


async def test_a_span_is_a_child_of_the_callers(telemetry: Telemetry) -> None:
    with telemetry.tracers.get_tracer("test").start_as_current_span("outer") as outer:
        await client(Scripted(ok())).describe_registry()

    inner = next(span for span in telemetry.spans if span.name == "ECR.DescribeRegistry")
    assert inner.parent is not None
    assert inner.parent.span_id == outer.get_span_context().span_id


async def test_the_duration_is_recorded(telemetry: Telemetry) -> None:
    ecr = client(Scripted(ok(), ok(), fail(400, "InvalidParameterException")))
    await ecr.describe_registry()
    await ecr.describe_registry()
    with pytest.raises(ServiceError):
        await ecr.describe_registry()

    durations = telemetry.durations()
    assert {(name, unit) for name, unit, _ in durations} == {("rpc.client.call.duration", "s")}
    counts = {
        dict(point.attributes or {}).get("error.type"): (point.count, 0 <= point.sum < 60)
        for _, _, point in durations
    }
    assert counts == {None: (2, True), "InvalidParameterException": (1, True)}
    assert all(dict(point.attributes or {}).items() >= COMMON.items() for *_, point in durations)


async def test_an_invalid_request_has_no_span(telemetry: Telemetry) -> None:
    with pytest.raises(RequestValidationError):
        await client(Scripted()).list_images(repository_name="A")

    assert telemetry.spans == ()
    assert telemetry.durations() == []


async def test_logging_and_tracing_work_together(telemetry: Telemetry, lines: Lines) -> None:
    await client(Scripted(ok())).describe_registry()

    assert len(lines.texts) == 1
    assert len(telemetry.spans) == 1

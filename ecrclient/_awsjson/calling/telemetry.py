"""The telemetry of a call: log lines, and a span if the application uses OpenTelemetry.

Logging is the standard library's, under the name of the generated package: one line per call and
one per retry, at DEBUG. OpenTelemetry is used if the application has imported it: one CLIENT span
per call with an event per attempt, and a duration histogram, by the semantic conventions "AWS SDK"
and "RPC". No body is read, and of the headers only the request id, so no secret is reported.
"""

from __future__ import annotations

import functools
import logging
import sys
import time
from typing import TYPE_CHECKING, Any

from ecrclient._awsjson.protocol.codec import request_id_of
from ecrclient._awsjson.protocol.errors import AWSClientError
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient._awsjson.version import __version__

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.operation import Operation
    from ecrclient._awsjson.protocol.raw_response import RawResponse

__all__ = ["Observation", "observe"]

_logger = functools.cache(logging.getLogger)


def observe(operation: Operation[Any]) -> Observation | None:
    """Start to observe a call; None if neither logging nor tracing is enabled."""
    tracing = sys.modules.get("opentelemetry.trace")
    if tracing is None and not _logger(operation.service.package).isEnabledFor(logging.DEBUG):
        return None
    return Observation(operation, tracing)


class Observation:
    """Logs and traces one call."""

    __slots__ = ("_attempted", "_attributes", "_name", "_package", "_span", "_started", "_tracing")

    def __init__(self, operation: Operation[Any], tracing: Any) -> None:
        service = operation.service.service_id
        self._package = operation.service.package
        self._started = time.perf_counter()
        self._attempted = 0
        self._name = f"{service}.{operation.name}"
        self._attributes = {
            "rpc.system": "aws-api",
            "rpc.service": service,
            "rpc.method": operation.name,
        }
        self._tracing = tracing
        self._span: Any = None
        if tracing is not None:
            tracer = tracing.get_tracer(self._package, __version__)
            self._span = tracer.start_span(
                self._name, kind=tracing.SpanKind.CLIENT, attributes=self._attributes
            )

    def attempted(
        self, number: int, response: RawResponse[Any] | None, error: AWSClientError | None
    ) -> None:
        """Record the end of an attempt.

        Args:
            number: The first attempt is 1.
            response: The response, if there was one.
            error: The error, also if the response is an error.
        """
        self._attempted = number
        if self._span is None:
            return
        attributes: dict[str, str | int] = {"attempt": number}
        if response is not None:
            attributes["http.response.status_code"] = response.status
        if error is not None:
            attributes["error.type"] = _name(error)
        self._span.add_event("attempt", attributes)

    def retried(
        self, response: RawResponse[Any] | None, error: AWSClientError, delay: float, why: str = ""
    ) -> None:
        """Record that another attempt follows.

        Args:
            response: The response of the last attempt, if there was one.
            error: The error of the last attempt.
            delay: Seconds until the next attempt.
            why: Why there is another attempt, if not because the error is retryable.
        """
        _logger(self._package).debug(
            "%s: attempt %d failed: %s; retry in %.3f s%s",
            *(self._name, self._attempted, _reason(response, error), delay, why),
        )

    def ended(self, response: RawResponse[Any], error: AWSClientError | None) -> None:
        """Record the end of a call with a response, which is an error if there is an *error*."""
        code = None if error is None else _name(error)
        request_id = request_id_of(response.headers)
        self._finish(
            {
                "http.response.status_code": response.status,
                "aws.request_id": request_id,
                "error.type": code,
            },
            response.attempts,
            f"{response.status} {code or 'ok'} request_id={request_id}",
        )

    def failed(self, error: BaseException, attempts: int) -> None:
        """Record the end of a call without a response."""
        code = _name(error)
        if attempts > self._attempted and self._span is not None:
            # A deadline or a cancellation interrupted the last attempt.
            self._span.add_event("attempt", {"attempt": attempts, "error.type": code})
        self._finish({"error.type": code}, attempts, _described(error))

    def _finish(self, outcome: dict[str, Any], attempts: int, outcome_text: str) -> None:
        elapsed = time.perf_counter() - self._started
        _logger(self._package).debug(
            "%s: %s attempts=%d elapsed=%.3fs", self._name, outcome_text, attempts, elapsed
        )
        if self._span is None:
            return
        known = {name: value for name, value in outcome.items() if value is not None}
        self._span.set_attributes({**known, "http.request.resend_count": max(attempts - 1, 0)})
        if "error.type" in known:
            self._span.set_status(self._tracing.StatusCode.ERROR, str(known["error.type"]))
        self._span.end()
        self._record(elapsed, known)

    def _record(self, elapsed: float, known: dict[str, Any]) -> None:
        metrics = sys.modules.get("opentelemetry.metrics")
        if metrics is None:
            return
        attributes = {**self._attributes}
        if "error.type" in known:
            attributes["error.type"] = str(known["error.type"])
        # The API returns the same instrument for the same name.
        histogram = metrics.get_meter(self._package, __version__).create_histogram(
            "rpc.client.call.duration",
            unit="s",
            description="Duration of a call, retries included.",
        )
        histogram.record(elapsed, attributes)


def _reason(response: RawResponse[Any] | None, error: AWSClientError) -> str:
    if response is None:
        return _described(error)
    # Not the message, which the service wrote: it can quote the request.
    return f"{response.status} {_name(error)} request_id={request_id_of(response.headers)}"


def _described(error: BaseException) -> str:
    # Only this package's messages are known to contain no secret.
    return f"{_name(error)}: {error}" if isinstance(error, AWSClientError) else _name(error)


def _name(error: BaseException) -> str:
    return error.code if isinstance(error, ServiceError) else type(error).__name__

"""What a call tells the outside: a log line, and a span where OpenTelemetry listens.

Logging is the standard library's, under ``ecrclient``: one line a call, at DEBUG. OpenTelemetry
(the extra ``[otel]``) is used when the application has imported it: a CLIENT span a call with an
event an attempt, and a duration histogram, by the semantic conventions "AWS SDK" and "RPC".
Nothing here sees a body or a header, so nothing secret can be told.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, Any

from ecrclient._awsjson.protocol.codec import request_id_of
from ecrclient._awsjson.protocol.errors import ECRClientError, ServiceError
from ecrclient._awsjson.version import __version__

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.operation import Operation
    from ecrclient._awsjson.protocol.raw_response import RawResponse

__all__ = ["Observation", "observe"]

logger = logging.getLogger("ecrclient")

_SCOPE = "ecrclient"


def observe(operation: Operation[Any]) -> Observation | None:
    """Begin to observe a call; None when nobody listens, which is the fast path."""
    tracing = sys.modules.get("opentelemetry.trace")
    if tracing is None and not logger.isEnabledFor(logging.DEBUG):
        return None
    return Observation(operation, tracing)


class Observation:
    """One call as others see it."""

    __slots__ = ("_attempted", "_attributes", "_name", "_span", "_started", "_tracing")

    def __init__(self, operation: Operation[Any], tracing: Any) -> None:
        service = operation.service.service_id
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
            tracer = tracing.get_tracer(_SCOPE, __version__)
            self._span = tracer.start_span(
                self._name, kind=tracing.SpanKind.CLIENT, attributes=self._attributes
            )

    def attempted(
        self, number: int, answer: RawResponse[Any] | None, error: ECRClientError | None
    ) -> None:
        """An attempt has ended, with an answer, an error, or an answer that is one."""
        self._attempted = number
        if self._span is None:
            return
        attributes: dict[str, str | int] = {"attempt": number}
        if answer is not None:
            attributes["http.response.status_code"] = answer.status
        if error is not None:
            attributes["error.type"] = _name(error)
        self._span.add_event("attempt", attributes)

    def ended(self, answer: RawResponse[Any], error: ECRClientError | None) -> None:
        """An answer has come, and with *error* it is not what was asked for."""
        code = None if error is None else _name(error)
        request_id = request_id_of(answer.headers)
        self._finish(
            {
                "http.response.status_code": answer.status,
                "aws.request_id": request_id,
                "error.type": code,
            },
            answer.attempts,
            f"{answer.status} {code or 'ok'} request_id={request_id}",
        )

    def failed(self, error: BaseException, attempts: int) -> None:
        """No answer has come."""
        code = _name(error)
        if attempts > self._attempted and self._span is not None:
            # The last attempt was cut off, by a deadline or a cancellation.
            self._span.add_event("attempt", {"attempt": attempts, "error.type": code})
        # Only our own texts are known to hold no secret.
        told = f"{code}: {error}" if isinstance(error, ECRClientError) else code
        self._finish({"error.type": code}, attempts, told)

    def _finish(self, outcome: dict[str, Any], attempts: int, told: str) -> None:
        elapsed = time.perf_counter() - self._started
        logger.debug("%s: %s attempts=%d elapsed=%.3fs", self._name, told, attempts, elapsed)
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
        # The API hands out the same instrument for the same name.
        histogram = metrics.get_meter(_SCOPE, __version__).create_histogram(
            "rpc.client.call.duration",
            unit="s",
            description="Duration of a call, retries included.",
        )
        histogram.record(elapsed, attributes)


def _name(error: BaseException) -> str:
    return error.code if isinstance(error, ServiceError) else type(error).__name__

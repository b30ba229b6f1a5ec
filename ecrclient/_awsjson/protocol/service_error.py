"""Errors that the service returns."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar, overload

from pydantic_core import ValidationError, to_json

from ecrclient._awsjson.protocol.error_classification import is_throttling, is_transient
from ecrclient._awsjson.protocol.errors import AWSClientError
from ecrclient._awsjson.support.bounded_text import MAX_MESSAGE, MAX_NAME, shorten

__all__ = [
    "ErrorMember",
    "ServiceError",
    "is_throttling_error",
]

T = TypeVar("T")


class ServiceError(AWSClientError):
    """The service returned an error."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int = 400,
        request_id: str | None = None,
        operation: str = "",
        attempts: int = 1,
        details: Mapping[str, Any] | None = None,
        is_modelled: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        """The service's error code, such as ``ResourceNotFoundException``."""
        self.message = message
        """The service's message; may be empty."""
        self.status = status
        """The HTTP status."""
        self.request_id = request_id
        """The service's id for the request; quote it to AWS support."""
        self.operation = operation
        """The operation's name, such as ``GetSecretValue``."""
        self.attempts = attempts
        """The number of times that the request was sent."""
        self.details: dict[str, Any] = dict(details or {})
        """The error's members by their names on the wire."""
        self.is_modelled = is_modelled
        """Whether the operation's model lists the code."""
        self.retry_after = retry_after
        """Seconds that the service asks to wait (``x-amz-retry-after``); None: no such header."""

    @property
    def is_throttling(self) -> bool:
        """Whether the service refused the request to limit the rate of requests."""
        return is_throttling(self.code, self.status, modelled=self.is_modelled)

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed a little later."""
        return self.is_throttling or is_transient(self.code, self.status)

    def __str__(self) -> str:
        message = f": {shorten(self.message, MAX_MESSAGE)}" if self.message else ""
        attempts = f", {self.attempts} attempts" if self.attempts > 1 else ""
        request_id = shorten(str(self.request_id), MAX_NAME)
        return (
            f"{self.operation}: {shorten(self.code, MAX_NAME)}{message} "
            f"(HTTP {self.status}, request id {request_id}{attempts})"
        )


def is_throttling_error(error: AWSClientError) -> bool:
    """Whether the service refused the request to limit the rate of requests."""
    return isinstance(error, ServiceError) and error.is_throttling


class ErrorMember(Generic[T]):
    """A typed member of a modelled error; None if the service did not send it."""

    def __init__(self, wire_name: str, type_: Any) -> None:
        self._wire_name = wire_name
        self._type = type_

    @overload
    def __get__(self, error: None, owner: type[ServiceError]) -> ErrorMember[T]: ...
    @overload
    def __get__(self, error: ServiceError, owner: type[ServiceError]) -> T | None: ...
    def __get__(
        self, error: ServiceError | None, owner: type[ServiceError]
    ) -> ErrorMember[T] | T | None:
        if error is None:
            return self
        value = error.details.get(self._wire_name)
        if value is None:
            return None
        from pydantic import TypeAdapter

        adapter: TypeAdapter[T] = TypeAdapter(self._type)
        # As JSON, since only then the types decode what the service sends.
        content = to_json(value)
        with suppress(ValidationError):
            return adapter.validate_json(content, by_alias=True, by_name=False, extra="allow")
        from ecrclient._awsjson.protocol.missing_members import decode_incomplete_value

        with suppress(ValidationError):
            incomplete: T = decode_incomplete_value(adapter.core_schema, error.operation, content)
            return incomplete
        # Treat an invalid member as missing: the error itself is more important.
        return None

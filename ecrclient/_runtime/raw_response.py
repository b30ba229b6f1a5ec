"""An answer as it came, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic

from ecrclient._runtime import codec
from ecrclient._runtime.errors import ECRClientError, ServiceError
from ecrclient._runtime.operation import Operation, ResponseT
from ecrclient._runtime.shapes import ResponseMetadata, attach_metadata

__all__ = ["RawResponse"]

_FIRST_ERROR_STATUS = 300


@dataclass(frozen=True, slots=True)
class RawResponse(Generic[ResponseT]):
    """An answer as it came. ``parse`` turns it into the model, or raises the service's error."""

    operation: Operation[ResponseT]
    status: int
    """The HTTP status."""
    headers: Mapping[str, str]
    """The HTTP headers, names in lower case."""
    content: bytes
    """The body."""
    attempts: int
    """How often the request was sent."""
    elapsed: float
    """Seconds from the call to the last byte of the answer."""
    _parsed: ResponseT | None = field(default=None, init=False, repr=False, compare=False)

    def __repr__(self) -> str:
        return f"<RawResponse of {self.operation.name}: {self.status}, {len(self.content)} bytes>"

    @property
    def is_error(self) -> bool:
        """Whether the service refused the request."""
        return self.status >= _FIRST_ERROR_STATUS or "x-amzn-errortype" in self.headers

    def parse(self) -> ResponseT:
        """The model; the same one each time.

        Raises:
            ServiceError: the answer is an error.
            ResponseDecodeError: the answer is not what the service's model says.
        """
        if self._parsed is not None:
            return self._parsed
        if self.is_error:
            raise self._service_error()
        request_id = codec.request_id_of(self.headers)
        response = codec.decode_response(
            self.operation, self.content, status=self.status, request_id=request_id
        )
        if codec.is_error_envelope(self.operation, response):
            raise self._service_error()
        attach_metadata(
            response,
            ResponseMetadata(request_id, self.status, self.headers, self.attempts, self.elapsed),
        )
        # The retry loop has judged the answer by parsing it; the caller shall not pay for it again.
        object.__setattr__(self, "_parsed", response)
        return response

    def error(self) -> ECRClientError | None:
        """What ``parse`` would raise."""
        try:
            self.parse()
        except ECRClientError as error:
            return error
        return None

    def _service_error(self) -> ServiceError:
        return codec.decode_error(
            self.operation, self.content, self.headers, status=self.status, attempts=self.attempts
        )

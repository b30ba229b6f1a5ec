"""A response as received, and its decoding."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Generic

import anyio

from ecrclient._awsjson.protocol import codec
from ecrclient._awsjson.protocol.errors import AWSClientError
from ecrclient._awsjson.protocol.operation import Operation, ResponseT
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient._awsjson.protocol.shapes import attach_metadata

__all__ = ["DECODED_ON_THE_LOOP", "RawResponse"]

_FIRST_ERROR_STATUS = 300
# Decoding takes about 8 ms for each MiB of a usual page; a switch to a thread, 0.1 ms.
DECODED_ON_THE_LOOP = 1024 * 1024
"""Bytes up to which a body is decoded in the event loop's thread."""


class RawResponse(Generic[ResponseT]):
    """A response as received. ``parse`` returns the model, or raises the service's error."""

    __slots__ = ("_outcome", "attempts", "content", "elapsed", "headers", "operation", "status")

    operation: Operation[ResponseT]
    status: int
    """The HTTP status."""
    headers: Mapping[str, str]
    """The HTTP headers, names in lower case."""
    content: bytes
    """The body."""
    attempts: int
    """The number of times that the request was sent."""
    elapsed: float
    """Seconds from the call to the last byte of the response."""

    def __init__(
        self,
        operation: Operation[ResponseT],
        status: int,
        headers: Mapping[str, str],
        content: bytes,
        attempts: int,
        elapsed: float,
    ) -> None:
        self.operation = operation
        self.status = status
        self.headers = headers
        self.content = content
        self.attempts = attempts
        self.elapsed = elapsed
        self._outcome: ResponseT | AWSClientError | None = None

    def __repr__(self) -> str:
        return f"<RawResponse of {self.operation.name}: {self.status}, {len(self.content)} bytes>"

    @property
    def is_error(self) -> bool:
        """Whether the service refused the request."""
        return self.status >= _FIRST_ERROR_STATUS or "x-amzn-errortype" in self.headers

    def parse(self) -> ResponseT:
        """The model; the same object each time.

        The body is decoded once, before the call returns this response: in a worker thread if it is
        large, and within the call's timeout and deadline.

        Raises:
            ServiceError: The response is an error.
            ResponseDecodeError: The response does not have the shape that the service's model
                describes, or decoding it would take more memory than a response may.
        """
        outcome = self._outcome or self._decode()
        if isinstance(outcome, AWSClientError):
            # A copy, since each raising adds to the traceback.
            raise copy.copy(outcome)
        return outcome

    def error(self) -> AWSClientError | None:
        """The error that ``parse`` would raise."""
        outcome = self._outcome or self._decode()
        return outcome if isinstance(outcome, AWSClientError) else None

    async def decode(self) -> None:
        """Decode the body in a worker thread, if it is large; otherwise, `error` decodes it."""
        if len(self.content) > DECODED_ON_THE_LOOP:
            await anyio.to_thread.run_sync(self._decode, abandon_on_cancel=True)

    def _decode(self) -> ResponseT | AWSClientError:
        outcome: ResponseT | AWSClientError
        try:
            outcome = self._read()
        except AWSClientError as error:
            # Without the frames that would keep the body's objects.
            outcome = error.with_traceback(None)
        self._outcome = outcome
        return outcome

    def _read(self) -> ResponseT:
        if self.is_error:
            raise self._service_error()
        request_id = codec.request_id_of(self.headers)
        response = codec.decode_response(
            self.operation, self.content, status=self.status, request_id=request_id
        )
        if codec.is_error_envelope(self.operation, response):
            raise self._service_error()
        attach_metadata(
            response, (request_id, self.status, self.headers, self.attempts, self.elapsed)
        )
        return response

    def _service_error(self) -> ServiceError:
        return codec.decode_error(
            self.operation, self.content, self.headers, status=self.status, attempts=self.attempts
        )

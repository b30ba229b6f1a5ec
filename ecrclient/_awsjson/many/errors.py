"""Errors of pagination, batches and waiters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ecrclient._awsjson.protocol.errors import AWSClientError
from ecrclient._awsjson.support.bounded_text import MAX_MESSAGE, MAX_NAME, shorten

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.shapes import Response

__all__ = [
    "BatchError",
    "BatchFailure",
    "PaginationError",
    "WaiterError",
    "WaiterFailureError",
    "WaiterTimeoutError",
]

FailureT = TypeVar("FailureT")


class PaginationError(AWSClientError):
    """The service repeated a page token, so following the tokens would never end."""


class BatchFailure(AWSClientError, Generic[FailureT]):
    """The failure of one of several items in a request; other items may have succeeded."""

    def __init__(self, code: str, reason: str, id: object, failure: FailureT) -> None:
        super().__init__(code, reason, id, failure)
        self.code = code
        """The service's code, such as ``NotFound``."""
        self.reason = reason
        """The service's message."""
        self.id = id
        """The item that failed, as the service identifies it."""
        self.failure = failure
        """The failure as the service sent it, with all its members."""

    def __str__(self) -> str:
        reason = f": {shorten(self.reason, MAX_MESSAGE)}" if self.reason else ""
        return f"{shorten(str(self.id), MAX_NAME)}: {shorten(self.code, MAX_NAME)}{reason}"


class BatchError(AWSClientError, ExceptionGroup[AWSClientError]):
    """A group of the failures of some items: `BatchFailure` and errors of whole calls.

    ``except* BatchFailure`` handles the failures. Each other error has a note with the range of ids
    that its call was for.
    """

    succeeded: Sequence[Any] = ()
    """The items that succeeded."""

    @classmethod
    def of(cls, failed: Sequence[AWSClientError], succeeded: Sequence[Any]) -> BatchError:
        """Group the errors in *failed*."""
        error = cls(f"{len(failed)} failed, {len(succeeded)} succeeded", failed)
        error.succeeded = succeeded
        return error

    def derive(self, excs: Sequence[AWSClientError]) -> BatchError:  # type: ignore[override]
        """Group some of the errors; ``succeeded`` is kept."""
        error = BatchError(self.message, excs)
        error.succeeded = self.succeeded
        return error


class WaiterError(AWSClientError):
    """A wait ended without success."""

    def __init__(self, waiter: str, reason: str, last_response: Response | None) -> None:
        super().__init__(waiter, reason, last_response)
        self.waiter = waiter
        """The name of the wait."""
        self.reason = reason
        """Why the wait ended."""
        self.last_response = last_response
        """The last response; None if there was none, or if the polls returned other values."""

    def __str__(self) -> str:
        return f"{self.waiter}: {self.reason}"


class WaiterTimeoutError(WaiterError, TimeoutError):
    """A wait took longer than ``max_wait``."""


class WaiterFailureError(WaiterError):
    """A wait reached a state from which it cannot succeed."""

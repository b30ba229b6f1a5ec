"""Errors of several calls that are one to the caller."""

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
    """The service gave a page token that it had given before: following it would never end."""


class BatchFailure(AWSClientError, Generic[FailureT]):
    """One of several things that an operation was asked for has failed; others may have not."""

    def __init__(self, code: str, reason: str, id: object, failure: FailureT) -> None:
        super().__init__(code, reason, id, failure)
        self.code = code
        """Why, such as ``ImageNotFound``."""
        self.reason = reason
        """Why, in the service's words."""
        self.id = id
        """What it is about, as the service names it: an image's identifier, a digest, a name."""
        self.failure = failure
        """The whole of what the service says."""

    def __str__(self) -> str:
        reason = f": {shorten(self.reason, MAX_MESSAGE)}" if self.reason else ""
        return f"{shorten(str(self.id), MAX_NAME)}: {shorten(self.code, MAX_NAME)}{reason}"


class BatchError(AWSClientError, ExceptionGroup[AWSClientError]):
    """Some of many things have failed: a group of :class:`BatchFailure` and of errors of calls.

    ``except* BatchFailure`` handles the failures; a note on any other error tells which ids it was
    for.
    """

    succeeded: Sequence[Any] = ()
    """What has not failed."""

    @classmethod
    def of(cls, failed: Sequence[AWSClientError], succeeded: Sequence[Any]) -> BatchError:
        """The group of *failed*."""
        error = cls(f"{len(failed)} failed, {len(succeeded)} succeeded", failed)
        error.succeeded = succeeded
        return error

    def derive(self, excs: Sequence[AWSClientError]) -> BatchError:  # type: ignore[override]
        """A group of some of the errors; what has succeeded stays with it."""
        error = BatchError(self.message, excs)
        error.succeeded = self.succeeded
        return error


class WaiterError(AWSClientError):
    """A wait did not end well."""

    def __init__(self, waiter: str, reason: str, last_response: Response | None) -> None:
        super().__init__(waiter, reason, last_response)
        self.waiter = waiter
        self.reason = reason
        self.last_response = last_response
        """The last answer that was polled; None when there was none, or it is no response."""

    def __str__(self) -> str:
        return f"{self.waiter}: {self.reason}"


class WaiterTimeoutError(WaiterError, TimeoutError):
    """``max_wait`` has passed."""


class WaiterFailureError(WaiterError):
    """A state was reached from which the wait cannot succeed."""

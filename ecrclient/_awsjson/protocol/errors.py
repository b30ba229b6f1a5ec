"""The exceptions.

::

    Exception
    └── ECRClientError                    anything that this package raises on purpose
        ├── ConfigurationError            a setting is wrong or missing; nothing was sent
        ├── ClientClosedError             the client was used after ``aclose`` (a RuntimeError)
        ├── ClientInUseError              the client is used in two event loops (a RuntimeError)
        ├── CredentialsError              no credentials, or they cannot be had
        │   └── CredentialsTimeout        their source has not returned in time (a TimeoutError)
        ├── RequestValidationError        an argument is wrong; nothing was sent (a ValueError)
        ├── TransportError                no answer, or not a whole one
        │   ├── ConnectError              the connection could not be made
        │   │   └── ConnectTimeout
        │   ├── ReadError                 it broke while the answer was awaited or read
        │   │   ├── ReadTimeout
        │   │   └── ResponseTooLarge      the answer is longer than the transport accepts
        │   ├── WriteError                it broke while the request was sent
        │   │   └── WriteTimeout
        │   ├── PoolTimeout               no connection became free in time
        │   └── AttemptTimeout            the attempt took longer than ``CallOptions.timeout``
        ├── DeadlineExceeded              ``CallOptions.deadline`` has passed (a TimeoutError)
        ├── ResponseDecodeError           the answer is not what the service's model says
        ├── MissingMemberError            a missing member was read (an AttributeError)
        ├── PaginationError               the service repeated a page token
        ├── BatchFailure                  one of many things failed, in an answer that succeeded
        ├── BatchError                    a group of what failed of many things (an ExceptionGroup)
        ├── WaiterError
        │   ├── WaiterTimeoutError        ``max_wait`` has passed (a TimeoutError)
        │   └── WaiterFailureError        it reached a state from which it cannot succeed
        └── ServiceError                  the service said no
            └── ...                       one class for each modelled error, in ``errors``

Every exception pickles and copies. None holds a secret in its text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, overload

from pydantic_core import ValidationError

from ecrclient._awsjson.protocol.error_classification import is_throttling, is_transient
from ecrclient._awsjson.support.bounded_text import shorten, summarize

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.shapes import Response

__all__ = [
    "AttemptTimeout",
    "BatchError",
    "BatchFailure",
    "ClientClosedError",
    "ClientInUseError",
    "ConfigurationError",
    "ConnectError",
    "ConnectTimeout",
    "CredentialsError",
    "CredentialsTimeout",
    "DeadlineExceeded",
    "ECRClientError",
    "ErrorMember",
    "MissingMemberError",
    "PaginationError",
    "PoolTimeout",
    "ReadError",
    "ReadTimeout",
    "RequestValidationError",
    "ResponseDecodeError",
    "ResponseTooLarge",
    "ServiceError",
    "TransportError",
    "ValidationProblem",
    "WaiterError",
    "WaiterFailureError",
    "WaiterTimeoutError",
    "WriteError",
    "WriteTimeout",
]

T = TypeVar("T")
FailureT = TypeVar("FailureT")

_WORTH_TELLING = 0.005
# Characters that the text of an error shows of what a peer said; its attributes have all of it.
_MAX_NAME = 200
_MAX_MESSAGE = 2000


class ECRClientError(Exception):
    """The root of everything that this package raises on purpose."""

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed if it is sent again."""
        return False


class ConfigurationError(ECRClientError):
    """A setting is wrong, missing, or contradicts another; the message names where it came from."""


class ClientClosedError(ECRClientError, RuntimeError):
    """The client has been closed; build another."""


class ClientInUseError(ECRClientError, RuntimeError):
    """The client is in use in another event loop; each loop that runs needs a client."""


class CredentialsError(ECRClientError):
    """There are no credentials, or the provider failed to get them."""


class CredentialsTimeout(CredentialsError, TimeoutError):
    """The source of credentials has not returned in time; it is not retried."""


class ValidationProblem(NamedTuple):
    """One thing that is wrong with a request."""

    member: str
    """The member as the caller spells it, such as ``tags[0].key``."""
    message: str


class RequestValidationError(ECRClientError, ValueError):
    """An argument is wrong; nothing was sent."""

    def __init__(self, operation: str, problems: tuple[ValidationProblem, ...]) -> None:
        super().__init__(operation, problems)
        self.operation = operation
        """The client's method, such as ``create_repository``."""
        self.problems = problems

    def __str__(self) -> str:
        listed = [f"{shorten(p.member, _MAX_NAME)}: {p.message}" for p in self.problems]
        return f"{self.operation}: {summarize(listed)}"


class TransportError(ECRClientError):
    """No answer came, or not a whole one."""

    may_have_arrived: bool = True
    """Whether the service may have received the request. False if no connection was made, or none
    became free, or the connection broke before a byte was sent."""

    def __init__(self, message: str, *, operation: str = "", attempts: int = 1) -> None:
        super().__init__(message)
        self.operation = operation
        self.attempts = attempts

    @property
    def is_retryable(self) -> bool:
        """True: what broke once may hold the next time."""
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class ConnectError(TransportError):
    """The connection could not be made: refused, no such host, a bad certificate."""

    may_have_arrived = False


class ConnectTimeout(ConnectError):
    """The connection could not be made in time."""


class ReadError(TransportError):
    """The connection broke while the answer was awaited or read."""


class ReadTimeout(ReadError):
    """The service was silent for too long."""


class ResponseTooLarge(ReadError):
    """The answer is longer than the transport accepts (``max_response_bytes``)."""

    @property
    def is_retryable(self) -> bool:
        """False: it would be as long the next time."""
        return False


class WriteError(TransportError):
    """The connection broke while the request was sent."""


class WriteTimeout(WriteError):
    """The service took the request too slowly."""


class PoolTimeout(TransportError):
    """No connection became free in time: ``max_connections`` calls are under way."""

    may_have_arrived = False

    @property
    def is_retryable(self) -> bool:
        """False: the bottleneck is on this side, another attempt would only queue again."""
        return False


class AttemptTimeout(TransportError):
    """One attempt took longer than ``CallOptions.timeout``."""


class DeadlineExceeded(ECRClientError, TimeoutError):
    """The whole call, retries and sleeps included, took longer than ``CallOptions.deadline``."""

    def __init__(
        self,
        operation: str,
        deadline: float,
        attempts: int,
        spent: Mapping[str, float] | None = None,
    ) -> None:
        # The dict, not any mapping that was passed: it must pickle.
        seconds = dict(spent or {})
        super().__init__(operation, deadline, attempts, seconds)
        self.operation = operation
        self.deadline = deadline
        self.attempts = attempts
        """How many were begun."""
        self.spent: Mapping[str, float] = seconds
        """Seconds by what they went to: ``attempts`` (middleware included), ``sleeps`` between
        them or between polls, ``between`` the pages of a walk, ``credentials``, ``throttle``
        (adaptive mode), ``setup``. They add up."""

    def __str__(self) -> str:
        begun = f"{self.attempts} attempt{'' if self.attempts == 1 else 's'} begun"
        spent = "".join(
            f", {what} {seconds:.2f} s"
            for what, seconds in self.spent.items()
            if seconds >= _WORTH_TELLING
        )
        return f"{self.operation}: not done within {self.deadline:g} s ({begun}{spent})"


class ResponseDecodeError(ECRClientError):
    """The answer is not JSON, or not of the shape that the model says."""

    def __init__(
        self,
        operation: str,
        problem: str,
        *,
        status: int,
        request_id: str | None,
        is_retryable: bool = False,
    ) -> None:
        super().__init__(operation, problem)
        self.operation = operation
        self.problem = problem
        self.status = status
        self.request_id = request_id
        self._is_retryable = is_retryable

    @property
    def is_retryable(self) -> bool:
        """Whether it is no JSON object at all, as from a proxy in between: another may be."""
        return self._is_retryable

    def __str__(self) -> str:
        return (
            f"{self.operation}: cannot read the answer (HTTP {self.status}, request id "
            f"{self.request_id}): {self.problem}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class MissingMemberError(ECRClientError, AttributeError):
    """A member was read that the service should always send and did not send.

    ``getattr`` with a default and ``hasattr`` work as with any missing attribute. The other members
    of the response can be read.
    """

    def __init__(self, operation: str, structure: str, member: str, wire_name: str) -> None:
        super().__init__(operation, structure, member, wire_name)
        self.operation = operation
        """The client's method, such as ``describe_images``; empty if the model did not come from a
        response."""
        self.structure = structure
        """The model's class, such as ``ImageDetail``."""
        self.member = member
        """The attribute, such as ``image_pushed_at``."""
        self.wire_name = wire_name
        """The service's name for it, such as ``imagePushedAt``."""

    def __str__(self) -> str:
        attribute = f"{self.structure}.{self.member}"
        if not self.operation:
            return f"{attribute} was not set"
        return f"{self.operation}: the response has no {self.wire_name} ({attribute})"


class PaginationError(ECRClientError):
    """The service gave a page token that it had given before: following it would never end."""


class BatchFailure(ECRClientError, Generic[FailureT]):
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
        reason = f": {shorten(self.reason, _MAX_MESSAGE)}" if self.reason else ""
        return f"{shorten(str(self.id), _MAX_NAME)}: {shorten(self.code, _MAX_NAME)}{reason}"


class BatchError(ECRClientError, ExceptionGroup[ECRClientError]):
    """Some of many things have failed: a group of :class:`BatchFailure` and of errors of calls.

    ``except* BatchFailure`` handles the failures; a note on any other error tells which ids it was
    for.
    """

    succeeded: Sequence[Any] = ()
    """What has not failed."""

    @classmethod
    def of(cls, failed: Sequence[ECRClientError], succeeded: Sequence[Any]) -> BatchError:
        """The group of *failed*."""
        error = cls(f"{len(failed)} failed, {len(succeeded)} succeeded", failed)
        error.succeeded = succeeded
        return error

    def derive(self, excs: Sequence[ECRClientError]) -> BatchError:  # type: ignore[override]
        """A group of some of the errors; what has succeeded stays with it."""
        error = BatchError(self.message, excs)
        error.succeeded = self.succeeded
        return error


class WaiterError(ECRClientError):
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


class ServiceError(ECRClientError):
    """The service refused the request, or failed."""

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
        """The service's error code, such as ``RepositoryNotFoundException``."""
        self.message = message
        """What the service says; may be empty."""
        self.status = status
        """The HTTP status."""
        self.request_id = request_id
        """The service's id for the request; quote it to AWS support."""
        self.operation = operation
        """The operation's name, such as ``ListImages``."""
        self.attempts = attempts
        """How often the request was sent."""
        self.details: dict[str, Any] = dict(details or {})
        """The error's members by their names on the wire."""
        self.is_modelled = is_modelled
        """Whether the operation's model lists the code."""
        self.retry_after = retry_after
        """Seconds that the service asks to wait (``x-amz-retry-after``); None: it does not say."""

    @property
    def is_throttling(self) -> bool:
        """The service wants fewer requests."""
        return is_throttling(self.code, self.status, modelled=self.is_modelled)

    @property
    def is_retryable(self) -> bool:
        """The same request may succeed a little later."""
        return self.is_throttling or is_transient(self.code, self.status)

    def __str__(self) -> str:
        said = f": {shorten(self.message, _MAX_MESSAGE)}" if self.message else ""
        tries = f", {self.attempts} attempts" if self.attempts > 1 else ""
        return (
            f"{self.operation}: {shorten(self.code, _MAX_NAME)}{said} "
            f"(HTTP {self.status}, request id {self.request_id}{tries})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(
    cls: type[ECRClientError], args: tuple[Any, ...], state: dict[str, Any]
) -> ECRClientError:
    """Unpickle an exception whose constructor takes more than its ``args``."""
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ErrorMember(Generic[T]):
    """A typed member of a modelled error; None when the service left it out."""

    def __init__(self, wire_name: str, type_: type[T]) -> None:
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
        try:
            from pydantic import TypeAdapter

            return TypeAdapter(self._type).validate_python(value, by_alias=True, extra="allow")
        except ValidationError:
            # What cannot be read is as good as absent: the error itself matters more.
            return None

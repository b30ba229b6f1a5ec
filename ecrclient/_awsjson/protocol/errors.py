"""The exceptions.

::

    Exception
    └── AWSClientError                    the root of this package's exceptions
        ├── ConfigurationError            a setting is wrong or missing; nothing was sent
        ├── ClientClosedError             the client was used after ``aclose`` (a RuntimeError)
        ├── ClientInUseError              the client is used in two event loops (a RuntimeError)
        ├── CredentialsError              no credentials, or the provider failed
        │   └── CredentialsTimeout        the provider took too long (a TimeoutError)
        ├── RequestValidationError        an argument is wrong; nothing was sent (a ValueError)
        ├── TransportError                no response, or an incomplete one
        │   ├── ConnectError              no connection was opened
        │   │   └── ConnectTimeout
        │   ├── ReadError                 the response was lost or cannot be read
        │   │   ├── ReadTimeout
        │   │   └── ResponseTooLarge      it is longer than the transport accepts
        │   ├── WriteError                the connection broke during the request
        │   │   └── WriteTimeout
        │   ├── PoolTimeout               no connection became free in time
        │   └── AttemptTimeout            the attempt took longer than ``CallOptions.timeout``
        ├── DeadlineExceeded              ``CallOptions.deadline`` has passed (a TimeoutError)
        ├── ResponseDecodeError           the response contradicts the service's model
        ├── MissingMemberError            a missing member was read (an AttributeError)
        ├── PaginationError               the service repeated a page token
        ├── BatchFailure                  one item failed in a response that succeeded
        ├── BatchError                    the failures of many items (an ExceptionGroup)
        ├── WaiterError
        │   ├── WaiterTimeoutError        ``max_wait`` has passed (a TimeoutError)
        │   └── WaiterFailureError        a status was reached that excludes success
        └── ServiceError                  the service returned an error
            └── ...                       one class for each modelled error, in ``errors``

Every exception can be pickled and copied. No text of an exception contains a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from ecrclient._awsjson.support.bounded_text import MAX_NAME, shorten, summarize

__all__ = [
    "AWSClientError",
    "ClientClosedError",
    "ClientInUseError",
    "ConfigurationError",
    "CredentialsError",
    "CredentialsTimeout",
    "DeadlineExceeded",
    "MissingMemberError",
    "RequestValidationError",
    "ResponseDecodeError",
    "ValidationProblem",
]

_WORTH_REPORTING = 0.005


class AWSClientError(Exception):
    """The root of the exceptions that this package raises."""

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed if it is sent again."""
        return False


class ConfigurationError(AWSClientError):
    """A setting is wrong, missing, or contradicts another; the message names its source."""


class ClientClosedError(AWSClientError, RuntimeError):
    """The client has been closed; create another."""


class ClientInUseError(AWSClientError, RuntimeError):
    """The client is in use in another event loop; each running loop needs its client."""


class CredentialsError(AWSClientError):
    """There are no credentials, or the provider failed to obtain them."""


class CredentialsTimeout(CredentialsError, TimeoutError):
    """The source of the credentials took too long; it is not retried."""


class ValidationProblem(NamedTuple):
    """One problem of a request."""

    member: str
    """The member as the caller spells it, such as ``tags[0].key``."""
    message: str


class RequestValidationError(AWSClientError, ValueError):
    """An argument is wrong; nothing was sent."""

    def __init__(self, operation: str, problems: tuple[ValidationProblem, ...]) -> None:
        super().__init__(operation, problems)
        self.operation = operation
        """The client's method, such as ``create_secret``."""
        self.problems = problems

    def __str__(self) -> str:
        listed = [f"{shorten(p.member, MAX_NAME)}: {p.message}" for p in self.problems]
        return f"{self.operation}: {summarize(listed)}"


class DeadlineExceeded(AWSClientError, TimeoutError):
    """The whole call, retries and sleeps included, took longer than ``CallOptions.deadline``.

    If it was a wait, ``attempts`` is the number of polls.
    """

    def __init__(
        self,
        operation: str,
        deadline: float,
        attempts: int,
        spent: Mapping[str, float] | None = None,
        counted: str = "attempt",
    ) -> None:
        # The dict, not any mapping that was passed: it must pickle.
        seconds = dict(spent or {})
        super().__init__(operation, deadline, attempts, seconds, counted)
        self._counted = counted
        self.operation = operation
        self.deadline = deadline
        self.attempts = attempts
        """The number of attempts that were started."""
        self.spent: Mapping[str, float] = seconds
        """Seconds by activity: ``attempts`` (including middleware), ``sleeps`` between attempts or
        polls, ``between`` the pages of a paginator, ``credentials``, ``throttle`` (adaptive mode),
        ``setup``. Their sum is the duration of the call."""

    def __str__(self) -> str:
        begun = f"{self.attempts} {self._counted}{'' if self.attempts == 1 else 's'} begun"
        spent = "".join(
            f", {what} {seconds:.2f} s"
            for what, seconds in self.spent.items()
            if seconds >= _WORTH_REPORTING
        )
        return f"{self.operation}: not done within {self.deadline:g} s ({begun}{spent})"


class ResponseDecodeError(AWSClientError):
    """The response is not JSON, or does not have the shape that the model describes."""

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
        """True if the body is not a JSON object: it may come from a proxy in between."""
        return self._is_retryable

    def __str__(self) -> str:
        request_id = shorten(str(self.request_id), MAX_NAME)
        return (
            f"{self.operation}: cannot decode the response (HTTP {self.status}, request id "
            f"{request_id}): {self.problem}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild = partial(type(self), status=self.status, request_id=self.request_id)
        return rebuild, self.args, self.__dict__


class MissingMemberError(AWSClientError, AttributeError):
    """A member was read that the service should always send and did not send.

    ``getattr`` with a default and ``hasattr`` work as with any missing attribute. The other members
    of the response can be read.
    """

    def __init__(self, operation: str, structure: str, member: str, wire_name: str) -> None:
        super().__init__(operation, structure, member, wire_name)
        self.operation = operation
        """The client's method, such as ``describe_secret``; empty if the model did not come from a
        response."""
        self.structure = structure
        """The model's class, such as ``SecretListEntry``."""
        self.member = member
        """The attribute, such as ``last_changed_date``."""
        self.wire_name = wire_name
        """The service's name for it, such as ``LastChangedDate``."""

    def __str__(self) -> str:
        attribute = f"{self.structure}.{self.member}"
        if not self.operation:
            return f"{attribute} was not set"
        return f"{self.operation}: the response has no {self.wire_name} ({attribute})"

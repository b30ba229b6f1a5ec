"""The exceptions.

::

    Exception
    └── AWSClientError                    anything that this package raises on purpose
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
    """The root of everything that this package raises on purpose."""

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed if it is sent again."""
        return False


class ConfigurationError(AWSClientError):
    """A setting is wrong, missing, or contradicts another; the message names where it came from."""


class ClientClosedError(AWSClientError, RuntimeError):
    """The client has been closed; build another."""


class ClientInUseError(AWSClientError, RuntimeError):
    """The client is in use in another event loop; each loop that runs needs a client."""


class CredentialsError(AWSClientError):
    """There are no credentials, or the provider failed to get them."""


class CredentialsTimeout(CredentialsError, TimeoutError):
    """The source of credentials has not returned in time; it is not retried."""


class ValidationProblem(NamedTuple):
    """One thing that is wrong with a request."""

    member: str
    """The member as the caller spells it, such as ``tags[0].key``."""
    message: str


class RequestValidationError(AWSClientError, ValueError):
    """An argument is wrong; nothing was sent."""

    def __init__(self, operation: str, problems: tuple[ValidationProblem, ...]) -> None:
        super().__init__(operation, problems)
        self.operation = operation
        """The client's method, such as ``create_repository``."""
        self.problems = problems

    def __str__(self) -> str:
        listed = [f"{shorten(p.member, MAX_NAME)}: {p.message}" for p in self.problems]
        return f"{self.operation}: {summarize(listed)}"


class DeadlineExceeded(AWSClientError, TimeoutError):
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

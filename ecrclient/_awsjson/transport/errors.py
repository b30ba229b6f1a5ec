"""Failures of a request's way to the service and back."""

from __future__ import annotations

from ecrclient._awsjson.protocol.errors import AWSClientError

__all__ = [
    "AttemptTimeout",
    "ConnectError",
    "ConnectTimeout",
    "PoolTimeout",
    "ReadError",
    "ReadTimeout",
    "ResponseTooLarge",
    "TransportError",
    "WriteError",
    "WriteTimeout",
]


class TransportError(AWSClientError):
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

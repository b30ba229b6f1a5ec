"""Errors in sending a request or receiving its response."""

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
    """There was no response, or it is incomplete."""

    may_have_arrived: bool = True
    """Whether the service may have received the request. False if no connection was opened, none
    became free, or the connection broke before a byte was sent."""

    def __init__(self, message: str, *, operation: str = "", attempts: int = 1) -> None:
        super().__init__(message)
        self.operation = operation
        self.attempts = attempts

    @property
    def is_retryable(self) -> bool:
        """True: transport failures are usually transient."""
        return True


class ConnectError(TransportError):
    """No connection was opened: refused, no such host, an invalid certificate."""

    may_have_arrived = False


class ConnectTimeout(ConnectError):
    """No connection was opened within the timeout."""


class ReadError(TransportError):
    """The connection broke before the response was complete, or the response cannot be read."""


class ReadTimeout(ReadError):
    """The service sent nothing within the timeout."""


class ResponseTooLarge(ReadError):
    """The response is longer than the transport accepts (``max_response_bytes``)."""

    @property
    def is_retryable(self) -> bool:
        """False: the next response would be as long."""
        return False


class WriteError(TransportError):
    """The connection broke while the request was being sent."""


class WriteTimeout(WriteError):
    """The service did not accept the bytes of the request within the timeout."""


class PoolTimeout(TransportError):
    """No connection became free within the timeout: ``max_connections`` calls use them."""

    may_have_arrived = False

    @property
    def is_retryable(self) -> bool:
        """False: the client is the bottleneck, so another attempt would only wait again."""
        return False


class AttemptTimeout(TransportError):
    """One attempt took longer than ``CallOptions.timeout``."""

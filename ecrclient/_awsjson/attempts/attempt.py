"""An attempt and its response as data: the argument and the result of both senders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ecrclient._awsjson.credentials import Credentials
    from ecrclient._awsjson.protocol.operation import Operation
    from ecrclient._awsjson.transport.timer import AttemptTimer

__all__ = ["Attempt", "HTTPResponse"]


class Attempt(NamedTuple):
    """One attempt of a call, before it is signed."""

    operation: Operation[Any]
    body: bytes | bytearray
    headers: Mapping[str, str]
    """The headers that identify the attempt to the service."""
    timer: AttemptTimer
    get_credentials: Callable[[], Awaitable[Credentials]]
    """Gets the credentials to sign with; the timer is paused meanwhile."""
    now: Callable[[], datetime]
    """Returns the time to sign with."""


class HTTPResponse(NamedTuple):
    """A complete response."""

    status: int
    headers: Mapping[str, str]
    """Names are in lower case; the values of repeated headers are joined with commas."""
    content: bytes

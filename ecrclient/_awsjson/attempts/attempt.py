"""An attempt as data: what both senders receive, and what they return."""

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
    body: bytes
    headers: Mapping[str, str]
    """The headers that describe the attempt to the service."""
    timer: AttemptTimer
    get_credentials: Callable[[], Awaitable[Credentials]]
    """Gets the credentials to sign with; the timer is paused meanwhile."""
    now: Callable[[], datetime]
    """The time to sign with."""


class HTTPResponse(NamedTuple):
    """A complete response."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; repeated ones joined with commas."""
    content: bytes

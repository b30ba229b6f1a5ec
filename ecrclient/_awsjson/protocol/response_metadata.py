"""The metadata of a response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ResponseMetadata"]


@dataclass(frozen=True, slots=True)
class ResponseMetadata:
    """Metadata of the HTTP response and of the call."""

    request_id: str | None = None
    """The service's id for the request (``x-amzn-RequestId``); quote it to AWS support."""
    status: int = 200
    """The HTTP status."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """The HTTP headers of the response, names in lower case."""
    attempts: int = 1
    """The number of times that the request was sent, including the last."""
    elapsed: float = 0.0
    """Seconds from the call to the decoded response, including retries and their sleeps."""

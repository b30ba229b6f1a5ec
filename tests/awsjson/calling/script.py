"""Scripts of a service's responses, and records of what a client did.

A script is played to botocore and to ecrclient, and the records of both have the same format.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
"""The time of the virtual wall clock at virtual second 0."""


@dataclass(frozen=True)
class Response:
    """A response of the service."""

    status: int = 200
    content: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    ahead: float | None = 0.0
    """Seconds that the service's Date is ahead of the client's clock; None: no Date."""
    takes: float = 0.0
    """Seconds until the response arrives."""

    def headers_at(self, now: float) -> dict[str, str]:
        """The headers of a response that is sent at virtual second *now*."""
        dated = {}
        if self.ahead is not None:
            date = START + timedelta(seconds=now + self.ahead)
            dated["Date"] = format_datetime(date, usegmt=True)
        return {"Content-Type": "application/x-amz-json-1.1", **dated, **self.headers}


FailureKind = Literal[
    "refused", "connect timeout", "read timeout", "closed", "tls", "proxy", "other", "pool timeout"
]


@dataclass(frozen=True)
class Failure:
    """A failure of the transport, without a response."""

    kind: FailureKind
    takes: float = 0.0


Step = Response | Failure


@dataclass(frozen=True)
class Call:
    """One call: a step for each attempt; the last step is repeated."""

    steps: Sequence[Step]
    operation: str = "list_images"
    after: float = 0.0
    """Seconds without a call before this one."""

    def play(self) -> Iterator[Step]:
        return itertools.chain(self.steps, itertools.repeat(self.steps[-1]))


@dataclass(frozen=True)
class Script:
    """Consecutive calls of one client."""

    name: str
    calls: Sequence[Call]
    max_attempts: int = 3
    mode: Literal["standard", "adaptive"] = "standard"


@dataclass
class CallRecord:
    """The attempts and the outcome of one call."""

    sent: list[float] = field(default_factory=list[float])
    """The time of each attempt, in virtual seconds."""
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """The headers of each attempt, names in lower case."""
    outcome: str = ""
    """``ok``, the error's code, or ``no response``."""

    def sdk_requests(self) -> list[dict[str, str]]:
        return [
            dict(part.split("=") for part in sent["amz-sdk-request"].split("; "))
            for sent in self.headers
        ]


ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "list_images": {"repositoryName": "team/app"},
    "describe_images": {"repositoryName": "team/app"},
    "create_repository": {"repositoryName": "team/app"},
    "get_authorization_token": {},
}


def error(code: str, status: int = 400, message: str = "no", **more: Any) -> Response:
    """An error in the format of AWS's JSON protocol."""
    content = json.dumps({"__type": code, "message": message}).encode()
    return Response(status, content, **more)


OK = Response()


class Randoms:
    """A fixed sequence of "random" numbers between 0 and 1."""

    def __init__(self) -> None:
        self._drawn = 0

    def __call__(self) -> float:
        self._drawn += 1
        return (0.37 + 0.618033988749895 * self._drawn) % 1.0

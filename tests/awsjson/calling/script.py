"""What a service does, attempt by attempt, and what a client makes of it.

One script is played to botocore and to ecrclient; what each did is told in the same words.
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
"""What the virtual wall clock shows at virtual second 0."""


@dataclass(frozen=True)
class Answer:
    """The service answers."""

    status: int = 200
    content: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    ahead: float | None = 0.0
    """Seconds that the service's Date is ahead of the client's clock; None: no Date."""
    takes: float = 0.0
    """Seconds until the answer is there."""

    def headers_at(self, now: float) -> dict[str, str]:
        """The headers of an answer that is sent at virtual second *now*."""
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
    """No answer comes."""

    kind: FailureKind
    takes: float = 0.0


Step = Answer | Failure


@dataclass(frozen=True)
class Call:
    """One call: a step for each attempt, the last one for all that follow."""

    steps: Sequence[Step]
    operation: str = "list_images"
    after: float = 0.0
    """Seconds of idleness before it."""

    def play(self) -> Iterator[Step]:
        return itertools.chain(self.steps, itertools.repeat(self.steps[-1]))


@dataclass(frozen=True)
class Script:
    """Calls, one after the other, of one client."""

    name: str
    calls: Sequence[Call]
    max_attempts: int = 3
    mode: Literal["standard", "adaptive"] = "standard"


@dataclass
class Deed:
    """What a client did about one call."""

    sent: list[float] = field(default_factory=list[float])
    """When each attempt was sent."""
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """The headers of each attempt, names in lower case."""
    outcome: str = ""
    """``ok``, the error's code, or ``no answer``."""

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


def error(code: str, status: int = 400, message: str = "no", **more: Any) -> Answer:
    """An error as AWS's JSON protocol has it."""
    content = json.dumps({"__type": code, "message": message}).encode()
    return Answer(status, content, **more)


OK = Answer()


class Randoms:
    """The same "random" numbers each time, none of them special."""

    def __init__(self) -> None:
        self._drawn = 0

    def __call__(self) -> float:
        self._drawn += 1
        return (0.37 + 0.618033988749895 * self._drawn) % 1.0

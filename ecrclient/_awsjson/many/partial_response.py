"""Answers that succeed in part: HTTP says 200, and some of what was asked for has failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from ecrclient._awsjson.many.errors import BatchError, BatchFailure
from ecrclient._awsjson.protocol.shapes import Response

__all__ = ["PartialMembers", "PartialResponse"]


@dataclass(frozen=True, slots=True)
class PartialMembers:
    """Which attributes of an answer, and of each failure in it, say what."""

    items: str
    failures: str
    id: str
    code: str
    reason: str


class PartialResponse(Response, frozen=True):
    """The output of an operation on several things, each of which succeeds or fails."""

    partial: ClassVar[PartialMembers]

    def raise_for_failures(self) -> Self:
        """The answer itself, if nothing in it has failed.

        Raises:
            BatchError: a group with a :class:`BatchFailure` for each thing that has; what has
                succeeded is its ``succeeded``.
        """
        failures = list(failures_in(self))
        if failures:
            raise BatchError.of(failures, items_in(self))
        return self


def items_in(answer: PartialResponse) -> list[Any]:
    """What has succeeded."""
    items: list[Any] = getattr(answer, answer.partial.items)
    return items


def failures_in(answer: PartialResponse) -> Iterator[BatchFailure[Any]]:
    """What has failed, as errors."""
    names = answer.partial
    for failure in getattr(answer, names.failures):
        # With defaults: a failure counts even if the service did not send all of its members.
        yield BatchFailure(
            getattr(failure, names.code, None) or "",
            getattr(failure, names.reason, None) or "",
            getattr(failure, names.id, None),
            failure,
        )

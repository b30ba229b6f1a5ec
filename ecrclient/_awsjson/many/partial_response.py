"""Responses with partial success: the HTTP status is 200, but some items failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from ecrclient._awsjson.many.errors import BatchError, BatchFailure
from ecrclient._awsjson.protocol.shapes import Response

__all__ = ["PartialMembers", "PartialResponse"]


@dataclass(frozen=True, slots=True)
class PartialMembers:
    """The names of the attributes of a response, and of each failure in it."""

    items: str
    failures: str
    id: str
    code: str
    reason: str


class PartialResponse(Response, frozen=True):
    """The response of an operation on several items, each of which succeeds or fails."""

    partial: ClassVar[PartialMembers]

    def raise_for_failures(self) -> Self:
        """Return the response itself if no item failed.

        Raises:
            BatchError: a group with a `BatchFailure` for each item that failed; its
                ``succeeded`` contains the items that succeeded.
        """
        failures = list(failures_in(self))
        if failures:
            raise BatchError.of(failures, items_in(self))
        return self


def items_in(response: PartialResponse) -> list[Any]:
    """The items that succeeded."""
    items: list[Any] = getattr(response, response.partial.items)
    return items


def failures_in(response: PartialResponse) -> Iterator[BatchFailure[Any]]:
    """The failures, as errors."""
    names = response.partial
    for failure in getattr(response, names.failures):
        # With defaults, since the service may not have sent all members of a failure.
        yield BatchFailure(
            getattr(failure, names.code, None) or "",
            getattr(failure, names.reason, None) or "",
            getattr(failure, names.id, None),
            failure,
        )

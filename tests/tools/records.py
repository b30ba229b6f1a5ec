"""Changed copies of records, whose class has no method for it."""

from __future__ import annotations

from typing import Any, TypeVar

from ecrclient._awsjson.support.record import Record

__all__ = ["changed"]

RecordT = TypeVar("RecordT", bound=Record)


def changed(record: RecordT, **changes: Any) -> RecordT:
    """A copy of a record with other values of some fields."""
    return type(record)(**{**vars(record), **changes})

"""Lets the items of a page share their sets of field names.

pydantic gives each model a set of the fields that were set: for an item with ten members it takes
728 of some 1,700 bytes, and nearly all items of a page have an equal one. Structures are frozen,
and neither pydantic nor this package changes the set of an existing one: copies get their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from ecrclient._awsjson.protocol.shapes import Structure

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.operation import Pagination

__all__ = ["share_field_sets"]

_FIELD_SET: Any = BaseModel.__dict__["__pydantic_fields_set__"]
_get, _set = _FIELD_SET.__get__, _FIELD_SET.__set__
_MOST_SETS = 4
"""Different sets that are looked for. Structures with others keep their own."""
_FEWEST = 8
"""Items that are worth the effort."""


def share_field_sets(page: Structure, pagination: Pagination) -> None:
    """Let the items of a decoded page share equal sets; no other object may have the page yet.

    Structures within the items keep theirs: these sets are small, and comparing them takes almost
    a third as long as decoding the page.
    """
    for path in pagination.items:
        value: object = page
        for step in path:
            value = value.__dict__.get(step) if isinstance(value, Structure) else None
        if isinstance(value, list):
            _share(cast("list[object]", value))


def _share(items: list[object]) -> None:
    """Let items of one class share equal sets."""
    if len(items) < _FEWEST or not isinstance(items[0], Structure):
        return
    # Comparing classes is much faster than isinstance, which is a Python function for models.
    kind = type(items[0])
    known: list[set[str]] = []
    for item in items:
        if type(item) is not kind:
            continue
        found = _get(item)
        for fields in known:
            if fields == found:
                _set(item, fields)
                break
        else:
            if len(known) < _MOST_SETS:
                known.append(found)

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
"""Structures that are worth the effort."""
_DEPTH = 2
"""Levels of structures within an item."""


def share_field_sets(page: Structure, pagination: Pagination) -> None:
    """Let the items of a decoded page share equal sets; no other object may have the page yet."""
    for path in pagination.items:
        value: object = page
        for step in path:
            value = value.__dict__.get(step) if isinstance(value, Structure) else None
        if isinstance(value, list):
            _share(cast("list[object]", value), _DEPTH)


def _share(structures: list[object], depth: int) -> None:
    """Let structures of one class, and those in the same members of them, share equal sets."""
    if len(structures) < _FEWEST or not isinstance(structures[0], Structure):
        return
    # Comparing classes is much faster than isinstance, which is a Python function for models.
    kind = type(structures[0])
    known: list[set[str]] = []
    for structure in structures:
        if type(structure) is not kind:
            continue
        found = _get(structure)
        for fields in known:
            if fields == found:
                _set(structure, fields)
                break
        else:
            if len(known) < _MOST_SETS:
                known.append(found)
    if depth:
        # The first one has the members that nearly all have.
        first = structures[0].__dict__
        for name in [name for name, value in first.items() if isinstance(value, Structure)]:
            values: list[object] = [s.__dict__.get(name) for s in structures if type(s) is kind]
            _share(values, depth - 1)

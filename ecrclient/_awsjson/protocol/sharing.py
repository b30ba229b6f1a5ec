"""Lets the items of a page share what is equal, which saves memory and time.

- Their sets of field names. pydantic gives each model a set of the fields that were set: for an
  item with ten members it takes 728 of some 1,700 bytes, and nearly all items have an equal one.
- In a small page, structures of scalars within the items, such as settings that most items have in
  common. A structure is four objects that Python's collector of garbage counts, and with fewer than
  700 of them in a page, no collection follows it.

Structures are frozen, and neither pydantic nor this package changes the set of an existing one:
copies get their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from ecrclient._awsjson.protocol.shapes import Structure

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.operation import Pagination

__all__ = ["share_equal_parts"]

_FIELD_SET: Any = BaseModel.__dict__["__pydantic_fields_set__"]
_EXTRA: Any = BaseModel.__dict__["__pydantic_extra__"]
_get_fields, _set_fields, _get_extra = _FIELD_SET.__get__, _FIELD_SET.__set__, _EXTRA.__get__
# A list or a map could be changed by the owner of one item.
_UNCHANGEABLE = frozenset({str, int, float, bool, datetime, type(None)})
_MOST_KNOWN = 4
"""Different sets, or structures, that are looked for. Items with others keep their own."""
_FEWEST = 8
"""Items that are worth the effort."""
_SMALL = 128
"""Items of a page that shares structures. A larger one is collected anyway, and then comparing
structures takes more time than it saves."""


def share_equal_parts(page: Structure, pagination: Pagination) -> None:
    """Let the items of a decoded page share equal parts; no other object may have the page yet."""
    for path in pagination.items:
        value: object = page
        for step in path:
            value = value.__dict__.get(step) if isinstance(value, Structure) else None
        if isinstance(value, list):
            _share(cast("list[object]", value))


def _share(items: list[object]) -> None:
    if len(items) < _FEWEST or not isinstance(items[0], Structure):
        return
    # Comparing classes is much faster than isinstance, which is a Python function for models.
    kind = type(items[0])
    alike = [item for item in items if type(item) is kind]
    _share_field_sets(alike)
    if len(items) > _SMALL:
        return
    # The first item has the members that nearly all have.
    for name, value in items[0].__dict__.items():
        if isinstance(value, Structure):
            _share_structures([item.__dict__ for item in alike], name, type(value))


def _share_field_sets(items: Iterable[object]) -> None:
    known: list[set[str]] = []
    for item in items:
        found = _get_fields(item)
        for fields in known:
            if fields == found:
                _set_fields(item, fields)
                break
        else:
            if len(known) < _MOST_KNOWN:
                known.append(found)


def _share_structures(items: Iterable[dict[str, Any]], name: str, kind: type[Structure]) -> None:
    """Let items, of which *items* are the members, share equal structures in the member *name*."""
    known: list[tuple[dict[str, Any], set[str], Structure]] = []
    for members in items:
        found = members.get(name)
        if type(found) is not kind or _get_extra(found):
            continue
        values, fields = found.__dict__, _get_fields(found)
        for known_values, known_fields, structure in known:
            if known_values == values and known_fields == fields:
                members[name] = structure
                break
        else:
            if len(known) < _MOST_KNOWN and _UNCHANGEABLE.issuperset(map(type, values.values())):
                known.append((values, fields, found))

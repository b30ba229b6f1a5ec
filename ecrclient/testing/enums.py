"""Validation of enum values on the service side.

The client accepts unknown values, because the service may have added them since. The service itself
refuses values that are not in its model.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Literal, Union, cast, get_args, get_origin

from ecrclient._awsjson.protocol.scalars import OpenEnum
from ecrclient._awsjson.protocol.shapes import Structure, wire_name

__all__ = ["first_unknown_value"]


def first_unknown_value(model: Structure) -> tuple[str, tuple[str, ...]] | None:
    """Return the first member with an unknown enum value, by wire name, and the known values."""
    return next(_unknown_values(model), None)


def _unknown_values(model: Structure) -> Iterator[tuple[str, tuple[str, ...]]]:
    for attribute, field in type(model).model_fields.items():
        if attribute in model.model_fields_set:
            name = wire_name(attribute, field)
            yield from _descend(name, getattr(model, attribute), field.rebuild_annotation())


def _descend(name: str, value: object, annotation: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Traverse value and annotation together; the value is known to be of the annotated type."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(value, Structure):
        yield from _unknown_values(value)
    elif origin is Annotated:
        inner, *marks = arguments
        if any(isinstance(mark, OpenEnum) for mark in marks):
            known = _enum_values(inner)
            if value not in known:
                yield name, known
        else:
            yield from _descend(name, value, inner)
    elif origin in (Union, types.UnionType) and value is not None:
        for arm in arguments:
            yield from _descend(name, value, arm)
    elif origin is list and isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _descend(name, item, arguments[0])
    elif origin is dict and isinstance(value, dict):
        for key, item in cast("dict[object, object]", value).items():
            yield from _descend(name, key, arguments[0])
            yield from _descend(name, item, arguments[1])


def _enum_values(annotation: object) -> tuple[str, ...]:
    """Return the values of the literal in ``Literal[...] | str``."""
    return next(get_args(arm) for arm in get_args(annotation) if get_origin(arm) is Literal)

"""Enums, as the service has them.

The client accepts values that it does not know, since the service may have learnt new ones. The
service knows its own, and refuses others.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Literal, Union, cast, get_args, get_origin

from ecrclient._awsjson.protocol.shapes import OpenEnum, Structure

__all__ = ["first_unknown_value"]


def first_unknown_value(model: Structure) -> tuple[str, tuple[str, ...]] | None:
    """The wire name of a member with a value that its enum lacks, and the values; None if none."""
    return next(_unknown_values(model), None)


def _unknown_values(model: Structure) -> Iterator[tuple[str, tuple[str, ...]]]:
    for attribute, field in type(model).model_fields.items():
        if attribute in model.model_fields_set:
            name = field.alias or attribute
            yield from _walk(name, getattr(model, attribute), field.rebuild_annotation())


def _walk(name: str, value: object, annotation: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Go down value and annotation together; the value is known to be of the type."""
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
            yield from _walk(name, value, inner)
    elif origin in (Union, types.UnionType) and value is not None:
        for arm in arguments:
            yield from _walk(name, value, arm)
    elif origin is list and isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _walk(name, item, arguments[0])
    elif origin is dict and isinstance(value, dict):
        for key, item in cast("dict[object, object]", value).items():
            yield from _walk(name, key, arguments[0])
            yield from _walk(name, item, arguments[1])


def _enum_values(annotation: object) -> tuple[str, ...]:
    """The values of the literal in ``Literal[...] | str``."""
    return next(get_args(arm) for arm in get_args(annotation) if get_origin(arm) is Literal)

"""The types of members in the intermediate representation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Blob",
    "Boolean",
    "Document",
    "ListOf",
    "MapOf",
    "Number",
    "String",
    "StructureRef",
    "Timestamp",
    "TypeRef",
    "walk_type",
]


@dataclass(frozen=True, slots=True)
class String:
    """Text: plain, constrained, or an open enum."""

    shape: str
    min: int | None = None
    max: int | None = None
    pattern: str | None = None
    enum: str | None = None
    json: bool = False
    """The string contains a JSON document, which a caller may pass instead."""


@dataclass(frozen=True, slots=True)
class Number:
    """An integer or a floating-point number."""

    shape: str
    kind: Literal["int", "float"]
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A point in time; by default, seconds since the epoch on the wire."""

    format: Literal["epoch", "iso8601", "httpdate"] = "epoch"


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes; standard base64 on the wire."""

    min: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """Any JSON value."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list; the limits count its items."""

    item: TypeRef
    min: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map with string keys."""

    key: TypeRef
    value: TypeRef


@dataclass(frozen=True, slots=True)
class StructureRef:
    """A nested structure, by name."""

    name: str
    is_convertible: bool = False
    """Whether a caller may pass other structures in its place."""


TypeRef = String | Number | Boolean | Timestamp | Blob | Document | ListOf | MapOf | StructureRef


def walk_type(ref: TypeRef) -> Iterator[TypeRef]:
    """*ref* and the types inside it, outermost first; structures are not entered."""
    yield ref
    match ref:
        case ListOf(item=item):
            yield from walk_type(item)
        case MapOf(key=key, value=value):
            yield from walk_type(key)
            yield from walk_type(value)
        case _:
            return

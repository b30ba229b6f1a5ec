"""The service as the client shows it: frozen data, without a word of how it is rendered.

The reconciler makes it from the @lap spec, botocore's model and the overlay; the renderers turn it
into modules. Names here are final: nothing after this stage invents or looks up a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "Batch",
    "Blob",
    "Boolean",
    "Document",
    "Enum",
    "ErrorShape",
    "Handle",
    "ListOf",
    "MapOf",
    "Member",
    "Number",
    "Operation",
    "Pagination",
    "Service",
    "String",
    "Structure",
    "StructureRef",
    "Timestamp",
    "TypeRef",
    "Waiter",
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
    """The text of a JSON document, which a caller may pass in its place."""


@dataclass(frozen=True, slots=True)
class Number:
    """An integer or a floating-point number."""

    shape: str
    kind: Literal["int", "float"]
    min: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A point in time; unless said otherwise, seconds since the epoch on the wire."""

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


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a structure."""

    name: str
    """The Python name."""
    wire_name: str
    type: TypeRef
    required: bool
    """A request must carry it; an answer always does."""
    sensitive: bool
    deprecated: bool
    doc: str


@dataclass(frozen=True, slots=True)
class Structure:
    """A request, a response, or a shape nested in them."""

    name: str
    role: Literal["request", "response", "nested"]
    members: tuple[Member, ...]
    in_input: bool
    """Reached from an operation's input: limits apply, and a TypedDict twin exists."""
    doc: str

    def member(self, wire_name: str) -> Member | None:
        """The member with that name on the wire, if there is one."""
        return next((m for m in self.members if m.wire_name == wire_name), None)


@dataclass(frozen=True, slots=True)
class Enum:
    """The values that the service is known to use; others pass."""

    name: str
    values: tuple[str, ...]
    doc: str


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """A modelled error; *members* are those beside its message."""

    name: str
    code: str
    """The code that stands on the wire."""
    is_fault: bool
    """The service's own fault (HTTP 5xx), not the caller's."""
    members: tuple[Member, ...]
    doc: str


@dataclass(frozen=True, slots=True)
class Pagination:
    """How an operation pages. Paths are Python attribute names."""

    input_token: str
    output_token: str
    limit: str | None
    items: tuple[tuple[str, ...], ...]
    item_types: tuple[TypeRef, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """An id list with the service's limit for one call, and what answers it."""

    method: str
    """The client's method that takes any number of ids."""
    member: Member
    limit: int
    concurrency: int
    """Calls at once, unless the caller says otherwise."""
    result: Member
    failures: Member
    failure_id: str
    """The Python names of a failure's members."""
    failure_code: str
    failure_reason: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the service."""

    name: str
    method: str
    doc: str
    input: Structure
    output: Structure
    errors: tuple[str, ...]
    pagination: Pagination | None
    batch: Batch | None
    retry_safe: bool
    """Sending it again after an ambiguous failure does no harm."""
    in_spec: bool
    """Promised by the @lap spec; otherwise only botocore's newer model has it."""
    deprecated: bool
    retry_hazard: str = ""
    """What sending it again may do, when it is not safe: a sentence."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """What a waiter polls and which statuses end it."""

    name: str
    method: str
    operation: str
    path: tuple[str, ...]
    success: tuple[str, ...]
    failure: tuple[str, ...]
    retry_errors: tuple[str, ...]
    delay: int
    """Seconds between polls, as botocore has it."""


@dataclass(frozen=True, slots=True)
class Handle:
    """A part of the client that fills in the members which name one resource."""

    name: str
    """The class."""
    method: str
    """The client's method that gives one."""
    members: tuple[Member, ...]
    """What it fills in; an operation has a place in it if it has the required ones."""
    doc: str

    def fills(self, operation: Operation) -> bool:
        """Whether the operation is about such a resource."""
        return all(
            operation.input.member(member.wire_name) for member in self.members if member.required
        )


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that the renderers need."""

    package: str
    client: str
    service_id: str
    title: str
    api_version: str
    endpoint_prefix: str
    signing_name: str
    target_prefix: str
    json_version: str
    operations: tuple[Operation, ...]
    structures: tuple[Structure, ...]
    """Nested structures, each after those it holds, as far as cycles allow."""
    enums: tuple[Enum, ...]
    errors: tuple[ErrorShape, ...]
    waiters: tuple[Waiter, ...]
    handles: tuple[Handle, ...]
    bases: Mapping[str, tuple[str, str]]
    """Generated classes that inherit from hand-written ones: module and name of these."""
    endpoint_rules: Mapping[str, Any]
    partitions: tuple[Mapping[str, Any], ...]
    omissions: tuple[str, ...]
    """What the model has and the generator leaves out, in words."""

    def structure(self, name: str) -> Structure:
        """The nested structure of that name."""
        return next(s for s in self.structures if s.name == name)

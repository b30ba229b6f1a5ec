"""The intermediate representation: the service as the client presents it, as frozen data.

The reconciler builds it from the @lap spec, botocore's model and the overlay; the renderers turn it
into modules. Names are final: later stages neither derive nor look up a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "Batch",
    "Blob",
    "Boolean",
    "Conversion",
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
    """The string contains a JSON document, which a caller may pass instead."""


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


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a structure."""

    name: str
    """The Python name."""
    wire_name: str
    type: TypeRef
    required: bool
    """A request must contain it; a response always does."""
    sensitive: bool
    deprecated: bool
    doc: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """An attribute that makes another structure, in whose place a caller may pass the owner."""

    attribute: str
    target: str
    """The other structure."""
    member: str
    """The Python name of the target's member that is set."""
    value: str
    """The Python name of the owner's member that it is set to."""
    doc: str


@dataclass(frozen=True, slots=True)
class Structure:
    """A request, a response, or a structure nested in them."""

    name: str
    role: Literal["request", "response", "nested"]
    members: tuple[Member, ...]
    in_input: bool
    """Reachable from an operation's input: limits apply, and it has a TypedDict."""
    doc: str
    conversions: tuple[Conversion, ...] = ()
    """What it can be converted to."""
    sources: tuple[tuple[str, str], ...] = ()
    """The structures that can be converted to this one, and their attributes."""

    def parts(self) -> Iterator[str]:
        """The names of the structures in its definition."""
        for member in self.members:
            for ref in walk_type(member.type):
                if isinstance(ref, StructureRef):
                    yield ref.name
        for conversion in self.conversions:
            yield conversion.target

    def member(self, wire_name: str) -> Member | None:
        """The member with that name on the wire, if there is one."""
        return next((m for m in self.members if m.wire_name == wire_name), None)


@dataclass(frozen=True, slots=True)
class Enum:
    """The values that the service is known to use; others are accepted."""

    name: str
    values: tuple[str, ...]
    doc: str


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """A modelled error; *members* are all except its message."""

    name: str
    code: str
    """The code on the wire."""
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
    """A list of ids with the service's limit per call, and where the response reports on them."""

    method: str
    """The client's method that takes any number of ids."""
    member: Member
    limit: int
    concurrency: int
    """The default number of concurrent calls."""
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
    """Idempotent: a retry after an ambiguous failure does no harm."""
    in_spec: bool
    """In the @lap spec; otherwise only botocore's newer model has it."""
    deprecated: bool
    retry_hazard: str = ""
    """What a retry may do if the operation is not idempotent, as a sentence."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """What a waiter polls, and which statuses end it."""

    name: str
    method: str
    operation: str
    path: tuple[str, ...]
    success: tuple[str, ...]
    failure: tuple[str, ...]
    retry_errors: tuple[str, ...]
    delay: int
    """Seconds between polls, from botocore."""


@dataclass(frozen=True, slots=True)
class Handle:
    """A class that fills in the members that identify one resource."""

    name: str
    """The name of the class."""
    method: str
    """The client's method that returns one."""
    members: tuple[Member, ...]
    """What it fills in; it has the operations with all required ones among their members."""
    doc: str

    def fills(self, operation: Operation) -> bool:
        """Whether the operation acts on such a resource."""
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
    """Nested structures, each after those it contains, as far as cycles allow."""
    enums: tuple[Enum, ...]
    errors: tuple[ErrorShape, ...]
    waiters: tuple[Waiter, ...]
    handles: tuple[Handle, ...]
    bases: Mapping[str, tuple[str, str]]
    """Generated classes with a hand-written base class: its module and name."""
    endpoint_rules: Mapping[str, Any]
    partitions: tuple[Mapping[str, Any], ...]
    omissions: tuple[str, ...]
    """What the model has and the generator omits, as text."""
    model_version: str = ""
    """The botocore version of the model, which does not change with the installed one alone."""

    def structure(self, name: str) -> Structure:
        """The nested structure of that name."""
        return next(s for s in self.structures if s.name == name)

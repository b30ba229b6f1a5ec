"""The intermediate representation: the service as the client presents it, as frozen data.

The reconciler builds it from the @lap spec, botocore's model and the overlay; the renderers turn it
into modules. Names are final: later stages neither derive nor look up a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from codegen.ir_types import StructureRef, TypeRef, walk_type

__all__ = [
    "ACCOUNT_ID",
    "LONGEST_PAUSE",
    "Acceptor",
    "Batch",
    "Conversion",
    "EndpointInputs",
    "Entry",
    "Enum",
    "ErrorShape",
    "Handle",
    "Member",
    "Operation",
    "Pagination",
    "Path",
    "Service",
    "Structure",
    "Waiter",
]


ACCOUNT_ID = "AWS::Auth::AccountId"
"""The endpoint rules' name for the account of the credentials."""


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
    is_token: bool = False
    """An idempotency token: the client fills it in if the caller omits it."""


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
    is_union: bool = False
    """Exactly one of the members is set."""

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
class Entry:
    """An entry of a map, as a key and a value."""

    key: TypeRef
    value: TypeRef


@dataclass(frozen=True, slots=True)
class Pagination:
    """How an operation pages. Paths are Python attribute names."""

    input_token: str
    output_token: str
    limit: str | None
    more: str | None
    """Where the response states whether there are more pages; None: only the token does."""
    largest: int | None
    """The largest page, in items; None if neither the model nor the overlay states it."""
    resizable: bool
    """Whether the pages of one iteration may have different sizes."""
    lists: tuple[str, ...]
    """The request's lists. Services refuse a page size beside a list of the wanted items."""
    items: tuple[tuple[str, ...], ...]
    item_types: tuple[TypeRef | Entry, ...]


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


Path = tuple["str | tuple[Path, ...]", ...]
"""Steps from a request to a value, as the runtime follows them."""


@dataclass(frozen=True, slots=True)
class EndpointInputs:
    """What the endpoint of an operation depends on; parameters by their Python names."""

    static: Mapping[str, str | bool]
    members: Mapping[str, Path]
    host_prefix: str


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
    is_signed: bool = True
    """False: the service expects the request without authentication."""
    endpoint: EndpointInputs | None = None
    """None: the endpoint depends on the settings of the client only."""
    retry_hazard: str = ""
    """What a retry may do if the operation is not idempotent, as a sentence."""


@dataclass(frozen=True, slots=True)
class Acceptor:
    """A condition of a waiter, and the state that it leads to."""

    state: Literal["success", "failure", "retry"]
    matcher: Literal["path", "pathAll", "pathAny", "status", "error"]
    expected: tuple[str | int, ...]
    path: str = ""
    """Python names, with ``[]`` after a list of which each item is meant."""
    expression: str = ""
    """A JMESPath expression, if a path is not enough."""

    @property
    def is_about_errors(self) -> bool:
        """Whether a poll that failed may meet the condition."""
        if self.matcher == "status":
            return any(int(status) >= _FIRST_ERROR for status in self.expected)
        return self.matcher == "error" and self.expected != (False,)


_FIRST_ERROR = 300
LONGEST_PAUSE = 30
"""The runtime's default for the longest pause between two polls, in seconds."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """What a waiter polls, and the conditions that end it."""

    name: str
    method: str
    operation: str
    acceptors: tuple[Acceptor, ...]
    delay: int
    """Seconds between polls, from botocore."""
    attempts: int
    """botocore's default of the number of polls."""

    @property
    def max_delay(self) -> int:
        """Seconds of the longest pause: longer than the shortest, so that pauses are random."""
        return max(LONGEST_PAUSE, 2 * self.delay)

    def those(self, state: str) -> tuple[Acceptor, ...]:
        """The conditions that lead to a state."""
        return tuple(acceptor for acceptor in self.acceptors if acceptor.state == state)

    @property
    def result(self) -> Literal["response", "none", "either"]:
        """What a wait returns: the response that ended it, or None because an error did."""
        errors = [acceptor.is_about_errors for acceptor in self.those("success")]
        if not any(errors):
            return "response"
        return "none" if all(errors) else "either"


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
    """What the model has and the generator leaves out: ``subject: reason``."""
    is_query_compatible: bool = False
    """Whether the service keeps the error codes of its older query protocol on demand."""
    model_version: str = ""
    """The botocore version of the model, which does not change with the installed one alone."""

    @property
    def uses_account_id(self) -> bool:
        """Whether the endpoint rules have the account of the credentials as a parameter."""
        parameters = self.endpoint_rules["parameters"].values()
        return any(each.get("builtIn") == ACCOUNT_ID for each in parameters)

    @property
    def endpoint_varies(self) -> bool:
        """Whether the endpoint depends on the operation, its request, or the account."""
        return self.uses_account_id or any(operation.endpoint for operation in self.operations)

    def structure(self, name: str) -> Structure:
        """The nested structure of that name."""
        return next(s for s in self.structures if s.name == name)

"""The methods of the client that call an operation: names, parameters and results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codegen import runtime
from codegen.ir import Batch, ListOf, Member, Operation, Service, TypeRef, Waiter
from codegen.render.types import argument_type, value_type
from codegen.writer import ModuleWriter

__all__ = [
    "FOR_TYPES",
    "Method",
    "argument",
    "either",
    "mark",
    "methods",
    "of_batch",
    "of_operation",
    "of_waiter",
    "parameters",
]

FOR_TYPES = (
    ".enums",
    ".models",
    ".params",
    "collections.abc",
    runtime.BATCHING,
    runtime.PAGINATION,
    runtime.SHAPES,
    runtime.WAITING,
)
"""The modules that signatures need and calls do not."""

_INDENT = " " * 4
_BODY = " " * 8


@dataclass(frozen=True, slots=True)
class Method:
    """The interface of a method: its parameters, and the type of its result."""

    name: str
    operation: Operation
    """The operation that it calls."""
    head: str
    """``def`` or ``async def``."""
    members: Sequence[Member]
    waiter: Waiter | None = None
    batch: Batch | None = None
    summary: str = ""

    @property
    def extra(self) -> Sequence[str]:
        """The names of its parameters that are not members of the request."""
        return ("max_wait", "on_poll") if self.waiter else ()

    def returned(self, writer: ModuleWriter) -> str:
        """The type of its result."""
        if self.batch:
            batches = writer.use(runtime.BATCHING, "Batches")
            types = (self.batch.result.type, self.batch.failures.type)
            items = [ref.item if isinstance(ref, ListOf) else ref for ref in types]
            return f"{batches}[{', '.join(_items([item], writer) for item in items)}]"
        page = writer.use(".models", self.operation.output.name)
        if self.head.startswith("async") or self.operation.pagination is None:
            return page
        paginator = writer.use(runtime.PAGINATION, "Paginator")
        return f"{paginator}[{page}, {_items(self.operation.pagination.item_types, writer)}]"

    def signature(self, writer: ModuleWriter) -> Iterator[str]:
        """Its first lines."""
        yield from self.signature_with(self.members, writer)

    def signature_with(self, members: Sequence[Member], writer: ModuleWriter) -> Iterator[str]:
        """Its first lines when its parameters are *members* only."""
        returned = self.returned(writer)
        yield f"{_INDENT}{self.head} {self.name}("
        yield f"{_BODY}self,"
        if members or self.waiter:
            yield f"{_BODY}*,"
        for member in members:
            if member.required:
                yield f"{_BODY}{member.name}: {self._parameter(member, writer)},"
        if self.waiter:
            yield f"{_BODY}max_wait: float,"
        for member in members:
            if not member.required:
                yield f"{_BODY}{member.name}: {argument(member, writer)} | None = None,"
        if self.waiter:
            on_poll = writer.use(runtime.WAITING, "OnPoll")
            yield f"{_BODY}on_poll: {on_poll}[{returned}] | None = None,"
        yield f"{_INDENT}) -> {returned}:"

    def _parameter(self, member: Member, writer: ModuleWriter) -> str:
        """The type of a required parameter; ids may come from any iterable."""
        if self.batch is None or member != self.batch.member:
            return argument(member, writer)
        assert isinstance(member.type, ListOf)
        item = argument_type(member.type.item, writer, models=".models", params=".params")
        kinds = [writer.use("collections.abc", kind) for kind in ("Iterable", "AsyncIterable")]
        return " | ".join(f"{kind}[{item}]" for kind in kinds)


def mark(method: Method, writer: ModuleWriter) -> Iterator[str]:
    """The decorator of a method that returns a coroutine without being ``async def``."""
    if not method.head.startswith("async"):
        yield f"{_INDENT}@{writer.use(runtime.COROUTINE_FUNCTION, 'coroutine_function')}"


def methods(service: Service) -> Iterator[Method]:
    """The methods that call an operation: one each, those for any number of ids, and waiters."""
    for operation in service.operations:
        yield of_operation(operation)
        if operation.batch:
            yield of_batch(operation, operation.batch)
    operations = {operation.name: operation for operation in service.operations}
    for waiter in service.waiters:
        yield of_waiter(waiter, operations[waiter.operation])


def of_operation(operation: Operation) -> Method:
    """The method that calls an operation."""
    return Method(
        name=operation.method,
        operation=operation,
        head="def" if operation.pagination else "async def",
        members=operation.input.members,
        summary=operation.doc or f"Call ``{operation.name}``.",
    )


def of_batch(operation: Operation, batch: Batch) -> Method:
    """The method that takes any number of ids."""
    return Method(
        name=batch.method,
        operation=operation,
        head="def",
        members=operation.input.members,
        batch=batch,
        summary=f":meth:`{operation.method}` for any number of ``{batch.member.name}``, "
        f"{batch.limit} per call.",
    )


def of_waiter(waiter: Waiter, operation: Operation) -> Method:
    """The method that waits."""
    page = operation.pagination
    paging = {page.input_token, page.limit} if page else set[str | None]()
    return Method(
        name=waiter.method,
        operation=operation,
        head="async def",
        members=[member for member in operation.input.members if member.name not in paging],
        waiter=waiter,
        summary=waiter_summary(waiter, operation),
    )


def parameters(members: Sequence[Member], writer: ModuleWriter) -> str:
    """The parameters that identify a resource; they may be passed by position."""
    return ", ".join(
        f"{member.name}: {argument(member, writer)}{'' if member.required else ' | None = None'}"
        for member in members
    )


def argument(member: Member, writer: ModuleWriter) -> str:
    """The type of a parameter."""
    return argument_type(member.type, writer, models=".models", params=".params")


def _items(types: Sequence[TypeRef], writer: ModuleWriter) -> str:
    return " | ".join(value_type(ref, writer, models=".models") for ref in types)


def waiter_summary(waiter: Waiter, operation: Operation) -> str:
    """What a waiter does, in one sentence."""
    path = ".".join(waiter.path)
    return f"Poll :meth:`{operation.method}` until ``{path}`` is {either(waiter.success)}."


def either(values: Sequence[str]) -> str:
    """The values as code, with "or" between them."""
    return " or ".join(f"``{value}``" for value in values)

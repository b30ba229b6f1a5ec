"""``client.py``: the client, one method an operation: a signature, a docstring and one call."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codegen.ir import (
    Batch,
    Boolean,
    Handle,
    ListOf,
    Member,
    Operation,
    Service,
    TypeRef,
    Waiter,
)
from codegen.render.operations import constant
from codegen.render.types import argument_type, limits_text, value_type
from codegen.render.waiters import waiter_constant
from codegen.writer import WIDTH, ModuleWriter, docstring, paragraphs

__all__ = ["FOR_TYPES", "Method", "methods", "parameters", "render"]

FOR_TYPES = (
    ".enums",
    ".models",
    ".params",
    "collections.abc",
    "ecrclient._runtime.batching",
    "ecrclient._runtime.pagination",
    "ecrclient._runtime.shapes",
    "ecrclient._runtime.waiting",
)
"""What signatures name and calls do not need."""

_INDENT = " " * 4
_BODY = " " * 8


def render(service: Service) -> str:
    """The module's text."""
    writer = ModuleWriter(
        f"The typed async client for {service.title}.",
        defines=[service.client],
        for_types=FOR_TYPES,
    )
    base = writer.use(*service.bases.get(service.client, (_CLIENT, "BaseClient")))
    writer.line(f"class {writer.define(service.client)}({base}):")
    writer.line(docstring(_class_doc(service), _INDENT))
    writer.line()
    writer.line(f"{_INDENT}_service = {writer.use('.operations', 'SERVICE')}")
    writer.line(f"{_INDENT}_operations = {writer.use('.operations', 'OPERATIONS')}")
    resolve = writer.use(".endpoints", "resolve_endpoint")
    writer.line(f"{_INDENT}_resolve_endpoint = staticmethod({resolve})")
    for operation in service.operations:
        writer.line()
        writer.lines(_method(operation, service, writer))
        if operation.batch:
            writer.line()
            writer.lines(_batch_method(operation, operation.batch, service, writer))
    operations = {operation.name: operation for operation in service.operations}
    for waiter in service.waiters:
        writer.line()
        writer.lines(_waiter_method(waiter, operations[waiter.operation], writer))
    for handle in service.handles:
        writer.line()
        writer.lines(_handle_method(handle, writer))
    return writer.to_text()


_CLIENT = "ecrclient._runtime.client"


def _class_doc(service: Service) -> str:
    return (
        f"A client for {service.title}.\n\n"
        "Building one does no I/O and may be done outside a running event loop; what is left None\n"
        "is resolved at the first call. Use it with ``async with``, or call :meth:`aclose`. One\n"
        "client may be shared by any number of tasks."
    )


@dataclass(frozen=True, slots=True)
class Method:
    """The outside of a method: what a caller writes, and what comes back."""

    name: str
    operation: Operation
    """What it calls."""
    head: str
    """``def`` or ``async def``."""
    members: Sequence[Member]
    waiter: Waiter | None = None
    batch: Batch | None = None
    summary: str = ""

    @property
    def extra(self) -> Sequence[str]:
        """The names of its parameters that are no members."""
        return ("max_wait", "on_poll") if self.waiter else ()

    def returned(self, writer: ModuleWriter) -> str:
        """The type of what it returns."""
        if self.batch:
            batches = writer.use("ecrclient._runtime.batching", "Batches")
            types = (self.batch.result.type, self.batch.failures.type)
            items = [ref.item if isinstance(ref, ListOf) else ref for ref in types]
            return f"{batches}[{', '.join(_items([item], writer) for item in items)}]"
        page = writer.use(".models", self.operation.output.name)
        if self.head.startswith("async") or self.operation.pagination is None:
            return page
        paginator = writer.use("ecrclient._runtime.pagination", "Paginator")
        return f"{paginator}[{page}, {_items(self.operation.pagination.item_types, writer)}]"

    def signature(self, writer: ModuleWriter) -> Iterator[str]:
        """Its first lines."""
        yield from self.signature_with(self.members, writer)

    def signature_with(self, members: Sequence[Member], writer: ModuleWriter) -> Iterator[str]:
        """Its first lines when it asks for *members* only."""
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
                yield f"{_BODY}{member.name}: {_argument(member, writer)} | None = None,"
        if self.waiter:
            on_poll = writer.use("ecrclient._runtime.waiting", "OnPoll")
            yield f"{_BODY}on_poll: {on_poll}[{returned}] | None = None,"
        yield f"{_INDENT}) -> {returned}:"

    def _parameter(self, member: Member, writer: ModuleWriter) -> str:
        """The type of a required parameter; ids may come from anywhere."""
        if self.batch is None or member != self.batch.member:
            return _argument(member, writer)
        assert isinstance(member.type, ListOf)
        item = argument_type(member.type.item, writer, models=".models", params=".params")
        kinds = [writer.use("collections.abc", kind) for kind in ("Iterable", "AsyncIterable")]
        return " | ".join(f"{kind}[{item}]" for kind in kinds)


def methods(service: Service) -> Iterator[Method]:
    """The methods that call an operation: its own, that for any number of ids, and the waiters'."""
    for operation in service.operations:
        yield _of_operation(operation)
        if operation.batch:
            yield _of_batch(operation, operation.batch)
    operations = {operation.name: operation for operation in service.operations}
    for waiter in service.waiters:
        yield _of_waiter(waiter, operations[waiter.operation])


def _of_operation(operation: Operation) -> Method:
    return Method(
        name=operation.method,
        operation=operation,
        head="def" if operation.pagination else "async def",
        members=operation.input.members,
        summary=operation.doc or f"Call ``{operation.name}``.",
    )


def _of_batch(operation: Operation, batch: Batch) -> Method:
    return Method(
        name=batch.method,
        operation=operation,
        head="def",
        members=operation.input.members,
        batch=batch,
        summary=f":meth:`{operation.method}` for any number of ``{batch.member.name}``, "
        f"{batch.limit} to a call.",
    )


def _of_waiter(waiter: Waiter, operation: Operation) -> Method:
    page = operation.pagination
    paging = {page.input_token, page.limit} if page else set[str | None]()
    return Method(
        name=waiter.method,
        operation=operation,
        head="async def",
        members=[member for member in operation.input.members if member.name not in paging],
        waiter=waiter,
        summary=_waiter_summary(waiter, operation),
    )


def _method(operation: Operation, service: Service, writer: ModuleWriter) -> Iterator[str]:
    members = operation.input.members
    call = "return self._paginate" if operation.pagination else "return await self._call"
    yield from _of_operation(operation).signature(writer)
    yield docstring(_doc(operation, members, service), _BODY)
    yield f"{_BODY}{call}("
    yield f"{_BODY}    {writer.use('.operations', constant(operation))},"
    yield f"{_BODY}    {_arguments(members)},"
    yield f"{_BODY})"


def _batch_method(
    operation: Operation, batch: Batch, service: Service, writer: ModuleWriter
) -> Iterator[str]:
    method = _of_batch(operation, batch)
    yield from method.signature(writer)
    yield docstring(_batch_doc(method, batch, service), _BODY)
    yield f"{_BODY}return self._in_batches("
    yield f"{_BODY}    {writer.use('.operations', constant(operation))},"
    yield f"{_BODY}    {_arguments(method.members)},"
    yield f"{_BODY})"


def _batch_doc(method: Method, batch: Batch, service: Service) -> str:
    docs = {error.name: error.doc for error in service.errors}
    errors = ", ".join(name for name in method.operation.errors if name in docs)
    together = (
        "one call after the other"
        if batch.concurrency == 1
        else (f"up to {batch.concurrency} calls at once")
    )
    ids = dataclasses.replace(
        batch.member, doc="Any number of them, from an iterable or an async iterable.", type=_ANY
    )
    members = [ids if member == batch.member else member for member in method.members]
    return "\n\n".join(
        [
            textwrap.fill(method.summary, WIDTH - 12, break_on_hyphens=False),
            textwrap.fill(
                f"Await it for the list of ``{batch.result.name}`` ({together}), or see "
                ":class:`~ecrclient.Batches` for the failures beside it, and for a stream.",
                WIDTH - 12,
            ),
            *_arguments_doc(members),
            "Raises:\n"
            f"{_INDENT}RequestValidationError: an argument is wrong; nothing was sent.\n"
            + textwrap.fill(
                f"BatchError: a group of what has failed: BatchFailure, {errors} and others; what "
                "has succeeded is its ``succeeded``.",
                WIDTH - 12,
                initial_indent=_INDENT,
                subsequent_indent=_BODY,
            ),
        ]
    )


_ANY = Boolean()  # a type without limits to tell


def _waiter_method(waiter: Waiter, operation: Operation, writer: ModuleWriter) -> Iterator[str]:
    method = _of_waiter(waiter, operation)
    members = method.members
    yield from method.signature(writer)
    yield docstring(_waiter_doc(waiter, operation, members), _BODY)
    yield f"{_BODY}return await self._wait("
    yield f"{_BODY}    {writer.use('.waiters', waiter_constant(waiter))},"
    yield f"{_BODY}    {_arguments(members)},"
    yield from (f"{_BODY}    {name}={name}," for name in method.extra)
    yield f"{_BODY})"


def _handle_method(handle: Handle, writer: ModuleWriter) -> Iterator[str]:
    returned = writer.use_type(".handles", handle.name)
    yield f"{_INDENT}def {handle.method}("
    yield f"{_BODY}self, {parameters(handle.members, writer)}"
    yield f"{_INDENT}) -> {returned}:"
    doc = "\n\n".join([handle.doc, *_arguments_doc(handle.members)])
    yield docstring(doc, _BODY)
    yield f"{_BODY}from .handles import {handle.name}"
    yield ""
    yield f"{_BODY}return {handle.name}(self, {', '.join(m.name for m in handle.members)})"


def parameters(members: Sequence[Member], writer: ModuleWriter) -> str:
    """The parameters that name a resource; they may be passed by position."""
    return ", ".join(
        f"{member.name}: {_argument(member, writer)}{'' if member.required else ' | None = None'}"
        for member in members
    )


def _argument(member: Member, writer: ModuleWriter) -> str:
    return argument_type(member.type, writer, models=".models", params=".params")


def _arguments(members: Sequence[Member]) -> str:
    return "{" + ", ".join(f'"{member.name}": {member.name}' for member in members) + "}"


def _items(types: Sequence[TypeRef], writer: ModuleWriter) -> str:
    return " | ".join(value_type(ref, writer, models=".models") for ref in types)


def _doc(operation: Operation, members: Sequence[Member], service: Service) -> str:
    parts = [paragraphs(operation.doc or f"Call ``{operation.name}``.", width=WIDTH - 12)]
    if not operation.in_spec:
        parts.append("Not in the spec: only the newer service model has this operation.")
    if operation.deprecated:
        parts.append("Deprecated.")
    if not operation.retry_safe:
        text = f"{_SENT_AGAIN} {operation.retry_hazard}".strip()
        parts.append(paragraphs(text, width=WIDTH - 12))
    parts += _arguments_doc(members)
    parts.append(f"Returns:\n{_INDENT}{_returns_doc(operation)}")
    parts.append(_raises_doc(operation, service))
    return "\n\n".join(parts)


_SENT_AGAIN = (
    "Not idempotent. It is retried all the same if the response to an attempt was lost, unless "
    "``RetryPolicy`` has ``retry_non_idempotent=False`` or ``max_attempts=1``."
)


def _returns_doc(operation: Operation) -> str:
    if operation.pagination is None:
        return f"{operation.output.name}: the service's answer."
    return textwrap.fill(
        "An object to await (one page) or to iterate with ``async for`` (every item).",
        WIDTH - 16,
        subsequent_indent=_INDENT,
    )


def _arguments_doc(members: Sequence[Member]) -> list[str]:
    if not members:
        return []
    return ["Args:\n" + "\n".join(_argument_doc(member) for member in members)]


def _argument_doc(member: Member) -> str:
    notes = [member.doc, limits_text(member), "Deprecated." if member.deprecated else ""]
    text = f"{member.name}: {' '.join(note for note in notes if note) or member.wire_name}"
    return textwrap.fill(
        text, WIDTH - 12, initial_indent=_INDENT, subsequent_indent=_BODY, break_on_hyphens=False
    )


def _raises_doc(operation: Operation, service: Service) -> str:
    docs = {error.name: error.doc for error in service.errors}
    lines = ["Raises:"]
    if operation.input.members:
        lines.append(f"{_INDENT}RequestValidationError: an argument is wrong; nothing was sent.")
    for name in operation.errors:
        text = f"{name}: {docs[name]}" if docs[name] else name
        lines.append(
            textwrap.fill(text, WIDTH - 12, initial_indent=_INDENT, subsequent_indent=_BODY)
        )
    lines.append(f"{_INDENT}ECRClientError: any other failure; see ``ecrclient`` for the tree.")
    return "\n".join(lines)


def _waiter_summary(waiter: Waiter, operation: Operation) -> str:
    path = ".".join(waiter.path)
    return f"Poll :meth:`{operation.method}` until ``{path}`` is {_either(waiter.success)}."


def _waiter_doc(waiter: Waiter, operation: Operation, members: Sequence[Member]) -> str:
    poll = _waiter_summary(waiter, operation)
    more = [f"The first {_either(waiter.failure)} ends the wait as a failure."]
    if waiter.retry_errors:
        more.append(f"{_either(waiter.retry_errors)} is waited out.")
    arguments = _arguments_doc(members)
    own = f"{_INDENT}max_wait: Seconds to wait at the most, polls included.\n"
    own += f"{_INDENT}on_poll: Called after each poll; a coroutine function is awaited."
    arguments = [f"{arguments[0]}\n{own}" if arguments else f"Args:\n{own}"]
    return "\n\n".join(
        [
            textwrap.fill(poll, WIDTH - 12),
            textwrap.fill(" ".join(more), WIDTH - 12),
            *arguments,
            f"Returns:\n{_INDENT}{operation.output.name}: the answer that ended the wait.",
            "Raises:\n"
            f"{_INDENT}WaiterTimeoutError: ``max_wait`` has passed; it carries the last answer.\n"
            f"{_INDENT}WaiterFailureError: it ended badly; it carries the last answer.\n"
            f"{_INDENT}DeadlineExceeded: ``CallOptions.deadline`` has passed.\n"
            f"{_INDENT}{_CLIENT_ERROR}: any other failure of a poll.",
        ]
    )


_CLIENT_ERROR = "ECRClientError"


def _either(values: Sequence[str]) -> str:
    return " or ".join(f"``{value}``" for value in values)

"""``client.py``: the client, with a method for each operation, and the handles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codegen import runtime
from codegen.ir import Batch, Handle, Member, Operation, Service, Waiter
from codegen.render.handles import handle_class
from codegen.render.method_docs import arguments_doc, batch_doc, operation_doc, waiter_doc
from codegen.render.methods import (
    FOR_TYPES,
    mark,
    of_batch,
    of_operation,
    of_waiter,
    parameters,
)
from codegen.render.operations import constant
from codegen.render.waiters import waiter_constant
from codegen.writer import ModuleWriter, docstring

__all__ = ["render"]

_INDENT = " " * 4
_BODY = " " * 8


def render(service: Service) -> str:
    """The module's text."""
    writer = ModuleWriter(
        f"The typed async client for {service.title}.",
        defines=[service.client, *(handle.name for handle in service.handles)],
        for_types=FOR_TYPES,
    )
    base = writer.use(*service.bases.get(service.client, (runtime.CLIENT, "BaseClient")))
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
        writer.lines(_waiter_method(waiter, operations[waiter.operation], service, writer))
    for handle in service.handles:
        writer.line()
        writer.lines(_handle_method(handle, writer))
    for handle in service.handles:
        writer.lines(["", "", *handle_class(handle, service, writer)])
    return writer.to_text()


def _class_doc(service: Service) -> str:
    return (
        f"A client for {service.title}.\n\n"
        "Building one does no I/O and needs no running event loop; settings that are None are\n"
        "resolved at the first call. Use it with ``async with``, or call :meth:`aclose`. One\n"
        "client may be shared by any number of tasks."
    )


def _method(operation: Operation, service: Service, writer: ModuleWriter) -> Iterator[str]:
    members = operation.input.members
    call = "return self._paginate" if operation.pagination else "return await self._call"
    method = of_operation(operation)
    yield from mark(method, writer)
    yield from method.signature(writer)
    yield docstring(operation_doc(operation, service), _BODY)
    yield f"{_BODY}{call}("
    yield f"{_BODY}    {writer.use('.operations', constant(operation))},"
    yield f"{_BODY}    {_arguments(members)},"
    yield f"{_BODY})"


def _batch_method(
    operation: Operation, batch: Batch, service: Service, writer: ModuleWriter
) -> Iterator[str]:
    method = of_batch(operation, batch)
    yield from mark(method, writer)
    yield from method.signature(writer)
    yield docstring(batch_doc(method, batch, service), _BODY)
    yield f"{_BODY}return self._in_batches("
    yield f"{_BODY}    {writer.use('.operations', constant(operation))},"
    yield f"{_BODY}    {_arguments(method.members)},"
    yield f"{_BODY})"


def _waiter_method(
    waiter: Waiter, operation: Operation, service: Service, writer: ModuleWriter
) -> Iterator[str]:
    method = of_waiter(waiter, operation)
    members = method.members
    yield from method.signature(writer)
    yield docstring(waiter_doc(method, waiter, service), _BODY)
    yield f"{_BODY}return await self._wait("
    yield f"{_BODY}    {writer.use('.waiters', waiter_constant(waiter))},"
    yield f"{_BODY}    {_arguments(members)},"
    yield from (f"{_BODY}    {name}={name}," for name in method.extra)
    yield f"{_BODY})"


def _handle_method(handle: Handle, writer: ModuleWriter) -> Iterator[str]:
    yield f"{_INDENT}def {handle.method}("
    yield f"{_BODY}self, {parameters(handle.members, writer)}"
    yield f"{_INDENT}) -> {handle.name}:"
    doc = "\n\n".join([handle.doc, *arguments_doc(handle.members)])
    yield docstring(doc, _BODY)
    yield f"{_BODY}return {handle.name}(self, {', '.join(m.name for m in handle.members)})"


def _arguments(members: Sequence[Member]) -> str:
    return "{" + ", ".join(f'"{member.name}": {member.name}' for member in members) + "}"

"""``client.py``: the client, one method an operation: a signature, a docstring and one call."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from codegen.ir import Member, Operation, Service, TypeRef, Waiter
from codegen.render.operations import constant
from codegen.render.types import argument_type, limits_text, value_type
from codegen.render.waiters import waiter_constant
from codegen.writer import WIDTH, ModuleWriter, docstring, paragraphs

__all__ = ["render"]

_INDENT = " " * 4
_BODY = " " * 8


def render(service: Service) -> str:
    """The module's text."""
    writer = ModuleWriter(f"The typed async client for {service.title}.", defines=[service.client])
    writer.line(f"class {writer.define(service.client)}({writer.use(_CLIENT, 'BaseClient')}):")
    writer.line(docstring(_class_doc(service), _INDENT))
    writer.line()
    writer.line(f"{_INDENT}_service = {writer.use('.operations', 'SERVICE')}")
    writer.line(f"{_INDENT}_operations = {writer.use('.operations', 'OPERATIONS')}")
    resolve = writer.use(".endpoints", "resolve_endpoint")
    writer.line(f"{_INDENT}_resolve_endpoint = staticmethod({resolve})")
    for operation in service.operations:
        writer.line()
        writer.lines(_method(operation, service, writer))
    operations = {operation.name: operation for operation in service.operations}
    for waiter in service.waiters:
        writer.line()
        writer.lines(_waiter_method(waiter, operations[waiter.operation], writer))
    return writer.to_text()


_CLIENT = "ecrclient._runtime.client"


def _class_doc(service: Service) -> str:
    return (
        f"A client for {service.title}.\n\n"
        "Building one does no I/O and may be done outside a running event loop; what is left None\n"
        "is resolved at the first call. Use it with ``async with``, or call :meth:`aclose`. One\n"
        "client may be shared by any number of tasks."
    )


def _method(operation: Operation, service: Service, writer: ModuleWriter) -> Iterator[str]:
    members = operation.input.members
    returned: str
    if operation.pagination:
        paginator = writer.use("ecrclient._runtime.pagination", "Paginator")
        page = writer.use(".models", operation.output.name)
        returned = f"{paginator}[{page}, {_items(operation.pagination.item_types, writer)}]"
        head, call = "def", "return self._paginate"
    else:
        returned = writer.use(".models", operation.output.name)
        head, call = "async def", "return await self._call"
    yield from _signature(head, operation.method, members, (), returned, writer)
    yield docstring(_doc(operation, members, service), _BODY)
    yield f"{_BODY}{call}("
    yield f"{_BODY}    {writer.use('.operations', constant(operation))},"
    yield f"{_BODY}    {_arguments(members)},"
    yield f"{_BODY})"


def _waiter_method(waiter: Waiter, operation: Operation, writer: ModuleWriter) -> Iterator[str]:
    page = operation.pagination
    paging = {page.input_token, page.limit} if page else set[str | None]()
    members = [member for member in operation.input.members if member.name not in paging]
    returned = writer.use(".models", operation.output.name)
    yield from _signature(
        "async def", waiter.method, members, ("max_wait: float",), returned, writer
    )
    yield docstring(_waiter_doc(waiter, operation, members), _BODY)
    yield f"{_BODY}return await self._wait("
    yield f"{_BODY}    {writer.use('.waiters', waiter_constant(waiter))},"
    yield f"{_BODY}    {_arguments(members)},"
    yield f"{_BODY}    max_wait=max_wait,"
    yield f"{_BODY})"


def _signature(
    head: str,
    name: str,
    members: Sequence[Member],
    extra: Iterable[str],
    returned: str,
    writer: ModuleWriter,
) -> Iterator[str]:
    yield f"{_INDENT}{head} {name}("
    yield f"{_BODY}self,"
    required = [m for m in members if m.required]
    optional = [m for m in members if not m.required]
    if members or extra:
        yield f"{_BODY}*,"
    for member in required:
        yield f"{_BODY}{member.name}: {_argument(member, writer)},"
    yield from (f"{_BODY}{text}," for text in extra)
    for member in optional:
        yield f"{_BODY}{member.name}: {_argument(member, writer)} | None = None,"
    yield f"{_INDENT}) -> {returned}:"


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
    "Not quite safe to send twice, yet sent again when an answer is lost, as the AWS SDKs do; "
    "``RetryPolicy(max_attempts=1)`` rules it out."
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


def _waiter_doc(waiter: Waiter, operation: Operation, members: Sequence[Member]) -> str:
    path = ".".join(waiter.path)
    poll = f"Poll :meth:`{operation.method}` until ``{path}`` is {_either(waiter.success)}."
    more = [f"The first {_either(waiter.failure)} ends the wait as a failure."]
    if waiter.retry_errors:
        more.append(f"{_either(waiter.retry_errors)} is waited out.")
    arguments = _arguments_doc(members)
    limit = textwrap.fill(
        "max_wait: Seconds to wait at the most, polls included.",
        WIDTH - 12,
        initial_indent=_INDENT,
        subsequent_indent=_BODY,
    )
    arguments = [f"{arguments[0]}\n{limit}" if arguments else f"Args:\n{limit}"]
    return "\n\n".join(
        [
            textwrap.fill(poll, WIDTH - 12),
            textwrap.fill(" ".join(more), WIDTH - 12),
            *arguments,
            f"Returns:\n{_INDENT}{operation.output.name}: the answer that ended the wait.",
            "Raises:\n"
            f"{_INDENT}WaiterTimeoutError: ``max_wait`` has passed; it carries the last answer.\n"
            f"{_INDENT}WaiterFailureError: it ended badly; it carries the last answer.\n"
            f"{_INDENT}{_CLIENT_ERROR}: any other failure of a poll.",
        ]
    )


_CLIENT_ERROR = "ECRClientError"


def _either(values: Sequence[str]) -> str:
    return " or ".join(f"``{value}``" for value in values)

"""The docstrings of the client's methods."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Sequence

from codegen.ir import Batch, Member, Operation, Service, Waiter
from codegen.ir_types import Boolean
from codegen.render.errors import root_error
from codegen.render.methods import Method, conditions
from codegen.render.types import limits_text
from codegen.writer import WIDTH, paragraphs

__all__ = ["arguments_doc", "batch_doc", "operation_doc", "waiter_doc"]

_INDENT = " " * 4
_BODY = " " * 8


def operation_doc(operation: Operation, service: Service) -> str:
    """The docstring of the method that calls an operation."""
    parts = [paragraphs(operation.doc or f"Call ``{operation.name}``.", width=WIDTH - 12)]
    if not operation.in_spec:
        parts.append("Not in the spec: only the newer service model has this operation.")
    if operation.deprecated:
        parts.append("Deprecated.")
    if not operation.is_signed:
        parts.append("Sent without authentication: it needs no credentials.")
    if not operation.retry_safe:
        text = f"{_RETRIED} {operation.retry_hazard}".strip()
        parts.append(paragraphs(text, width=WIDTH - 12))
    parts += arguments_doc(operation.input.members)
    parts.append(f"Returns:\n{_INDENT}{_returns_doc(operation)}")
    parts.append(_raises_doc(operation, service))
    return "\n\n".join(parts)


_RETRIED = (
    "Not idempotent, but retried if the response is lost, unless ``RetryPolicy`` has "
    "``retry_non_idempotent=False`` or ``max_attempts=1``."
)


def _returns_doc(operation: Operation) -> str:
    if operation.pagination is None:
        return f"{operation.output.name}: the service's response."
    return textwrap.fill(
        "An object to await (for one page) or to iterate with ``async for`` (over every item).",
        WIDTH - 16,
        subsequent_indent=_INDENT,
    )


def arguments_doc(members: Sequence[Member]) -> list[str]:
    """The section on the arguments, if there are any."""
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
        lines.append(f"{_INDENT}RequestValidationError: an argument is invalid; nothing was sent.")
    for name in operation.errors:
        text = f"{name}: {docs[name]}" if docs[name] else name
        lines.append(
            textwrap.fill(text, WIDTH - 12, initial_indent=_INDENT, subsequent_indent=_BODY)
        )
    root, package = root_error(service), service.package
    lines.append(f"{_INDENT}{root}: any other failure; see ``{package}`` for the tree.")
    return "\n".join(lines)


def waiter_doc(method: Method, waiter: Waiter, service: Service) -> str:
    """The docstring of the method that waits."""
    arguments = arguments_doc(method.members)
    own = (
        f"{_INDENT}max_wait: Maximum wait in seconds, including the polls; botocore's default is "
        f"{waiter.delay * waiter.attempts:,}.\n"
        f"{_INDENT}on_poll: Called after each poll; a coroutine function is awaited."
    )
    arguments = [f"{arguments[0]}\n{own}" if arguments else f"Args:\n{own}"]
    failure = f"{_INDENT}WaiterFailureError: the wait fails; it has the last response.\n"
    return "\n\n".join(
        [
            textwrap.fill(method.summary, WIDTH - 12),
            *_other_conditions(waiter),
            *arguments,
            f"Returns:\n{_INDENT}{_waited_for(method, waiter)}",
            "Raises:\n"
            f"{_INDENT}WaiterTimeoutError: ``max_wait`` has passed; it has the last response.\n"
            f"{failure if waiter.those('failure') else ''}"
            f"{_INDENT}DeadlineExceeded: ``CallOptions.deadline`` has passed.\n"
            f"{_INDENT}{root_error(service)}: any other failure of a poll.",
        ]
    )


def _other_conditions(waiter: Waiter) -> list[str]:
    """What else ends the wait, and which errors do not, if there are any."""
    found: list[str] = []
    if failure := waiter.those("failure"):
        found.append(f"The wait fails if {conditions(failure)}.")
    if errors := [each for each in waiter.those("retry") if each.is_about_errors]:
        found.append(f"It continues if {conditions(errors)}.")
    return [textwrap.fill(" ".join(found), WIDTH - 12)] if found else []


def _waited_for(method: Method, waiter: Waiter) -> str:
    match waiter.result:
        case "response":
            return f"{method.operation.output.name}: the response that ended the wait."
        case "none":
            return "None: an error ended the wait."
        case "either":
            return "The response that ended the wait; None if an error did."


def batch_doc(method: Method, batch: Batch, service: Service) -> str:
    """The docstring of the method that takes any number of ids."""
    docs = {error.name: error.doc for error in service.errors}
    errors = ", ".join(name for name in method.operation.errors if name in docs)
    together = (
        "sequential calls"
        if batch.concurrency == 1
        else f"up to {batch.concurrency} concurrent calls"
    )
    ids = dataclasses.replace(
        batch.member, doc="Any number of ids, from an iterable or an async iterable.", type=_ANY
    )
    members = [ids if member == batch.member else member for member in method.members]
    return "\n\n".join(
        [
            textwrap.fill(method.summary, WIDTH - 12, break_on_hyphens=False),
            textwrap.fill(
                f"Calls `{method.operation.method}` for any number of ``{batch.member.name}``, "
                f"{batch.limit} per call. Await it for the list of ``{batch.result.name}`` "
                f"({together}). See "
                "`Batches` for the failures and for streaming.",
                WIDTH - 12,
            ),
            *arguments_doc(members),
            "Raises:\n"
            f"{_INDENT}RequestValidationError: an argument is invalid; nothing was sent.\n"
            + textwrap.fill(
                f"BatchError: some ids failed: an exception group of BatchFailure, {errors} and "
                "others; its ``succeeded`` has the results.",
                WIDTH - 12,
                initial_indent=_INDENT,
                subsequent_indent=_BODY,
            ),
        ]
    )


_ANY = Boolean()  # a type without limits to describe

"""Waiters: what they poll and what ends them, from the overlay or from botocore."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from codegen.aws_model import AwsModel
from codegen.decisions import WaiterDecision
from codegen.ir import Acceptor, Operation, Waiter
from codegen.ir_types import String, TypeRef
from codegen.naming import snake_case
from codegen.overlay import Overlay
from codegen.paths import Nested, resolve_path, resolve_projection

__all__ = ["build_waiters"]

_MATCHERS = {"path", "pathAll", "pathAny", "status", "error"}


def build_waiters(
    model: AwsModel,
    overlay: Overlay,
    operations: Sequence[Operation],
    nested: Nested,
    complaints: list[str],
    omissions: list[str],
) -> Iterator[Waiter]:
    """The waiters of the model, except those that poll an operation which is left out."""
    by_name = {operation.name: operation for operation in operations}
    for name, raw in model.waiters.items():
        operation = by_name.get(raw["operation"])
        unknown = {acceptor["matcher"] for acceptor in raw["acceptors"]} - _MATCHERS
        if operation is None or unknown:
            why = f"it uses {', '.join(unknown)}" if unknown else f"it polls {raw['operation']}"
            omissions.append(f"waiter {name}: {why}, which is not generated")
            continue
        decision = overlay.waiters.get(name)
        if decision:
            path, ref = resolve_path(operation.output, decision.path, nested)
            listed = decision.success + decision.failure + decision.pending
            complaints += _complaints(model, name, ref, listed)
            acceptors = tuple(_decided(decision, ".".join(path)))
        else:
            acceptors = tuple(_acceptors(raw["acceptors"], operation, nested))
        yield Waiter(
            name=name,
            method=f"wait_until_{snake_case(name)}",
            operation=operation.name,
            acceptors=acceptors,
            delay=raw["delay"],
            attempts=raw["maxAttempts"],
        )


def _decided(decision: WaiterDecision, path: str) -> Iterator[Acceptor]:
    yield Acceptor("success", "path", tuple(decision.success), path)
    if decision.failure:
        yield Acceptor("failure", "path", tuple(decision.failure), path)
    if decision.retry_errors:
        yield Acceptor("retry", "error", tuple(decision.retry_errors))


def _acceptors(
    raw: Sequence[Mapping[str, Any]], operation: Operation, nested: Nested
) -> Iterator[Acceptor]:
    """The model's acceptors; consecutive ones that differ in their values only become one."""
    for (state, matcher, argument), group in itertools.groupby(raw, key=_subject):
        expected = tuple(acceptor["expected"] for acceptor in group)
        path = resolve_projection(operation.output, argument, nested) if argument else ""
        # All items equal to one of several values is not the same as all equal to each other.
        for values in [(value,) for value in expected] if matcher == "pathAll" else [expected]:
            yield Acceptor(state, matcher, values, path or "", "" if path else argument)


def _subject(acceptor: Mapping[str, Any]) -> tuple[Any, Any, str]:
    return acceptor["state"], acceptor["matcher"], acceptor.get("argument", "")


def _complaints(model: AwsModel, name: str, ref: TypeRef, listed: tuple[str, ...]) -> Iterator[str]:
    shape = model.shapes.get(ref.shape) if isinstance(ref, String) else None
    values = shape.enum if shape else ()
    odd = sorted(set(listed) ^ set(values)) or [v for v in listed if listed.count(v) > 1]
    if odd:
        yield (
            f"[[waiter]] {name}: success, failure and pending must contain each of the enum's "
            f"values once: {', '.join(dict.fromkeys(odd))}"
        )

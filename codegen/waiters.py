"""Waiters: what they poll and which statuses end them, from the overlay or from botocore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codegen.aws_model import AwsModel
from codegen.ir import Operation, String, TypeRef, Waiter
from codegen.naming import snake_case
from codegen.overlay import Overlay
from codegen.paths import Nested, is_plain_path, resolve_path

__all__ = ["build_waiters"]


def build_waiters(
    model: AwsModel,
    overlay: Overlay,
    operations: Sequence[Operation],
    nested: Nested,
    complaints: list[str],
    omissions: list[str],
) -> Iterator[Waiter]:
    """The waiters of the model, except those that compare more than one path with values."""
    by_name = {operation.name: operation for operation in operations}
    for name, raw in model.waiters.items():
        operation = by_name[raw["operation"]]
        decision = overlay.waiters.get(name)
        ends = decision or _Acceptors.read(raw["acceptors"])
        if ends is None or not is_plain_path(ends.path):
            omissions.append(f"waiter {name}: it compares more than one path's value")
            continue
        path, ref = resolve_path(operation.output, ends.path, nested)
        if decision:
            listed = decision.success + decision.failure + decision.pending
            complaints += _complaints(model, name, ref, listed)
        yield Waiter(
            name=name,
            method=f"wait_until_{snake_case(name)}",
            operation=operation.name,
            path=path,
            success=ends.success,
            failure=ends.failure,
            retry_errors=ends.retry_errors,
            delay=raw["delay"],
        )


def _complaints(model: AwsModel, name: str, ref: TypeRef, listed: tuple[str, ...]) -> Iterator[str]:
    shape = model.shapes.get(ref.shape) if isinstance(ref, String) else None
    values = shape.enum if shape else ()
    odd = sorted(set(listed) ^ set(values)) or [v for v in listed if listed.count(v) > 1]
    if odd:
        yield (
            f"[[waiter]] {name}: success, failure and pending must contain each of the enum's "
            f"values once: {', '.join(dict.fromkeys(odd))}"
        )


@dataclass(frozen=True, slots=True)
class _Acceptors:
    """botocore's acceptors, if they compare one path with values, or match errors."""

    path: str
    success: tuple[str, ...]
    failure: tuple[str, ...]
    retry_errors: tuple[str, ...]

    @classmethod
    def read(cls, raw: Sequence[Mapping[str, Any]]) -> _Acceptors | None:
        paths = {acceptor["argument"] for acceptor in raw if acceptor["matcher"] == "path"}
        if len(paths) != 1 or any(a["matcher"] not in {"path", "error"} for a in raw):
            return None

        def expected(matcher: str, state: str) -> tuple[str, ...]:
            return tuple(
                acceptor["expected"]
                for acceptor in raw
                if (acceptor["matcher"], acceptor["state"]) == (matcher, state)
            )

        return cls(
            path=paths.pop(),
            success=expected("path", "success"),
            failure=expected("path", "failure"),
            retry_errors=expected("error", "retry"),
        )

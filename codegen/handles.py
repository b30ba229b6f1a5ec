"""Handles: classes that fill in the members that identify one resource."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from codegen.decisions import HandleDecision
from codegen.ir import Handle, Member, Operation
from codegen.overlay import Overlay, OverlayError

__all__ = ["build_handles"]


def build_handles(overlay: Overlay, operations: Sequence[Operation]) -> Iterator[Handle]:
    """The handles that the overlay defines.

    Raises:
        OverlayError: No operation has such a member, its type differs between operations, or the
            client already has a method of that name.
    """
    methods = {operation.method for operation in operations}
    for name, decision in overlay.handles.items():
        if decision.method in methods:
            raise OverlayError(
                f"[[handle]] {name}: there is an operation {decision.method} already"
            )
        members = tuple(_members(name, decision, operations))
        yield Handle(name, decision.method, members, decision.doc)


def _members(
    name: str, decision: HandleDecision, operations: Sequence[Operation]
) -> Iterator[Member]:
    for wire_name in decision.required + decision.optional:
        found = [member for op in operations if (member := op.input.member(wire_name))]
        if len({member.type for member in found}) != 1:
            types = ", ".join(sorted({str(member.type) for member in found})) or "none"
            raise OverlayError(f"[[handle]] {name}: {wire_name} must have one type, not {types}")
        yield dataclasses.replace(found[0], required=wire_name in decision.required)

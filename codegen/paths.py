"""Dotted paths of members, as botocore's data and the overlay contain them."""

from __future__ import annotations

import re
from collections.abc import Callable

from codegen.ir import Structure
from codegen.ir_types import ListOf, StructureRef, TypeRef
from codegen.overlay import OverlayError

__all__ = ["Nested", "is_plain_path", "resolve_path", "resolve_projection"]

Nested = Callable[[str], Structure]
"""Returns the nested structure of that name."""


def is_plain_path(expression: object) -> bool:
    """Whether an expression is names with dots between; it may be any JMESPath expression."""
    return isinstance(expression, str) and all(s.isidentifier() for s in expression.split("."))


def resolve_path(
    structure: Structure, expression: str, nested: Nested
) -> tuple[tuple[str, ...], TypeRef]:
    """The attribute names of a path of wire names, and the type at its end.

    Raises:
        OverlayError: A structure on the path has no such member.
    """
    names: list[str] = []
    ref: TypeRef | None = None
    for step in expression.split("."):
        if isinstance(ref, StructureRef):
            structure = nested(ref.name)
        member = structure.member(step)
        if member is None:
            raise OverlayError(f"{structure.name}: no member at the path {expression!r}")
        names.append(member.name)
        ref = member.type
    assert ref is not None
    return tuple(names), ref


def resolve_projection(structure: Structure, expression: str, nested: Nested) -> str | None:
    """The path of wire names as a path of attributes; None if it has another form.

    ``[]`` after a list means each of its items, and ``[-1]`` the last one.
    """
    names: list[str] = []
    inside: Structure | None = structure
    for step in expression.split("."):
        found = _STEP.fullmatch(step)
        member = inside.member(found[1]) if found and inside else None
        if found is None or member is None:
            return None
        names.append(member.name + found[2])
        ref = member.type
        if found[2]:
            if not isinstance(ref, ListOf):
                return None
            ref = ref.item
        inside = nested(ref.name) if isinstance(ref, StructureRef) else None
    return ".".join(names)


_STEP = re.compile(r"(\w+)((?:\[(?:-?\d+)?\])?)")

"""Dotted paths of members, as botocore's data and the overlay contain them."""

from __future__ import annotations

from collections.abc import Callable

from codegen.ir import Structure, StructureRef, TypeRef
from codegen.overlay import OverlayError

__all__ = ["Nested", "is_plain_path", "resolve_path"]

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

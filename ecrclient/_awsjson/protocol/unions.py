"""Unions: structures of which exactly one member is set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic_core import PydanticCustomError, core_schema

from ecrclient._awsjson.protocol.shapes import Structure
from ecrclient._awsjson.support.bounded_text import MAX_NAME, shorten

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

__all__ = ["Union"]

UnionT = TypeVar("UnionT", bound="Union")


class Union(Structure, frozen=True):
    """A structure of which a caller must set exactly one member.

    What the service sends is not checked, since it may have a member that is newer than the model.
    """

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        schema = super().__get_pydantic_core_schema__(source, handler)
        # Changed in place: a union that contains itself refers to this definition.
        definition: Any = handler.resolve_ref_schema(schema)
        inner: Any = {name: part for name, part in definition.items() if name != "ref"}
        checked = core_schema.no_info_after_validator_function(_check_one_member, inner)
        reference = {"ref": definition["ref"]} if "ref" in definition else {}
        definition.clear()
        definition.update(core_schema.json_or_python_schema(inner, checked), **reference)
        return schema


def _check_one_member(union: UnionT) -> UnionT:
    given = [name for name, value in union if value is not None]
    if len(given) == 1:
        return union
    text = "must have exactly one member, not {count}: {names}"
    if not given:
        text = "must have exactly one of the members {names}"
    names = shorten(", ".join(given or type(union).model_fields), MAX_NAME)
    raise PydanticCustomError("union", text, {"count": len(given), "names": names})

"""Objects that a caller may pass in place of a structure, such as the items of a response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic_core import core_schema

from ecrclient._awsjson.protocol.shapes import Structure

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

__all__ = ["ConvertedFrom"]


class ConvertedFrom:
    """Accepts other structures, from a caller, in place of the annotated one."""

    def __init__(self, **attributes: str) -> None:
        """Define the structures.

        Args:
            attributes: The names of the classes, and the attribute of each that has the structure.
                By name, because the modules of models are imported when they are needed.
        """
        self._attributes = attributes

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        schema = handler(source)
        kinds = [source.__name__, *self._attributes, "dictionary"]
        expected = f"must be {_listed(kinds)}"

        def convert(value: object) -> object:
            if isinstance(value, source | Mapping):
                return value
            name = type(value).__name__
            if name not in self._attributes or not isinstance(value, Structure):
                raise ValueError(f"{expected}, not {name}{self._hint(source, value)}")
            try:
                return getattr(value, self._attributes[name])
            except AttributeError as error:  # the service did not send what it consists of
                raise ValueError(str(error)) from None

        return core_schema.json_or_python_schema(
            schema, core_schema.no_info_before_validator_function(convert, schema)
        )

    def _hint(self, source: type, value: object) -> str:
        """The attribute to pass instead of *value*, as text; empty if there is none."""
        attributes = dict.fromkeys(self._attributes.values())
        right = [name for name in attributes if isinstance(getattr(value, name, None), source)]
        return f": pass its {right[0]}" if right else ""


def _listed(kinds: list[str]) -> str:
    """``an A, a B or a C``."""
    *others, last = (f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind}" for kind in kinds)
    return f"{', '.join(others)} or {last}"

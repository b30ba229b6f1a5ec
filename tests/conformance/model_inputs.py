"""Random inputs that are valid by botocore's model, as a caller of botocore passes them."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from pydantic_core import SchemaError, SchemaValidator, core_schema

__all__ = ["Inputs", "repeats"]

_RANGES = {"integer": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
_TEXT = st.characters(exclude_categories=["Cs"])
# Without null, which clients omit.
_DOCUMENTS = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.text(_TEXT, max_size=10),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(_TEXT), inner, max_size=2),
    max_leaves=4,
)
_MOST_ITEMS = 3
_MOST_CHARACTERS = 40
# Random text of this length seldom matches a pattern: examples for the shape are used instead.
_LONG = 20


class Inputs:
    """Strategies for the shapes of one service model.

    Args:
        texts: Examples by shape, for patterns that random text seldom matches.
        only: For certain shapes, the only texts that are drawn.
    """

    def __init__(
        self,
        texts: Mapping[str, tuple[str, ...]],
        only: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._texts = texts
        self._only = only or {}
        self._made: dict[str, st.SearchStrategy[Any]] = {}

    def of(self, shape: Any) -> st.SearchStrategy[Any]:
        """The inputs of an operation; empty if it has none."""
        if shape is None:
            return st.just({})
        if shape.name not in self._made:
            self._made[shape.name] = self._any(shape, ())
        return self._made[shape.name]

    def _any(self, shape: Any, inside: tuple[str, ...]) -> st.SearchStrategy[Any]:
        match shape.type_name:
            case "structure" if shape.is_document_type:
                return _DOCUMENTS
            case "structure":
                return self._structure(shape, (*inside, shape.name))
            case "list":
                least = shape.metadata.get("min", 0)
                most = min(shape.metadata.get("max", _MOST_ITEMS), max(_MOST_ITEMS, least))
                item = self._any(shape.member, inside)
                return st.lists(item, min_size=least, max_size=most)
            case "map":
                keys, values = (self._any(part, inside) for part in (shape.key, shape.value))
                return st.dictionaries(keys, values, max_size=_MOST_ITEMS)
            case "string":
                return self._string(shape)
            case _:
                return _scalar(shape)

    def _structure(self, shape: Any, inside: tuple[str, ...]) -> st.SearchStrategy[Any]:
        members = {
            name: self._any(member, inside)
            for name, member in shape.members.items()
            if not repeats(member, inside)
        }
        if shape.is_tagged_union:
            return st.one_of(
                [st.fixed_dictionaries({name: value}) for name, value in members.items()]
            )
        # A list or map ends the recursion where it would lead back to its structure again.
        empty: dict[str, st.SearchStrategy[Any]] = {"list": st.just([]), "map": st.just({})}
        required: dict[str, st.SearchStrategy[Any]] = {}
        for name in shape.required_members:
            member = shape.members[name]
            made = members.pop(name, None)
            if made is None:
                made = empty.get(member.type_name)
            required[name] = self._any(member, inside) if made is None else made
        return st.fixed_dictionaries(required, optional=members)

    def _string(self, shape: Any) -> st.SearchStrategy[str]:
        least = shape.metadata.get("min", 0)
        most = min(shape.metadata.get("max", _MOST_CHARACTERS), max(_MOST_CHARACTERS, least))
        if shape.enum:
            return st.sampled_from(list(shape.enum))
        if shape.name in self._only:
            return st.sampled_from(self._only[shape.name])
        pattern = shape.metadata.get("pattern")
        if pattern is None:
            return st.text(_TEXT, min_size=least, max_size=most)
        examples = self._texts.get(shape.name, ())
        if examples and least > _LONG:
            return st.sampled_from(examples)
        limit = shape.metadata.get("max", 10**6)
        matches, texts = _matcher(pattern), _texts(pattern)
        if least > _LONG:  # which most patterns of single characters match
            texts = texts.filter(bool).map(lambda text: (text * least)[:least])
        return texts.filter(
            lambda text: least <= len(text) <= limit and not text.endswith("\n") and matches(text)
        )


def _texts(pattern: str) -> st.SearchStrategy[str]:
    """Texts that mostly match a pattern; plain ones if Python does not know its syntax."""
    try:
        compiled: re.Pattern[str] = re.compile(pattern, re.ASCII)
    except re.error:
        return st.text(string.ascii_letters + string.digits + "-_ ", max_size=_LONG)
    return st.from_regex(compiled, fullmatch=True)


def _matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches in the engine of the clients, whose classes are those of Unicode."""
    try:
        validator = SchemaValidator(core_schema.str_schema(pattern=f"^(?:{pattern})$"))
    except SchemaError:
        return lambda _: True
    return validator.isinstance_python


def repeats(shape: Any, inside: tuple[str, ...]) -> bool:
    """Whether *shape* leads back for the second time to a structure that contains it."""
    while shape.type_name in {"list", "map"}:
        shape = shape.member if shape.type_name == "list" else shape.value
    return inside.count(shape.name) > 1


def _scalar(shape: Any) -> st.SearchStrategy[Any]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    match shape.type_name:
        case "integer" | "long":
            lowest, highest = _RANGES[shape.type_name]
            return st.integers(
                lowest if least is None else least, highest if most is None else most
            )
        case "float" | "double":
            return st.floats(least, most, allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case "blob":
            return st.binary(min_size=least or 0, max_size=min(most or 64, 64))
        case "timestamp":
            # Whole seconds: botocore does not send fractions.
            return st.integers(0, 253402300799).map(lambda at: datetime.fromtimestamp(at, UTC))
        case kind:
            raise AssertionError(f"{shape.name}: a shape of type {kind}")

"""Random responses that match botocore's model, as JSON that a service might send."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from tests.conformance.model_inputs import repeats

__all__ = ["SPELLINGS", "Outputs", "wire_values", "written"]

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_MOST_ITEMS = 3
# From year 1 to year 9999 in milliseconds, the finest resolution that AWS services send.
_INSTANTS = st.integers(-62135596800 * 1000, 253402300799 * 1000)
_RECENT = st.integers(1_500_000_000_000, 1_900_000_000_000)
_UNKNOWN = st.dictionaries(
    _TEXT.map("new-{}".format),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXT,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXT, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=2,
)


class Outputs:
    """Strategies for the output shapes of one service model."""

    def __init__(self) -> None:
        self._made: dict[str, st.SearchStrategy[dict[str, Any]]] = {}

    def of(self, shape: Any) -> st.SearchStrategy[dict[str, Any]]:
        """The members of a response: some absent, some null, some unknown to the model."""
        if shape is None:
            return _UNKNOWN
        if shape.name not in self._made:
            self._made[shape.name] = wire_values(shape)
        return self._made[shape.name]


SPELLINGS = st.tuples(st.booleans(), st.sampled_from([None, 1]), st.sampled_from(["", "\r\n"]))


def written(value: Any, spelling: tuple[bool, int | None, str]) -> bytes:
    """The JSON of *value* in one of several spellings."""
    ascii_only, indent, end = spelling
    return (json.dumps(value, ensure_ascii=ascii_only, indent=indent) + end).encode()


def wire_values(shape: Any, inside: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """JSON values of *shape*."""
    match shape.type_name:
        case "structure":
            return _structures(shape, (*inside, shape.name))
        case "list":
            return st.lists(wire_values(shape.member, inside), max_size=_MOST_ITEMS)
        case "map":
            keys, values = (wire_values(part, inside) for part in (shape.key, shape.value))
            return st.dictionaries(keys, values, max_size=_MOST_ITEMS)
        case "string":
            known = st.sampled_from(list(shape.enum)) if shape.enum else st.nothing()
            return known | _TEXT
        case "integer":
            return st.integers(-(2**31), 2**31 - 1)
        case "long":
            return st.integers(-(2**63), 2**63 - 1)
        case "float" | "double":
            return st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**9), 10**9)
        case "boolean":
            return st.booleans()
        case "blob":
            return st.binary(max_size=20).map(lambda data: base64.b64encode(data).decode("ascii"))
        case "timestamp":
            return _timestamps()
        case kind:
            raise AssertionError(f"{shape.name}: a shape of type {kind}")


def _structures(shape: Any, inside: tuple[str, ...]) -> st.SearchStrategy[Any]:
    members = {
        name: wire_values(member, inside)
        for name, member in shape.members.items()
        if not repeats(member, inside)
    }
    if shape.is_tagged_union:
        # A union has exactly one member, and a null is none.
        return st.one_of([st.fixed_dictionaries({name: value}) for name, value in members.items()])
    nullable = {name: st.none() | value for name, value in members.items()}
    known: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({}, optional=nullable)
    return st.builds(_joined, _UNKNOWN, known, st.booleans())


def _joined(new: dict[str, Any], old: dict[str, Any], last: bool) -> dict[str, Any]:
    return {**old, **new} if last else {**new, **old}


def _timestamps() -> st.SearchStrategy[Any]:
    """Seconds since the epoch, whole or fractional, and ISO 8601."""
    thousandths = _INSTANTS | _RECENT
    return st.one_of(
        thousandths.map(lambda at: at // 1000),
        thousandths.map(lambda at: at / 1000),
        _RECENT.map(lambda at: datetime.fromtimestamp(at / 1000, UTC).isoformat()),
        _RECENT.map(lambda at: datetime.fromtimestamp(at // 1000, UTC).strftime("%FT%TZ")),
    )

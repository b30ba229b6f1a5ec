"""Check that every member of a response on the wire matches botocore's model.

botocore itself is lenient: it ignores unknown members, missing members and most types.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

__all__ = ["assert_modelled"]


def assert_modelled(value: Any, shape: Any, place: str = "response") -> None:
    """Required members are present, all members are modelled, and all values are valid."""
    kinds: dict[str, type | tuple[type, ...]] = {
        "structure": dict,
        "map": dict,
        "list": list,
        "string": str,
        "blob": str,
        "boolean": bool,
        "integer": int,
        "long": int,
        "float": (int, float),
        "double": (int, float),
        "timestamp": (int, float),
    }
    kind = shape.type_name
    is_right = isinstance(value, kinds[kind]) and isinstance(value, bool) == (kind == "boolean")
    assert is_right, f"{place}: {value!r} is not a {kind}"
    match kind:
        case "structure":
            _assert_structure(value, shape, place)
        case "map":
            for key, item in cast("Mapping[str, Any]", value).items():
                assert_modelled(key, shape.key, f"{place}, a key")
                assert_modelled(item, shape.value, f"{place}[{key!r}]")
        case "list":
            for number, item in enumerate(cast("Sequence[Any]", value)):
                assert_modelled(item, shape.member, f"{place}[{number}]")
        case "blob":
            base64.b64decode(value, validate=True)
        case _:
            pass
    _assert_limits(value, shape, place)


def _assert_structure(value: Mapping[str, Any], shape: Any, place: str) -> None:
    unknown = value.keys() - shape.members.keys()
    assert not unknown, f"{place}: {shape.name} has no members {unknown}"
    missing = set(shape.required_members) - value.keys()
    assert not missing, f"{place}: {missing} of {shape.name} are missing"
    for name, member in value.items():
        assert_modelled(member, shape.members[name], f"{place}.{name}")


def _assert_limits(value: Any, shape: Any, place: str) -> None:
    # Limits on lists are for requests. Responses have the same shapes, and ECR returns no imageIds
    # from BatchDeleteImage when all of them have failed.
    rules: Mapping[str, Any] = {} if shape.type_name == "list" else shape.metadata
    if shape.type_name == "string" and shape.enum:
        assert value in shape.enum, f"{place}: {value!r} is not one of {shape.enum}"
    if "pattern" in rules:
        assert re.search(rules["pattern"], value, re.ASCII), (
            f"{place}: {value!r} does not match the pattern"
        )
    size = value if shape.type_name in {"integer", "long"} else len(value) if rules else 0
    assert rules.get("min", size) <= size <= rules.get("max", size), f"{place}: {value!r}"

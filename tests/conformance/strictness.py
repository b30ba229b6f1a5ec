"""Whether an answer on the wire is by botocore's model, to the last member.

botocore itself reads leniently: it takes no notice of members that it does not know, of members
that are missing, nor of most types.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

__all__ = ["assert_modelled"]


def assert_modelled(value: Any, shape: Any, place: str = "answer") -> None:
    """Members that are required are there, no others than are modelled, all of them right."""
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
    assert is_right, f"{place}: {value!r} is no {kind}"
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
    # How long a list is to be concerns those who send it: answers are of the same shapes, and ECR
    # answers BatchDeleteImage with no imageIds when all of them have failed.
    rules: Mapping[str, Any] = {} if shape.type_name == "list" else shape.metadata
    if shape.type_name == "string" and shape.enum:
        assert value in shape.enum, f"{place}: {value!r} is none of {shape.enum}"
    if "pattern" in rules:
        assert re.search(rules["pattern"], value, re.ASCII), f"{place}: {value!r} has another form"
    size = value if shape.type_name in {"integer", "long"} else len(value) if rules else 0
    assert rules.get("min", size) <= size <= rules.get("max", size), f"{place}: {value!r}"

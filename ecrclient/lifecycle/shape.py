"""The shape of a lifecycle policy's JSON: its required members, and the types of all members.

The checks read the JSON, not the models: a model fills in a missing priority or action, and
pydantic accepts ``"1"`` and ``true`` as integers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, cast

import pydantic_core

__all__ = ["read_document", "shape_problems"]

_LONGEST_SHOWN = 40


class _Kind(NamedTuple):
    """A type of JSON value."""

    name: str
    fits: Callable[[object], bool]


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, cast("list[object]", value)))


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


_INTEGER = _Kind("an integer", _is_integer)
_TEXT = _Kind("a string", _is_text)
_TEXTS = _Kind("a list of strings", _is_texts)
_OBJECT = _Kind("an object", _is_object)


class _Shape(NamedTuple):
    """The members of an object."""

    required: Mapping[str, _Kind]
    optional: Mapping[str, _Kind]


_RULE = _Shape(
    {"rulePriority": _INTEGER, "selection": _OBJECT, "action": _OBJECT}, {"description": _TEXT}
)
_PARTS = {
    "selection": _Shape(
        {"tagStatus": _TEXT, "countType": _TEXT, "countNumber": _INTEGER},
        {
            "tagPatternList": _TEXTS,
            "tagPrefixList": _TEXTS,
            "storageClass": _TEXT,
            "countUnit": _TEXT,
        },
    ),
    "action": _Shape({"type": _TEXT}, {"targetStorageClass": _TEXT}),
}


def read_document(text: str) -> object:
    """Parse a policy's text as JSON.

    Raises:
        ValueError: the text is not JSON.
    """
    # Encoded here, since pydantic raises TypeError for a string with a lone surrogate.
    document: object = pydantic_core.from_json(text.encode(), allow_inf_nan=False)
    return document


def shape_problems(document: object) -> list[str]:
    """The reasons why a document is not a policy; each names its rule.

    Unknown members are not reported: a newer version of the service may have introduced them.
    """
    if not isinstance(document, dict):
        return [f"the policy must be an object, not {_shown(document)}"]
    members = cast("dict[str, object]", document)
    if "rules" not in members:
        return ["the member rules is missing"]
    rules = members["rules"]
    if not isinstance(rules, list):
        return [f"rules must be a list, not {_shown(rules)}"]
    return [
        problem
        for position, rule in enumerate(cast("list[object]", rules), start=1)
        for problem in _in_rule(position, rule)
    ]


def _in_rule(position: int, rule: object) -> Iterator[str]:
    if not isinstance(rule, dict):
        yield f"rule at position {position}: must be an object, not {_shown(rule)}"
        return
    members = cast("dict[str, object]", rule)
    priority = members.get("rulePriority")
    name = f"rule {priority}" if _is_integer(priority) else f"rule at position {position}"
    for problem in _in_object(members, _RULE, ""):
        yield f"{name}: {problem}"
    for part, shape in _PARTS.items():
        value = members.get(part)
        if isinstance(value, dict):
            for problem in _in_object(cast("dict[str, object]", value), shape, f"{part}."):
                yield f"{name}: {problem}"


def _in_object(members: Mapping[str, object], shape: _Shape, place: str) -> Iterator[str]:
    for member in shape.required:
        if member not in members:
            yield f"{place}{member} is missing"
    for member, kind in {**shape.required, **shape.optional}.items():
        if member in members and not kind.fits(members[member]):
            yield f"{place}{member} must be {kind.name}, not {_shown(members[member])}"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."

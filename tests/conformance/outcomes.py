"""Responses for waiters and paginators: small, random, and about the members that these read."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["Outcomes", "put"]

_WORD = re.compile(r"[A-Za-z_]\w*")
_LITERAL = re.compile(r"'([^']*)'")


class Outcomes:
    """Random responses with only the members that some JMESPath expressions name.

    Args:
        shapes: The shapes of the service's model.
        output: The name of the shape of the response.
        expressions: The expressions.
        values: Strings that are likely to be compared with.
        seed: Determines what is made.
    """

    def __init__(
        self,
        shapes: Mapping[str, Any],
        output: str | None,
        expressions: Collection[str],
        values: Collection[str],
        seed: object,
    ) -> None:
        self._shapes = shapes
        self._output = output
        text = " ".join(expressions)
        self._named = frozenset(_WORD.findall(text))
        self._values = [*values, *_LITERAL.findall(text), "OTHER"]
        self.random = random.Random(repr(seed))

    def response(self) -> dict[str, Any]:
        """A body."""
        found: dict[str, Any] = self._value(self._output, depth=0) if self._output else {}
        return found

    def _value(self, name: str, depth: int) -> Any:
        shape, choose = self._shapes[name], self.random
        match shape["type"]:
            case "structure":
                members: dict[str, Any] = shape.get("members", {}) if depth < 6 else {}
                return {
                    member: self._value(raw["shape"], depth + 1)
                    for member, raw in members.items()
                    if member in self._named and choose.random() < 0.9
                }
            case "list":
                length = choose.choice([0, 1, 1, 2, 3])
                return [self._value(shape["member"]["shape"], depth + 1) for _ in range(length)]
            case "map":
                value = shape["value"]["shape"]
                keys = choose.sample("abc", choose.randint(0, 2))
                return {key: self._value(value, depth + 1) for key in keys}
            case "string":
                return choose.choice(self._values)
            case "boolean":
                return choose.random() < 0.5
            case "blob":
                return "AAAA"
            case _:
                return choose.randint(0, 2)


def put(body: dict[str, Any], path: str, value: object) -> None:
    """Set the value at a path such as ``A.B`` or ``A.B[-1].C``, and create what is above it."""
    steps = path.replace("[-1]", ".[-1]").split(".")
    *above, last = steps
    inside: Any = body
    for step, after in zip(above, steps[1:], strict=True):
        if step == "[-1]":
            if not inside:
                inside.append({})
            inside = inside[-1]
        else:
            inside = inside.setdefault(step, [] if after == "[-1]" else {})
    inside[last] = value

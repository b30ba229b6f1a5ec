"""Attribute paths: where waiters and paginators find values in a response."""

from __future__ import annotations

from typing import Any, cast

__all__ = ["find"]

_EACH = "[]"


def find(value: object, path: str) -> Any:
    """The value at a path; None if it is absent.

    Args:
        value: The model to start at.
        path: Attributes with dots between them. ``[]`` after a list means each of its items, so
            that the value is the list of what the rest of the path finds in them; ``[-1]`` means
            its last item.
    """
    is_list = False
    for step in path.replace("[", ".[").split("."):
        if step == _EACH:
            if not isinstance(value, list):
                return None
            value, is_list = _flat(cast("list[object]", value)), True
        elif is_list:
            items = cast("list[object]", value)
            value = [part for item in items if (part := _part(item, step)) is not None]
        else:
            value = _part(value, step)
    return value


def _flat(items: list[object]) -> list[object]:
    flat: list[object] = []
    for item in items:
        flat += cast("list[object]", item) if isinstance(item, list) else [item]
    return flat


def _part(value: object, step: str) -> object:
    if not step.startswith("["):
        # Reading a member that the service should have sent raises an AttributeError.
        return getattr(value, step, None)
    items = cast("list[object]", value) if isinstance(value, list) else []
    index = int(step.strip("[]"))
    return items[index] if -len(items) <= index < len(items) else None

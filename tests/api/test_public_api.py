"""The public API breaks only on purpose: every name of the snapshot is still public."""

from __future__ import annotations

import json

import pytest

from tests.api.surface import SNAPSHOT, Surface, breaks, public_surface


def test_nothing_public_is_removed_or_narrowed() -> None:
    """For an intended break, add it to the changelog and run ``python -m tests.api.surface``."""
    old: Surface = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert len(old) > 1000
    assert breaks(old, public_surface()) == []


OLD: Surface = {
    "m.f": {"a": "int", "b?": "str", "->": "None"},
    "m.C": {"bases": "Base"},
    "m.C.x": {":": "int"},
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"m.f": {"a?": "int", "b?": "str", "c?": "int", "->": "None"}, "m.g": {}}, []),
        ({"m.f": {"a": "int", "->": "None"}}, ["m.f: b? was removed"]),
        (
            {"m.f": {"a": "int", "b": "str", "->": "None"}},
            ["m.f: b? was removed", "m.f: b is now required"],
        ),
        ({"m.f": {"a": "bytes", "b?": "str", "->": "None"}}, ["m.f: a was int and is bytes"]),
        (
            {"m.f": {"a": "int", "b?": "str", "c": "int", "->": "None"}},
            ["m.f: c is now required"],
        ),
        ({"m.C": {"bases": ""}}, ["m.C: bases was Base and is "]),
        ({"m.C.x": {":": "int | None"}}, ["m.C.x: : was int and is int | None"]),
    ],
)
def test_changes_that_break(change: Surface, expected: list[str]) -> None:
    assert breaks(OLD, {**OLD, **change}) == expected


def test_an_inferred_type_may_be_declared() -> None:
    assert breaks({"m.x": {":": "as inferred"}}, {"m.x": {":": "int"}}) == []


def test_a_removed_name_breaks() -> None:
    assert breaks(OLD, {"m.f": OLD["m.f"], "m.C": OLD["m.C"]}) == ["m.C.x was removed"]

"""The public API breaks only on purpose: what was public when the snapshot was made still is."""

from __future__ import annotations

import json

import pytest

from tests.api.surface import SNAPSHOT, Surface, breaks, public_surface


def test_nothing_public_is_gone_or_narrower() -> None:
    """If it is meant, tell it in the changelog and run ``python -m tests.api.surface``."""
    old: Surface = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert len(old) > 1000
    assert breaks(old, public_surface()) == []


OLD: Surface = {
    "m.f": {"a": "int", "b?": "str", "->": "None"},
    "m.C": {"bases": "Base"},
    "m.C.x": {":": "int"},
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"m.f": {"a?": "int", "b?": "str", "c?": "int", "->": "None"}, "m.g": {}}, []),
        ({"m.f": {"a": "int", "->": "None"}}, ["m.f: b? is gone"]),
        (
            {"m.f": {"a": "int", "b": "str", "->": "None"}},
            ["m.f: b? is gone", "m.f: b has to be passed now"],
        ),
        ({"m.f": {"a": "bytes", "b?": "str", "->": "None"}}, ["m.f: a was int and is bytes"]),
        (
            {"m.f": {"a": "int", "b?": "str", "c": "int", "->": "None"}},
            ["m.f: c has to be passed now"],
        ),
        ({"m.C": {"bases": ""}}, ["m.C: bases was Base and is "]),
        ({"m.C.x": {":": "int | None"}}, ["m.C.x: : was int and is int | None"]),
    ],
)
def test_what_breaks(change: Surface, told: list[str]) -> None:
    assert breaks(OLD, {**OLD, **change}) == told


def test_a_type_that_was_inferred_may_be_told() -> None:
    assert breaks({"m.x": {":": "as inferred"}}, {"m.x": {":": "int"}}) == []


def test_a_name_that_is_gone_breaks() -> None:
    assert breaks(OLD, {"m.f": OLD["m.f"], "m.C": OLD["m.C"]}) == ["m.C.x is gone"]

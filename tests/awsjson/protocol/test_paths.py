"""Attribute paths: members, items of lists, and what is absent."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field

from ecrclient._awsjson.protocol.paths import find
from ecrclient._awsjson.protocol.shapes import Response, Str, Structure


class Leaf(Structure, frozen=True):
    name: Str | None = None
    names: list[Str] = Field(default=[])


class Branch(Structure, frozen=True):
    leaf: Leaf
    leaves: list[Leaf] = Field(default=[])
    nested: list[list[Leaf]] = Field(default=[])


class Tree(Response, frozen=True):
    branch: Branch | None = None
    branches: list[Branch] = Field(default=[])


def leaf(*names: str) -> Leaf:
    return Leaf(name=names[0], names=[*names])


A, B, C = leaf("a", "x"), leaf("b"), leaf("c")
FULL = Tree(
    branch=Branch(leaf=A, leaves=[A, B, Leaf()], nested=[[A, B], [], [C]]),
    branches=[Branch(leaf=A, leaves=[B]), Branch(leaf=B), Branch(leaf=C, leaves=[A, C])],
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("branch.leaf.name", "a"),
        ("branch.leaves", [A, B, Leaf()]),
        ("branch.leaves[].name", ["a", "b"]),
        ("branch.leaves[].names[]", ["a", "x", "b"]),
        ("branches[].leaf.name", ["a", "b", "c"]),
        ("branches[].leaves[].name", ["b", "a", "c"]),
        ("branch.nested[].name", ["a", "b", "c"]),
        ("branches[-1].leaf.name", "c"),
        ("branches[0].leaves[-1].name", "b"),
        ("branches[].leaves[-1].name", ["b", "c"]),
        ("branches[3].leaf", None),
        ("branch[].leaf", None),
        ("branch[-1].leaf", None),
        ("branch.nothing.name", None),
        ("branch.leaf.name.more", None),
    ],
)
def test_what_a_path_finds(path: str, value: Any) -> None:
    assert find(FULL, path) == value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("branch.leaf", None),
        ("branches[].leaf", []),
        ("branches[-1].leaf", None),
        ("branch.leaves[].name", None),
    ],
)
def test_an_empty_response_has_nothing(path: str, value: Any) -> None:
    assert find(Tree(), path) == value


def test_a_member_that_the_service_did_not_send_is_absent() -> None:
    incomplete = Branch.model_construct()
    assert find(incomplete, "leaf.name") is None
    assert find([incomplete, FULL.branch], "[].leaf.name") is None, "a path begins with a name"

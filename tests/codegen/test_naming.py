"""The naming rules, which the generator and the runtime must share.

The generator cannot import the runtime: it must work while the generated part of the package is
missing or broken.
"""

from __future__ import annotations

import importlib

import pytest

from codegen import naming, runtime
from codegen.aws_model import AwsModel


@pytest.mark.parametrize("rule", ["camel_case", "pascal_case"])
def test_the_rules_for_wire_names_are_those_of_the_runtime(model: AwsModel, rule: str) -> None:
    shapes = importlib.import_module(runtime.SHAPES)
    names = {
        naming.member_name(member.name)
        for shape in model.shapes.values()
        for member in shape.members
    }
    assert len(names) > 200
    ours, theirs = getattr(naming, rule), getattr(shapes, rule)
    for name in (*names, "a", "a_", "_a", "a__b", "a1_b2", "aB_c"):
        assert ours(name) == theirs(name), name

"""The naming rules, which the generator and the runtime must share.

The generator cannot import the runtime: it must work while the generated part of the package is
missing or broken.
"""

from __future__ import annotations

import importlib

import pytest

from codegen import naming, runtime
from codegen.aws_model import AwsModel
from ecrclient import ServiceError


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


@pytest.mark.parametrize(
    ("wire_name", "attribute"),
    [
        ("secretId", "secret_id"),
        ("ACLs", "acls"),
        ("KMSKeyARN", "kms_key_arn"),
        ("_private", "private"),
        ("3DModel", "n3_d_model"),
        ("x-amz-id", "x_amz_id"),
        ("class", "class_"),
        ("copy", "copy_"),
        ("modelName", "model_name_"),
        ("None", "none"),
    ],
)
def test_the_attribute_of_a_member(wire_name: str, attribute: str) -> None:
    assert naming.member_name(wire_name) == attribute


def test_an_error_member_has_no_name_of_an_attribute_of_every_error() -> None:
    error = ServiceError("Code")
    names = {name for name in (*dir(error), *vars(error)) if not name.startswith("_")}
    assert len(names) > 10
    for name in names:
        assert naming.error_member_name(name) == f"{name}_"
    assert naming.error_member_name("requestId") == "request_id_"
    assert naming.error_member_name("limit") == "limit"

"""Compare two clients: the bodies that they send and the values that they read."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC
from typing import Any, cast

from ecrclient._awsjson.protocol.shapes import Structure

__all__ = ["assert_same_value", "members_spelled", "python_name", "spelled", "strict_json"]

_xform_name: Callable[[str], str] = vars(importlib.import_module("botocore"))["xform_name"]


def strict_json(body: bytes) -> Any:
    """The JSON value; ``true`` differs from 1 here, and a repeated name is an error."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        assert len(members) == len(pairs), "a name is repeated"
        return members

    return _mark_booleans(json.loads(body, object_pairs_hook=unique))


def _mark_booleans(value: Any) -> Any:
    match value:
        case bool():
            return "true" if value else "false", bool
        case dict():
            members = cast("dict[str, Any]", value)
            return {name: _mark_booleans(member) for name, member in members.items()}
        case list():
            return [_mark_booleans(item) for item in cast("Sequence[Any]", value)]
        case _:
            return value


def python_name(wire_name: str, names: Container[str]) -> str:
    """botocore's spelling; an underscore follows if Python or pydantic has taken the name.

    An underscore in front, which botocore puts before ``_acls``, is absent.
    """
    name = _xform_name(wire_name).lstrip("_")
    return name if name in names else f"{name}_"


def spelled(value: Any, shape: Any, models: Any, *, as_models: bool) -> Any:
    """An input as a caller of this client writes it: with dicts, or with models."""
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            model: type[Structure] = getattr(models, shape.name)
            arguments = members_spelled(value, shape, model, models, as_models=as_models)
            return model(**arguments) if as_models else arguments
        case "list":
            return [spelled(item, shape.member, models, as_models=as_models) for item in value]
        case "map":
            return {
                key: spelled(item, shape.value, models, as_models=as_models)
                for key, item in value.items()
            }
        case _:
            return value


def members_spelled(
    value: Mapping[str, Any], shape: Any, model: type[Structure], models: Any, *, as_models: bool
) -> dict[str, Any]:
    """The members of an input by their Python names."""
    return {
        python_name(name, model.model_fields): spelled(
            member, shape.members[name], models, as_models=as_models
        )
        for name, member in value.items()
    }


def assert_same_value(ours: Any, theirs: Any, shape: Any) -> None:
    """Both clients read the same value, with the same members absent."""
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            _assert_same_structure(ours, theirs, shape)
        case "list":
            _assert_same_length(ours, theirs)
            for our, their in zip(ours, theirs, strict=True):
                assert_same_value(our, their, shape.member)
        case "map":
            assert ours.keys() == theirs.keys()
            for key, their in theirs.items():
                assert_same_value(ours[key], their, shape.value)
        case "timestamp":
            assert ours.tzinfo is UTC or ours.utcoffset().total_seconds() == 0
            assert ours == theirs
        case "double" | "float":
            assert isinstance(ours, float)
            assert ours == theirs or (math.isnan(ours) and math.isnan(theirs))
        case _:
            assert type(ours) is type(theirs)
            assert ours == theirs


def _assert_same_length(ours: Sequence[Any], theirs: Sequence[Any]) -> None:
    assert len(ours) == len(theirs)


def _assert_same_structure(ours: Structure, theirs: Mapping[str, Any], shape: Any) -> None:
    fields = type(ours).model_fields
    names = {python_name(name, fields): name for name in shape.members}
    assert names.keys() == fields.keys(), "the members of the model and no others"
    for name, wire_name in names.items():
        if wire_name in theirs:
            assert_same_value(getattr(ours, name), theirs[wire_name], shape.members[wire_name])
        elif fields[name].is_required():
            assert not hasattr(ours, name), wire_name
        else:
            assert getattr(ours, name) in (None, [], {}), wire_name

"""Serializers for the wire: wire names, and timestamps in the format of the service's model.

The serializer of a model's class writes attribute names and RFC 3339 times.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_core import SchemaSerializer

from ecrclient._awsjson.protocol.scalars import ON_THE_WIRE

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.shapes import Structure

__all__ = ["to_wire_json", "wire_serializer"]


@functools.cache
def wire_serializer(model: type[Structure]) -> SchemaSerializer:
    """The serializer of a model; it needs ``by_alias=True``. It is built at the first use."""
    model.model_rebuild()
    return SchemaSerializer(_for_wire(model.__pydantic_core_schema__))


def to_wire_json(structure: Structure, *, exclude_unset: bool = True) -> bytes:
    """The structure as JSON for the wire, without members that are None."""
    return wire_serializer(type(structure)).to_json(
        structure, by_alias=True, exclude_none=True, exclude_unset=exclude_unset
    )


def _for_wire(schema: Any) -> Any:
    match schema["type"]:
        case "definitions":
            definitions = [_for_wire(definition) for definition in schema["definitions"]]
            changed = {"schema": _for_wire(schema["schema"]), "definitions": definitions}
        case "model":
            changed = {
                "schema": _for_wire(schema["schema"]),
                # pydantic would use the serializer of any other class instead of this schema.
                "cls": BaseModel,
                "config": {**schema["config"], "ser_json_temporal": "seconds"},
            }
        case "model-fields":
            fields = schema["fields"]
            changed = {"fields": {name: _for_wire(fields[name]) for name in fields}}
        case "model-field":
            changed = {
                "schema": _for_wire(schema["schema"]),
                "serialization_alias": schema.get("validation_alias"),
            }
        case _:
            changed = {part: _for_wire(schema[part]) for part in _PARTS if part in schema}
            written = schema.get("metadata", {}).get(ON_THE_WIRE)
            if written is not None:
                changed["serialization"] = written
    return {**schema, **changed}


# Serializers use only the first schema of a json-or-python schema.
_PARTS = ("schema", "items_schema", "keys_schema", "values_schema", "json_schema")

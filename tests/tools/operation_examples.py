"""Examples of every shape, with all members of the service's model."""

from __future__ import annotations

import inspect
from typing import Any

from ecrclient import models
from ecrclient._awsjson.protocol.operation import Operation
from ecrclient._awsjson.protocol.shapes import Request, Response, Structure
from ecrclient._awsjson.protocol.wire_serializer import wire_serializer
from ecrclient.operations import OPERATIONS
from tests.tools.botocore_calls import service_model

EVERY_MODEL: list[type[Structure]] = [
    found
    for _, found in inspect.getmembers(models, inspect.isclass)
    if issubclass(found, Structure) and found not in {Structure, Request, Response}
]
EVERY_OPERATION: list[Operation[Any]] = sorted(OPERATIONS.values(), key=lambda found: found.name)


def wire_example(shape_name: str, inside: tuple[str, ...] = ()) -> Any:
    """A JSON value of the shape with every member that botocore's model has."""
    shape = service_model()["shapes"][shape_name]
    within = (*inside, shape_name)
    match shape["type"]:
        case "structure":
            return {
                name: wire_example(member["shape"], within)
                for name, member in shape["members"].items()
                if member["shape"] not in within
            }
        case "list":
            return [wire_example(shape["member"]["shape"], within)]
        case "map":
            key = wire_example(shape["key"]["shape"], within)
            return {key: wire_example(shape["value"]["shape"], within)}
        case "string":
            return shape.get("enum", ["text"])[0]
        case kind:
            # Base64 with the two characters in which the URL-safe alphabet differs.
            return {
                "blob": "+//+",
                "boolean": True,
                "double": 0.5,
                "float": 0.5,
                "integer": 7,
                "long": 2**40,
                "timestamp": 1_700_000_000.5,
            }[kind]


def wire_output(operation: Operation[Any]) -> dict[str, Any]:
    """A response of the operation with all members."""
    return _wire(operation, "output")


def wire_input(operation: Operation[Any]) -> dict[str, Any]:
    """A request of the operation with all members; it may exceed limits."""
    return _wire(operation, "input")


def _wire(operation: Operation[Any], side: str) -> dict[str, Any]:
    shape = service_model()["operations"][operation.name].get(side)
    example: dict[str, Any] = wire_example(shape["shape"]) if shape else {}
    return example


def read(model: type[Any], body: str | bytes) -> Any:
    """Decode a model as the codec does."""
    model.model_rebuild()
    return model.__pydantic_validator__.validate_json(
        body, by_alias=True, by_name=False, extra="allow"
    )


def write(model: Structure) -> str:
    """Encode a model for the wire, without the members that were not set."""
    serializer = wire_serializer(type(model))
    return serializer.to_json(model, by_alias=True, exclude_unset=True).decode()

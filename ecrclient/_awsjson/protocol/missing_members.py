"""Reads a response that lacks members which the service's model declares always present.

The validator of a response class refuses such a response. The validator built here accepts it and
omits what the service did not send: a missing member is neither in ``__dict__`` nor in
``model_fields_set``, and reading it raises ``MissingMemberError``. The validator is built when a
response of the operation first needs it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

from pydantic_core import SchemaValidator, core_schema

from ecrclient._awsjson.protocol.shapes import Structure, note_operation

__all__ = ["decode_incomplete", "decode_incomplete_value"]

_ABSENT = object()


# The operation has no precise type here, because its module imports the errors, which use this one.
def decode_incomplete(operation: Any, content: bytes) -> Any:
    """The response with the members that the service sent; a null counts as missing.

    Raises:
        ValidationError: The body is not JSON, or a member has another type.
    """
    validator = _validator(operation.response, operation.method)
    response = validator.validate_json(content)
    # None: the body is null.
    return validator.validate_json(b"{}") if response is None else response


@functools.lru_cache(maxsize=256)
def _validator(response: type[Any], method: str) -> SchemaValidator:
    return _lenient(response.__pydantic_core_schema__, method)


def decode_incomplete_value(schema: Any, method: str, content: bytes) -> Any:
    """The value of a member of an error, whose structures may lack members.

    Args:
        schema: pydantic's core schema of the member's type.
        method: The client's method, for the errors of members that are missing.
        content: The value as JSON.

    Raises:
        ValidationError: The value has another type.
    """
    return _lenient(schema, method).validate_json(content)


def _lenient(schema: Any, method: str) -> SchemaValidator:
    config: core_schema.CoreConfig = {
        # All structures share these settings; a schema of fields alone does not carry them.
        **cast("core_schema.CoreConfig", _model_of(Structure.__pydantic_core_schema__)["config"]),
        "validate_by_name": False,
        "validate_by_alias": True,
    }
    return SchemaValidator(core_schema.nullable_schema(_Rewriter(method).rewrite(schema)), config)


def _model_of(schema: Any) -> Any:
    return _model_of(schema["schema"]) if schema["type"] == "definitions" else schema


class _Rewriter:
    """Turns the schema of a response class into one in which every member is optional."""

    def __init__(self, method: str) -> None:
        self._method = method

    def rewrite(self, schema: Any) -> Any:
        """The schema that accepts missing members at any depth."""
        match schema["type"]:
            case "definitions":
                definitions = [self.rewrite(definition) for definition in schema["definitions"]]
                return {
                    **schema,
                    "schema": self.rewrite(schema["schema"]),
                    "definitions": definitions,
                }
            case "json-or-python":
                inner = self.rewrite(schema["json_schema"])
                return {**inner, "ref": schema["ref"]} if "ref" in schema else inner
            case "nullable" | "default":
                return {**schema, "schema": self.rewrite(schema["schema"])}
            case "list":
                return self._without_nulls(schema, "items_schema", _drop_null_items)
            case "dict":
                return self._without_nulls(schema, "values_schema", _drop_null_values)
            case "model":
                return self._structure(schema)
            case _:
                return schema

    def _without_nulls(self, schema: Any, part: str, drop: Callable[[Any], Any]) -> Any:
        inner = schema.get(part)
        if inner is None or inner["type"] == "nullable":
            # In a sparse list or map, null is a value.
            return {**schema, part: self.rewrite(inner)} if inner else schema
        nullable = core_schema.nullable_schema(self.rewrite(inner))
        without: Any = {**schema, part: nullable, "fail_fast": True}
        return core_schema.no_info_after_validator_function(drop, without)

    def _structure(self, schema: Any) -> Any:
        """Not a model schema: pydantic may replace that with the validator of the class."""
        fields = schema["schema"]["fields"]
        build = _Build(schema["cls"], self._method, has_private="post_init" in schema)
        optional: Any = {
            **schema["schema"],
            "fields": {name: self._field(name, fields[name], build) for name in fields},
            "extra_behavior": "allow",
        }
        return core_schema.no_info_after_validator_function(build, optional, ref=schema.get("ref"))

    def _field(self, name: str, field: Any, build: _Build) -> Any:
        schema = field["schema"]
        has_default = schema["type"] == "default"
        inner = schema["schema"] if has_default else schema
        optional = self.rewrite(inner)
        if inner["type"] != "nullable":
            build.never_null.append(name)
            optional = core_schema.nullable_schema(optional)
        if has_default:
            return {**field, "schema": {**schema, "schema": optional}}
        return {**field, "schema": core_schema.with_default_schema(optional, default=_ABSENT)}


class _Build:
    """Creates an instance from the members of a structure."""

    def __init__(self, cls: type[Any], method: str, *, has_private: bool) -> None:
        self._cls = cls
        self._method = method
        self._has_private = has_private
        self.never_null: list[str] = []
        """The members whose type does not include None."""

    def __call__(self, read: tuple[dict[str, Any], dict[str, Any] | None, set[str]]) -> Any:
        members, extra, sent = read
        is_complete = True
        for name in self.never_null:
            value = members[name]
            if value is None or value is _ABSENT:
                sent.discard(name)
                is_complete = self._leave_out(members, name) and is_complete
        instance: Any = object.__new__(self._cls)
        _set(instance, "__dict__", members)
        _set(instance, "__pydantic_extra__", extra)
        _set(instance, "__pydantic_fields_set__", sent)
        _set(instance, "__pydantic_private__", None)
        if self._has_private:
            instance.model_post_init(None)
        if not is_complete:
            note_operation(instance, self._method)
        return instance

    def _leave_out(self, members: dict[str, Any], name: str) -> bool:
        """Omit the member, or set its default (an empty list or map); whether it has one."""
        field = self._cls.__pydantic_fields__[name]
        if field.is_required():
            del members[name]
            return False
        members[name] = field.get_default(call_default_factory=True)
        return True


_set = object.__setattr__


def _drop_null_items(items: list[Any]) -> list[Any]:
    return [item for item in items if item is not None]


def _drop_null_values(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}

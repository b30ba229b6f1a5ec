"""Describes pydantic's validation errors as text of bounded length."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import SchemaValidator, ValidationError

from ecrclient._awsjson.protocol.errors import ValidationProblem
from ecrclient._awsjson.support.bounded_text import shorten, summarize

__all__ = ["explain_response", "problems_of_request", "spell"]

_MAX_STEP = 80
_MAX_COMPLETE = 100


def problems_of_request(
    error: ValidationError, model: type[Any], given: dict[str, object]
) -> tuple[ValidationProblem, ...]:
    """The wrong members, with the names that the caller uses.

    If there are more than 100, only the first wrong item of each list is included: pydantic creates
    objects for all errors or for none, and a list can have millions of wrong items.
    """
    if error.error_count() > _MAX_COMPLETE:
        try:
            _fail_fast_validator(model).validate_python(given, extra="forbid")
        except ValidationError as first_errors:
            error = first_errors
    problems = (_problem(problem, given) for problem in error.errors(include_url=False))
    return tuple(dict.fromkeys(problems))


def _problem(problem: Any, given: dict[str, object]) -> ValidationProblem:
    match problem["loc"]:
        case (str(member), int(), *_) if isinstance(value := given.get(member), BaseModel):
            # A model can be iterated, so pydantic takes it for a list.
            return ValidationProblem(member, f"must be a list, not {type(value).__name__}")
        case location:
            return ValidationProblem(spell(location), _message(problem))


def explain_response(error: ValidationError) -> tuple[str, bool]:
    """Describe what is wrong with a response; also whether it is a JSON object."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    summary = summarize([f"{spell(p['loc']) or 'body'}: {p['msg']}" for p in problems])
    return summary, all(problem["loc"] for problem in problems)


def spell(location: tuple[int | str, ...]) -> str:
    """``("tags", 0, "key")`` is ``tags[0].key``; long keys are shortened."""
    steps = (
        f"[{step}]" if isinstance(step, int) else f".{shorten(step, _MAX_STEP)}"
        for step in location
    )
    return "".join(steps).removeprefix(".")


def _message(problem: Any) -> str:
    match problem["type"]:
        case "extra_forbidden":
            return "no such member"
        case "missing":
            return "required"
        case "string_pattern_mismatch":
            return f"must match {problem['ctx']['pattern'].removeprefix('^(?:').removesuffix(')$')}"
        case str(kind) if kind.endswith("_type"):
            return f"{problem['msg']}, not {type(problem['input']).__name__}"
        case "value_error":
            # The error of a document; pydantic's message adds a prefix.
            return str(problem["ctx"]["error"])
        case _:
            return str(problem["msg"])


def _fail_fast_validator(model: type[Any]) -> SchemaValidator:
    # From the fields: pydantic may replace a model schema with the validator of the class.
    schema = model.__pydantic_core_schema__
    if schema["type"] == "definitions":
        root = schema["schema"]
        return SchemaValidator(_fail_fast({**schema, "schema": root["schema"]}), root["config"])
    return SchemaValidator(_fail_fast(schema["schema"]), schema["config"])


def _fail_fast(schema: object) -> Any:
    """The schema with lists that stop at their first wrong item."""
    if isinstance(schema, list):
        return [_fail_fast(part) for part in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    copied = {
        name: part if name in _NOT_SCHEMAS else _fail_fast(part)
        for name, part in cast("dict[str, object]", schema).items()
    }
    if copied.get("type") == "list":
        copied["fail_fast"] = True
    return copied


_NOT_SCHEMAS = frozenset({"config", "default", "metadata", "serialization"})

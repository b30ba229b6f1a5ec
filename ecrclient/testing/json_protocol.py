"""The service side of the AWS JSON protocol: decoding requests and encoding responses.

The models are the client's, so the members are described once. A request is checked in three steps,
because the client's models check less than the service does:

1. JSON into the model, strictly by type and by wire name: ``SerializationException``;
2. the model's limits, which pydantic applies in Python mode only: ``InvalidParameterException``;
3. the enums, which the client leaves open, see ``enums``: ``InvalidParameterException``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from pydantic import ValidationError

from ecrclient._awsjson.protocol.wire_serializer import to_wire_json, wire_serializer

from .enums import first_unknown_value
from .errors import invalid_parameter, refuse_common

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from ecrclient._awsjson.protocol.operation import Operation, ResponseT
    from ecrclient._awsjson.protocol.service_error import ServiceError
    from ecrclient._awsjson.protocol.shapes import Request, Response

__all__ = ["decode_request", "encode_response"]

# ECR's messages list these values in a different order than its model.
_AS_ECR_LISTS = {
    "imageTagMutability": (
        "IMMUTABLE",
        "MUTABLE",
        "MUTABLE_WITH_EXCLUSION",
        "IMMUTABLE_WITH_EXCLUSION",
    )
}


def decode_request(operation: Operation[ResponseT], body: bytes) -> Request[ResponseT]:
    """Return the request model, validated against all constraints of the service's model.

    Unknown members are ignored, as AWS's JSON services do.

    Raises:
        ServiceError: the body is malformed, or a member violates a constraint.
    """
    model = operation.request
    try:
        request = model.model_validate_json(
            _without_nulls(body), strict=True, by_alias=True, by_name=False, extra="ignore"
        )
    except ValidationError as error:
        raise _malformed(error.errors(include_url=False)) from None
    try:
        model.model_validate(
            wire_serializer(model).to_python(request, by_alias=True, exclude_unset=True),
            by_alias=True,
            by_name=False,
        )
    except ValidationError as error:
        raise _out_of_limits(error.errors(include_url=False)[0]) from None
    unknown = first_unknown_value(request)
    if unknown is not None:
        name, known = unknown
        known = _AS_ECR_LISTS.get(name, known)
        raise invalid_parameter(name, f"Member must satisfy enum value set: [{', '.join(known)}]")
    return request


def encode_response(response: Response) -> bytes:
    """Encode the body of a response. Members that are unset or None are not sent."""
    return to_wire_json(response)


def _without_nulls(body: bytes) -> str:
    """Remove members that are null, which the protocol treats as absent."""
    try:
        members: object = json.loads(body or b"{}", object_pairs_hook=_members)
    # Invalid UTF-8 and excessive nesting are reported like any other invalid JSON.
    except (ValueError, RecursionError):
        raise refuse_common("SerializationException", "the body is not valid JSON") from None
    return json.dumps(members)


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return {name: value for name, value in pairs if value is not None}


def _malformed(problems: list[ErrorDetails]) -> ServiceError:
    for problem in problems:
        if problem["type"] != "missing":
            path = ".".join(str(step) for step in problem["loc"]) or "the body"
            return refuse_common("SerializationException", f"{path}: {problem['msg']}")
    return invalid_parameter(_name(problems[0]), "Member must not be null")


def _out_of_limits(problem: ErrorDetails) -> ServiceError:
    context = cast("dict[str, object]", problem.get("ctx", {}))
    match context:
        case {"pattern": str(pattern)}:
            # The pattern of the service's model, without the anchors that the client adds.
            stated = pattern.removeprefix("^(?:").removesuffix(")$")
            constraint = f"must satisfy regular expression '{stated}'"
        case {"min_length": limit}:
            constraint = f"Member must have length greater than or equal to {limit}"
        case {"max_length": limit}:
            constraint = f"Member must have length less than or equal to {limit}"
        case {"ge": limit}:
            constraint = f"Member must have value greater than or equal to {limit}"
        case {"le": limit}:
            constraint = f"Member must have value less than or equal to {limit}"
        case _:
            constraint = problem["msg"]
    return invalid_parameter(_name(problem), constraint)


def _name(problem: ErrorDetails) -> str:
    """Return the innermost member's name: ECR reports ``imageTag``, not ``imageIds.0.imageTag``."""
    return next(step for step in reversed(problem["loc"]) if isinstance(step, str))

"""The acceptors of waiters: whether the outcome of a poll meets a condition.

Source: "Waiters" in the Smithy specification, and botocore's ``waiters-2.json``. The condition of
an acceptor is about one attribute path, if possible. Otherwise it is a JMESPath expression with the
names on the wire, which the package ``jmespath`` evaluates; botocore depends on it too.
"""

from __future__ import annotations

import importlib
from typing import Any, cast

from ecrclient._awsjson.protocol.operation import Acceptor
from ecrclient._awsjson.protocol.paths import find
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient._awsjson.protocol.shapes import Response, Structure

__all__ = ["compared", "is_met"]


def is_met(acceptor: Acceptor, outcome: object) -> bool:
    """Whether the outcome of a poll, a response or a ``ServiceError``, meets the condition."""
    value = compared(acceptor, outcome)
    match acceptor.matcher:
        case "pathAny" | "pathAll":
            items = cast("list[object]", value) if isinstance(value, list) else []
            equal = [item in acceptor.expected for item in items]
            return bool(equal) and (all(equal) if acceptor.matcher == "pathAll" else any(equal))
        case "error" if isinstance(outcome, ServiceError):
            return value in acceptor.expected or True in acceptor.expected
        case "error":
            return False in acceptor.expected
        case _:
            return value in acceptor.expected


def compared(acceptor: Acceptor, outcome: object) -> object:
    """The value that the acceptor compares; None if the outcome has none."""
    if acceptor.matcher == "status":
        if isinstance(outcome, Response):
            return outcome.response_metadata.status
        return outcome.status if isinstance(outcome, ServiceError) else None
    if isinstance(outcome, ServiceError):
        return outcome.code if acceptor.matcher == "error" else None
    if acceptor.expression:
        return _search(acceptor.expression, outcome)
    return find(outcome, acceptor.path) if acceptor.path else None


def _search(expression: str, response: object) -> object:
    jmespath: Any = importlib.import_module("jmespath")
    try:
        return jmespath.search(expression, _on_the_wire(response))
    except jmespath.exceptions.JMESPathError:
        # A function of a member that is absent, such as its length.
        return None


def _on_the_wire(value: object) -> object:
    """Structures as dictionaries with the names on the wire."""
    match value:
        case Structure():
            fields = type(value).model_fields
            members = {
                fields[name].serialization_alias or name: _on_the_wire(member)
                for name, member in value
                if name in fields
            }
            return {**(value.model_extra or {}), **members}
        case list():
            return [_on_the_wire(item) for item in cast("list[object]", value)]
        case dict():
            items = cast("dict[str, object]", value).items()
            return {key: _on_the_wire(item) for key, item in items}
        case _:
            return value

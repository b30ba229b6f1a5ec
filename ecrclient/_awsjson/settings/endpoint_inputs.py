"""What the endpoint of a call depends on, read from its request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ecrclient._awsjson.protocol.errors import RequestValidationError, ValidationProblem
from ecrclient._awsjson.support.record import Record

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.operation import Operation, Path
    from ecrclient._awsjson.protocol.shapes import Request

__all__ = ["NO_INPUTS", "CallInputs", "inputs_of"]


class CallInputs(Record):
    """The parameters of the endpoint rules that a call supplies, and the beginning of the host."""

    parameters: Mapping[str, object]
    host_prefix: str


NO_INPUTS = CallInputs(MappingProxyType({}), "")


def inputs_of(operation: Operation[Any], request: Request[Any]) -> CallInputs:
    """Return the inputs that an operation's description selects from a request.

    Raises:
        RequestValidationError: A member that becomes part of the host is not a host label.
    """
    inputs = operation.endpoint
    if inputs is None:
        return NO_INPUTS
    parameters: dict[str, object] = dict(inputs.static)
    for name, path in inputs.members.items():
        value = _select(request, path)
        if value is not None:
            parameters.setdefault(name, value)

    if not inputs.host_prefix:
        return CallInputs(parameters, "")
    from ecrclient._awsjson.settings.endpoint_rules import is_valid_host_label

    def label(slot: re.Match[str]) -> str:
        value = getattr(request, slot[1])
        if not is_valid_host_label(value, allow_subdomains=False):
            problem = ValidationProblem(slot[1], "must be a host label: letters, digits, hyphens")
            raise RequestValidationError(operation.method, (problem,))
        return str(value)

    return CallInputs(parameters, re.sub(r"\{(\w+)\}", label, inputs.host_prefix))


def _select(value: Any, path: Path) -> Any:
    """Return what a path selects: an attribute, or a tuple of all that are set."""
    if value is None or not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, tuple):
        found: list[Any] = [_select(value, each) for each in step]
        return tuple(each for each in found if each is not None)
    if step == "keys()":
        return tuple(value)
    if step == "*":
        every = (_select(item, rest) for item in value)
        selected: list[Any] = [each for each in every if each is not None]
        if rest and isinstance(rest[-1], tuple):
            return tuple(each for several in selected for each in several)
        return tuple(selected)
    return _select(getattr(value, step), rest)

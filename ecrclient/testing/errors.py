"""How the service says no: the generated exceptions, raised by the rules and encoded once."""

from __future__ import annotations

import json
from typing import TypeVar

from ecrclient._runtime.errors import ServiceError
from ecrclient.errors import InvalidParameterException, ServerException

__all__ = ["access_denied", "encode_error", "invalid_parameter", "refuse", "refuse_common"]

ErrorT = TypeVar("ErrorT", bound=ServiceError)

_CLIENT_FAULT = 400
_SERVER_FAULT = 500


def refuse(kind: type[ErrorT], message: str, **members: object) -> ErrorT:
    """An error that the service's model knows; *members* by their names on the wire."""
    status = _SERVER_FAULT if issubclass(kind, ServerException) else _CLIENT_FAULT
    return kind(kind.__name__, message, status=status, details=members)


def refuse_common(code: str, message: str) -> ServiceError:
    """An error that all AWS services share, and that no service's model lists."""
    return ServiceError(code, message, status=_CLIENT_FAULT)


def access_denied(action: str, registry_id: str | None) -> ServiceError:
    """What a caller hears of a registry of another account."""
    return refuse_common(
        "AccessDeniedException",
        f"the caller is not authorized to perform ecr:{action} in the registry with id "
        f"'{registry_id}'",
    )


def invalid_parameter(member: str, constraint: str) -> InvalidParameterException:
    """What ECR says of a member that breaks a rule, in the form in which it says it."""
    return refuse(
        InvalidParameterException,
        f"Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'",
    )


def encode_error(error: ServiceError) -> bytes:
    """The body of an error in the AWS JSON protocol."""
    return json.dumps({"__type": error.code, "message": error.message, **error.details}).encode()

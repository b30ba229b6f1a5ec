"""How the service says no: the generated exceptions, raised by the rules and encoded once."""

from __future__ import annotations

import json
from typing import TypeVar

from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient.errors import ERRORS, InvalidParameterException, ServerException

__all__ = [
    "access_denied",
    "encode_error",
    "invalid_parameter",
    "refuse",
    "refuse_common",
    "scripted_error",
]

ErrorT = TypeVar("ErrorT", bound=ServiceError)

_CLIENT_FAULT = 400
_SERVER_FAULT = 500
# Of errors that all services share and that are not the caller's fault. Source: "Common Errors" in
# the Amazon ECR API Reference.
_STATUSES = {"InternalFailure": _SERVER_FAULT, "ServiceUnavailable": 503}


def refuse(kind: type[ErrorT], message: str, **members: object) -> ErrorT:
    """An error that the service's model knows; *members* by their names on the wire."""
    status = _SERVER_FAULT if issubclass(kind, ServerException) else _CLIENT_FAULT
    return kind(kind.__name__, message, status=status, details=members)


def refuse_common(code: str, message: str) -> ServiceError:
    """An error that all AWS services share, and that no service's model lists."""
    return ServiceError(code, message, status=_CLIENT_FAULT)


def scripted_error(
    error: ServiceError | type[ServiceError] | str, message: str, status: int | None
) -> ServiceError:
    """The error that a test asks for, by its code, its class, or as a whole.

    Args:
        error: The code, modelled or not, the class of a modelled error, or an error to send as it
            is.
        message: What the service says.
        status: The HTTP status; None: the usual one of the error.

    Raises:
        TypeError: the class is that of no error in particular, or a whole error is to be changed.
    """
    if isinstance(error, ServiceError):
        if message or status is not None:
            raise TypeError("an error that is given whole has its message and status")
        return error
    kind = ERRORS.get(error) if isinstance(error, str) else error
    if kind is ServiceError:
        raise TypeError("ServiceError has no code: give the code, or an error as a whole")
    if kind is not None:
        made: ServiceError = refuse(kind, message)
    else:
        made = ServiceError(str(error), message, status=_STATUSES.get(str(error), _CLIENT_FAULT))
    if status is not None:
        made.status = status
    return made


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

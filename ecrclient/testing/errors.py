"""Errors of the service: the generated exceptions, raised by the rules and encoded here."""

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
# The errors common to all services that are not the caller's fault. Source: "Common Errors" in the
# Amazon ECR API Reference.
_STATUSES = {"InternalFailure": _SERVER_FAULT, "ServiceUnavailable": 503}


def refuse(kind: type[ErrorT], message: str, **members: object) -> ErrorT:
    """Return an error of the service's model, with *members* by their wire names."""
    status = _SERVER_FAULT if issubclass(kind, ServerException) else _CLIENT_FAULT
    return kind(kind.__name__, message, status=status, details=members)


def refuse_common(code: str, message: str) -> ServiceError:
    """Return an error that is common to all AWS services and not in the service's model."""
    return ServiceError(code, message, status=_CLIENT_FAULT)


def scripted_error(
    error: ServiceError | type[ServiceError] | str, message: str, status: int | None
) -> ServiceError:
    """Return the error that a test specified as a code, a class or an instance.

    Args:
        error: A code, modelled or not; the class of a modelled error; or an instance, which is sent
            unchanged.
        message: The error's message.
        status: The HTTP status; None means the error's usual status.

    Raises:
        TypeError: the class is ``ServiceError`` itself, or an instance comes with a message or a
            status.
    """
    if isinstance(error, ServiceError):
        if message or status is not None:
            raise TypeError(
                "an error instance has its own message and status: do not pass them separately"
            )
        return error
    kind = ERRORS.get(error) if isinstance(error, str) else error
    if kind is ServiceError:
        raise TypeError("the class ServiceError has no code: pass a code or an instance instead")
    if kind is not None:
        made: ServiceError = refuse(kind, message)
    else:
        made = ServiceError(str(error), message, status=_STATUSES.get(str(error), _CLIENT_FAULT))
    if status is not None:
        made.status = status
    return made


def access_denied(action: str, registry_id: str | None) -> ServiceError:
    """Return the error for a registry of another account."""
    return refuse_common(
        "AccessDeniedException",
        f"the caller is not authorized to perform ecr:{action} in the registry with id "
        f"'{registry_id}'",
    )


def invalid_parameter(member: str, constraint: str) -> InvalidParameterException:
    """Return ECR's error for a member that breaks a rule, in ECR's wording."""
    return refuse(
        InvalidParameterException,
        f"Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'",
    )


def encode_error(error: ServiceError) -> bytes:
    """Encode the body of an error in the AWS JSON protocol."""
    return json.dumps({"__type": error.code, "message": error.message, **error.details}).encode()

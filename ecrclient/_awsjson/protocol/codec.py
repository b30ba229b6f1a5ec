"""The AWS JSON protocol: encodes requests, decodes responses and errors.

Source: "AWS JSON 1.0 protocol" and "AWS JSON 1.1 protocol" in the Smithy specification.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic_core import ValidationError, from_json

from ecrclient._awsjson.protocol.collector import collector_paused
from ecrclient._awsjson.protocol.decoding_limits import (
    ALWAYS_ALLOWED,
    describe_excess,
    is_usual,
    starts_object,
)
from ecrclient._awsjson.protocol.errors import (
    RequestValidationError,
    ResponseDecodeError,
    ValidationProblem,
)
from ecrclient._awsjson.protocol.field_sets import share_field_sets
from ecrclient._awsjson.protocol.missing_members import decode_incomplete
from ecrclient._awsjson.protocol.problems import explain_response, problems_of_request
from ecrclient._awsjson.protocol.scalars import CALLER
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient._awsjson.protocol.wire_serializer import wire_serializer

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.operation import Operation, ResponseT
    from ecrclient._awsjson.protocol.shapes import Request, Response

__all__ = [
    "build_request",
    "decode_error",
    "decode_response",
    "encode_request",
    "fill_tokens",
    "is_error_envelope",
    "request_id_of",
]

RequestT = TypeVar("RequestT", bound="Request[Any]")

# Bytes of a body that may have a page of many items: it is worth the effort to save memory, and to
# keep the collector, which runs after 700 containers by default, out of its decoding.
_PAGE = 16 * 1024

_UNKNOWN_ERROR = "UnknownError"


def build_request(
    operation: Operation[ResponseT], members: Mapping[str, object]
) -> Request[ResponseT]:
    """Build the request model; members that are None are omitted.

    Raises:
        RequestValidationError: Members are wrong; the error lists them with the caller's names.
    """
    given = {name: value for name, value in members.items() if value is not None}
    try:
        built: Request[ResponseT] = operation.request.__pydantic_validator__.validate_python(
            given, extra="forbid", by_alias=False, by_name=True, context=CALLER
        )
    except ValidationError as error:
        problems = problems_of_request(error, operation.request, given)
    except RecursionError:
        problems = (ValidationProblem("members", "nested too deeply"),)
    else:
        return built
    raise RequestValidationError(operation.method, problems)


def fill_tokens(operation: Operation[Any], request: RequestT) -> RequestT:
    """The request with a new UUID for each idempotency token that the caller omitted.

    All attempts of a call send the same body, so the service carries out the call at most once.
    """
    if not operation.tokens:
        return request
    absent = [name for name in operation.tokens if getattr(request, name) is None]
    return request.model_copy(update={name: str(uuid.uuid4()) for name in absent})


def encode_request(request: Request[Any]) -> bytes:
    """Encode the body, without the members that were not set."""
    return wire_serializer(type(request)).to_json(
        request, by_alias=True, exclude_unset=True, exclude_none=True
    )


def decode_response(
    operation: Operation[ResponseT], content: bytes, *, status: int, request_id: str | None
) -> ResponseT:
    """Decode the response model.

    Unknown members are kept. A member that the service did not send, or sent as null, is omitted
    from the model; reading it raises ``MissingMemberError`` if its type does not include None.

    Raises:
        ResponseDecodeError: The body is not JSON, a member has another type, or decoding would
            exceed the limits of memory.
    """
    is_small = len(content) <= ALWAYS_ALLOWED
    failure = "" if is_small else describe_excess(content)
    if failure:
        is_object = starts_object(content)
    else:
        body = content or b"{}"
        response: ResponseT | None = None
        if is_small or is_usual(body):
            try:
                response = _validate(operation, body)
            except ValidationError:
                # The error is not kept, since it refers to the whole body.
                response = None
        if response is not None:
            return response
        try:
            incomplete: ResponseT = decode_incomplete(operation, body)
        except ValidationError as error:
            failure, is_object = explain_response(error)
        else:
            return incomplete
    raise ResponseDecodeError(
        operation.name, failure, status=status, request_id=request_id, is_retryable=not is_object
    )


def _validate(operation: Operation[ResponseT], body: bytes) -> ResponseT:
    validator = operation.response.__pydantic_validator__
    if len(body) < _PAGE:
        response: ResponseT = validator.validate_json(body, by_alias=True, by_name=False)
        return response
    with collector_paused():
        page: ResponseT = validator.validate_json(body, by_alias=True, by_name=False)
        if operation.pagination is not None:
            share_field_sets(page, operation.pagination)
        return page


def decode_error(
    operation: Operation[Any],
    content: bytes,
    headers: Mapping[str, str],
    *,
    status: int,
    attempts: int = 1,
) -> ServiceError:
    """Decode an error response into its exception.

    The code comes from the ``x-amzn-errortype`` header, ``__type`` or ``code``, the message from
    ``message`` or ``Message``. If the body is not a JSON object, the code comes from the header or
    is the HTTP status.
    """
    body = _object(content) or {}
    kind = headers.get("x-amzn-errortype") or _first_text(body, "__type")
    code = _strip_code(kind or _first_text(body, "code"))
    # Some errors have a member that is called code.
    envelope = _ENVELOPE - {"code"} if kind else _ENVELOPE
    error_type = operation.service.errors.get(code, ServiceError)
    return error_type(
        code or (str(status) if status else _UNKNOWN_ERROR),
        _first_text(body, "message", "Message"),
        status=status,
        request_id=request_id_of(headers),
        operation=operation.name,
        attempts=attempts,
        details={name: value for name, value in body.items() if name not in envelope},
        is_modelled=code in operation.errors,
        retry_after=_retry_after(headers),
    )


def is_error_envelope(operation: Operation[Any], response: Response) -> bool:
    """Whether the body of a response with a success status describes an error.

    A ``__type`` alone does not, since some services also send the type of a success.
    """
    extra = response.__pydantic_extra__
    name = extra.get("__type") if extra else None
    if extra is None or not isinstance(name, str):
        return False
    code = _strip_code(name)
    return (
        code in operation.service.errors
        or code.endswith(_ERROR_SUFFIXES)
        or not extra.keys().isdisjoint(("message", "Message"))
    )


_ERROR_SUFFIXES = ("Exception", "Error", "Failure", "Fault")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds; the header is in milliseconds. HTTP's ``Retry-After`` header is ignored."""
    try:
        seconds = int(headers.get("x-amz-retry-after", "")) / 1000
    except (ValueError, OverflowError):
        return None
    return seconds if seconds >= 0 else None


_ENVELOPE = frozenset({"__type", "code", "message", "Message"})


def _object(content: bytes) -> dict[str, Any] | None:
    """The body as a JSON object; None if it is not one, or exceeds the limits of decoding."""
    if describe_excess(content):
        return None
    try:
        found: Any = from_json(content)
    except ValueError:
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _first_text(body: Mapping[str, Any], *names: str) -> str:
    texts = (body.get(name) for name in names)
    return next((text for text in texts if isinstance(text, str) and text), "")


def _strip_code(code: str) -> str:
    """Return ``Code`` for ``ns#Code:http://...``: drop the namespace and the URI."""
    return code.partition(":")[0].rpartition("#")[2].strip()


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """The service's id of the request."""
    return headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")

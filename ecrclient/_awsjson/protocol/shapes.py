"""The base classes and types of the models: strict for callers, lenient for the service.

The same class validates both. What a caller builds is validated in pydantic's Python mode: by
attribute name, with strict scalars, the model's limits, and no unknown members. What the service
returns is validated in JSON mode: by wire name, without limits, and with unknown members kept.
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Generic,
    Protocol,
    TypeVar,
    runtime_checkable,
)

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, PrivateAttr
from pydantic_core import core_schema

from ecrclient._awsjson.protocol.errors import AWSClientError, MissingMemberError

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

__all__ = [
    "Blob",
    "BlobLimits",
    "Bool",
    "Float",
    "HttpTimestamp",
    "Int",
    "IsoTimestamp",
    "JsonText",
    "Limits",
    "OpenEnum",
    "Request",
    "Response",
    "ResponseMetadata",
    "Str",
    "Structure",
    "SupportsJson",
    "Timestamp",
    "attach_metadata",
    "camel_case",
    "note_operation",
    "pascal_case",
]

ResponseT_co = TypeVar("ResponseT_co", covariant=True)


def camel_case(name: str) -> str:
    """Convert ``secret_id`` to ``secretId``."""
    head, *tail = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in tail)


def pascal_case(name: str) -> str:
    """Convert ``secret_id`` to ``SecretId``."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


# Each class statement has "frozen": type checkers do not read model_config.
class Structure(BaseModel, frozen=True):
    """A structure of the service's model. Frozen, compared by value, and can be pickled."""

    if not TYPE_CHECKING:

        def __init__(self, /, **members: object) -> None:
            # The caller cannot pass unknown members at any depth. Responses, and models loaded
            # from JSON, keep them and serialize them again.
            self.__pydantic_validator__.validate_python(members, self_instance=self, extra="forbid")

        # Marks it as pydantic's own, so that validation does not call it for nested models.
        __init__.__pydantic_base_init__ = True

        def __getattr__(self, name: str) -> object:
            # Called only for attributes that the instance does not have.
            field = type(self).__pydantic_fields__.get(name)
            if field is None:
                return super().__getattr__(name)
            raise MissingMemberError(
                _operation_of(self), type(self).__name__, name, field.serialization_alias or name
            )

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        schema = handler(source)
        _bound_problems(handler.resolve_ref_schema(schema))
        return schema

    def __eq__(self, other: object) -> bool:
        # By the members, without the metadata.
        if not isinstance(other, Structure) or type(other) is not type(self):
            return NotImplemented
        return self.__dict__ == other.__dict__ and (
            (self.model_extra or {}) == (other.model_extra or {})
        )

    # pydantic gives each frozen model a hash of its members.
    __hash__ = BaseModel.__hash__

    model_config: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=camel_case,
        validate_by_name=True,
        validate_by_alias=False,
        extra="allow",
        defer_build=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
        val_temporal_unit="seconds",
        ser_json_temporal="seconds",
        ser_json_inf_nan="strings",
    )


_OPERATION = "_operation"


def note_operation(structure: Structure, method: str) -> None:
    """Record which operation returned a structure that lacks members, for the error's message."""
    # Copies and pickles include it. It is None in models without private attributes.
    private = {**(structure.__pydantic_private__ or {}), _OPERATION: method}
    object.__setattr__(structure, "__pydantic_private__", private)


def _operation_of(structure: Structure) -> str:
    # Not as an attribute: a structure that is being unpickled has no private attributes yet.
    try:
        private: dict[str, str] | None = object.__getattribute__(structure, "__pydantic_private__")
    except AttributeError:
        return ""
    return (private or {}).get(_OPERATION, "")


def _bound_problems(schema: Any) -> None:
    """Make the lists and maps of a structure's members stop at their first wrong item.

    A response could otherwise have millions of problems, each of which pydantic keeps as an object.
    """
    for member in schema.get("schema", {}).get("fields", {}).values():
        inner = member["schema"]
        while inner["type"] in _WRAPPERS:
            inner = inner["schema"]
        if inner["type"] in _CONTAINERS:
            inner["fail_fast"] = True


_WRAPPERS = frozenset({"default", "nullable"})
_CONTAINERS = frozenset({"list", "dict"})


class Request(Structure, Generic[ResponseT_co], frozen=True):
    """The input of one operation; its type parameter is the response type."""

    if not TYPE_CHECKING:
        # The parameter is for type checkers; pydantic would define another class for each.
        def __class_getitem__(cls, _: object) -> type:
            return cls

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        # The caller gets a list of all wrong items.
        return handler(source)


@dataclass(frozen=True, slots=True)
class ResponseMetadata:
    """Metadata of the HTTP response and of the call."""

    request_id: str | None = None
    """The service's id for the request (``x-amzn-RequestId``); quote it to AWS support."""
    status: int = 200
    """The HTTP status."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """The HTTP headers of the response, names in lower case."""
    attempts: int = 1
    """The number of times that the request was sent, including the last."""
    elapsed: float = 0.0
    """Seconds from the call to the decoded response, including retries and their sleeps."""


class Response(Structure, frozen=True):
    """The output of one operation."""

    _response_metadata: ResponseMetadata | None = PrivateAttr(default=None)

    @property
    def response_metadata(self) -> ResponseMetadata:
        """Request id, status, headers, attempts and elapsed time of the call.

        A response that did not come from a call has default values.
        """
        return self._response_metadata or ResponseMetadata()


def attach_metadata(response: Response, metadata: ResponseMetadata) -> None:
    """Set the metadata of a decoded response."""
    # setattr: for a type checker, the private attribute of a frozen model is read-only.
    setattr(response, "_response_metadata", metadata)  # noqa: B010


# With a length limit, even one that excludes nothing, pydantic reads the text and refuses half of a
# surrogate pair, which cannot be encoded.
_ENCODABLE: dict[str, Any] = {"min_length": 0}
_STRICT_SCALARS = frozenset({"str", "int", "float", "bool"})


@dataclass(frozen=True)
class Limits:
    """The limits of the service's model, checked for what a caller passes.

    ``pattern`` must match the whole text, since the service applies the patterns of its model in
    this way. pydantic's engine (the Rust ``regex`` crate) takes linear time for any pattern.
    """

    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    ge: float | None = None
    le: float | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        lenient: Any = handler(source)
        limits: dict[str, Any] = {
            name: value for name, value in vars(self).items() if value is not None
        }
        if lenient["type"] in _STRICT_SCALARS:
            limits["strict"] = True
        if lenient["type"] in _CONTAINERS:
            lenient = {**lenient, "fail_fast": True}
        if lenient["type"] == "str":
            limits = {**_ENCODABLE, **limits}
        if self.pattern is not None:
            limits["pattern"] = f"^(?:{self.pattern})$"
        strict: Any = {**lenient, **limits}
        strict.pop("fail_fast", None)
        return core_schema.json_or_python_schema(lenient, self._from_caller(strict))

    def _from_caller(self, strict: core_schema.CoreSchema) -> core_schema.CoreSchema:
        """The schema for what a caller passes."""
        return strict


@runtime_checkable
class SupportsJson(Protocol):
    """A document that can be converted to JSON."""

    def to_json(self) -> str:
        """The document as JSON.

        Raises:
            ValueError: The document is invalid.
        """
        ...


@dataclass(frozen=True)
class JsonText(Limits):
    """A text that is JSON; a caller may pass the document instead, whose keys are not changed."""

    def _from_caller(self, strict: core_schema.CoreSchema) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(_json_text, strict)


def _json_text(value: object) -> object:
    try:
        if isinstance(value, Mapping):
            return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return value.to_json() if isinstance(value, SupportsJson) else value
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except (TypeError, ValueError) as error:
        if isinstance(error, AWSClientError):
            raise
        raise ValueError(f"cannot be written as JSON: {error}") from None


class OpenEnum:
    """Marks ``Literal[...] | str``: the known values for editors, any text at run time."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.json_or_python_schema(
            core_schema.str_schema(), core_schema.str_schema(strict=True, **_ENCODABLE)
        )


@dataclass(frozen=True)
class BlobLimits:
    """Bytes that are sent as standard base64 (RFC 4648, section 4); the limits are in bytes."""

    min_length: int | None = None
    max_length: int | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.json_or_python_schema(
            core_schema.no_info_after_validator_function(
                functools.partial(base64.b64decode, validate=True), core_schema.str_schema()
            ),
            core_schema.bytes_schema(
                strict=True, min_length=self.min_length, max_length=self.max_length
            ),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda data: base64.b64encode(data).decode("ascii"), when_used="json"
            ),
        )


class _AwareDatetime:
    """A datetime with a timezone; those of the service are always in UTC."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.json_or_python_schema(
            core_schema.union_schema(
                [
                    # Seconds since the epoch, the usual case: no Python code runs.
                    core_schema.datetime_schema(tz_constraint=0),
                    core_schema.no_info_after_validator_function(
                        _to_utc, core_schema.datetime_schema()
                    ),
                ],
                mode="left_to_right",
                # One error for the member, instead of one for each choice.
                custom_error_type="datetime_type",
            ),
            core_schema.datetime_schema(strict=True, tz_constraint="aware"),
        )


def _iso_format(moment: datetime) -> str:
    """RFC 3339, which services call ISO 8601."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _from_http_date(value: object) -> object:
    try:
        return parsedate_to_datetime(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the year must be from 1 to 9999") from None


Str = Annotated[str, Limits()]
Int = Annotated[int, Limits()]
Float = Annotated[float, Limits()]
Bool = Annotated[bool, Limits()]
Timestamp = Annotated[datetime, _AwareDatetime()]
IsoTimestamp = Annotated[Timestamp, PlainSerializer(_iso_format, when_used="json")]
HttpTimestamp = Annotated[
    Timestamp,
    PlainSerializer(_http_date, when_used="json"),
    BeforeValidator(_from_http_date),
]
Blob = Annotated[bytes, BlobLimits()]

"""The types of members: the limits of the service's model, open enums, timestamps, blobs.

A member has a plain annotation (``str``, ``int``, ``datetime``), which editors show, and
``read_member`` replaces pydantic's schema of it. ``Annotated`` adds what the annotation lacks.

Members are read in three ways:

- from a caller (`CALLER` is the context): strictly, within the limits;
- from other Python objects, such as a dump: also a timestamp or a blob as JSON has it;
- from JSON, as the service sends it: leniently, without limits.
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from pydantic_core import PydanticKnownError, core_schema

from ecrclient._awsjson.protocol.errors import AWSClientError
from ecrclient._awsjson.support.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

__all__ = [
    "CALLER",
    "ON_THE_WIRE",
    "BlobLimits",
    "JsonText",
    "Limits",
    "OpenEnum",
    "SupportsJson",
    "TimestampFormat",
    "read_member",
    "show_default",
]

CALLER = object()
"""The context of a validation whose input a caller passes to a method or to a model's class."""

ON_THE_WIRE = "on_the_wire"
"""The key, in a schema's metadata, of the serialization that the service's protocol needs."""

# With a length limit, even one that excludes nothing, pydantic reads the text and refuses half of a
# surrogate pair, which cannot be encoded.
_ENCODABLE: dict[str, Any] = {"min_length": 0}
_SCALARS = frozenset({"str", "int", "float", "bool"})
_CONTAINERS = frozenset({"list", "dict"})
_DEFAULTS = frozenset({"default", "copy_default"})
_PARTS = ("schema", "items_schema", "keys_schema", "values_schema")


def read_member(schema: Any, *, fail_fast: bool) -> Any:
    """The schema of a member, from the one that pydantic derives from its annotation.

    Args:
        schema: pydantic's schema.
        fail_fast: Lists and maps stop at their first wrong item. A response could otherwise have
            millions of problems, each of which pydantic keeps as an object.
    """
    match schema["type"]:
        case "datetime":
            return _timestamp()
        case kind if kind in _SCALARS:
            return Limits().apply(schema)
        case "json-or-python" if schema["json_schema"]["type"] in _CONTAINERS:
            # A list with limits, which has set fail_fast itself.
            branches = {
                name: read_member(schema[name], fail_fast=False)
                for name in ("json_schema", "python_schema")
            }
            return {**schema, **branches}
        case "nullable" | "default" | "list" | "dict" as kind:
            parts = {
                part: read_member(schema[part], fail_fast=fail_fast)
                for part in _PARTS
                if part in schema
            }
            if schema.get("default") == []:
                parts["schema"] = _allow_empty(parts["schema"])
            stops = {"fail_fast": True} if fail_fast and kind in _CONTAINERS else {}
            return _make_default({**schema, **parts, **stops})
        case _:
            return schema


def _make_default(schema: Any) -> Any:
    """The schema with a function that makes its default, if that is an empty list or map.

    pydantic copies such a default with ``copy.deepcopy``, which takes longer than a structure.
    """
    default = schema.get("default")
    if default not in ([], {}):
        return schema
    changed: Any = {key: value for key, value in schema.items() if key not in _DEFAULTS}
    changed["default_factory"] = type(default)
    return changed


def show_default(schema: Any) -> Any:
    """The opposite of `_make_default`, for JSON schemas, which have no default of a function."""
    make = schema.get("default_factory")
    if make not in (list, dict):
        return schema
    shown: Any = dict(schema)
    shown["default"] = make()
    return shown


def _allow_empty(schema: Any) -> Any:
    """A dump has an empty list for a member that was not set, also if its limits exclude one."""
    if schema["type"] != "json-or-python":
        return schema
    read = core_schema.with_info_wrap_validator_function(_list_of, schema["python_schema"])
    return {**schema, "python_schema": read}


def _list_of(
    value: object,
    read: core_schema.ValidatorFunctionWrapHandler,
    info: core_schema.ValidationInfo[object],
) -> object:
    return read(value) if value != [] or info.context is CALLER else []


class Limits(Record):
    """The limits of the service's model, checked for what does not come from the service.

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
        return self.apply(handler(source))

    def __get_pydantic_json_schema__(
        self, schema: Any, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        # The limits are for input.
        shown = handler(schema["python_schema"] if handler.mode == "validation" else schema)
        if shown.get("minLength") == 0:
            del shown["minLength"]
        return shown

    def apply(self, lenient: Any) -> core_schema.CoreSchema:
        """The schema with these limits, from pydantic's schema of the annotation."""
        limits: dict[str, Any] = {
            name: value for name, value in vars(self).items() if value is not None
        }
        if lenient["type"] in _SCALARS:
            limits["strict"] = True
        if lenient["type"] in _CONTAINERS:
            lenient = {**lenient, "fail_fast": True}
        if lenient["type"] == "str":
            limits = {**_ENCODABLE, **limits}
        if self.pattern is not None:
            limits["pattern"] = f"^(?:{self.pattern})$"
        strict: Any = {**lenient, **limits}
        strict.pop("fail_fast", None)
        return core_schema.json_or_python_schema(lenient, self._from_python(strict))

    def _from_python(self, strict: core_schema.CoreSchema) -> core_schema.CoreSchema:
        """The schema for what does not come from JSON."""
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


class JsonText(Limits):
    """A text that is JSON; a caller may pass the document instead, whose keys are not changed."""

    def _from_python(self, strict: core_schema.CoreSchema) -> core_schema.CoreSchema:
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


class BlobLimits(Record):
    """Bytes that are standard base64 in JSON (RFC 4648, section 4); the limits are in bytes."""

    min_length: int | None = None
    max_length: int | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.json_or_python_schema(
            core_schema.no_info_after_validator_function(_from_base64, core_schema.str_schema()),
            core_schema.with_info_before_validator_function(
                _bytes_of,
                core_schema.bytes_schema(
                    strict=True, min_length=self.min_length, max_length=self.max_length
                ),
            ),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda data: base64.b64encode(data).decode("ascii"), when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: Any, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "contentEncoding": "base64"}


_from_base64 = functools.partial(base64.b64decode, validate=True)


def _bytes_of(value: object, info: core_schema.ValidationInfo[object]) -> object:
    if isinstance(value, str) and info.context is not CALLER:
        return _from_base64(value)
    return value


class TimestampFormat(Record):
    """The format of a ``datetime`` on the wire; without this mark, seconds since the epoch."""

    format: Literal["iso8601", "httpdate"]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        if self.format == "iso8601":
            return _timestamp(write=_iso_format)
        return _timestamp(write=_http_date, read=_from_http_date)


def _timestamp(
    *,
    write: Callable[[datetime], str] | None = None,
    read: Callable[[object], object] | None = None,
) -> core_schema.CoreSchema:
    """A datetime in UTC.

    Args:
        write: Writes it on the wire; None: as seconds, by the wire serializer's configuration.
        read: Prepares what JSON has.
    """
    from_json: core_schema.CoreSchema = core_schema.union_schema(
        [
            # Seconds since the epoch, the usual case: no Python code runs.
            core_schema.datetime_schema(tz_constraint=0),
            core_schema.no_info_after_validator_function(_to_utc, core_schema.datetime_schema()),
        ],
        mode="left_to_right",
        # One error for the member, instead of one for each choice.
        custom_error_type="datetime_type",
    )
    if read is not None:
        from_json = core_schema.no_info_before_validator_function(read, from_json)
    metadata: dict[str, Any] = {}
    if write is not None:
        metadata[ON_THE_WIRE] = core_schema.plain_serializer_function_ser_schema(
            write, when_used="json"
        )
    return core_schema.json_or_python_schema(
        from_json,
        core_schema.with_info_wrap_validator_function(
            _datetime_of, core_schema.datetime_schema(strict=False)
        ),
        metadata=metadata,
    )


def _datetime_of(
    value: object,
    read: core_schema.ValidatorFunctionWrapHandler,
    info: core_schema.ValidationInfo[object],
) -> datetime:
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise PydanticKnownError("timezone_aware")
        return _to_utc(value)
    is_written = isinstance(value, str | int | float) and not isinstance(value, bool)
    if info.context is CALLER or not is_written:
        raise PydanticKnownError("datetime_type")
    return _to_utc(read(value))


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

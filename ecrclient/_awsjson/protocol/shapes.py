"""The base classes of the models: strict for callers, lenient for the service.

One class serves three purposes:

- What a caller builds, by calling the class or a method of the client, is validated by attribute
  name, with strict types, the model's limits, and no unknown members.
- What the service sends is validated by wire name, without limits, and with unknown members kept.
- Elsewhere it is an ordinary pydantic model: a dump has attribute names and RFC 3339 times, and
  validation accepts these as well as the wire's. FastAPI and JSON schemas show the same.

``codec`` passes the options for the first two, and ``wire_serializer`` writes requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import AliasGenerator, BaseModel, ConfigDict

from ecrclient._awsjson.protocol.errors import MissingMemberError
from ecrclient._awsjson.protocol.scalars import CALLER, read_member, show_default

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.fields import FieldInfo
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core.core_schema import CoreSchema

    from ecrclient._awsjson.protocol.response_metadata import ResponseMetadata

__all__ = [
    "CAMEL_CASE",
    "PASCAL_CASE",
    "Request",
    "Response",
    "Structure",
    "attach_metadata",
    "camel_case",
    "note_operation",
    "pascal_case",
    "wire_name",
]

ResponseT_co = TypeVar("ResponseT_co", covariant=True)


def camel_case(name: str) -> str:
    """Convert ``secret_id`` to ``secretId``."""
    head, *tail = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in tail)


def pascal_case(name: str) -> str:
    """Convert ``secret_id`` to ``SecretId``."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


# Only validation accepts wire names. Signatures, and dumps with by_alias=True, which FastAPI makes,
# have the attribute names.
CAMEL_CASE = AliasGenerator(alias=str, validation_alias=camel_case)
PASCAL_CASE = AliasGenerator(alias=str, validation_alias=pascal_case)


def wire_name(name: str, field: FieldInfo) -> str:
    """The name of a member on the wire."""
    return str(field.validation_alias or name)


# Each class statement has "frozen": type checkers do not read model_config.
class Structure(BaseModel, frozen=True):
    """A structure of the service's model. Frozen, compared by value, and can be pickled."""

    if TYPE_CHECKING:

        def __init__(self, /, **members: Any) -> None:
            """Build it from its members, by attribute name.

            Raises:
                pydantic.ValidationError: A member is missing or unknown, has another type, or
                    exceeds the limits of the service's model.
            """

    else:

        def __init__(self, /, **members: object) -> None:
            # The caller cannot pass unknown members at any depth. Responses, and models loaded
            # from JSON, keep them and serialize them again.
            self.__pydantic_validator__.validate_python(
                members,
                self_instance=self,
                extra="forbid",
                by_alias=False,
                by_name=True,
                context=CALLER,
            )

        # Marks it as pydantic's own, so that validation does not call it for nested models.
        __init__.__pydantic_base_init__ = True

        def __getattr__(self, name: str) -> object:
            # Called only for attributes that the instance does not have.
            field = type(self).__pydantic_fields__.get(name)
            if field is None:
                return super().__getattr__(name)
            operation = _private(self).get(_OPERATION, "")
            raise MissingMemberError(operation, type(self).__name__, name, wire_name(name, field))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _with_members(source, handler, fail_fast=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: Any, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        while core_schema["type"] == "json-or-python":  # of a union
            core_schema = core_schema["json_schema"]
        # With the names of a dump.
        members: Any = core_schema["schema"]
        fields = {
            name: {
                **{key: value for key, value in field.items() if key != "validation_alias"},
                "schema": show_default(field["schema"]),
            }
            for name, field in members.get("fields", {}).items()
        }
        shown: Any = {**core_schema, "schema": {**members, "fields": fields} if fields else members}
        return handler(shown)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        # The models of the package are built when they are first used. Adapters that contain one,
        # such as FastAPI's, are not: FastAPI hides a warning of pydantic while it makes them.
        if cls.__pydantic_fields__:
            cls.model_config = {**cls.model_config, "defer_build": False}

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
        alias_generator=CAMEL_CASE,
        validate_by_name=True,
        validate_by_alias=True,
        extra="allow",
        defer_build=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
        val_temporal_unit="seconds",
        ser_json_inf_nan="strings",
    )


_OPERATION, _METADATA = "_operation", "_response_metadata"
_set_attribute = object.__setattr__


def note_operation(structure: Structure, method: str) -> None:
    """Record which operation returned a structure that lacks members, for the error's message."""
    private = {**(structure.__pydantic_private__ or {}), _OPERATION: method}
    _set_attribute(structure, "__pydantic_private__", private)


def _private(structure: Structure) -> Mapping[str, Any]:
    """What copies and pickles contain besides the members.

    pydantic does not know its entries as private attributes: for each instance of a class that has
    one, pydantic calls a Python function.
    """
    # Not as an attribute: a structure that is being unpickled has no private attributes yet.
    try:
        private: dict[str, Any] | None = object.__getattribute__(structure, "__pydantic_private__")
    except AttributeError:
        return {}
    return private or {}


def _with_members(source: Any, handler: GetCoreSchemaHandler, *, fail_fast: bool) -> CoreSchema:
    schema = handler(source)
    structure: Any = handler.resolve_ref_schema(schema)
    for member in structure.get("schema", {}).get("fields", {}).values():
        member["schema"] = read_member(member["schema"], fail_fast=fail_fast)
    return schema


class Request(Structure, Generic[ResponseT_co], frozen=True):
    """The input of one operation; its type parameter is the response type."""

    if not TYPE_CHECKING:
        # The parameter is for type checkers; pydantic would define another class for each.
        def __class_getitem__(cls, _: object) -> type:
            return cls

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # The caller gets a list of all wrong items.
        return _with_members(source, handler, fail_fast=False)


class Response(Structure, frozen=True):
    """The output of one operation."""

    @property
    def response_metadata(self) -> ResponseMetadata:
        """Request id, status, headers, attempts and elapsed time of the call.

        A response that did not come from a call has default values.
        """
        found = _private(self).get(_METADATA)
        # Made, and its class imported, when it is read, since few callers read it.
        from ecrclient._awsjson.protocol.response_metadata import ResponseMetadata

        return ResponseMetadata() if found is None else ResponseMetadata(*found)


_Metadata = tuple[str | None, int, Mapping[str, str], int, float]
"""The fields of `ResponseMetadata`."""


def attach_metadata(response: Response, metadata: _Metadata) -> None:
    """Set the metadata of a decoded response."""
    private = response.__pydantic_private__
    _set_attribute(response, "__pydantic_private__", {**(private or {}), _METADATA: metadata})

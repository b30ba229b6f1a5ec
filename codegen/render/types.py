"""The annotations of the IR's types: for fields, arguments and results."""

from __future__ import annotations

from codegen import runtime
from codegen.ir import (
    Blob,
    Boolean,
    Document,
    ListOf,
    MapOf,
    Member,
    Number,
    String,
    StructureRef,
    Timestamp,
    TypeRef,
)
from codegen.writer import ModuleWriter

__all__ = [
    "argument_type",
    "converted_name",
    "field_type",
    "has_limits",
    "like_name",
    "limits_text",
    "param_name",
    "value_type",
]

_TIMESTAMPS = {"epoch": "Timestamp", "iso8601": "IsoTimestamp", "httpdate": "HttpTimestamp"}


def param_name(structure: str) -> str:
    """The name of a nested structure's TypedDict."""
    return f"{structure}Param"


def like_name(structure: str) -> str:
    """The name of the type of everything that is accepted in place of a structure."""
    return f"{structure}Like"


def converted_name(structure: str) -> str:
    """The name of the annotation of a field that accepts other structures."""
    return f"Converted{structure}"


def has_limits(ref: TypeRef) -> bool:
    """Whether a scalar has limits, so that it gets a named alias."""
    match ref:
        case String(json=True):
            return True
        case String(enum=None, min=low, max=high, pattern=pattern):
            return any(limit is not None for limit in (low, high, pattern))
        case Number(min=low, max=high):
            return low is not None or high is not None
        case _:
            return False


def field_type(ref: TypeRef, writer: ModuleWriter, *, limits: bool, enums: str = ".enums") -> str:
    """The annotation of a pydantic field.

    Args:
        ref: The member's type.
        writer: The module's writer.
        limits: Whether the member's limits apply.
        enums: The relative name of the module of the open enums.
    """
    match ref:
        case String(enum=str(enum)):
            return writer.use(enums, enum)
        case String(shape=shape) | Number(shape=shape) if limits and has_limits(ref):
            return shape
        case String():
            return writer.use(runtime.SHAPES, "Str")
        case Number(kind=kind):
            return writer.use(runtime.SHAPES, "Int" if kind == "int" else "Float")
        case Boolean():
            return writer.use(runtime.SHAPES, "Bool")
        case Timestamp(format=wire):
            return writer.use(runtime.SHAPES, _TIMESTAMPS[wire])
        case Document():
            return writer.use("typing", "Any")
        case Blob(min=low, max=high):
            if limits and (low is not None or high is not None):
                limit = _limits(writer, "BlobLimits", "length", low, high)
                return f"{writer.use('typing', 'Annotated')}[bytes, {limit}]"
            return writer.use(runtime.SHAPES, "Blob")
        case ListOf(item=item, min=low, max=high):
            text = f"list[{field_type(item, writer, limits=limits, enums=enums)}]"
            if limits and (low is not None or high is not None):
                limit = _limits(writer, "Limits", "length", low, high)
                return f"{writer.use('typing', 'Annotated')}[{text}, {limit}]"
            return text
        case MapOf(key=key, value=value):
            parts = (field_type(part, writer, limits=limits, enums=enums) for part in (key, value))
            return f"dict[{', '.join(parts)}]"
        case StructureRef(name=name, is_convertible=convertible):
            return converted_name(name) if limits and convertible else name


def _limits(writer: ModuleWriter, kind: str, what: str, low: int | None, high: int | None) -> str:
    parts = [f"min_{what}={low}"] if low is not None else []
    parts += [f"max_{what}={high}"] if high is not None else []
    return f"{writer.use(runtime.SHAPES, kind)}({', '.join(parts)})"


def argument_type(ref: TypeRef, writer: ModuleWriter, *, models: str, params: str) -> str:
    """The annotation of an argument: a model or its TypedDict, any sequence, any mapping."""
    match ref:
        case String(enum=str(enum)):
            return writer.use(".enums", enum)
        case String(json=True):
            document = f"{writer.use('collections.abc', 'Mapping')}[str, object]"
            return f"str | {document} | {writer.use(runtime.SHAPES, 'SupportsJson')}"
        case String():
            return "str"
        case Number(kind=kind):
            return kind
        case Boolean():
            return "bool"
        case Timestamp():
            return writer.use("datetime", "datetime")
        case Document():
            return writer.use("typing", "Any")
        case Blob():
            return "bytes"
        case ListOf(item=item):
            inner = argument_type(item, writer, models=models, params=params)
            return f"{writer.use('collections.abc', 'Sequence')}[{inner}]"
        case MapOf(key=key, value=value):
            parts = [
                argument_type(part, writer, models=models, params=params) for part in (key, value)
            ]
            return f"{writer.use('collections.abc', 'Mapping')}[{', '.join(parts)}]"
        case StructureRef(name=name, is_convertible=True):
            like = like_name(name)
            return writer.use(params, like) if params else like
        case StructureRef(name=name):
            twin = param_name(name)
            twin = writer.use(params, twin) if params else twin
            return f"{writer.use(models, name)} | {twin}"


def value_type(ref: TypeRef, writer: ModuleWriter, *, models: str) -> str:
    """The annotation of a result: models and plain Python types."""
    match ref:
        case ListOf(item=item):
            return f"list[{value_type(item, writer, models=models)}]"
        case MapOf(key=key, value=value):
            parts = [value_type(part, writer, models=models) for part in (key, value)]
            return f"dict[{', '.join(parts)}]"
        case StructureRef(name=name):
            return writer.use(models, name)
        case String(json=True):
            return "str"
        case scalar:
            return argument_type(scalar, writer, models=models, params="")


def limits_text(member: Member) -> str:
    """The member's limits as text, for a docstring; empty if it has none."""
    match member.type:
        case String(min=low, max=high, enum=None):
            unit = "characters"
        case Number(min=low, max=high):
            unit = ""
        case Blob(min=low, max=high):
            unit = "bytes"
        case ListOf(min=low, max=high):
            unit = "items"
        case _:
            return ""
    if low is not None and high is not None:
        words = f"{low:,} to {high:,}"
    elif high is not None:
        words = f"At most {high:,}"
    elif low:
        words = f"At least {low:,}"
    else:
        return ""
    return f"{words} {unit}".strip() + "."

"""A LAP document as plain data, from this project's parser and from ``lapsh``, to compare."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass, replace
from typing import Any

from codegen import lap

__all__ = ["Endpoint", "Field", "ours", "theirs"]


@dataclass(frozen=True)
class Field:
    """A member of a request or a response."""

    name: str
    type: str
    nullable: bool = False
    choices: tuple[str, ...] = ()
    default: str | None = None
    comment: str = ""
    members: tuple[Field, ...] = ()
    text: str = ""
    """The source text, to classify disagreements; empty from the reference."""

    def same(self, other: Field) -> bool:
        """Whether the two parsers agree."""
        return (
            replace(self, text="", members=()) == replace(other, text="", members=())
            and len(self.members) == len(other.members)
            and all(map(Field.same, self.members, other.members))
        )


@dataclass(frozen=True)
class Endpoint:
    """An endpoint; its lists are in the order of the text."""

    method: str
    path: str
    desc: str
    required: tuple[Field, ...]
    optional: tuple[Field, ...]
    returns: tuple[tuple[str, tuple[Field, ...]], ...]
    errors: tuple[tuple[str, str, str], ...]


def ours(text: str, file: str) -> list[Endpoint]:
    """The endpoints that this project's parser reads."""
    return [
        Endpoint(
            method=found.method.lower(),
            path=found.path,
            desc=found.desc or "",
            required=tuple(map(_parameter, found.required)),
            optional=tuple(map(_parameter, found.optional)),
            returns=tuple(
                (returned.code, tuple(map(_field, returned.block.members)))
                for returned in found.returns
                if returned.block
            ),
            errors=tuple((e.code, e.type or "", e.description or "") for e in found.errors),
        )
        for found in lap.parse(text, file=file).endpoints
    ]


def _parameter(member: lap.Member) -> Field:
    bare = member.type
    choices: tuple[str, ...] = ()
    match bare:
        case lap.Scalar(choices=(_, *_)):
            choices, bare = bare.choices, replace(bare, choices=())
        case lap.Enum():
            # The reference reads "enum" as the type.
            choices, bare = bare.values, lap.Scalar("enum")
        case _:
            pass
    return Field(
        name=member.name,
        type=bare.to_text(),
        choices=choices,
        default=member.default,
        comment=member.comment or "",
        text=member.to_text(),
    )


def _field(member: lap.Member) -> Field:
    node = member.type
    body = node.body if isinstance(node, lap.Named | lap.Record) else None
    match node:
        case lap.Record():
            bare = "map"
        case lap.Named(name=name):
            bare = name
        case _:
            bare = replace(node, nullable=False).to_text()
    return Field(
        name=member.name,
        type=bare,
        nullable=node.nullable,
        members=tuple(map(_field, body.members)) if body else (),
        text=member.to_text(),
    )


def theirs(text: str) -> list[Endpoint]:
    """The endpoints that ``lapsh`` reads."""
    parser: Any = importlib.import_module("lap.core.parser")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec = parser.parse_lap(text)
    return [
        Endpoint(
            method=found.method,
            path=found.path,
            desc=found.summary,
            required=tuple(map(_their_parameter, found.required_params)),
            optional=tuple(map(_their_parameter, found.optional_params)),
            returns=tuple(
                (returned.status_code, tuple(map(_their_field, returned.fields)))
                for returned in found.response_schemas
                if returned.fields
            ),
            errors=tuple((e.code, e.type, e.description) for e in found.error_schemas),
        )
        for found in spec.endpoints
    ]


def _their_parameter(param: Any) -> Field:
    return Field(
        name=param.name,
        type=param.type,
        choices=tuple(param.enum),
        default=param.default,
        comment=param.description,
    )


def _their_field(field: Any) -> Field:
    return Field(
        name=field.name,
        type=field.type,
        nullable=field.nullable,
        members=tuple(map(_their_field, field.children)),
    )

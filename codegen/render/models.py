"""``models.py``: every shape of every operation as a pydantic model."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from codegen.ir import (
    Blob,
    ListOf,
    MapOf,
    Member,
    Number,
    Operation,
    Service,
    String,
    Structure,
    walk_type,
)
from codegen.naming import camel_case, pascal_case
from codegen.render.types import SHAPES, field_type, has_limits, limits_text
from codegen.writer import WIDTH, ModuleWriter, docstring

__all__ = ["render"]

_INDENT = "    "


def render(service: Service) -> str:
    """The module's text."""
    aliases = _limited_scalars(service)
    operations = service.operations
    names = [s.name for s in service.structures]
    names += [s.name for op in operations for s in (op.input, op.output)]
    writer = ModuleWriter(
        f"The shapes of {service.title}, API version {service.api_version}.\n\n"
        "Nested shapes first, then each operation's response and request. Attribute names are\n"
        "snake_case; every model is frozen. See ``ecrclient._runtime.shapes`` for what the field\n"
        "types check.",
        defines=[*names, *aliases],
    )
    for name, ref in aliases.items():
        writer.line(f"{name} = {_limited(ref, writer)}")
    for structure in service.structures:
        doc = structure.doc or f"The ``{structure.name}`` shape."
        _model(structure, writer.use(SHAPES, "Structure"), doc, writer)
    for operation in operations:
        _model(
            operation.output,
            writer.use(*(_PARTIAL if operation.batch else (SHAPES, "Response"))),
            f"What :meth:`~.{service.client}.{operation.method}` answers.",
            writer,
            constant=_partial_members(operation, writer),
        )
        _model(
            operation.input,
            f"{writer.use(SHAPES, 'Request')}[{operation.output.name}]",
            _request_doc(service, operation),
            writer,
        )
    return writer.to_text()


_PARTIAL = ("ecrclient._runtime.partial", "PartialResponse")


def _partial_members(operation: Operation, writer: ModuleWriter) -> str:
    """The class variable that says which members tell what has failed."""
    batch = operation.batch
    if batch is None:
        return ""
    kind = writer.use("ecrclient._runtime.partial", "PartialMembers")
    return (
        f"partial: {writer.use('typing', 'ClassVar')}[{kind}] = {kind}(\n"
        f'{_INDENT * 2}items="{batch.result.name}", failures="{batch.failures.name}",\n'
        f'{_INDENT * 2}id="{batch.failure_id}", code="{batch.failure_code}",\n'
        f'{_INDENT * 2}reason="{batch.failure_reason}",\n'
        f"{_INDENT})"
    )


def _request_doc(service: Service, operation: Operation) -> str:
    return f"What :meth:`~.{service.client}.{operation.method}` sends."


def _limited_scalars(service: Service) -> dict[str, String | Number]:
    """The scalars with limits that inputs reach, by the name that the model gives them."""
    structures = [*service.structures, *(op.input for op in service.operations)]
    found: dict[str, String | Number] = {}
    for structure in structures:
        if structure.in_input:
            for member in structure.members:
                for ref in walk_type(member.type):
                    if isinstance(ref, String | Number) and has_limits(ref):
                        found[ref.shape] = ref
    return dict(sorted(found.items()))


def _limited(ref: String | Number, writer: ModuleWriter) -> str:
    base = "str" if isinstance(ref, String) else ref.kind
    low, high = ("min_length", "max_length") if isinstance(ref, String) else ("ge", "le")
    parts = [f"{low}={ref.min}"] if ref.min is not None else []
    parts += [f"{high}={ref.max}"] if ref.max is not None else []
    if isinstance(ref, String) and ref.pattern is not None:
        parts.append(f"pattern={_raw_string(ref.pattern)}")
    is_json = isinstance(ref, String) and ref.json
    limits = writer.use(SHAPES, "JsonText" if is_json else "Limits")
    return f"{writer.use('typing', 'Annotated')}[{base}, {limits}({', '.join(parts)})]"


def _raw_string(text: str) -> str:
    literal = f'r"{text}"'
    return literal if '"' not in text and not text.endswith("\\") else repr(text)


def _model(
    structure: Structure, base: str, doc: str, writer: ModuleWriter, constant: str = ""
) -> None:
    generator = _alias_generator(structure)
    keyword = ""
    if generator is pascal_case:
        keyword = f", alias_generator={writer.use(SHAPES, 'pascal_case')}"
    writer.line(f"class {writer.define(structure.name)}({base}{keyword}, frozen=True):")
    writer.line(docstring(doc, _INDENT))
    if constant:
        writer.line()
        writer.line(f"{_INDENT}{constant}")
    for member in structure.members:
        explicit = generator(member.name) != member.wire_name
        writer.line()
        writer.line(f"{_INDENT}{_field(structure, member, writer, explicit_alias=explicit)}")
        text = _member_doc(structure, member)
        if text:
            writer.line(docstring(text, _INDENT))
    writer.line()


def _alias_generator(structure: Structure) -> Callable[[str], str]:
    """The rule that spells the most of the structure's members right."""
    members = structure.members
    right = {
        rule: sum(rule(member.name) == member.wire_name for member in members)
        for rule in (camel_case, pascal_case)
    }
    return pascal_case if right[pascal_case] > right[camel_case] else camel_case


def _field(
    structure: Structure, member: Member, writer: ModuleWriter, *, explicit_alias: bool
) -> str:
    annotation = field_type(member.type, writer, limits=structure.in_input)
    default: str | None = None
    if not (
        member.required and (structure.in_input or not isinstance(member.type, ListOf | MapOf))
    ):
        if structure.role != "request" and isinstance(member.type, ListOf | MapOf):
            default = "[]" if isinstance(member.type, ListOf) else "{}"
        else:
            annotation += " | None"
            default = "None"
    options = [f"default={default}"] if default else []
    if explicit_alias:
        options += [
            f'{side}_alias="{member.wire_name}"' for side in ("validation", "serialization")
        ]
    if member.sensitive or isinstance(member.type, Blob):
        options.append("repr=False")
    if len(options) > bool(default):
        return (
            f"{member.name}: {annotation} = {writer.use('pydantic', 'Field')}({', '.join(options)})"
        )
    return f"{member.name}: {annotation}" + (f" = {default}" if default else "")


def _member_doc(structure: Structure, member: Member) -> str:
    parts = [member.doc, limits_text(member) if structure.in_input else ""]
    if member.deprecated:
        parts.append("Deprecated.")
    if member.sensitive:
        parts.append("Secret: not shown in ``repr``.")
    text = " ".join(part for part in parts if part)
    return "\n".join(textwrap.wrap(text, WIDTH - len(_INDENT) - 6))

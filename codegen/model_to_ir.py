"""Build the IR from the model, the settled facts of the spec, and the overlay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic_core import SchemaError, SchemaValidator, core_schema

from codegen.aws_model import AwsModel, ModelMember, ModelOperation, Shape
from codegen.batches import build_batch
from codegen.conversions import add_conversions
from codegen.handles import build_handles
from codegen.ir import (
    Blob,
    Boolean,
    Document,
    Enum,
    ErrorShape,
    ListOf,
    MapOf,
    Member,
    Number,
    Operation,
    Service,
    String,
    Structure,
    StructureRef,
    Timestamp,
    TypeRef,
    walk_type,
)
from codegen.naming import class_prefix, member_name, snake_case
from codegen.overlay import Overlay, OverlayError
from codegen.paging import build_pagination
from codegen.waiters import build_waiters

__all__ = ["Facts", "build_service"]

_MIXED_CASE = re.compile(r"\b[a-z]+[A-Z]\w*")

Role = Literal["request", "response", "nested"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the spec contributes after it has been matched and compared."""

    descriptions: Mapping[str, str]
    in_spec: frozenset[str]
    requiredness: Mapping[str, bool]
    """Whether a request must contain ``Structure.member``, where the sources disagreed."""


def build_service(model: AwsModel, overlay: Overlay, facts: Facts, *, package: str) -> Service:
    """The whole service, with every operation of the model.

    Raises:
        OverlayError: The overlay documents members but not all of them, declares a member that
            inputs share as always returned, or has a waiter's status in no list.
    """
    return _Builder(model, overlay, facts).build(package)


class _Builder:
    def __init__(self, model: AwsModel, overlay: Overlay, facts: Facts) -> None:
        self._model = model
        self._overlay = overlay
        self._facts = facts
        self._member_names = {m.name for shape in model.shapes.values() for m in shape.members}
        self._odd_patterns = {
            shape.name
            for shape in model.shapes.values()
            if shape.pattern is not None and not _is_linear_pattern(shape.pattern)
        }
        self._convertible = {decision.to for decision in overlay.conversions.values()}
        self._in_input = self._reachable(op.input for op in model.operations)
        self._complaints: list[str] = []
        self._omissions = [
            f"pattern of {name}: the linear-time engine does not support its syntax"
            for name in sorted(self._odd_patterns)
        ] + [
            f"{shape.name}.{member.name}: an idempotency token, which the caller must fill in"
            for _, shape in sorted(model.shapes.items())
            for member in shape.members
            if member.is_idempotency_token
        ]

    def build(self, package: str) -> Service:
        model = self._model
        operations = tuple(map(self._operation, model.operations))
        errors = tuple(map(self._error, self._error_shapes()))
        service = Service(
            package=package,
            client=f"{class_prefix(model.service_id)}Client",
            service_id=model.service_id,
            title=model.full_name,
            api_version=model.api_version,
            endpoint_prefix=model.endpoint_prefix,
            signing_name=model.signing_name,
            target_prefix=model.target_prefix,
            json_version=model.json_version,
            operations=operations,
            structures=self._nested_structures(),
            enums=self._enums(),
            errors=errors,
            waiters=tuple(
                build_waiters(
                    model,
                    self._overlay,
                    operations,
                    self._nested,
                    self._complaints,
                    self._omissions,
                )
            ),
            handles=tuple(build_handles(self._overlay, operations)),
            bases={name: (base.module, base.name) for name, base in self._overlay.bases.items()},
            endpoint_rules=model.endpoint_rules,
            partitions=model.partitions,
            omissions=tuple(self._omissions),
        )
        generated = {service.client, *(handle.name for handle in service.handles)}
        self._complaints += [
            f"[[base]] {name}: no such class is generated"
            for name in service.bases
            if name not in generated
        ]
        if self._complaints:
            path = self._overlay.path
            raise OverlayError("\n".join(f"{path}: {line}" for line in self._complaints))
        return service

    # -- structures ---------------------------------------------------------------------------

    def _reachable(self, roots: Iterable[str | None]) -> frozenset[str]:
        """The structures that *roots* contain at any depth, without the roots."""
        found: set[str] = set()
        pending = [name for name in roots if name]
        while pending:
            for member in self._model.shapes[pending.pop()].members:
                for ref in walk_type(self._type(member.shape)):
                    if isinstance(ref, StructureRef) and ref.name not in found:
                        found.add(ref.name)
                        pending.append(ref.name)
        return frozenset(found)

    def _nested_structures(self) -> tuple[Structure, ...]:
        roots = [name for op in self._model.operations for name in (op.input, op.output)]
        names = self._reachable([*roots, *(shape.name for shape in self._error_shapes())])
        structures = {
            name: self._structure(name, name, "nested", doc=self._doc("structures", name))
            for name in sorted(names)
        }
        structures = add_conversions(structures, self._overlay, self._complaints)
        return tuple(_after_their_parts(structures))

    def _nested(self, name: str) -> Structure:
        return self._structure(name, name, "nested", doc="")

    def _structure(self, name: str, shape_name: str | None, role: Role, *, doc: str) -> Structure:
        shape = self._model.shapes[shape_name] if shape_name else Shape(name, "structure")
        in_input = role == "request" or (role == "nested" and shape.name in self._in_input)
        members = [self._member(shape, member, role, in_input=in_input) for member in shape.members]
        required_first = sorted(members, key=lambda member: not member.required)
        return Structure(
            name=name,
            role=role,
            members=tuple(required_first if role == "request" else members),
            in_input=in_input,
            doc=doc,
        )

    def _member(self, shape: Shape, member: ModelMember, role: Role, *, in_input: bool) -> Member:
        key = f"{shape.name}.{member.name}"
        required = member.name in shape.required
        if role == "request":
            required = self._facts.requiredness.get(key, required)
            if key in self._overlay.returned:
                self._complaints.append(f"[[returned]] {key}: a request is not returned")
        elif key in self._overlay.returned:
            if in_input:
                self._complaints.append(f"[[returned]] {key}: inputs share it and may omit it")
            required = True
        target = self._model.shapes[member.shape]
        return Member(
            name=member_name(member.name),
            wire_name=member.name,
            type=self._type(member.shape),
            required=required,
            sensitive=key in self._overlay.sensitive or target.is_sensitive,
            deprecated=member.deprecated,
            doc=self._doc("members", key, member.name),
        )

    def _type(self, shape_name: str) -> TypeRef:
        shape = self._model.shapes[shape_name]
        match shape.type:
            case "structure":
                return StructureRef(shape.name, shape.name in self._convertible)
            case "list":
                return ListOf(self._type(shape.item), shape.min, shape.max)
            case "map":
                return MapOf(self._type(shape.key), self._type(shape.value))
            case "string":
                enum = shape.name if shape.enum else None
                pattern = shape.pattern if shape.name not in self._odd_patterns else None
                json = shape.name in self._overlay.json_texts
                return String(shape.name, shape.min, shape.max, pattern, enum, json)
            case "integer" | "long":
                return Number(shape.name, "int", shape.min, shape.max)
            case "float" | "double":
                return Number(shape.name, "float", shape.min, shape.max)
            case "boolean":
                return Boolean()
            case "timestamp":
                return Timestamp(shape.timestamp_format)
            case "blob":
                return Blob(shape.min, shape.max)
            case "document":
                return Document()

    def _doc(self, table: str, *keys: str) -> str:
        line = self._overlay.doc(table, *keys)
        if not line and self._overlay.docs:
            self._complaints.append(f"[docs.{table}] {keys[0]}: no line for it")
        return _MIXED_CASE.sub(lambda name: self._python_name(name[0]), line)

    def _python_name(self, word: str) -> str:
        """The Python name of a member that a line mentions; other words unchanged."""
        return member_name(word) if word in self._member_names else word

    # -- operations ---------------------------------------------------------------------------

    def _operation(self, operation: ModelOperation) -> Operation:
        name = operation.name
        method = snake_case(name)
        in_spec = name in self._facts.in_spec
        description = self._facts.descriptions.get(name, "")
        if description and self._overlay.doc("operations", name):
            self._complaints.append(f"[docs.operations] {name}: the spec describes it")
        request = self._structure(f"{name}Request", operation.input, "request", doc="")
        response = self._structure(f"{name}Response", operation.output, "response", doc="")
        unsafe = self._overlay.retry_unsafe.get(name)
        return Operation(
            name=name,
            method=method,
            doc=description or self._doc("operations", name),
            input=request,
            output=response,
            errors=operation.errors,
            pagination=build_pagination(
                self._model, name, request, response, self._nested, self._omissions
            ),
            batch=build_batch(
                self._model,
                name,
                self._overlay.batches.get(name),
                request,
                response,
                self._complaints,
            ),
            retry_safe=unsafe is None,
            retry_hazard=unsafe.why if unsafe else "",
            in_spec=in_spec,
            deprecated=operation.deprecated,
        )

    # -- enums and errors -----------------------------------------------------------------------

    def _enums(self) -> tuple[Enum, ...]:
        return tuple(
            Enum(shape.name, shape.enum, self._doc("enums", shape.name))
            for _, shape in sorted(self._model.shapes.items())
            if shape.enum
        )

    def _error_shapes(self) -> Iterator[Shape]:
        return (shape for _, shape in sorted(self._model.shapes.items()) if shape.is_error)

    def _error(self, shape: Shape) -> ErrorShape:
        members = [m for m in shape.members if m.name.lower() != "message"]
        return ErrorShape(
            name=shape.name,
            code=shape.error_code or shape.name,
            is_fault=shape.is_fault,
            members=tuple(self._member(shape, m, "nested", in_input=False) for m in members),
            doc=self._doc("errors", shape.name),
        )


def _is_linear_pattern(pattern: str) -> bool:
    """Whether pydantic's engine, which never backtracks, can compile the pattern."""
    try:
        SchemaValidator(core_schema.str_schema(pattern=pattern))
    except SchemaError:
        return False
    return True


def _after_their_parts(structures: Mapping[str, Structure]) -> Iterator[Structure]:
    """Each structure after those that it contains; a cycle is entered at its first name."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[Structure]:
        if name in done:
            return
        done.add(name)
        for part in structures[name].parts():
            yield from visit(part)
        yield structures[name]

    for name in structures:
        yield from visit(name)

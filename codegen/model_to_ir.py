"""Build the IR from the model, the settled facts of the spec, and the overlay."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic_core import SchemaError, SchemaValidator, core_schema

from codegen.aws_model import AwsModel, ModelError, ModelMember, ModelOperation, Shape
from codegen.batches import build_batch
from codegen.capabilities import is_signed, left_out
from codegen.conversions import add_conversions
from codegen.endpoint_inputs import build_endpoint_inputs
from codegen.handles import build_handles
from codegen.ir import Enum, ErrorShape, Member, Operation, Service, Structure
from codegen.ir_types import (
    Blob,
    Boolean,
    Document,
    ListOf,
    MapOf,
    Number,
    String,
    StructureRef,
    Timestamp,
    TypeRef,
    walk_type,
)
from codegen.naming import class_prefix, error_member_name, member_name, snake_case
from codegen.overlay import Overlay, OverlayError
from codegen.paging import build_pagination
from codegen.waiters import build_waiters

__all__ = ["Facts", "build_service"]

_MIXED_CASE = re.compile(r"\b[a-z]+[A-Z]\w*")

_IDEMPOTENCY = (
    "An idempotency token: the service carries out calls with the same one only once. If it is "
    "omitted, all attempts of the call send the same new UUID."
)

Role = Literal["request", "response", "nested"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the spec contributes after it has been matched and compared."""

    descriptions: Mapping[str, str]
    in_spec: frozenset[str]
    requiredness: Mapping[str, bool]
    """Whether a request must contain ``Structure.member``, where the sources disagreed."""


def build_service(model: AwsModel, overlay: Overlay, facts: Facts, *, package: str) -> Service:
    """The whole service, with every operation of the model that the runtime can call.

    Raises:
        ModelError: The runtime can call none of them.
        OverlayError: The overlay documents members but not all of them, declares a member that
            inputs share as always returned, or has a waiter's status in no list.
    """
    omitted = left_out(model)
    kept = tuple(operation for operation in model.operations if operation.name not in omitted)
    if not kept:
        name, reason = next(iter(omitted.items()), ("the model", "it has none"))
        raise ModelError(f"{model.service}: no operation can be generated; {name}: {reason}")
    model = dataclasses.replace(model, operations=kept)
    omissions = [f"operation {name}: {reason}" for name, reason in omitted.items()]
    return _Builder(model, overlay, facts, omissions).build(package)


class _Builder:
    def __init__(
        self, model: AwsModel, overlay: Overlay, facts: Facts, omissions: Iterable[str]
    ) -> None:
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
            *omissions,
            *(
                f"pattern of {name}: the linear-time engine does not support its syntax"
                for name in sorted(self._odd_patterns)
            ),
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
            is_query_compatible=model.is_query_compatible,
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
            omissions=tuple(dict.fromkeys(self._omissions)),
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
            is_union=shape.is_union,
        )

    def _member(self, shape: Shape, member: ModelMember, role: Role, *, in_input: bool) -> Member:
        key = f"{shape.name}.{member.name}"
        required = member.name in shape.required
        if role == "request":
            required = self._facts.requiredness.get(key, required)
            if key in self._overlay.returned:
                self._complaints.append(f"[[returned]] {key}: a request is not returned")
            # The client fills it in, at any call.
            required = required and not member.is_idempotency_token
        elif key in self._overlay.returned:
            if in_input:
                self._complaints.append(f"[[returned]] {key}: inputs share it and may omit it")
            required = True
        if role == "nested" and in_input and member.is_idempotency_token:
            # As botocore does; Smithy defines these tokens for the input of an operation only.
            self._omissions.append(f"{key}: a nested idempotency token, which callers fill in")
        target = self._model.shapes[member.shape]
        is_token = role == "request" and member.is_idempotency_token
        doc = self._doc("members", key, member.name)
        return Member(
            name=member_name(member.name),
            wire_name=member.name,
            type=self._type(member.shape),
            required=required,
            sensitive=key in self._overlay.sensitive or target.is_sensitive,
            deprecated=member.deprecated,
            doc=f"{doc} {_IDEMPOTENCY}".strip() if is_token else doc,
            is_token=is_token,
        )

    def _type(self, shape_name: str) -> TypeRef:
        shape = self._model.shapes[shape_name]
        match shape.type:
            case "structure":
                return StructureRef(shape.name, shape.name in self._convertible)
            case "list":
                return ListOf(self._type(shape.item), *_whole_limits(shape))
            case "map":
                return MapOf(self._type(shape.key), self._type(shape.value))
            case "string":
                enum = self._class_name(shape) if shape.enum else None
                pattern = shape.pattern if shape.name not in self._odd_patterns else None
                json = shape.name in self._overlay.json_texts
                name = self._class_name(shape)
                return String(name, *_whole_limits(shape), pattern, enum, json)
            case "integer" | "long":
                return Number(self._class_name(shape), "int", *_whole_limits(shape))
            case "float" | "double":
                return Number(self._class_name(shape), "float", shape.min, shape.max)
            case "boolean":
                return Boolean()
            case "timestamp":
                return Timestamp(shape.timestamp_format)
            case "blob":
                return Blob(*_whole_limits(shape))
            case "document":
                return Document()

    def _class_name(self, shape: Shape) -> str:
        """The name of a scalar, which begins with a capital: an attribute may be called ``arn``."""
        name = shape.name[0].upper() + shape.name[1:]
        return f"{name}_" if name != shape.name and name in self._model.shapes else name

    def _doc(self, table: str, *keys: str) -> str:
        line = self._overlay.doc(table, *keys)
        if not line and self._overlay.docs:
            self._complaints.append(f"[docs.{table}] {keys[0]}: no line for it")
        return _MIXED_CASE.sub(lambda name: self._python_name(name[0]), line)

    def _python_name(self, word: str) -> str:
        """The Python name of a member that a line mentions; other words unchanged."""
        return member_name(word) if word in self._member_names else word

    # -- operations ---------------------------------------------------------------------------

    def _described(self, name: str, description: str) -> str:
        """What an operation does, in paragraphs that two spaces separate."""
        summary = self._overlay.doc("summaries", name)
        return f"{summary}  {description or self._doc('operations', name)}".strip()

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
            doc=self._described(name, description),
            input=request,
            output=response,
            errors=operation.errors,
            pagination=build_pagination(
                self._model,
                name,
                self._overlay.page_sizes.get(name),
                request,
                response,
                self._nested,
                self._omissions,
                self._complaints,
            ),
            batch=build_batch(
                self._model,
                name,
                self._overlay.batches.get(name),
                request,
                response,
                self._complaints,
            ),
            endpoint=build_endpoint_inputs(self._model, operation, request, self._nested),
            retry_safe=unsafe is None,
            is_signed=is_signed(operation),
            retry_hazard=unsafe.why if unsafe else "",
            in_spec=in_spec,
            deprecated=operation.deprecated,
        )

    # -- enums and errors -----------------------------------------------------------------------

    def _enums(self) -> tuple[Enum, ...]:
        return tuple(
            Enum(self._class_name(shape), shape.enum, self._doc("enums", shape.name))
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
            members=tuple(self._error_member(shape, member) for member in members),
            doc=self._doc("errors", shape.name),
        )

    def _error_member(self, shape: Shape, member: ModelMember) -> Member:
        found = self._member(shape, member, "nested", in_input=False)
        name = error_member_name(member.name)
        doc = found.doc
        if name != found.name:
            doc = f"{doc} The member ``{member.name}``; ``{found.name}`` is every error's.".strip()
        return dataclasses.replace(found, name=name, doc=doc)


def _whole_limits(shape: Shape) -> tuple[int | None, int | None]:
    low, high = (None if limit is None else int(limit) for limit in (shape.min, shape.max))
    return low, high


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

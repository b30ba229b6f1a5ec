"""Builds the IR from the model, the settled facts of the spec, and the overlay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import SchemaError, SchemaValidator, core_schema

from codegen.aws_model import AwsModel, ModelMember, ModelOperation, Shape
from codegen.handles import build_handles
from codegen.ir import (
    Batch,
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
    Pagination,
    Service,
    String,
    Structure,
    StructureRef,
    Timestamp,
    TypeRef,
    Waiter,
    walk_type,
)
from codegen.naming import class_prefix, member_name, snake_case
from codegen.overlay import Overlay, OverlayError

__all__ = ["Facts", "build_service"]

_MIXED_CASE = re.compile(r"\b[a-z]+[A-Z]\w*")

Role = Literal["request", "response", "nested"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the spec contributes once it has been matched and compared."""

    descriptions: Mapping[str, str]
    in_spec: frozenset[str]
    requiredness: Mapping[str, bool]
    """``Structure.member`` to whether a request must carry it, where the sources disagreed."""


def build_service(model: AwsModel, overlay: Overlay, facts: Facts, *, package: str) -> Service:
    """The whole service, every operation of the model.

    Raises:
        OverlayError: the overlay documents members but not all of them, marks as always returned
            a member that inputs share, or leaves a waiter's status in no list.
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
        self._in_input = self._reachable(op.input for op in model.operations)
        self._complaints: list[str] = []
        self._omissions = [
            f"pattern of {name}: the linear-time engine does not know its syntax"
            for name in sorted(self._odd_patterns)
        ] + [
            f"{shape.name}.{member.name}: an idempotency token, which the caller has to fill in"
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
            waiters=tuple(self._waiters({operation.name: operation for operation in operations})),
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
        """The structures that *roots* hold, directly or deeper; the roots themselves are not."""
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
        return tuple(_after_their_parts(structures))

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
                self._complaints.append(f"[[returned]] {key}: inputs share it, and may omit it")
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
                return StructureRef(shape.name)
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
        """A member that a line mentions, as the reader has to spell it; other words as they are."""
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
            pagination=self._pagination(name, request, response),
            batch=self._batch(name, request, response),
            retry_safe=unsafe is None,
            retry_hazard=unsafe.why if unsafe else "",
            in_spec=in_spec,
            deprecated=operation.deprecated,
        )

    def _pagination(self, name: str, request: Structure, response: Structure) -> Pagination | None:
        """As botocore's paginator says; where it has none, as the members themselves say."""
        paginator = self._model.paginators.get(name) or self._guess_paginator(
            name, request, response
        )
        if paginator is None:
            return None
        results = paginator.get("result_key", [])
        results = [results] if isinstance(results, str) else results
        expressions = [paginator["input_token"], paginator["output_token"], *results]
        if not results or not all(_is_plain_path(expression) for expression in expressions):
            self._omissions.append(f"{name}: its paginator needs more than attribute paths")
            return None
        items = [self._path(response, key) for key in results]
        limit = request.member(paginator.get("limit_key", ""))
        token = request.member(paginator["input_token"])
        if token is None:
            return None
        return Pagination(
            input_token=token.name,
            output_token=".".join(self._path(response, paginator["output_token"])[0]),
            limit=limit.name if limit else None,
            items=tuple(path for path, _ in items),
            item_types=tuple(ref.item if isinstance(ref, ListOf) else ref for _, ref in items),
        )

    def _guess_paginator(
        self, name: str, request: Structure, response: Structure
    ) -> dict[str, Any] | None:
        """An operation pages when both sides carry a token; its items are the answer's one list."""
        token = "nextToken"  # noqa: S105 - the field's standard name, no secret
        if request.member(token) is None or response.member(token) is None:
            return None
        lists = [m.wire_name for m in response.members if isinstance(m.type, ListOf)]
        if len(lists) != 1:
            found = ", ".join(lists) or "none"
            self._omissions.append(f"{name}: it pages, but its answer has not one list: {found}")
            return None
        return {
            "input_token": token,
            "output_token": token,
            "limit_key": "maxResults",
            "result_key": lists[0],
        }

    def _path(self, structure: Structure, expression: str) -> tuple[tuple[str, ...], TypeRef]:
        """A dotted path of wire names as attribute names, and the type at its end."""
        names: list[str] = []
        ref: TypeRef | None = None
        for step in expression.split("."):
            if isinstance(ref, StructureRef):
                structure = self._structure(ref.name, ref.name, "nested", doc="")
            member = structure.member(step)
            if member is None:
                raise OverlayError(f"{structure.name}: no member at the path {expression!r}")
            names.append(member.name)
            ref = member.type
        assert ref is not None
        return tuple(names), ref

    def _batch(self, name: str, request: Structure, response: Structure) -> Batch | None:
        decision = self._overlay.batches.get(name)
        if decision is None:
            return None
        ids = request.member(decision.member)
        result, failures = response.member(decision.result), response.member(decision.failures)
        if ids is None or result is None or failures is None:
            self._complaints.append(f"[[batch]] {name}: its members are not the operation's")
            return None
        if isinstance(ids.type, ListOf) and ids.type.max not in (None, decision.limit):
            self._complaints.append(f"[[batch]] {name}: the model's limit is {ids.type.max}")
        names = self._failure_names(failures.type)
        if names is None:
            self._complaints.append(f"[[batch]] {name}: a failure is no id, code and reason")
            return None
        return Batch(
            decision.method,
            ids,
            decision.limit,
            decision.concurrency,
            result,
            failures,
            *names,
        )

    def _failure_names(self, ref: TypeRef) -> tuple[str, str, str] | None:
        """Which members of a failure are its id, its code and its reason."""
        if not isinstance(ref, ListOf) or not isinstance(ref.item, StructureRef):
            return None
        names = [member.name for member in self._model.shapes[ref.item.name].members]
        code = [name for name in names if name.endswith("Code")]
        reason = [name for name in names if name.endswith("Reason")]
        others = [name for name in names if name not in code + reason]
        if (len(code), len(reason), len(others)) != (1, 1, 1):
            return None
        return member_name(others[0]), member_name(code[0]), member_name(reason[0])

    # -- enums, errors, waiters -----------------------------------------------------------------

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

    def _waiters(self, operations: Mapping[str, Operation]) -> Iterator[Waiter]:
        for name, raw in self._model.waiters.items():
            operation = operations[raw["operation"]]
            decision = self._overlay.waiters.get(name)
            if decision is not None:
                path, ref = self._path(operation.output, decision.path)
                self._check_statuses(
                    name, ref, decision.success + decision.failure + decision.pending
                )
                success, failure = decision.success, decision.failure
                retry_errors = decision.retry_errors
            else:
                acceptors = _Acceptors.read(raw["acceptors"])
                if acceptors is None or not _is_plain_path(acceptors.path):
                    self._omissions.append(f"waiter {name}: it compares more than one path's value")
                    continue
                path, _ = self._path(operation.output, acceptors.path)
                success, failure = acceptors.success, acceptors.failure
                retry_errors = acceptors.retry_errors
            yield Waiter(
                name=name,
                method=f"wait_until_{snake_case(name)}",
                operation=operation.name,
                path=path,
                success=success,
                failure=failure,
                retry_errors=retry_errors,
                delay=raw["delay"],
            )

    def _check_statuses(self, name: str, ref: TypeRef, listed: tuple[str, ...]) -> None:
        values = self._model.shapes[ref.shape].enum if isinstance(ref, String) else ()
        odd = set(listed) ^ set(values)
        if odd or len(listed) != len(set(listed)):
            self._complaints.append(
                f"[[waiter]] {name}: success, failure and pending must share out the enum's values "
                f"exactly: {', '.join(sorted(odd)) or 'one stands twice'}"
            )


@dataclass(frozen=True, slots=True)
class _Acceptors:
    """botocore's acceptors, as far as they compare one path with a value, or name an error."""

    path: str
    success: tuple[str, ...]
    failure: tuple[str, ...]
    retry_errors: tuple[str, ...]

    @classmethod
    def read(cls, raw: Sequence[Mapping[str, Any]]) -> _Acceptors | None:
        paths = {acceptor["argument"] for acceptor in raw if acceptor["matcher"] == "path"}
        if len(paths) != 1 or any(a["matcher"] not in {"path", "error"} for a in raw):
            return None

        def expected(matcher: str, state: str) -> tuple[str, ...]:
            return tuple(
                acceptor["expected"]
                for acceptor in raw
                if (acceptor["matcher"], acceptor["state"]) == (matcher, state)
            )

        return cls(
            path=paths.pop(),
            success=expected("path", "success"),
            failure=expected("path", "failure"),
            retry_errors=expected("error", "retry"),
        )


def _is_linear_pattern(pattern: str) -> bool:
    """Whether the engine that checks it at run time, which never backtracks, can compile it."""
    try:
        SchemaValidator(core_schema.str_schema(pattern=pattern))
    except SchemaError:
        return False
    return True


def _is_plain_path(expression: object) -> bool:
    """Attribute names with dots between; botocore's data may hold any JMESPath expression."""
    return isinstance(expression, str) and all(s.isidentifier() for s in expression.split("."))


def _after_their_parts(structures: Mapping[str, Structure]) -> Iterator[Structure]:
    """Each structure after those that it holds; a cycle is entered at its first name."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[Structure]:
        if name in done:
            return
        done.add(name)
        for member in structures[name].members:
            for ref in walk_type(member.type):
                if isinstance(ref, StructureRef):
                    yield from visit(ref.name)
        yield structures[name]

    for name in structures:
        yield from visit(name)

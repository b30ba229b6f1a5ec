"""Combine the spec and the model: build the IR, and settle every difference by a rule.

The rules:

* The spec decides which operations and members are promised, and describes the operations.
* The model supplies what the spec omits. What it has beyond the spec is generated too.
* Where the two contradict each other on requiredness, the overlay decides.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from codegen import lap
from codegen.aws_model import AwsModel, ModelOperation, Shape
from codegen.capabilities import left_out
from codegen.differences import Difference, Rule
from codegen.ir import Service
from codegen.matching import Match, Signature, match
from codegen.model_to_ir import Facts, build_service
from codegen.overlay import Overlay

__all__ = ["ReconcileError", "Reconciled", "reconcile"]

_LAP_SCALARS = {
    "string": "str",
    "integer": "int",
    "long": "int(i64)",
    "boolean": "bool",
    "double": "num(f64)",
    "float": "num(f32)",
    "timestamp": "str(timestamp)",
    "blob": "bytes",
    "document": "map",
}


class ReconcileError(ValueError):
    """The sources contradict each other, and neither a rule nor the overlay settles it."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The service to render, and what to report."""

    service: Service
    match: Match
    differences: tuple[Difference, ...]


def reconcile(
    document: lap.Document,
    model: AwsModel,
    overlay: Overlay,
    *,
    package: str,
    place: Callable[[lap.Position], str] | None = None,
) -> Reconciled:
    """Match the endpoints to operations, settle every difference, and build the IR.

    Args:
        document: The spec.
        model: botocore's model.
        overlay: The decisions.
        package: The dotted name of the package to generate.
        place: How messages show a position of the spec; by default with the document's file.

    Raises:
        MatchError: The endpoints cannot be matched, or the match is not unique.
        ReconcileError: A contradiction is not settled.
    """
    place = place or (lambda position: f"{document.file}:{position.line}:{position.column}")
    operations = {operation.name: operation for operation in model.operations}
    comparison = _Comparison(model, overlay, place)
    skipped = comparison.skipped(document)
    signatures = list(_endpoint_signatures(document, overlay, place))
    document = document.without(skipped)
    matched = match(
        signatures, [_operation_signature(operation, model) for operation in model.operations]
    )
    endpoints = dict(zip(matched.operations, document.endpoints, strict=True))
    for name, endpoint in endpoints.items():
        comparison.operation(operations[name], endpoint)
    comparison.nested_types(document)
    comparison.title(document)
    omitted = left_out(model)
    comparison.newer_operations([n for n in operations if n not in endpoints and n not in omitted])
    comparison.idle_decisions()
    if comparison.unsettled:
        raise ReconcileError("\n".join(comparison.unsettled))
    facts = Facts(
        descriptions={name: e.desc or "" for name, e in endpoints.items()},
        in_spec=frozenset(endpoints),
        requiredness={key: decision.required for key, decision in overlay.required.items()},
    )
    service = build_service(model, overlay, facts, package=package)
    return Reconciled(service, matched, tuple(comparison.differences))


def _endpoint_signatures(
    document: lap.Document, overlay: Overlay, place: Callable[[lap.Position], str]
) -> Iterator[Signature]:
    for number, endpoint in enumerate(document.endpoints, start=1):
        if number not in overlay.skips:
            decision = overlay.matches.get(number)
            inputs = (*endpoint.required, *endpoint.optional)
            yield Signature(
                label=f"{place(endpoint.position)}: endpoint {number}",
                inputs={member.name: lap_spelling(member.type) for member in inputs},
                outputs={member.name: lap_spelling(member.type) for member in _returned(endpoint)},
                required=frozenset(member.name for member in endpoint.required),
                operation=decision.operation if decision else "",
            )


def _operation_signature(operation: ModelOperation, model: AwsModel) -> Signature:
    inputs, outputs = (_structure(model, name) for name in (operation.input, operation.output))
    return Signature(
        label=operation.name,
        inputs={m.name: model_spelling(model, m.shape) for m in inputs.members},
        outputs={m.name: model_spelling(model, m.shape) for m in outputs.members},
        required=inputs.required,
    )


def _structure(model: AwsModel, name: str | None) -> Shape:
    return model.shapes[name] if name else Shape(name="", type="structure")


def _returned(endpoint: lap.Endpoint) -> Iterator[lap.Member]:
    for returns in endpoint.returns:
        if returns.code.startswith("2"):
            yield from returns.block.members if returns.block else ()


def lap_spelling(ref: lap.Type) -> str:
    """The spec's spelling of a type, without its mark for null and its inline body."""
    match ref:
        case lap.Scalar(name=name, format=None):
            return name
        case lap.Scalar(name=name, format=hint):
            return f"{name}({hint})"
        case lap.ListOf(item=item):
            return f"[{lap_spelling(item)}]"
        case lap.Record():
            return "map"
        case lap.MapOf(key=key, value=value):
            return f"map<{lap_spelling(key)},{lap_spelling(value)}>"
        case lap.Enum():
            return "str"
        case lap.Named(name=name):
            return name


def model_spelling(model: AwsModel, shape_name: str) -> str:
    """The spelling that a compiled spec would have for a type of the model."""
    shape = model.shapes[shape_name]
    match shape.type:
        case "structure":
            return shape.name
        case "list":
            return f"[{model_spelling(model, shape.item)}]"
        case "map":
            key, value = (model_spelling(model, s) for s in (shape.key, shape.value))
            return f"map<{key},{value}>"
        case scalar:
            return _LAP_SCALARS[scalar]


class _Comparison:
    """Compares the two sources and collects the differences."""

    def __init__(
        self, model: AwsModel, overlay: Overlay, place: Callable[[lap.Position], str]
    ) -> None:
        self._model = model
        self._overlay = overlay
        self._place = place
        self.differences: list[Difference] = []
        self.unsettled: list[str] = []
        self._decided: set[str] = set()

    def skipped(self, document: lap.Document) -> list[lap.Endpoint]:
        """The endpoints that the overlay skips; complain about numbers that do not exist."""
        endpoints = dict(enumerate(document.endpoints, start=1))
        numbers = {"match": self._overlay.matches, "skip": self._overlay.skips}
        self.unsettled += [
            f"{self._overlay.path}: [[{table}]] {number}: the spec has {len(endpoints)} endpoints"
            for table, decided in numbers.items()
            for number in decided
            if number not in endpoints
        ]
        found = {n: endpoints[n] for n in sorted(self._overlay.skips) if n in endpoints}
        for number, endpoint in found.items():
            members = ", ".join(m.name for m in (*endpoint.required, *endpoint.optional))
            rule = Rule.decided("skipped", self._overlay.skips[number].why)
            self._note(f"endpoint {number}", "endpoint", members or "no members", "skipped", rule)
        return list(found.values())

    def operation(self, operation: ModelOperation, endpoint: lap.Endpoint) -> None:
        inputs = _structure(self._model, operation.input)
        outputs = _structure(self._model, operation.output)
        required = {member.name for member in endpoint.required}
        spec_inputs = (*endpoint.required, *endpoint.optional)
        self._members(operation.name, "input", inputs, spec_inputs)
        self._members(operation.name, "output", outputs, tuple(_returned(endpoint)))
        for member in spec_inputs:
            in_spec, in_model = member.name in required, member.name in inputs.required
            if in_spec != in_model:
                self._requiredness(operation, inputs, member, in_spec=in_spec)
        for member in _returned(endpoint):
            self._nullability(operation.name, outputs, member)

    def nested_types(self, document: lap.Document) -> None:
        """The types that the spec names: compare their bodies; note those without a body."""
        shapes = self._model.shapes
        known = {n for n, shape in shapes.items() if shape.type in {"structure", "document"}}
        first: dict[str, lap.Position] = {}
        for ref in document.named_types():
            first.setdefault(ref.name, ref.position)
        for name in first.keys() - known:
            self.unsettled.append(
                f"{self._place(first[name])}: the model has no type {name}{_similar(name, known)}"
            )
        inline = {n: fields for n, fields in document.inline_types().items() if n in known}
        for name, fields in sorted(inline.items()):
            shape = self._model.shapes[name]
            self._members(name, "type", shape, fields)
            for member in fields:
                self._nullability(name, shape, member)
        for name in sorted((first.keys() & known) - inline.keys() - document.types.keys()):
            members = ", ".join(member.name for member in self._model.shapes[name].members)
            self._note(name, "undefined type", "named, not defined", members, Rule.MODEL_SUPPLIES)

    def title(self, document: lap.Document) -> None:
        """The service's name."""
        written = document.api or ""
        if written != self._model.full_name:
            self._note("@api", "title", written, self._model.full_name, Rule.MODEL_TITLE)

    def idle_decisions(self) -> None:
        """Complain about decisions on which the sources agree."""
        for key in self._overlay.required.keys() - self._decided:
            self.unsettled.append(
                f"{self._overlay.path}: [[required]] {key}: the sources agree on it"
            )

    def newer_operations(self, names: Sequence[str]) -> None:
        for name in names:
            self._note(name, "operation", "absent", "present", Rule.GENERATED_AS_NEWER)

    def _members(self, where: str, side: str, shape: Shape, members: Sequence[lap.Member]) -> None:
        in_spec = {member.name: member for member in members}
        for member in shape.members:
            spelled = model_spelling(self._model, member.shape)
            if member.name not in in_spec:
                place = f"{where}.{member.name}"
                if side == "input" and member.name in shape.required:
                    self._unsettled(f"{shape.name}.{member.name}", "is required only in the model")
                self._note(place, f"{side} member", "absent", spelled, Rule.MEMBER_ADDED)
            elif (promised := lap_spelling(in_spec[member.name].type)) != spelled:
                self._note(
                    f"{where}.{member.name}", f"{side} type", promised, spelled, Rule.MODEL_TYPE
                )
        known = {member.name for member in shape.members}
        for name, written in in_spec.items():
            if name not in known:
                at = f"{self._place(written.position)}: {where}.{name}"
                self.unsettled.append(f"{at}: the model has no such member{_similar(name, known)}")

    def _requiredness(
        self, operation: ModelOperation, inputs: Shape, member: lap.Member, *, in_spec: bool
    ) -> None:
        key = f"{inputs.name}.{member.name}"
        decision = self._overlay.required.get(key)
        if decision is None:
            self._unsettled(
                key, f"is {_word(in_spec)} in the spec and {_word(not in_spec)} in the model"
            )
            return
        self._decided.add(key)
        rule = Rule.decided(_word(decision.required), decision.why)
        place = f"{operation.name}.{member.name}"
        self._note(place, "requiredness", _word(in_spec), _word(not in_spec), rule)

    def _nullability(self, where: str, shape: Shape, member: lap.Member) -> None:
        always = member.name in shape.required
        if member.type.nullable == always and any(m.name == member.name for m in shape.members):
            words = ("nullable", "required") if always else ("not nullable", "optional")
            self._note(f"{where}.{member.name}", "nullability", *words, Rule.MODEL_NULLABILITY)

    def _unsettled(self, key: str, what: str) -> None:
        self.unsettled.append(f"{key} {what}: settle it in the overlay's [[required]]")

    def _note(self, where: str, kind: str, spec: str, model: str, rule: Rule) -> None:
        self.differences.append(Difference(where, kind, spec, model, rule))


def _similar(name: str, known: Collection[str]) -> str:
    found = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {found[0]}?" if found else ""


def _word(required: bool) -> str:  # noqa: FBT001 - a plain predicate
    return "required" if required else "optional"

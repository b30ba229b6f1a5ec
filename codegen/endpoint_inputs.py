"""What an operation's endpoint depends on: constants, members of its input, and a host prefix."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codegen.aws_model import AwsModel, ModelError, ModelOperation
from codegen.ir import EndpointInputs, Path, Structure
from codegen.ir_types import ListOf, StructureRef, TypeRef
from codegen.naming import snake_case
from codegen.paths import Nested

__all__ = ["build_endpoint_inputs"]

_TOKENS = re.compile(r"\w+|\[\*\]|\[\]|[\[\](),.]")


def build_endpoint_inputs(
    model: AwsModel, operation: ModelOperation, request: Structure, nested: Nested
) -> EndpointInputs | None:
    """The inputs of an operation; None if its endpoint depends on the client's settings only.

    Raises:
        ModelError: An expression is not supported, or does not fit the input.
    """
    known = model.endpoint_rules["parameters"]
    shape = model.shapes[operation.input] if operation.input else None
    paths = {
        member.endpoint_parameter: member.name
        for member in (shape.members if shape else ())
        if member.endpoint_parameter
    }
    members = {
        snake_case(name): _Expression(expression, nested).path(request)
        for name, expression in {**operation.endpoint_paths, **paths}.items()
        if name in known
    }
    static = {
        snake_case(name): value
        for name, value in operation.endpoint_values.items()
        if name in known
    }
    prefix = operation.host_prefix
    for member in shape.members if shape else ():
        found = request.member(member.name)
        if member.is_host_label and found:
            prefix = prefix.replace(f"{{{member.name}}}", f"{{{found.name}}}")
    return EndpointInputs(static, members, prefix) if static or members or prefix else None


class _Expression:
    """The part of JMESPath in which models name endpoint parameters.

    Names with dots between them, ``[*]`` after a list, ``keys(...)``, and several paths in
    brackets, flattened by ``[]``.
    """

    def __init__(self, text: str, nested: Nested) -> None:
        self._text = text
        self._nested = nested
        self._tokens = [*_TOKENS.findall(text), ""]
        if "".join(self._tokens) != text.replace(" ", ""):
            raise self._unsupported()

    def path(self, structure: Structure) -> Path:
        """The steps from a structure."""
        if self._tokens[:2] == ["keys", "("]:
            del self._tokens[:2]
            steps = (*self._steps(StructureRef(structure.name), structure), "keys()")
            self._expect(")")
        else:
            steps = tuple(self._steps(StructureRef(structure.name), structure))
        self._expect("")
        return steps

    def _steps(self, ref: TypeRef, structure: Structure) -> Iterator[str | tuple[Path, ...]]:
        while True:
            if self._tokens[0] == "[":
                yield tuple(self._several(ref, structure))
                return
            member = (
                structure.member(self._tokens.pop(0)) if isinstance(ref, StructureRef) else None
            )
            if member is None:
                raise self._unsupported()
            yield member.name
            ref = member.type
            if self._tokens[0] == "[*]" and isinstance(ref, ListOf):
                del self._tokens[0]
                yield "*"
                ref = ref.item
            if self._tokens[0] != ".":
                return
            del self._tokens[0]
            if isinstance(ref, StructureRef):
                structure = self._nested(ref.name)

    def _several(self, ref: TypeRef, structure: Structure) -> Iterator[Path]:
        while self._tokens.pop(0) in {"[", ","}:
            yield tuple(self._steps(ref, structure))
            if self._tokens[0] not in {",", "]"}:
                raise self._unsupported()
        self._expect("[]")

    def _expect(self, token: str) -> None:
        if self._tokens.pop(0) != token:
            raise self._unsupported()

    def _unsupported(self) -> ModelError:
        return ModelError(f"endpoint parameters: the expression {self._text!r} is not supported")

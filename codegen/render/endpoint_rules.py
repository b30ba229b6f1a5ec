"""Endpoint rules as ``if`` statements, in their order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from codegen import runtime
from codegen.aws_model import ModelError
from codegen.naming import snake_case
from codegen.writer import ModuleWriter

__all__ = ["Translation"]

_STEP = "    "
# The functions of the rules that the runtime has, by AWS's names.
_FUNCTIONS = {
    "aws.parseArn": "parse_arn",
    "isValidHostLabel": "is_valid_host_label",
    "parseURL": "parse_url",
    "substring": "substring",
    "uriEncode": "uri_encode",
}
_INDEXED = re.compile(r"(\w*)\[(\d+)\]")


class Translation:
    """Translates the rules of one service.

    Args:
        names: The Python names of the parameters; a rule that needs another one never applies.
        signing_name: The name that requests are signed for unless a rule has another one.
        writer: The module's writer.
        error: The name of the error to raise.
    """

    def __init__(
        self, names: Mapping[str, str], signing_name: str, writer: ModuleWriter, error: str
    ) -> None:
        self._names = dict(names)
        self._signing_name = signing_name
        self._writer = writer
        self._error = error
        self._equal: dict[str, str] = {}
        """The values that the enclosing conditions compare with literals."""
        self.signs = False
        """Whether a rule has its own region or name to sign for."""

    def rules(self, rules: Sequence[Mapping[str, Any]], indent: str) -> Iterator[str]:
        """The statements of *rules*, the last of which does not return."""
        for rule in rules:
            outside = dict(self._equal)
            conditions = self._conditions(rule["conditions"])
            if conditions is not None:
                inner = indent
                if conditions:
                    yield f"{indent}if {' and '.join(conditions)}:"
                    inner += _STEP
                yield from self._outcome(rule, inner)
            self._equal = outside
            if conditions is not None and not conditions:
                return
        # Rules after a tree that applies are not tried.
        yield f'{indent}raise {self._error}("no endpoint rule applies")'

    def _outcome(self, rule: Mapping[str, Any], indent: str) -> Iterator[str]:
        match rule["type"]:
            case "tree":
                yield from self.rules(rule["rules"], indent)
            case "error":
                yield f"{indent}raise {self._error}({self._value(rule['error'])})"
            case _:
                yield indent + self._endpoint(rule["endpoint"])

    def _endpoint(self, endpoint: Mapping[str, Any]) -> str:
        """The statement for an endpoint, which clients sign with Signature Version 4."""
        url = self._value(endpoint["url"])
        schemes = endpoint.get("properties", {}).get("authSchemes", ())
        if not schemes:
            return f"return {url}"
        scheme = next((each for each in schemes if each["name"] == "sigv4"), None)
        if scheme is None:
            names = ", ".join(each["name"] for each in schemes)
            return f'raise {self._error}("this endpoint needs signatures of type {names}")'
        region, name = scheme.get("signingRegion"), scheme.get("signingName", self._signing_name)
        signing = [self._value(region) if region else "None"]
        signing += [] if name == self._signing_name else [self._value(name)]
        if signing == ["None"]:
            return f"return {url}"
        self.signs = True
        return f"return {self._function('SignedURL')}({url}, {', '.join(signing)})"

    def _conditions(self, raw: Sequence[Mapping[str, Any]]) -> list[str] | None:
        """The conditions as expressions; None if one of them is never true."""
        conditions: list[str] = []
        for condition in raw:
            expression = self._condition(condition)
            if expression is None:
                return None
            if not self._is_implied(expression):
                conditions.append(expression)
        return conditions

    def _is_implied(self, expression: str) -> bool:
        """Whether an enclosing condition implies this one, which type checkers report."""
        left, _, right = expression.partition(" != ")
        if right:
            return self._equal.get(left, right) != right
        left, _, right = expression.partition(" == ")
        if right.startswith('"'):
            self._equal[left] = right
        return False

    def _condition(self, condition: Mapping[str, Any]) -> str | None:
        """A condition as an expression; None if it is never true."""
        name, arguments = condition["fn"], condition["argv"]
        match name:
            case "isSet":
                reference = arguments[0].get("ref")
                if reference is not None and reference not in self._names:
                    return None
                return f"{self._value(arguments[0])} is not None"
            case "not":
                negated = self._condition(arguments[0])
                return "True" if negated is None else _negated(negated)
            case "booleanEquals":
                value, wanted = sorted(arguments, key=lambda argument: isinstance(argument, bool))
                return self._value(value) if wanted else f"not {self._value(value)}"
            case "stringEquals":
                left, right = (self._value(argument) for argument in arguments)
                return f"{left} == {right}"
            case "isValidHostLabel":
                return self._call(name, arguments)
            case _:
                found = self._value({"fn": name, "argv": arguments})
                if "assign" in condition:
                    target = self._names[condition["assign"]] = snake_case(condition["assign"])
                    found = f"({target} := {found})"
                return f"{found} is not None"

    def _call(self, name: str, arguments: Sequence[Any]) -> str:
        if name not in _FUNCTIONS:
            raise ModelError(f"endpoint rules: the function {name!r} is not supported")
        values = ", ".join(self._value(argument) for argument in arguments)
        return f"{self._function(_FUNCTIONS[name])}({values})"

    def _function(self, name: str) -> str:
        return self._writer.use(runtime.ENDPOINT_RULES, name)

    def _value(self, value: Any) -> str:
        match value:
            case {"ref": name} if name not in self._names:
                raise ModelError(f"endpoint rules: a client cannot supply the parameter {name!r}")
            case {"ref": name}:
                return self._names[name]
            case {"fn": "getAttr", "argv": [source, attribute]}:
                return self._attribute(self._value(source), attribute)
            case {"fn": "aws.partition", "argv": [region]}:
                find = self._writer.use(runtime.PARTITIONS, "find_partition")
                return f"{find}(PARTITIONS, {self._value(region)})"
            case {"fn": name, "argv": arguments}:
                return self._call(name, arguments)
            case str():
                return self._text(value)
            case bool() | int():
                return repr(value)
            case _:
                raise ModelError(f"endpoint rules: the value {value!r} is not supported")

    def _attribute(self, source: str, path: str) -> str:
        for name in path.split("."):
            if indexed := _INDEXED.fullmatch(name):
                items = f"{source}.{snake_case(indexed[1])}" if indexed[1] else source
                source = f"{self._function('item_at')}({items}, {indexed[2]})"
            else:
                source += f".{snake_case(name)}"
        return source

    def _text(self, template: str) -> str:
        """A template as a string literal; slots are names, or names and attributes."""
        parts = re.split(r"\{([^}]*)\}", template)
        texts = [json.dumps(part, ensure_ascii=False)[1:-1] for part in parts[::2]]
        if len(parts) == 1:
            return f'"{texts[0]}"'
        slots = [f"{{{self._slot(slot)}}}" for slot in parts[1::2]]
        return 'f"' + "".join(map("".join, zip(texts, [*slots, ""], strict=True))) + '"'

    def _slot(self, slot: str) -> str:
        name, _, attribute = slot.partition("#")
        value = self._value({"ref": name})
        return self._attribute(value, attribute) if attribute else value


def _negated(expression: str) -> str:
    """The opposite of a condition; botocore's rules compare one pair of values in each."""
    for operator, opposite in ((" == ", " != "), (" is not None", " is None")):
        if expression.count(operator) == 1 and ":=" not in expression:
            return expression.replace(operator, opposite)
    return (
        f"not {expression}"
        if re.fullmatch(r"[\w.]+(\(.*\))?", expression)
        else f"not ({expression})"
    )

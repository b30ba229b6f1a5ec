"""``endpoints.py``: the endpoint rule set and the partitions as plain code."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from codegen import runtime
from codegen.aws_model import ModelError
from codegen.ir import Service
from codegen.naming import snake_case
from codegen.writer import ModuleWriter, docstring

__all__ = ["render"]

_STEP = "    "

# What a client can supply; a rule that needs another parameter never applies.
_BUILT_INS = {
    "AWS::Region": ("region", "str | None"),
    "AWS::UseFIPS": ("use_fips", "bool"),
    "AWS::UseDualStack": ("use_dualstack", "bool"),
    "SDK::Endpoint": ("endpoint", "str | None"),
}


def render(service: Service) -> str:
    """The module's text.

    Raises:
        ModelError: The rule set uses an unsupported function, or needs a parameter that a client
            cannot supply.
    """
    writer = ModuleWriter(
        f"The endpoints of {service.title}: its endpoint rule set and AWS's partitions.\n\n"
        "Sources: botocore's ``endpoint-rule-set-1`` of the service and ``partitions.json``.",
        defines=["PARTITIONS", "resolve_endpoint"],
    )
    partition = writer.use(runtime.ENDPOINT_RULES, "Partition")
    writer.line(f"{writer.define('PARTITIONS')} = (")
    for raw in service.partitions:
        writer.lines(_partition(raw, partition))
    writer.line(")")
    _resolver(service, writer)
    return writer.to_text()


def _partition(raw: Mapping[str, Any], constructor: str) -> Iterator[str]:
    outputs = raw["outputs"]
    regions = ", ".join(f'"{region}"' for region in sorted(raw["regions"]))
    yield f"{constructor}("
    yield f'    name="{outputs["name"]}",'
    yield f'    dns_suffix="{outputs["dnsSuffix"]}",'
    yield f'    dual_stack_dns_suffix="{outputs["dualStackDnsSuffix"]}",'
    yield f'    implicit_global_region="{outputs["implicitGlobalRegion"]}",'
    yield f"    supports_fips={outputs['supportsFIPS']},"
    yield f"    supports_dual_stack={outputs['supportsDualStack']},"
    yield f'    region_regex=r"{raw["regionRegex"]}",'
    yield f"    regions=frozenset({{{regions}}}),"
    yield "),"


def _resolver(service: Service, writer: ModuleWriter) -> None:
    names: dict[str, str] = {}
    writer.line(f"def {writer.define('resolve_endpoint')}(")
    writer.line("    *,")
    for name, parameter in service.endpoint_rules["parameters"].items():
        if parameter.get("builtIn") in _BUILT_INS:
            names[name], kind = _BUILT_INS[parameter["builtIn"]]
            writer.line(f"    {names[name]}: {kind},")
    writer.line(") -> str:")
    error = writer.use(runtime.ERRORS, "ConfigurationError")
    doc = (
        "The URL to send requests to.\n\n"
        "Raises:\n"
        f"    {error}: no rule has an endpoint for these settings.\n"
    )
    writer.line(docstring(doc, _STEP))
    unknown = service.endpoint_rules["parameters"].keys() - names.keys()
    translation = _Translation(names, unknown, writer, error)
    writer.lines(translation.rules(service.endpoint_rules["rules"], _STEP))


class _Translation:
    """Translates the rules to ``if`` statements, in their order."""

    def __init__(
        self, names: Mapping[str, str], unknown: Collection[str], writer: ModuleWriter, error: str
    ) -> None:
        self._names = names
        self._unknown = unknown
        self._writer = writer
        self._error = error

    def rules(self, rules: Sequence[Mapping[str, Any]], indent: str) -> Iterator[str]:
        for rule in rules:
            conditions = self._conditions(rule["conditions"])
            if conditions is None:
                continue
            inner = indent
            if conditions:
                yield f"{indent}if {' and '.join(conditions)}:"
                inner += _STEP
            yield from self._outcome(rule, inner)
            if not conditions:
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
                yield from self._signed_for(rule["endpoint"], indent)
                yield f"{indent}return {self._value(rule['endpoint']['url'])}"

    def _signed_for(self, endpoint: Mapping[str, Any], indent: str) -> Iterator[str]:
        """A client signs for its region, so an endpoint with another signing region is an error."""
        for scheme in endpoint.get("properties", {}).get("authSchemes", ()):
            if "signingRegion" in scheme:
                wanted = self._value(scheme["signingRegion"])
                yield f"{indent}if {self._value({'ref': 'Region'})} != {wanted}:"
                text = "this endpoint requires another signing region; pass region="
                yield f'{indent}{_STEP}raise {self._error}("{text}" + {wanted})'

    def _conditions(self, raw: Sequence[Mapping[str, Any]]) -> list[str] | None:
        """The conditions as expressions; None if one of them is never true."""
        conditions: list[str] = []
        for condition in raw:
            expression = self._condition(condition)
            if expression is None:
                return None
            conditions.append(expression)
        return conditions

    def _condition(self, condition: Mapping[str, Any]) -> str | None:
        """A condition as an expression; None if it is never true."""
        name, arguments = condition["fn"], condition["argv"]
        match name:
            case "isSet":
                if arguments[0].get("ref", "") not in self._names:
                    return None
                return f"{self._value(arguments[0])} is not None"
            case "not":
                negated = self._condition(arguments[0])
                return "True" if negated is None else f"not ({negated})"
            case "booleanEquals":
                value, wanted = sorted(arguments, key=lambda argument: isinstance(argument, bool))
                return self._value(value) if wanted else f"not {self._value(value)}"
            case "stringEquals":
                left, right = (self._value(argument) for argument in arguments)
                return f"{left} == {right}"
            case "aws.partition":
                find = self._writer.use(runtime.ENDPOINT_RULES, "find_partition")
                target = snake_case(condition["assign"])
                found = f"{find}(PARTITIONS, {self._value(arguments[0])})"
                return f"({target} := {found}) is not None"
            case _:
                raise ModelError(f"endpoint rules: the function {name!r} is not supported")

    def _value(self, value: Any) -> str:
        match value:
            case {"ref": name} if name in self._unknown:
                raise ModelError(f"endpoint rules: a client cannot supply the parameter {name!r}")
            case {"ref": name}:
                return self._names.get(name, snake_case(name))
            case {"fn": "getAttr", "argv": [source, attribute]}:
                return f"{self._value(source)}.{snake_case(attribute)}"
            case str():
                return self._text(value)
            case _:
                raise ModelError(f"endpoint rules: the value {value!r} is not supported")

    def _text(self, template: str) -> str:
        filled = re.sub(r"\{([^}]*)\}", self._slot, template)
        return f'f"{filled}"' if filled != template else f'"{template}"'

    def _slot(self, slot: re.Match[str]) -> str:
        name, _, attribute = slot[1].partition("#")
        value = self._value({"ref": name})
        return f"{{{value}.{snake_case(attribute)}}}" if attribute else f"{{{value}}}"

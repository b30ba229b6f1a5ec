"""``endpoints.py``: the endpoint rule set and the partitions as plain code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from codegen import runtime
from codegen.ir import ACCOUNT_ID, Service
from codegen.naming import snake_case
from codegen.render.endpoint_rules import Translation
from codegen.writer import ModuleWriter, docstring

__all__ = ["render"]

_STEP = "    "
# The settings of a client: every package takes them, whether its rules use them or not.
_SETTINGS = {
    "AWS::UseDualStack": ("use_dualstack", "bool"),
    "AWS::UseFIPS": ("use_fips", "bool"),
    "SDK::Endpoint": ("endpoint", "str | None"),
    "AWS::Region": ("region", "str | None"),
}
_BUILT_INS = {
    **_SETTINGS,
    ACCOUNT_ID: ("account_id", "str | None"),
    "AWS::Auth::AccountIdEndpointMode": ("account_id_endpoint_mode", "str | None"),
}
_TYPES = {"string": "str", "boolean": "bool", "stringArray": "Sequence[str]"}


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
    partition = writer.use(runtime.PARTITIONS, "Partition")
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
    parameters = _parameters(service)
    error = writer.use(runtime.ERRORS, "ConfigurationError")
    names = {name: python for name, (python, _) in parameters.items()}
    translation = Translation(names, service.signing_name, writer, error)
    body = list(translation.rules(service.endpoint_rules["rules"], _STEP))
    writer.line(f"def {writer.define('resolve_endpoint')}(")
    writer.line("    *,")
    for python, kind in dict(parameters.values()).items():
        if kind.startswith("Sequence"):
            writer.use_type("collections.abc", "Sequence")
        writer.line(f"    {python}: {kind},")
    signed = f" | {writer.use(runtime.ENDPOINT_RULES, 'SignedURL')}" if translation.signs else ""
    writer.line(f") -> str{signed}:")
    doc = (
        "The URL to send requests to.\n\n"
        "Raises:\n"
        f"    {error}: no rule has an endpoint for these settings.\n"
    )
    writer.line(docstring(doc, _STEP))
    writer.lines(body)


def _parameters(service: Service) -> dict[str, tuple[str, str]]:
    """The Python name and the type of each parameter of the rules, and of every setting."""
    found: dict[str, tuple[str, str]] = {}
    for name, parameter in service.endpoint_rules["parameters"].items():
        built_in = parameter.get("builtIn")
        if built_in in _SETTINGS:
            found[name] = _SETTINGS[built_in]
    for built_in, setting in _SETTINGS.items():
        if setting not in found.values():
            found[built_in] = setting
    for name, parameter in service.endpoint_rules["parameters"].items():
        built_in = parameter.get("builtIn")
        if built_in is None:
            kind, default = _TYPES[parameter["type"]], parameter.get("default")
            optional = "" if default is not None else " | None"
            found[name] = snake_case(name), f"{kind}{optional} = {default!r}"
        elif built_in not in _SETTINGS and built_in in _BUILT_INS:
            python, kind = _BUILT_INS[built_in]
            found[name] = python, f"{kind} = None"
    return found

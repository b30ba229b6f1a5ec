"""``errors.py``: one exception for each modelled error."""

from __future__ import annotations

import textwrap

from codegen import runtime
from codegen.ir import ErrorShape, Member, Service
from codegen.ir_types import Number, String
from codegen.render.types import field_type, value_type
from codegen.writer import WIDTH, ModuleWriter, docstring

__all__ = ["render", "root_error"]

_INDENT = "    "


def render(service: Service) -> str:
    """The module's text."""
    writer = ModuleWriter(
        f"The modelled errors of {service.title}, one class each.\n\n"
        f"All derive from `ServiceError`, which is also raised for\n"
        "errors that the model does not have. Attributes other than those of ``ServiceError`` are\n"
        "None if the service did not send them.",
        defines=[error.name for error in service.errors],
    )
    root = writer.use(runtime.ERRORS, runtime.ROOT_ERROR)
    writer.line(f"{writer.define(root_error(service))} = {root}")
    writer.line(docstring("The root of everything that the client raises."))
    writer.line()
    service_error = writer.use(runtime.SERVICE_ERROR, "ServiceError")
    for error in service.errors:
        _error(error, service_error, writer)
    writer.line(f"{writer.define('ERRORS')}: dict[str, type[{service_error}]] = {{")
    writer.lines(f'    "{error.code}": {error.name},' for error in service.errors)
    writer.line("}")
    writer.line(docstring("The classes by their codes on the wire."))
    return writer.to_text()


def root_error(service: Service) -> str:
    """The package's name for the root of its errors, such as ``ECRClientError``."""
    return f"{service.client}Error"


def _error(error: ErrorShape, base: str, writer: ModuleWriter) -> None:
    writer.line(f"class {writer.define(error.name)}({base}):")
    doc = error.doc or f"The service returned ``{error.code}``."
    writer.line(docstring("\n".join(textwrap.wrap(doc, WIDTH - 10)), _INDENT))
    for member in error.members:
        descriptor = writer.use(runtime.SERVICE_ERROR, "ErrorMember")
        writer.line()
        writer.line(
            f"{_INDENT}{member.name}: {descriptor}[{value_type(member.type, writer)}] = "
            f'{descriptor}("{member.wire_name}", {_type(member, writer)})'
        )
        if member.doc:
            writer.line(docstring(member.doc, _INDENT))
    writer.line()


def _type(member: Member, writer: ModuleWriter) -> str:
    """The type that decodes the member."""
    match member.type:
        case String():
            return "str"
        case Number(kind=kind):
            return kind
        case ref:
            return field_type(ref, writer, limits=False)

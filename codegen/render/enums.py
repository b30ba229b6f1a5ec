"""``enums.py``: the open enums."""

from __future__ import annotations

from codegen import runtime
from codegen.ir import Service
from codegen.writer import ModuleWriter, docstring

__all__ = ["render"]


def render(service: Service) -> str:
    """The module's text."""
    writer = ModuleWriter(
        f"The values that {service.service_id} is known to use.\n\n"
        "Each alias is open: editors offer the known values, and any other ``str`` is accepted,\n"
        "since the service may add values before the client is updated.",
        defines=[enum.name for enum in service.enums],
    )
    for enum in service.enums:
        annotated, literal = writer.use("typing", "Annotated"), writer.use("typing", "Literal")
        marker = writer.use(runtime.SCALARS, "OpenEnum")
        values = ", ".join(f'"{value}"' for value in enum.values)
        name = writer.define(enum.name)
        writer.line(f"{name} = {annotated}[{literal}[{values}] | str, {marker}()]")
        if enum.doc:
            writer.line(docstring(enum.doc))
        writer.line()
    return writer.to_text()

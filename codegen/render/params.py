"""``params.py``: a TypedDict for each nested structure in a request."""

from __future__ import annotations

import textwrap

from codegen.ir import Member, Service, Structure
from codegen.render.types import argument_type, like_name, limits_text, param_name
from codegen.writer import WIDTH, ModuleWriter, docstring

__all__ = ["render"]

_INDENT = "    "


def render(service: Service) -> str:
    """The module's text."""
    structures = [structure for structure in service.structures if structure.in_input]
    writer = ModuleWriter(
        "Typed dictionaries that are accepted in place of nested models.\n\n"
        "Each is named after its model, with ``Param`` at the end. Its keys are the model's\n"
        "attribute names, in snake_case, and the same limits apply.",
        defines=[param_name(structure.name) for structure in structures],
    )
    typed_dict = writer.use("typing", "TypedDict")
    for structure in structures:
        name = writer.define(param_name(structure.name))
        writer.line(f"class {name}({typed_dict}):")
        writer.line(
            docstring(structure.doc or f"A dictionary in place of ``{structure.name}``.", _INDENT)
        )
        for member in structure.members:
            kind = argument_type(member.type, writer, models=".models", params="")
            if not member.required:
                kind = f"{writer.use('typing', 'NotRequired')}[{kind}]"
            writer.line()
            writer.line(f"{_INDENT}{member.name}: {kind}")
            writer.line(docstring(_doc(member), _INDENT))
        writer.line()
        if structure.sources:
            _like(structure, writer)
    return writer.to_text()


def _like(structure: Structure, writer: ModuleWriter) -> None:
    """The type of everything that is accepted in place of a structure."""
    name = writer.define(like_name(structure.name))
    kinds = [writer.use(".models", structure.name), param_name(structure.name)]
    kinds += [writer.use(".models", source) for source, _ in structure.sources]
    writer.line(f"{name}: {writer.use('typing', 'TypeAlias')} = {' | '.join(kinds)}")
    writer.line(docstring(f"``{structure.name}``, or what is accepted in its place."))
    writer.line()


def _doc(member: Member) -> str:
    text = " ".join(part for part in (member.doc, limits_text(member)) if part)
    return "\n".join(textwrap.wrap(text or member.wire_name, WIDTH - len(_INDENT) - 6))

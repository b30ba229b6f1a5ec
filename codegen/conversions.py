"""Conversions: structures that a caller may pass in place of another one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from codegen.decisions import ConversionDecision
from codegen.ir import Conversion, Structure
from codegen.overlay import Overlay

__all__ = ["add_conversions"]


def add_conversions(
    structures: Mapping[str, Structure], overlay: Overlay, complaints: list[str]
) -> dict[str, Structure]:
    """The structures with the overlay's conversions; *complaints* gets what is wrong with them."""
    found = dict(structures)
    for source, attribute, decision in overlay.conversion_attributes():
        place = f"[[conversion]] {source}.{attribute}"
        if source not in found or decision.to not in found:
            complaints.append(f"{place}: both must be structures within requests or responses")
            continue
        target = found[decision.to]
        problem, conversion = _convert(found[source], attribute, target, decision)
        if conversion is None:
            complaints.append(f"{place}: {problem}")
            continue
        found[source] = dataclasses.replace(
            found[source], conversions=(*found[source].conversions, conversion)
        )
        target = found[decision.to]
        found[decision.to] = dataclasses.replace(
            target, sources=(*target.sources, (source, attribute))
        )
    return found


def _convert(
    source: Structure, attribute: str, target: Structure, decision: ConversionDecision
) -> tuple[str, Conversion | None]:
    """What is wrong, or the conversion."""
    member, value = target.member(decision.member), source.member(decision.value)
    if member is None or value is None:
        return "the structures do not have these members", None
    if type(member.type) is not type(value.type):
        return f"{decision.member} and {decision.value} have different types", None
    if any(attribute == taken.name for taken in source.members):
        return "the structure has a member of that name", None
    if not target.in_input:
        return f"no request contains {target.name}", None
    return "", Conversion(attribute, target.name, member.name, value.name, decision.doc)

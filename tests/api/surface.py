"""The public names with their types, as text; ``python -m tests.api.surface`` renews the snapshot.

griffe reads them from the source, so that annotations are compared as they are written, and not as
some version of Python represents them.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from pathlib import Path

import griffe

__all__ = ["SNAPSHOT", "Surface", "breaks", "public_surface"]

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = Path(__file__).with_name("public.json")
_OPTIONAL = "?"
_INFERRED = "as inferred"

Surface = Mapping[str, Mapping[str, str]]
"""The parts of each public name: parameters (with ``?`` at the end if there is a default), ``->``
for the returned type, ``:`` for the type of an attribute, and the ``bases`` of a class."""


def public_surface() -> Surface:
    """The current surface of the package."""
    package = griffe.load("ecrclient", search_paths=[ROOT])
    assert isinstance(package, griffe.Module)
    names = {path: found for module in _modules(package) for path, found in _names(module)}
    classes = {found.path for found in names.values() if found.is_class}
    return {
        name: parts
        for path, found in names.items()
        for name, parts in _describe(path, found, classes)
    }


def breaks(old: Surface, new: Surface) -> list[str]:
    """The changes from *old* to *new* that may break a user's code."""
    found: list[str] = []
    for name, parts in old.items():
        if name not in new:
            found.append(f"{name} was removed")
            continue
        for part, kind in parts.items():
            now = new[name].get(part, new[name].get(part + _OPTIONAL))
            if now is None:
                found.append(f"{name}: {part} was removed")
            elif kind not in {now, _INFERRED}:
                found.append(f"{name}: {part} was {kind} and is {now}")
        required = {part for part in new[name] if part.isidentifier() and part != "bases"}
        found += [f"{name}: {part} is now required" for part in sorted(required - parts.keys())]
    return found


def _modules(module: griffe.Module) -> Iterator[griffe.Module]:
    """The module and the public modules in it."""
    yield module
    for name, inner in module.modules.items():
        # The modules of the models and of the in-memory ECR are private, but for what their
        # packages export.
        if not name.startswith("_") and (module.parent is None or name == "pytest"):
            yield from _modules(inner)


def _names(module: griffe.Module) -> Iterator[tuple[str, griffe.Object]]:
    """The names that the module exports, by the path under which users import them."""
    for name in sorted(map(str, module.exports or ())):
        found = module[name]
        yield (
            f"{module.path}.{name}",
            found.final_target if isinstance(found, griffe.Alias) else found,
        )


def _describe(
    path: str, obj: griffe.Object, classes: Container[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """The name and its members, except those that public *classes* define and describe."""
    match obj:
        case griffe.Class():
            yield path, {"bases": ", ".join(map(str, obj.bases)), **_parameters(obj)}
            for name, member in sorted(obj.all_members.items()):
                made = member.final_target if isinstance(member, griffe.Alias) else member
                home = made.path.rpartition(".")[0]
                if _is_described(name, made) and (home == obj.path or home not in classes):
                    yield from _describe(f"{path}.{name}", made, classes)
        case griffe.Function():
            yield path, {**_signature(obj), "->": str(obj.returns)}
        case griffe.Attribute():
            yield path, {":": _INFERRED if obj.annotation is None else str(obj.annotation)}
        case _:
            return


def _is_described(name: str, member: griffe.Object) -> bool:
    inside = member.path.startswith("ecrclient.")
    return inside and not name.startswith("_") and name != "model_config"


def _parameters(obj: griffe.Class) -> dict[str, str]:
    """The parameters of the constructor, if the package defines it."""
    constructor = obj.all_members.get("__init__")
    if constructor is None or not constructor.path.startswith("ecrclient"):
        return {}
    made = constructor.final_target if isinstance(constructor, griffe.Alias) else constructor
    return _signature(made) if isinstance(made, griffe.Function) else {}


def _signature(function: griffe.Function) -> dict[str, str]:
    return {
        parameter.name + ("" if parameter.required else _OPTIONAL): str(parameter.annotation)
        for parameter in function.parameters
        if parameter.name not in {"self", "cls"}
    }


def main() -> None:
    """Write the snapshot with one name per line, so that diffs are readable."""
    lines = [f"{json.dumps(name)}: {json.dumps(parts)}" for name, parts in public_surface().items()]
    SNAPSHOT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""The public names with their types, as text: ``python -m tests.api.surface`` renews the snapshot.

Read from the source by griffe, so that what stands in a signature is compared and not what some
version of Python makes of it.
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
_UNTOLD = "as inferred"

Surface = Mapping[str, Mapping[str, str]]
"""Each public name, and what it consists of: parameters (a ``?`` at the end: there is a default),
``->`` for what is returned, ``:`` for a type, ``bases`` of a class."""


def public_surface() -> Surface:
    """The surface of the package as it is."""
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
    """What of *old* a user may rely on and *new* does not have."""
    found: list[str] = []
    for name, parts in old.items():
        if name not in new:
            found.append(f"{name} is gone")
            continue
        for part, kind in parts.items():
            now = new[name].get(part, new[name].get(part + _OPTIONAL))
            if now is None:
                found.append(f"{name}: {part} is gone")
            elif kind not in {now, _UNTOLD}:
                found.append(f"{name}: {part} was {kind} and is {now}")
        required = {part for part in new[name] if part.isidentifier() and part != "bases"}
        found += [
            f"{name}: {part} has to be passed now" for part in sorted(required - parts.keys())
        ]
    return found


def _modules(module: griffe.Module) -> Iterator[griffe.Module]:
    """The module and those in it that are public."""
    yield module
    for name, inner in module.modules.items():
        # What models and the in-memory ECR are made of is no more public than their packages show.
        if not name.startswith("_") and (module.parent is None or name == "pytest"):
            yield from _modules(inner)


def _names(module: griffe.Module) -> Iterator[tuple[str, griffe.Object]]:
    """What the module exports, by the path under which users import it."""
    for name in sorted(map(str, module.exports or ())):
        found = module[name]
        yield (
            f"{module.path}.{name}",
            found.final_target if isinstance(found, griffe.Alias) else found,
        )


def _describe(
    path: str, obj: griffe.Object, classes: Container[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """The name and its members, but for those of public *classes*, which are told there."""
    match obj:
        case griffe.Class():
            yield path, {"bases": ", ".join(map(str, obj.bases)), **_parameters(obj)}
            for name, member in sorted(obj.all_members.items()):
                made = member.final_target if isinstance(member, griffe.Alias) else member
                home = made.path.rpartition(".")[0]
                if _is_told(name, made) and (home == obj.path or home not in classes):
                    yield from _describe(f"{path}.{name}", made, classes)
        case griffe.Function():
            yield path, {**_signature(obj), "->": str(obj.returns)}
        case griffe.Attribute():
            yield path, {":": _UNTOLD if obj.annotation is None else str(obj.annotation)}
        case _:
            return


def _is_told(name: str, member: griffe.Object) -> bool:
    inside = member.path.startswith("ecrclient.")
    return inside and not name.startswith("_") and name != "model_config"


def _parameters(obj: griffe.Class) -> dict[str, str]:
    """Those of the constructor, where it is written out."""
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
    """Write the snapshot, one name a line, so that a change can be read."""
    lines = [f"{json.dumps(name)}: {json.dumps(parts)}" for name, parts in public_surface().items()]
    SNAPSHOT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

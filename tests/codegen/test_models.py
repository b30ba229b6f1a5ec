"""The assignment of shapes to modules in the package of models."""

from __future__ import annotations

import dataclasses
from typing import Literal

from codegen.ir import Conversion, Member, Operation, Service, Structure, StructureRef
from codegen.render.models import render


def test_shapes_of_the_same_operations_are_in_one_module() -> None:
    texts = render(
        _service(
            {"One": ["Own", "Both", "All"], "Two": ["Both", "All"], "Three": ["All"]},
            {"Own": [], "Nested": [], "Both": ["Nested"], "All": []},
        )
    )
    assert _where(texts) == {
        "Own": "one",
        "Nested": "both",
        "Both": "both",
        "All": "all",
    }
    assert "from .all import All\n" in texts["models/one.py"]
    assert "from .both import Both\n" in texts["models/one.py"]


def test_a_cycle_of_shapes_is_in_one_module() -> None:
    texts = render(
        _service(
            {"One": ["Left"], "Two": ["Right"]},
            {"Left": ["Right", "Leaf"], "Right": ["Left"], "Leaf": []},
        )
    )
    assert _where(texts) == {"Left": "leaf", "Right": "leaf", "Leaf": "leaf"}


def test_a_conversion_imports_the_module_of_its_target() -> None:
    """The reverse import, of the structures that are converted, would be a cycle."""
    service = _service({"One": ["Detail"], "Two": ["Id"]}, {"Detail": [], "Id": []})
    detail, target = service.structures
    made = Conversion("id_", "Id", "digest", "digest", "The identifier.")
    detail = dataclasses.replace(detail, conversions=(made,))
    target = dataclasses.replace(target, sources=(("Detail", "id_"),))
    texts = render(dataclasses.replace(service, structures=(target, detail)))
    assert _where(texts) == {"Detail": "one", "Id": "id"}
    assert "from .id import Id\n" in texts["models/one.py"]
    assert "        return Id(digest=self.digest)\n" in texts["models/one.py"]
    assert 'ConvertedId = Annotated[Id, ConvertedFrom(Detail="id_")]\n' in texts["models/id.py"]


def test_a_module_has_neither_the_name_of_an_operation_nor_of_a_keyword() -> None:
    taken = ["One", "Scalars", "Import"]
    service = _service({"One": taken, "Two": taken[:2], "Three": taken[1:]}, {n: [] for n in taken})
    assert _where(render(service)) == {
        "One": "one_shapes",
        "Scalars": "scalars_shapes",
        "Import": "import_shapes",
    }


def _where(texts: dict[str, str]) -> dict[str, str]:
    return {
        line.removeprefix("class ").partition("(")[0]: name.removeprefix("models/")[: -len(".py")]
        for name, text in texts.items()
        for line in text.splitlines()
        if line.startswith("class ") and "(Structure, " in line
    }


def _service(operations: dict[str, list[str]], shapes: dict[str, list[str]]) -> Service:
    """A service; operations and shapes are given with the shapes of their members."""
    return Service(
        package="demo",
        client="DemoClient",
        service_id="Demo",
        title="Demo",
        api_version="2026-01-01",
        endpoint_prefix="demo",
        signing_name="demo",
        target_prefix="Demo",
        json_version="1.1",
        operations=tuple(_operation(name, inner) for name, inner in operations.items()),
        structures=tuple(_structure(name, inner) for name, inner in shapes.items()),
        enums=(),
        errors=(),
        waiters=(),
        handles=(),
        bases={},
        endpoint_rules={},
        partitions=(),
        omissions=(),
    )


def _operation(name: str, inner: list[str]) -> Operation:
    return Operation(
        name=name,
        method=name.lower(),
        doc="",
        input=_structure(f"{name}Request", [], "request"),
        output=_structure(f"{name}Response", inner, "response"),
        errors=(),
        pagination=None,
        batch=None,
        retry_safe=True,
        in_spec=True,
        deprecated=False,
    )


def _structure(
    name: str, inner: list[str], role: Literal["request", "response", "nested"] = "nested"
) -> Structure:
    members = tuple(
        Member(
            name=other.lower(),
            wire_name=other,
            type=StructureRef(other),
            required=False,
            sensitive=False,
            deprecated=False,
            doc="",
        )
        for other in inner
    )
    return Structure(name=name, role=role, members=members, in_input=False, doc="")

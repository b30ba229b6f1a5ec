"""Every paginator of every AWS JSON service reads the pages and the items that botocore's reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from codegen.aws_model import ModelError
from codegen.ir import Service
from ecrclient._awsjson.calling.budget import Budget
from ecrclient._awsjson.many.pagination import Paginator
from ecrclient._awsjson.protocol.operation import Operation
from ecrclient._awsjson.protocol.raw_response import RawResponse
from ecrclient._awsjson.protocol.shapes import Structure
from ecrclient._awsjson.protocol.wire_serializer import to_wire_json
from tests.conformance.effort import FULL
from tests.conformance.outcomes import Outcomes, put
from tests.conformance.rendered import json_services, raw_data, render
from tests.conformance.tally import Reference
from tests.tools.botocore_calls import botocore

PAGINATORS = Reference("botocore's paginators: every AWS JSON service")
REFUSED = "the generator refuses the service"
LEFT_OUT = "the operation, or its paginator, is left out, and the report states why"
SAMPLE = ["athena", "cloudwatch", "devicefarm", "dynamodb", "kms", "timestream-query"]
SERVICES = [
    name
    for name in (json_services() if FULL else SAMPLE)
    if raw_data(name, "paginators-1").get("pagination")
]
MAPS = {"uniqueProblems", "current"}
SCRIPTS = 10 if FULL else 5

Page = dict[str, Any]


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.anyio
async def test_the_paginators_of_a_service_are_botocores(name: str, tmp_path: Path) -> None:
    try:
        rendered = render(name, tmp_path)
    except ModelError:
        with PAGINATORS.differs(REFUSED):
            return
    model = rendered.raw("service-2")
    generated = {operation.name: operation for operation in rendered.service.operations}
    for operation, config in rendered.raw("paginators-1")["pagination"].items():
        found = generated.get(operation)
        if found is None or found.pagination is None:
            with PAGINATORS.differs(LEFT_OUT):
                assert left_out(rendered.service, operation), operation
            continue
        made = getattr(rendered.operations, found.method.upper())
        assert_largest_page(made, model, operation, config)
        keys = _list(config["result_key"])
        if only_pages_have(rendered.service, operation):
            del keys[1:]
        for seed in range(SCRIPTS):
            script = pages(model, operation, config, seed)
            with PAGINATORS.case():
                theirs = botocores(config, script)
                assert await ours(made, script) == theirs, (operation, script)
                requested = script[: len(theirs)]
                sent = [item for page in requested for item in listed(page, keys)]
                assert await ours_items(made, script) == sent, (operation, script)
    rendered.forget()


def assert_largest_page(
    made: Operation[Any], model: Mapping[str, Any], operation: str, config: Mapping[str, Any]
) -> None:
    """Assert that a page that is asked for is within the limits of the model."""
    assert made.pagination is not None
    if made.pagination.largest is None:
        return
    shapes = model["shapes"]
    request = shapes[model["operations"][operation]["input"]["shape"]]
    limit = shapes[request["members"][config["limit_key"]]["shape"]]
    assert limit.get("min", 1) <= made.pagination.largest <= limit["max"], operation
    lists = [name for name, m in request["members"].items() if shapes[m["shape"]]["type"] == "list"]
    assert len(made.pagination.lists) == len(lists)
    assert not made.pagination.resizable, "only an overlay states that"


def left_out(service: Service, operation: str) -> bool:
    return any(
        omission.startswith((f"operation {operation}: ", f"{operation}: it pages, but "))
        for omission in service.omissions
    )


def only_pages_have(service: Service, operation: str) -> bool:
    """Whether the report states that some result keys are no items."""
    return any(each.startswith(f"{operation}: only its pages have ") for each in service.omissions)


def _list(value: Any) -> list[Any]:
    return [*value] if isinstance(value, list) else [value]


def pages(
    model: Mapping[str, Any], operation: str, config: Mapping[str, Any], seed: int
) -> list[Page]:
    """A script of one to four pages, of which some do not have the token of the next one."""
    shapes = model["shapes"]
    output = model["operations"][operation]["output"]["shape"]
    request = shapes[model["operations"][operation]["input"]["shape"]]
    results = _list(config["result_key"])
    outcomes = Outcomes(shapes, output, [*results, config["output_token"]], [], (operation, seed))
    token = shapes[request["members"][config["input_token"]]["shape"]]["type"]
    script: list[Page] = []
    for number in range(outcomes.random.randint(1, 4)):
        page = outcomes.response()
        text = f"token-{number}"
        put(page, config["output_token"], {text: {}} if token == "map" else text)
        if "more_results" in config:
            put(page, config["more_results"], outcomes.random.random() < 0.7)
        script.append(page)
    last = outcomes.response()
    if outcomes.random.random() < 0.5 and token != "map" and "[" not in config["output_token"]:
        put(last, config["output_token"], "")
    elif "." not in config["output_token"]:
        last.pop(config["output_token"], None)
    if "more_results" in config:
        put(last, config["more_results"], value=False)
    return [*script, last]


def listed(page: Page, keys: Sequence[str]) -> list[Any]:
    """The items of a page: those of lists, the entries of maps, and structures."""
    items: list[Any] = []
    for key in keys:
        value: Any = page
        for step in key.split("."):
            value = None if value is None else value.get(step)
        if isinstance(value, list):
            items += value
        elif key in MAPS:
            entries: dict[str, Any] = value or {}
            items += [[name, each] for name, each in entries.items()]
        elif isinstance(value, dict):
            items.append(value)
    return items


def botocores(config: Mapping[str, Any], script: Sequence[Page]) -> list[object]:
    """The tokens that botocore sends, one for each page that it requests."""
    sent: list[object] = []
    left = iter(script)

    def call(**members: Any) -> Page:
        sent.append(members.get(config["input_token"]))
        return next(left)

    for _ in botocore("paginate").Paginator(call, config, None).paginate():
        pass
    return sent


def _player(operation: Operation[Any], script: Sequence[Page], sent: list[object]) -> Any:
    left = iter(script)
    assert operation.pagination is not None
    name = operation.pagination.input_token

    async def call(
        operation: Operation[Any], members: Mapping[str, object], budget: Budget | None = None
    ) -> Any:
        token = members.get(name)
        sent.append(_as_sent(token))
        content = json.dumps(next(left)).encode()
        return RawResponse(operation, 200, {}, content, 1, 0.0).parse()

    paginator: Paginator[Any, Any] = Paginator(
        operation, {}, call, lambda: Budget(None), operation.name
    )
    return paginator


async def ours(operation: Operation[Any], script: Sequence[Page]) -> list[object]:
    """The tokens that this project's paginator sends."""
    sent: list[object] = []
    async for _ in _player(operation, script, sent).pages():
        pass
    return sent


async def ours_items(operation: Operation[Any], script: Sequence[Page]) -> list[Any]:
    """The items as the service sends them."""
    return [_as_sent(item) for item in await _player(operation, script, []).collect()]


def _as_sent(value: Any) -> Any:
    if isinstance(value, Structure):
        return json.loads(to_wire_json(value))
    if isinstance(value, list | tuple):
        return [_as_sent(part) for part in cast("Sequence[Any]", value)]
    if isinstance(value, dict):
        entries = cast("Mapping[str, Any]", value)
        return {key: _as_sent(part) for key, part in entries.items()}
    return value

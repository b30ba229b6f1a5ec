"""Every waiter of every AWS JSON service ends as botocore's does, on the same responses."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from codegen.aws_model import ModelError
from ecrclient import ServiceError
from ecrclient._awsjson.many.waiting import Pace, WaiterGoal
from ecrclient._awsjson.protocol.operation import Waiter
from ecrclient._awsjson.protocol.raw_response import RawResponse
from tests.conformance.effort import FULL
from tests.conformance.outcomes import Outcomes
from tests.conformance.rendered import json_services, raw_data, render
from tests.conformance.tally import Reference
from tests.tools.botocore_calls import botocore

WAITERS = Reference("botocore's waiters: every AWS JSON service")
REFUSED = "the generator refuses the service"
ABSENT = "botocore raises an error for the length of a list that is absent"
SAMPLE = ["acm-pca", "appstream", "cloudwatch", "ecs", "proton"]
SERVICES = [
    name
    for name in (json_services() if FULL else SAMPLE)
    if raw_data(name, "waiters-2").get("waiters")
]
SCRIPTS = 200 if FULL else 60

Outcome = tuple[int, str, dict[str, Any]]
"""The HTTP status, the code of an error, and the body of a response."""


@pytest.mark.parametrize("name", SERVICES)
def test_the_waiters_of_a_service_are_botocores(name: str, tmp_path: Path) -> None:
    try:
        rendered = render(name, tmp_path)
    except ModelError:
        with WAITERS.differs(REFUSED):
            return
    model = rendered.raw("service-2")
    for waiter, raw in rendered.raw("waiters-2")["waiters"].items():
        found = next(each for each in rendered.service.waiters if each.name == waiter)
        made = getattr(rendered.waiters, found.method.removeprefix("wait_until_").upper())
        assert made.min_delay == raw["delay"]
        assert Pace(made.min_delay, made.max_delay), "botocore's delay is a valid pause"
        for seed in range(SCRIPTS):
            compare(made, raw, model, (waiter, seed))
    rendered.forget()


def compare(
    waiter: Waiter[Any], raw: dict[str, Any], model: Mapping[str, Any], seed: object
) -> None:
    operation = model["operations"][raw["operation"]]
    acceptors = raw["acceptors"]
    expected = [each["expected"] for each in acceptors if isinstance(each["expected"], str)]
    outcomes = Outcomes(
        model["shapes"],
        operation.get("output", {}).get("shape"),
        [each.get("argument", "") for each in acceptors],
        expected,
        seed,
    )
    codes = [each["expected"] for each in acceptors if each["matcher"] == "error"]
    script = [_outcome(outcomes, codes) for _ in range(4)]
    try:
        theirs = botocores(raw, script)
    except jmespath_error():
        with WAITERS.differs(ABSENT):
            return
    with WAITERS.case():
        assert ours(waiter, script) == theirs, (waiter.name, script)


def _outcome(outcomes: Outcomes, codes: Sequence[object]) -> Outcome:
    choose = outcomes.random
    if choose.random() < 0.25:
        known = [code for code in codes if isinstance(code, str)]
        return choose.choice([400, 404]), choose.choice([*known, "Unknown"]), {}
    return 200, "", outcomes.response()


def jmespath_error() -> type[Exception]:
    error: type[Exception] = importlib.import_module("jmespath.exceptions").JMESPathError
    return error


def botocores(raw: dict[str, Any], script: Sequence[Outcome]) -> tuple[str, int]:
    """How the wait ends with botocore, and after how many polls."""
    module = botocore("waiter")
    polls = iter(script)
    count = 0

    def poll(**_: object) -> dict[str, Any]:
        nonlocal count
        count += 1
        status, code, body = next(polls)
        metadata = {"ResponseMetadata": {"HTTPStatusCode": status}}
        return (
            {**metadata, "Error": {"Code": code, "Message": ""}} if code else {**metadata, **body}
        )

    waiter = module.Waiter("any", module.SingleWaiterConfig(raw), poll)
    try:
        waiter.wait(WaiterConfig={"Delay": 0, "MaxAttempts": len(script)})
    except botocore("exceptions").WaiterError as error:
        reason = str(error)
        if "An error occurred" in reason:
            return "raised", count
        return "failure" if "terminal failure" in reason else "pending", count
    return "success", count


def ours(waiter: Waiter[Any], script: Sequence[Outcome]) -> tuple[str, int]:
    """How the wait ends with this project's waiter, and after how many polls."""
    goal = WaiterGoal(waiter)
    for number, (status, code, body) in enumerate(script, 1):
        content = json.dumps({"__type": code, "message": ""} if code else body).encode()
        response = RawResponse(waiter.operation, status, {}, content, 1, 0.0)
        verdict: str | None
        try:
            parsed = response.parse()
        except ServiceError as error:
            verdict = goal.evaluate_error(error) or "raised"
        else:
            verdict, _ = goal.evaluate(parsed)
        if verdict != "pending":
            return verdict, number
    return "pending", len(script)

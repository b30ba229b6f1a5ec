"""The waiters of a generated client: each kind of acceptor, pauses, results and documentation."""

from __future__ import annotations

import inspect
from itertools import pairwise
from types import ModuleType
from typing import Any, cast

import anyio
import pytest

from ecrclient import Poll, ServiceError, WaiterFailureError, WaiterTimeoutError
from tests.codegen.small_service import build, client
from tests.tools.scripted import Scripted, ScriptedResponse, fail, ok
from tests.virtual_time import anyio_backend as anyio_backend

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def widgets(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return build(tmp_path_factory.mktemp("waiters"), "widgets_to_wait_for")


async def wait(
    package: ModuleType, name: str, *responses: ScriptedResponse, **arguments: Any
) -> Any:
    transport = Scripted(*responses)
    jobs = client(package, transport)
    # Virtual time does not wait for the thread in which settings are resolved.
    await jobs._state.resources()
    found = await getattr(jobs, f"wait_until_{name}")(**{"max_wait": 3000, **arguments})
    assert transport.responses == []
    return found


def job(status: str | None) -> ScriptedResponse:
    return ok({"Job": {"status": status}})


def steps(*statuses: str | None) -> ScriptedResponse:
    return ok({"Steps": [{"status": status, "arn": "a"} for status in statuses]})


def gone(status: int = 400) -> ScriptedResponse:
    return fail(status, "Gone")


async def test_an_error_may_be_the_success(widgets: ModuleType) -> None:
    polls: list[Poll[Any]] = []
    found = await wait(widgets, "job_gone", job("DELETING"), ok({}), gone(), on_poll=polls.append)

    assert found is None
    assert [poll.state for poll in polls] == ["there is no error", "there is no error", "Gone"]
    assert isinstance(polls[-1].error, widgets.errors.Gone)
    assert polls[-1].response is None


async def test_another_error_is_raised(widgets: ModuleType) -> None:
    with pytest.raises(widgets.errors.Refused):
        await wait(widgets, "job_gone", job("DELETING"), fail(400, "Refused"))


async def test_a_failure_has_the_last_response(widgets: ModuleType) -> None:
    with pytest.raises(WaiterFailureError, match=r"JobGone: job\.status is STUCK") as caught:
        await wait(widgets, "job_gone", job("DELETING"), job("STUCK"))
    assert cast("Any", caught.value.last_response).job.status == "STUCK"


@pytest.mark.parametrize(("last", "status"), [(job("IDLE"), "IDLE"), (gone(), None)])
async def test_a_response_or_an_error_may_be_the_success(
    widgets: ModuleType, last: ScriptedResponse, status: str | None
) -> None:
    found = await wait(widgets, "job_idle", job("BUSY"), fail(404, "NotYet"), last)
    assert (found and found.job.status) == status


async def test_an_error_that_is_no_retry_is_raised(widgets: ModuleType) -> None:
    with pytest.raises(ServiceError, match="NotYet"):
        await wait(widgets, "job_idle", fail(400, "NotYet"))


async def test_any_response_may_be_the_success(widgets: ModuleType) -> None:
    assert (await wait(widgets, "job_there", gone(), gone(), job("X"))).job.status == "X"
    assert (await wait(widgets, "anything", ok({}))).job is None


async def test_any_error_may_be_the_failure(widgets: ModuleType) -> None:
    with pytest.raises(WaiterFailureError, match="Anything: Strange") as caught:
        await wait(widgets, "anything", fail(400, "Strange"))
    assert isinstance(caught.value.__cause__, ServiceError)


async def test_every_item_must_have_the_value(widgets: ModuleType) -> None:
    polls: list[Poll[Any]] = []
    found = await wait(
        widgets,
        "steps_done",
        ok({}),
        steps(),
        steps("DONE", "BUSY"),
        steps("DONE", None, "DONE"),
        on_poll=polls.append,
    )
    assert len(found.steps) == 3
    assert [poll.state for poll in polls] == [
        "steps[].status is ",
        "steps[].status is ",
        "steps[].status is DONE, BUSY",
        "steps[].status is DONE, DONE",
    ]


@pytest.mark.parametrize("status", ["FAILED", "LOST"])
async def test_any_item_may_have_the_value_of_a_failure(widgets: ModuleType, status: str) -> None:
    with pytest.raises(WaiterFailureError, match=status):
        await wait(widgets, "steps_done", steps("BUSY"), steps("DONE", status, "BUSY"))


async def test_an_expression_may_have_functions(widgets: ModuleType) -> None:
    found = await wait(
        widgets,
        "two_steps_ended",
        ok({}),
        steps("DONE"),
        ok({"Steps": [{"status": "DONE"}, {"status": "DONE"}]}),
        steps("DONE", "DONE", "BUSY"),
    )
    assert len(found.steps) == 3


async def test_pauses_are_at_least_the_delay_of_the_model(widgets: ModuleType) -> None:
    begun = anyio.current_time()
    polls: list[Poll[Any]] = []
    await wait(
        widgets,
        "job_there",
        *[gone()] * 9,
        job("X"),
        on_poll=polls.append,
    )
    times = [poll.elapsed for poll in polls]
    pauses = [after - before for before, after in pairwise(times)]
    assert min(pauses) >= 120
    assert max(pauses) <= 240
    assert anyio.current_time() - begun == pytest.approx(times[-1])


async def test_a_wait_that_is_shorter_than_the_delay_ends_in_time(widgets: ModuleType) -> None:
    begun = anyio.current_time()
    with pytest.raises(WaiterTimeoutError, match="not done within 50 s: Gone"):
        await wait(widgets, "job_there", *[gone()] * 9, max_wait=50)
    assert anyio.current_time() - begun <= 50


def test_the_result_and_the_documentation_name_what_ends_the_wait(widgets: ModuleType) -> None:
    methods = widgets.WidgetsClient
    results = {
        name: inspect.signature(getattr(methods, f"wait_until_{name}")).return_annotation
        for name in ("job_gone", "job_idle", "job_there")
    }
    assert results == {
        "job_gone": "None",
        "job_idle": "DescribeJobResponse | None",
        "job_there": "DescribeJobResponse",
    }
    doc = inspect.getdoc(methods.wait_until_job_gone) or ""
    assert doc.startswith("Poll :meth:`describe_job` until the poll fails with ``Gone``.")
    assert "The wait fails if ``job.status`` is ``STUCK``." in doc
    assert "botocore's default is 2,400." in doc
    assert "None: an error ended the wait." in doc
    doc = inspect.getdoc(methods.wait_until_two_steps_ended) or ""
    assert "until ``length(Steps[?status == 'DONE' && arn]) == 2`` is true." in " ".join(
        doc.split()
    )
    doc = inspect.getdoc(methods.wait_until_job_there) or ""
    assert "It continues if the poll fails with ``Gone``." in doc
    assert "WaiterFailureError" not in doc
    doc = inspect.getdoc(methods.wait_until_steps_done) or ""
    assert "until each of ``steps[].status`` is ``DONE``" in doc
    assert "if any of ``steps[].status`` is ``FAILED`` or ``LOST``" in doc

"""Waiters: what ends a wait, and how."""

from __future__ import annotations

import math
from typing import Any

import anyio
import pytest

from ecrclient import (
    ConfigurationError,
    RequestValidationError,
    ServiceError,
    WaiterFailureError,
    WaiterTimeoutError,
)
from ecrclient._runtime import waiting
from ecrclient._runtime.operation import Waiter
from ecrclient.errors import ImageNotFoundException
from ecrclient.operations import DESCRIBE_IMAGE_SCAN_FINDINGS
from ecrclient.waiters import IMAGE_SCAN_COMPLETE, LIFECYCLE_POLICY_PREVIEW_COMPLETE
from tests.unit._botocore import service_model
from tests.unit._scripted import Answer, Scripted, client, fail, ok

pytestmark = pytest.mark.anyio

IMAGE: dict[str, Any] = {"repository_name": "ab", "image_id": {"image_tag": "v1"}}


def scan(status: str | None) -> Answer:
    return ok({"imageScanStatus": {"status": status}, "repositoryName": f"of {status}"})


def no_scan() -> Answer:
    return fail(400, "ScanNotFoundException")


@pytest.fixture(autouse=True)
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the waiter would have slept, instead of sleeping."""
    slept: list[float] = []

    async def record(seconds: float) -> None:
        slept.append(seconds)

    class Anyio:
        sleep = staticmethod(record)
        move_on_after = staticmethod(anyio.move_on_after)

    monkeypatch.setattr("ecrclient._runtime.waiting.anyio", Anyio)
    return slept


async def wait_for(*answers: Answer, max_wait: float = 300) -> Any:
    transport = Scripted(*answers)
    found = await client(transport).wait_until_image_scan_complete(**IMAGE, max_wait=max_wait)
    assert transport.answers == []
    return found


@pytest.mark.parametrize("status", sorted(IMAGE_SCAN_COMPLETE.success))
async def test_it_polls_until_a_status_is_success(status: str, sleeps: list[float]) -> None:
    found = await wait_for(scan("PENDING"), scan("IN_PROGRESS"), scan(None), scan(status))

    assert found.repository_name == f"of {status}", "the answer that ended it"
    assert len(sleeps) == 3


async def test_no_sleep_before_the_first_poll(sleeps: list[float]) -> None:
    await wait_for(scan("COMPLETE"))

    assert sleeps == []


@pytest.mark.parametrize("status", sorted(IMAGE_SCAN_COMPLETE.failure))
async def test_a_failure_ends_it_at_once(status: str) -> None:
    with pytest.raises(WaiterFailureError) as caught:
        await wait_for(scan("PENDING"), scan(status), scan("COMPLETE"))

    error = caught.value
    assert error.waiter == "ImageScanComplete"
    assert error.reason == f"image_scan_status.status is {status}"
    assert getattr(error.last_response, "repository_name", None) == f"of {status}"


async def test_a_status_that_nobody_knows_is_waited_out() -> None:
    assert (await wait_for(scan("BRAND_NEW"), scan("COMPLETE"))).repository_name == "of COMPLETE"


async def test_a_scan_that_is_not_there_yet_is_waited_out(sleeps: list[float]) -> None:
    found = await wait_for(no_scan(), no_scan(), scan("PENDING"), scan("COMPLETE"))

    assert found.repository_name == "of COMPLETE"
    assert len(sleeps) == 3


async def test_other_errors_are_raised() -> None:
    with pytest.raises(ImageNotFoundException):
        await wait_for(scan("PENDING"), fail(400, "ImageNotFoundException"), scan("COMPLETE"))


async def test_errors_that_one_waiter_waits_out_are_raised_by_another() -> None:
    ecr = client(Scripted(no_scan()))
    with pytest.raises(ServiceError, match="ScanNotFoundException"):
        await ecr.wait_until_lifecycle_policy_preview_complete(repository_name="ab", max_wait=300)


async def test_the_polls_of_a_wait_are_spread(sleeps: list[float]) -> None:
    await wait_for(*[scan("PENDING") for _ in range(200)], scan("COMPLETE"))

    delay = IMAGE_SCAN_COMPLETE.delay
    assert all(0.8 * delay <= slept <= 1.2 * delay for slept in sleeps)
    assert len(set(sleeps)) > 100


@pytest.mark.parametrize(
    ("first", "seen"),
    [
        (scan("PENDING"), "image_scan_status.status is PENDING"),
        (no_scan(), "ScanNotFoundException"),
    ],
)
async def test_a_timeout_tells_what_was_seen_last(
    first: Answer, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def for_ever(seconds: float) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr("ecrclient._runtime.waiting.anyio.sleep", for_ever)
    with pytest.raises(WaiterTimeoutError) as caught:
        await wait_for(first, max_wait=0.05)

    error = caught.value
    assert isinstance(error, TimeoutError)
    assert error.reason == f"not done after 0.05 s: {seen}"
    name = getattr(error.last_response, "repository_name", None)
    assert name == (None if "NotFound" in seen else "of PENDING")


async def test_a_timeout_during_the_first_poll_has_no_answer() -> None:
    async def never(request: object) -> Any:
        await anyio.sleep_forever()

    with pytest.raises(WaiterTimeoutError, match="no answer yet") as caught:
        await wait_for(never, max_wait=0.02)

    assert caught.value.last_response is None


@pytest.mark.parametrize("max_wait", [0, -1, math.nan])
async def test_a_bad_max_wait_is_refused_before_anything_is_sent(max_wait: float) -> None:
    transport = Scripted()
    with pytest.raises(ConfigurationError, match="max_wait"):
        await client(transport).wait_until_image_scan_complete(**IMAGE, max_wait=max_wait)

    assert transport.requests == []


async def test_a_wrong_argument_is_refused() -> None:
    with pytest.raises(RequestValidationError, match="image_id"):
        await client(Scripted()).wait_until_image_scan_complete(
            repository_name="ab", image_id={"image_tag": ""}, max_wait=300
        )


async def test_a_preview() -> None:
    transport = Scripted(ok({"status": "IN_PROGRESS"}), ok({"status": "COMPLETE", "summary": {}}))
    found = await client(transport).wait_until_lifecycle_policy_preview_complete(
        repository_name="ab", image_ids=[{"image_tag": "v1"}], max_wait=300
    )

    assert found.status == "COMPLETE"
    assert transport.bodies == [{"repositoryName": "ab", "imageIds": [{"imageTag": "v1"}]}] * 2


async def test_a_path_that_leads_nowhere_is_no_status() -> None:
    waiter = Waiter(
        name="Odd",
        operation=DESCRIBE_IMAGE_SCAN_FINDINGS,
        path=("image_scan_findings", "nothing"),
        success=frozenset({"None"}),
        failure=frozenset(),
    )
    polls = iter([False, True])

    async def poll() -> Any:
        if next(polls):
            raise ServiceError("Enough")
        return await client(Scripted(scan("COMPLETE"))).describe_image_scan_findings(**IMAGE)

    with pytest.raises(ServiceError, match="Enough"):
        await waiting.wait(waiter, poll, max_wait=300)


@pytest.mark.parametrize(
    ("waiter", "enum"),
    [
        (IMAGE_SCAN_COMPLETE, "ScanStatus"),
        (LIFECYCLE_POLICY_PREVIEW_COMPLETE, "LifecyclePolicyPreviewStatus"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_status_of_the_model_is_decided(waiter: Waiter[Any], enum: str) -> None:
    known = set(service_model()["shapes"][enum]["enum"])

    assert waiter.success | waiter.failure <= known
    assert not waiter.success & waiter.failure
    assert known - waiter.success - waiter.failure <= {"PENDING", "IN_PROGRESS"}

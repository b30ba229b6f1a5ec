"""Waiters: the polls, their pauses and the outcomes of a wait."""

from __future__ import annotations

import math
import pickle
from itertools import pairwise
from typing import Any, cast

import anyio
import pytest

from ecrclient import (
    CallOptions,
    ConfigurationError,
    DeadlineExceeded,
    ECRClient,
    Poll,
    RequestValidationError,
    ServiceError,
    WaiterFailureError,
    WaiterTimeoutError,
)
from ecrclient._awsjson.many.waiting import OnPoll, Pace, WaiterGoal
from ecrclient._awsjson.protocol.operation import Acceptor, Waiter
from ecrclient.errors import ImageNotFoundException
from ecrclient.models import DescribeImageScanFindingsResponse, DescribeImagesResponse
from ecrclient.operations import DESCRIBE_IMAGE_SCAN_FINDINGS
from ecrclient.waiters import IMAGE_SCAN_COMPLETE, LIFECYCLE_POLICY_PREVIEW_COMPLETE
from tests.tools.botocore_calls import service_model
from tests.tools.scripted import Scripted, ScriptedResponse, client, fail, ok
from tests.virtual_time import anyio_backend as anyio_backend

pytestmark = pytest.mark.anyio

IMAGE: dict[str, Any] = {"repository_name": "ab", "image_id": {"image_tag": "v1"}}


def statuses(waiter: Waiter[Any], state: str) -> list[Any]:
    found = [acceptor for acceptor in waiter.acceptors if acceptor.state == state]
    return sorted(value for acceptor in found for value in acceptor.expected)


def scan(status: str | None) -> ScriptedResponse:
    return ok({"imageScanStatus": {"status": status}, "repositoryName": f"of {status}"})


def no_scan() -> ScriptedResponse:
    return fail(400, "ScanNotFoundException")


async def opened(*responses: ScriptedResponse, **arguments: Any) -> tuple[ECRClient, Scripted]:
    """A client with resolved settings, since virtual time does not wait for threads."""
    transport = Scripted(*responses)
    ecr = client(transport, **arguments)
    await cast(Any, ecr)._state.resources()
    return ecr, transport


async def wait_for(
    *responses: ScriptedResponse,
    max_wait: float = 3000,
    on_poll: OnPoll[DescribeImageScanFindingsResponse] | None = None,
) -> Any:
    ecr, transport = await opened(*responses)
    found = await ecr.wait_until_image_scan_complete(**IMAGE, max_wait=max_wait, on_poll=on_poll)
    assert transport.responses == []
    return found


async def never(request: object) -> Any:
    await anyio.sleep_forever()


@pytest.mark.parametrize("status", statuses(IMAGE_SCAN_COMPLETE, "success"))
async def test_it_polls_until_a_status_is_success(status: str) -> None:
    found = await wait_for(scan("PENDING"), scan("IN_PROGRESS"), scan(None), scan(status))

    assert found.repository_name == f"of {status}", "the response that ended the wait"


async def test_no_pause_before_the_first_poll() -> None:
    begun = anyio.current_time()
    await wait_for(scan("COMPLETE"))

    assert anyio.current_time() == begun


@pytest.mark.parametrize("status", statuses(IMAGE_SCAN_COMPLETE, "failure"))
async def test_a_failure_status_ends_the_wait(status: str) -> None:
    with pytest.raises(WaiterFailureError) as caught:
        await wait_for(scan("PENDING"), scan(status), scan("COMPLETE"))

    error = caught.value
    assert error.waiter == "ImageScanComplete"
    assert error.reason == f"image_scan_status.status is {status}"
    assert getattr(error.last_response, "repository_name", None) == f"of {status}"


async def test_an_unknown_status_does_not_end_the_wait() -> None:
    assert (await wait_for(scan("BRAND_NEW"), scan("COMPLETE"))).repository_name == "of COMPLETE"


async def test_an_error_of_the_waiter_does_not_end_the_wait() -> None:
    found = await wait_for(no_scan(), no_scan(), scan("PENDING"), scan("COMPLETE"))

    assert found.repository_name == "of COMPLETE"


async def test_other_errors_are_raised() -> None:
    with pytest.raises(ImageNotFoundException):
        await wait_for(scan("PENDING"), fail(400, "ImageNotFoundException"), scan("COMPLETE"))


async def test_each_waiter_has_its_own_errors() -> None:
    ecr, _ = await opened(no_scan())
    with pytest.raises(ServiceError, match="ScanNotFoundException"):
        await ecr.wait_until_lifecycle_policy_preview_complete(repository_name="ab", max_wait=300)


async def test_the_pauses_grow_and_are_random() -> None:
    times: list[float] = []
    pending = [scan("PENDING") for _ in range(50)]
    await wait_for(*pending, scan("COMPLETE"), on_poll=lambda poll: times.append(poll.elapsed))

    pauses = [after - before for before, after in pairwise(times)]
    assert pauses[0] == pytest.approx(5)
    assert 5 <= pauses[1] <= 10
    assert 5 <= pauses[2] <= 20
    assert all(5 <= pause <= 30 for pause in pauses)
    assert len(set(pauses)) > 40
    assert max(pauses) > 20


@pytest.mark.parametrize(
    ("polls", "left", "low", "high", "is_last"),
    [
        (1, 100, 2, 2, False),
        (2, 100, 2, 4, False),
        (4, 100, 2, 10, False),
        (9999, 100, 2, 10, False),
        (1, 3, 1.5, 1.5, True),
        (1, 3.9, 1.95, 1.95, True),
        (1, 4, 2, 2, False),
        (1, 0.5, 0.25, 0.25, True),
    ],
)
def test_the_pace(polls: int, left: float, low: float, high: float, *, is_last: bool) -> None:
    for _ in range(50):
        delay, last = Pace(2, 10).delay(polls, left)
        assert low <= delay <= high
        assert last is is_last


@pytest.mark.parametrize(
    ("response", "state"),
    [
        (lambda: scan("PENDING"), "image_scan_status.status is PENDING"),
        (no_scan, "ScanNotFoundException"),
    ],
)
async def test_a_timeout_reports_the_last_state(response: Any, state: str) -> None:
    begun = anyio.current_time()
    with pytest.raises(WaiterTimeoutError) as caught:
        await wait_for(*[response() for _ in range(50)], max_wait=60)

    error = caught.value
    assert isinstance(error, TimeoutError)
    assert error.reason == f"not done within 60 s: {state}"
    name = getattr(error.last_response, "repository_name", None)
    assert name == (None if "NotFound" in state else "of PENDING")
    # The last poll is sent early enough for its response, and no pause follows it.
    assert 54 <= anyio.current_time() - begun <= 60


async def test_a_wait_shorter_than_a_pause_polls_twice() -> None:
    with pytest.raises(WaiterTimeoutError):
        await wait_for(scan("PENDING"), scan("PENDING"), max_wait=1)


async def test_a_timeout_during_the_first_poll_has_no_response() -> None:
    begun = anyio.current_time()
    with pytest.raises(WaiterTimeoutError, match="no response yet") as caught:
        await wait_for(never, max_wait=20)

    assert caught.value.last_response is None
    assert anyio.current_time() - begun == pytest.approx(20)


@pytest.mark.parametrize("hanging", [0, 2])
async def test_the_deadline_covers_the_whole_wait(hanging: int) -> None:
    pending = [scan("PENDING") for _ in range(50)]
    ecr, _ = await opened(*pending[:hanging], *([never] if hanging else pending))
    slow = ecr.with_options(CallOptions(timeout=None, deadline=40))
    with pytest.raises(DeadlineExceeded) as caught:
        await slow.wait_until_image_scan_complete(**IMAGE, max_wait=3000)

    assert anyio.current_time() <= 40
    spent = caught.value.spent
    assert sum(spent.values()) == pytest.approx(anyio.current_time(), abs=0.01)
    assert spent["sleeps"] >= 5
    assert (spent["attempts"] > 1) == (hanging > 0)


async def test_max_wait_may_come_before_the_deadline() -> None:
    ecr, _ = await opened(*[scan("PENDING") for _ in range(50)])
    with pytest.raises(WaiterTimeoutError):
        await ecr.with_options(CallOptions(deadline=4000)).wait_until_image_scan_complete(
            **IMAGE, max_wait=30
        )


# -- on_poll --------------------------------------------------------------------------------------


async def test_on_poll_is_called_for_each_poll() -> None:
    polls: list[Poll[DescribeImageScanFindingsResponse]] = []
    await anyio.sleep(100)  # Poll.elapsed starts with the wait, not with the event loop.
    await wait_for(no_scan(), scan("PENDING"), scan("COMPLETE"), on_poll=polls.append)

    assert [poll.number for poll in polls] == [1, 2, 3]
    assert [poll.state for poll in polls] == [
        "ScanNotFoundException",
        "image_scan_status.status is PENDING",
        "image_scan_status.status is COMPLETE",
    ]
    assert [poll.response and poll.response.repository_name for poll in polls] == [
        None,
        "of PENDING",
        "of COMPLETE",
    ]
    assert [type(poll.error).__name__ for poll in polls] == [
        "ScanNotFoundException",
        "NoneType",
        "NoneType",
    ]
    assert polls[0].elapsed == 0
    assert polls[1].elapsed == pytest.approx(5)


async def test_on_poll_is_called_before_a_failure_is_raised() -> None:
    polls: list[str] = []
    with pytest.raises(WaiterFailureError):
        await wait_for(scan("FAILED"), on_poll=lambda poll: polls.append(poll.state))
    assert polls == ["image_scan_status.status is FAILED"]


async def test_a_coroutine_function_is_awaited() -> None:
    numbers: list[int] = []

    async def record(poll: Poll[Any]) -> None:
        await anyio.sleep(1)
        numbers.append(poll.number)

    await wait_for(scan("PENDING"), scan("COMPLETE"), on_poll=record)
    assert numbers == [1, 2]


async def test_an_exception_of_on_poll_ends_the_wait() -> None:
    def stop(poll: Poll[Any]) -> None:
        raise KeyError(poll.state)

    with pytest.raises(KeyError, match="PENDING"):
        await wait_for(scan("PENDING"), on_poll=stop)


# -- wait_until -----------------------------------------------------------------------------------


def images(*digests: str) -> ScriptedResponse:
    return ok({"imageDetails": [{"imageDigest": digest} for digest in digests]})


async def test_a_predicate_ends_the_wait() -> None:
    ecr, transport = await opened(images(), fail(400, "ImageNotFoundException"), images("a"))

    page = await ecr.wait_until(
        lambda: ecr.describe_images(repository_name="ab"),
        lambda page: bool(page.image_details),
        max_wait=60,
        retry_errors=(ImageNotFoundException,),
    )

    assert page.image_details[0].image_digest == "a"
    assert transport.responses == []


async def test_any_awaitable_may_be_polled() -> None:
    ecr, _ = await opened(images("a"), images("a", "b"))
    found = await ecr.wait_until(
        lambda: ecr.describe_images(repository_name="ab").collect(),
        lambda found: len(found) > 1,
        max_wait=60,
    )
    assert [image.image_digest for image in found] == ["a", "b"]


async def test_an_error_outside_retry_errors_ends_the_wait() -> None:
    ecr, _ = await opened(images(), fail(400, "ImageNotFoundException"))
    with pytest.raises(ImageNotFoundException):
        await ecr.wait_until(
            lambda: ecr.describe_images(repository_name="ab"), lambda page: False, max_wait=60
        )


async def test_an_exception_of_the_predicate_ends_the_wait() -> None:
    ecr, _ = await opened(images())
    with pytest.raises(IndexError):
        await ecr.wait_until(
            lambda: ecr.describe_images(repository_name="ab"),
            lambda page: page.image_details[0].image_status == "ACTIVE",
            max_wait=60,
        )


async def test_a_timeout_has_the_last_response() -> None:
    ecr, _ = await opened(*[images("a") for _ in range(40)])
    with pytest.raises(WaiterTimeoutError, match="the predicate does not hold") as caught:
        await ecr.wait_until(
            lambda: ecr.describe_images(repository_name="ab"),
            lambda page: False,
            max_wait=10,
            min_delay=0.5,
            max_delay=0.5,
        )
    assert isinstance(caught.value.last_response, DescribeImagesResponse)


async def test_a_deadline_counts_the_polls() -> None:
    ecr, transport = await opened(*[images() for _ in range(40)], options=CallOptions(deadline=9))
    with pytest.raises(DeadlineExceeded, match="wait_until: not done within 9 s") as caught:
        await ecr.wait_until(
            lambda: ecr.describe_images(repository_name="ab"),
            lambda page: False,
            max_wait=100,
            min_delay=1,
            max_delay=1,
        )
    assert caught.value.attempts == len(transport.requests)
    assert f"({len(transport.requests)} polls begun, " in str(caught.value)
    assert "attempt" not in str(caught.value).partition(",")[0]


async def test_a_deadline_during_the_first_poll_counts_one_poll() -> None:
    ecr, _ = await opened(options=CallOptions(deadline=9))
    with pytest.raises(DeadlineExceeded, match=r"not done within 9 s \(1 poll begun, ") as caught:
        await ecr.wait_until(anyio.sleep_forever, lambda _: False, max_wait=100)
    copied = pickle.loads(pickle.dumps(caught.value))
    assert type(copied) is type(caught.value)
    assert str(copied) == str(caught.value)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (2, 1), (math.nan, 1)])
async def test_invalid_pauses_are_refused(low: float, high: float) -> None:
    async def call() -> int:
        raise AssertionError

    with pytest.raises(ConfigurationError, match="min_delay"):
        await client(Scripted()).wait_until(
            call, lambda _: True, max_wait=1, min_delay=low, max_delay=high
        )


async def test_a_wait_can_be_cancelled_in_a_pause() -> None:
    ecr, transport = await opened(*[scan("PENDING") for _ in range(9)])
    with anyio.move_on_after(7) as scope:
        await ecr.wait_until_image_scan_complete(**IMAGE, max_wait=300)
    assert scope.cancelled_caught
    assert len(transport.requests) == 2


# -- arguments and the model ----------------------------------------------------------------------


@pytest.mark.parametrize("max_wait", [0, -1, math.nan])
async def test_an_invalid_max_wait_is_refused_before_anything_is_sent(max_wait: float) -> None:
    transport = Scripted()
    with pytest.raises(ConfigurationError, match="max_wait"):
        await client(transport).wait_until_image_scan_complete(**IMAGE, max_wait=max_wait)

    assert transport.requests == []


async def test_an_invalid_argument_is_refused() -> None:
    with pytest.raises(RequestValidationError, match="image_id"):
        await client(Scripted()).wait_until_image_scan_complete(
            repository_name="ab", image_id={"image_tag": ""}, max_wait=300
        )


async def test_waiting_for_a_lifecycle_policy_preview() -> None:
    ecr, transport = await opened(
        ok({"status": "IN_PROGRESS"}), ok({"status": "COMPLETE", "summary": {}})
    )
    found = await ecr.wait_until_lifecycle_policy_preview_complete(
        repository_name="ab", image_ids=[{"image_tag": "v1"}], max_wait=300
    )

    assert found.status == "COMPLETE"
    assert transport.bodies == [{"repositoryName": "ab", "imageIds": [{"imageTag": "v1"}]}] * 2


def test_a_missing_member_is_not_a_status() -> None:
    waiter = Waiter(
        name="Odd",
        operation=DESCRIBE_IMAGE_SCAN_FINDINGS,
        acceptors=(Acceptor("success", "path", ("None",), "image_scan_findings.nothing"),),
    )
    verdict, state = WaiterGoal(waiter).evaluate(object())

    assert (verdict, state) == ("pending", "image_scan_findings.nothing is None")


@pytest.mark.parametrize(
    ("waiter", "enum"),
    [
        (IMAGE_SCAN_COMPLETE, "ScanStatus"),
        (LIFECYCLE_POLICY_PREVIEW_COMPLETE, "LifecyclePolicyPreviewStatus"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_status_of_the_model_is_assigned_an_outcome(waiter: Waiter[Any], enum: str) -> None:
    known = set(service_model()["shapes"][enum]["enum"])

    success, failure = set(statuses(waiter, "success")), set(statuses(waiter, "failure"))
    assert success | failure <= known
    assert not success & failure
    assert known - success - failure <= {"PENDING", "IN_PROGRESS"}

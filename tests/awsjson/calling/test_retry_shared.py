"""The state that the calls of a client share: the quota, the limiters and the clock."""

from __future__ import annotations

import itertools

import anyio
import pytest

from ecrclient import CallOptions, ECRClient, ECRClientError, RetryPolicy, ServiceError
from tests.awsjson.calling.players import OpenStage, core_of
from tests.awsjson.calling.script import OK, Call, Failure, error
from tests.virtual_time import anyio_backend as anyio_backend

FAULT = error("ServerException", 500)
SLOW_DOWN = error("ThrottlingException")
NO_WAIT = RetryPolicy(base_delay=0, throttling_base_delay=0)


@pytest.mark.anyio
async def test_clones_share_quota_limiters_and_clock(open_stage: OpenStage) -> None:
    stage = await open_stage(RetryPolicy(2, base_delay=0))
    clone = stage.client.with_options(CallOptions(timeout=5))
    stage.steps = Call([FAULT]).play()

    async def fail(client: ECRClient) -> None:
        with pytest.raises(ServiceError):
            await client.list_images(repository_name="team/app")

    async with anyio.create_task_group() as tasks:
        for _ in range(25):
            tasks.start_soon(fail, stage.client)
            tasks.start_soon(fail, clone)

    # 500 tokens pay for 35 retries at 14 each.
    assert len(stage.record.sent) == 50 + 35
    assert core_of(clone).quota.available == stage.core.quota.available == 500 - 35 * 14
    assert core_of(clone).clock is stage.core.clock


@pytest.mark.anyio
async def test_separate_clients_do_not_share_a_quota(open_stage: OpenStage) -> None:
    one, two = await open_stage(NO_WAIT), await open_stage(NO_WAIT)
    one.steps = Call([Failure("refused")]).play()
    two.steps = Call([OK]).play()
    with pytest.raises(ECRClientError):
        await one.call("list_images")

    assert one.core.quota.available < two.core.quota.available == 500


@pytest.mark.anyio
async def test_all_tasks_of_a_client_slow_down_together(open_stage: OpenStage) -> None:
    stage = await open_stage(RetryPolicy(1, "adaptive"))
    stage.steps = Call([SLOW_DOWN, OK]).play()
    with pytest.raises(ServiceError):
        await stage.call("list_images")
    adaptive = CallOptions(retry=RetryPolicy(1, "adaptive"))
    clone = stage.client.with_options(adaptive)
    await anyio.sleep(100)
    stage.record.sent.clear()

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(stage.call, "list_images")
            tasks.start_soon(stage.call, "describe_images")
        tasks.start_soon(_list, clone)

    sent = sorted(at - 100 for at in stage.record.sent)
    assert sent[:6] == pytest.approx([0] * 6), "the other operation, and one token"
    assert all(later - at > 0.1 for at, later in itertools.pairwise(sent[5:]))


async def _list(client: ECRClient) -> None:
    await client.list_images(repository_name="team/app")


@pytest.mark.anyio
async def test_standard_calls_are_not_limited(open_stage: OpenStage) -> None:
    stage = await open_stage(RetryPolicy(1, "adaptive"))
    stage.steps = Call([SLOW_DOWN, OK]).play()
    with pytest.raises(ServiceError):
        await stage.call("list_images")
    standard = stage.client.with_options(CallOptions(retry=RetryPolicy(1)))
    for _ in range(20):
        await _list(standard)

    assert anyio.current_time() == 0

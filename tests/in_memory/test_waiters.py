"""The client's waiters on virtual time, with a registry that uses the clock of the event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import anyio
import pytest

from ecrclient import ECRClient, Poll, WaiterFailureError, WaiterTimeoutError
from ecrclient.lifecycle import LifecyclePolicy, expire_after
from ecrclient.models import DescribeImageScanFindingsResponse
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import REPOSITORY, add_blobs, image_manifest
from tests.virtual_time import anyio_backend as anyio_backend

pytestmark = pytest.mark.anyio

IMAGE: dict[str, Any] = {"repository_name": REPOSITORY, "image_id": {"image_tag": "v1"}}
POLICY = LifecyclePolicy.of(expire_after(14, tags="any", description="Fortnight" * 5))


@pytest.fixture
def ecr() -> InMemoryECR:
    epoch = datetime(2024, 5, 6, tzinfo=UTC)
    return InMemoryECR(clock=lambda: epoch + timedelta(seconds=anyio.current_time()))


@pytest.fixture
async def client(ecr: InMemoryECR) -> AsyncIterator[ECRClient]:
    async with ecr.client() as client:
        await cast(Any, client)._state.resources()  # virtual time does not wait for threads
        add_blobs(ecr)
        await client.put_image(
            repository_name=REPOSITORY, image_manifest=image_manifest(), image_tag="v1"
        )
        yield client


async def test_waiter_returns_when_the_scan_completes(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.scans.takes = timedelta(seconds=60)
    await client.start_image_scan(**IMAGE)
    seen: list[str] = []

    def see(poll: Poll[DescribeImageScanFindingsResponse]) -> None:
        assert poll.response is not None
        seen.append(poll.response.image_scan_status.status)

    started = anyio.current_time()
    done = await client.wait_until_image_scan_complete(**IMAGE, max_wait=300, on_poll=see)
    assert done.image_scan_status.status == "COMPLETE"
    assert list(dict.fromkeys(seen)) == ["PENDING", "IN_PROGRESS", "COMPLETE"]
    assert anyio.current_time() - started >= 60


async def test_waiter_waits_for_the_scan_to_start(client: ECRClient) -> None:
    async def start_later() -> None:
        await anyio.sleep(30)
        await client.start_image_scan(**IMAGE)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(start_later)
        done = await client.wait_until_image_scan_complete(**IMAGE, max_wait=300)
        assert done.image_scan_status.status == "COMPLETE"


async def test_failed_scan_ends_the_wait(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.scans.set_findings(REPOSITORY, "v1", status="FAILED")
    await client.start_image_scan(**IMAGE)
    with pytest.raises(WaiterFailureError, match="FAILED"):
        await client.wait_until_image_scan_complete(**IMAGE, max_wait=300)


async def test_waiter_times_out(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.scans.takes = timedelta(hours=1)
    await client.start_image_scan(**IMAGE)
    with pytest.raises(WaiterTimeoutError):
        await client.wait_until_image_scan_complete(**IMAGE, max_wait=300)


async def test_waiter_returns_when_the_preview_completes(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    ecr.lifecycle.takes = timedelta(seconds=60)
    await client.start_lifecycle_policy_preview(
        repository_name=REPOSITORY, lifecycle_policy_text=POLICY
    )
    started = anyio.current_time()
    done = await client.wait_until_lifecycle_policy_preview_complete(
        repository_name=REPOSITORY, max_wait=300
    )
    assert done.summary is not None
    assert done.summary.expiring_image_total_count == 0
    assert anyio.current_time() - started >= 60

"""Delayed responses, on virtual time."""

from __future__ import annotations

import anyio
import pytest

from ecrclient import AttemptTimeout, CallOptions, RetryPolicy, ServiceError
from ecrclient.errors import RepositoryAlreadyExistsException
from ecrclient.testing import InMemoryECR
from tests.virtual_time import anyio_backend as anyio_backend

pytestmark = pytest.mark.anyio

ONCE = RetryPolicy(max_attempts=1)


async def test_latency_delays_responses(ecr: InMemoryECR) -> None:
    ecr.faults.latency(5, times=2)
    async with ecr.client() as client:
        taken: list[float] = []
        for _ in range(3):
            before = anyio.current_time()
            await client.describe_registry()
            taken.append(anyio.current_time() - before)
    assert taken == pytest.approx([5, 5, 0])


async def test_request_is_executed_even_if_the_caller_gives_up(ecr: InMemoryECR) -> None:
    ecr.faults.latency(5)
    async with ecr.client(retry=ONCE, options=CallOptions(timeout=4)) as client:
        with pytest.raises(AttemptTimeout):
            await client.create_repository(repository_name="team/app")
        with pytest.raises(RepositoryAlreadyExistsException):
            await client.create_repository(repository_name="team/app")


async def test_latencies_and_errors_combine(ecr: InMemoryECR) -> None:
    ecr.faults.latency(2)
    ecr.faults.latency(4)
    ecr.faults.throttle()
    async with ecr.client(retry=ONCE) as client:
        before = anyio.current_time()
        with pytest.raises(ServiceError, match="ThrottlingException"):
            await client.describe_registry()
    assert anyio.current_time() - before == pytest.approx(6)

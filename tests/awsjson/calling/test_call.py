"""What a call leaves behind: its duration, and the count of the client's calls."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from ecrclient import ECRClient, ServiceError
from tests.tools.scripted import MakeClient, Scripted, fail, ok

pytestmark = pytest.mark.anyio


def calls_of(ecr: ECRClient) -> int:
    """The number of calls in progress."""
    count: int = cast(Any, ecr)._state.loops._use.calls
    return count


async def test_the_duration_includes_all_attempts(client: MakeClient) -> None:
    ecr = client(Scripted(fail(500, "ServerException"), ok({"registryId": "1"})))
    begun = time.perf_counter()
    response = await ecr.describe_registry()
    elapsed = response.response_metadata.elapsed
    assert 0 < elapsed <= time.perf_counter() - begun
    assert response.response_metadata.attempts == 2


@pytest.mark.parametrize("succeeds", [True, False])
async def test_a_call_that_has_ended_is_not_counted(client: MakeClient, succeeds: bool) -> None:
    responses = [ok() if succeeds else fail(400, "InvalidParameterException") for _ in range(2)]
    ecr = client(Scripted(*responses))
    for _ in range(2):
        if succeeds:
            await ecr.describe_registry()
        else:
            with pytest.raises(ServiceError):
                await ecr.describe_registry()
        assert calls_of(ecr) == 0

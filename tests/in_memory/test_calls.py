"""The record of calls."""

from __future__ import annotations

import pytest

from ecrclient import ECRClient, ServiceError
from ecrclient.models import ListImagesRequest
from ecrclient.operations import LIST_IMAGES
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import HandClock, post

pytestmark = pytest.mark.anyio


async def test_calls_are_recorded(ecr: InMemoryECR, client: ECRClient, clock: HandClock) -> None:
    await client.create_repository(repository_name="team/app")
    clock.advance(minutes=1)
    await client.list_images(repository_name="team/app", max_results=7)

    assert ecr.calls.operations == ["CreateRepository", "ListImages"]
    call = ecr.calls[-1]
    assert call.request == ListImagesRequest(repository_name="team/app", max_results=7)
    assert call.body == b'{"repositoryName":"team/app","maxResults":7}'
    assert (call.status, call.error, call.at) == (200, None, clock.now)


async def test_refusal_is_recorded_with_its_code(ecr: InMemoryECR, client: ECRClient) -> None:
    with pytest.raises(ServiceError):
        await client.list_images(repository_name="none")
    assert (ecr.calls[-1].status, ecr.calls[-1].error) == (400, "RepositoryNotFoundException")


async def test_calls_of_one_operation(ecr: InMemoryECR, client: ECRClient) -> None:
    await client.describe_registry()
    await client.create_repository(repository_name="team/app")
    await client.list_images(repository_name="team/app")
    assert ecr.calls.of("ListImages") == ecr.calls.of(LIST_IMAGES) == [ecr.calls[2]]
    assert ecr.calls.of("GetAuthorizationToken") == []
    assert [call.operation for call in ecr.calls[:1]] == ["DescribeRegistry"]


def test_unknown_operation_is_an_error(ecr: InMemoryECR) -> None:
    with pytest.raises(ValueError, match="no operation 'list_images'"):
        ecr.calls.of("list_images")


async def test_requests_outside_the_protocol_are_recorded(ecr: InMemoryECR) -> None:
    await post(ecr, "MakeCoffee")
    await post(ecr, "ListImages", b"{")
    await post(ecr, "ListImages", change={"x-amz-target": None}, method="GET")
    assert ecr.calls.operations == ["MakeCoffee", "ListImages", "GET /"]
    assert [call.request for call in ecr.calls] == [None, None, None]


async def test_calls_can_be_limited_and_cleared(ecr: InMemoryECR, client: ECRClient) -> None:
    for _ in range(3):
        await client.describe_registry()
    ecr.calls.keep(2)
    assert len(ecr.calls) == 2
    await client.get_registry_scanning_configuration()
    assert ecr.calls.operations == ["DescribeRegistry", "GetRegistryScanningConfiguration"]
    ecr.calls.clear()
    assert list(ecr.calls) == []
    assert repr(ecr.calls) == "<Calls: none>"


async def test_repr_contains_no_request_data(ecr: InMemoryECR, client: ECRClient) -> None:
    secret = "arn:aws:iam::123456789012:role/very-private"
    await client.register_pull_time_update_exclusion(principal_arn=secret)
    printed = f"{ecr.calls!r} {ecr.calls[-1]!r} {ecr!r} {ecr.faults!r}"
    assert "RegisterPullTimeUpdateExclusion" in printed
    assert "very-private" not in printed
    assert ecr.credentials.secret_access_key not in printed

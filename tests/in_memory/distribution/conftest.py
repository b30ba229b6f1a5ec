"""Fixtures: repositories, and clients of the registry's ``/v2/`` API."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR
from tests.in_memory.distribution.registry_client import create, open_http


@pytest.fixture
async def http(ecr: InMemoryECR, client: ECRClient) -> AsyncIterator[httpx.AsyncClient]:
    """A client in the process, of a registry with two repositories."""
    await create(client, "team/app", "team/copy")
    async with open_http(ecr) as http:
        yield http


@pytest.fixture(params=["process", "asgi", "served"])
async def any_http(
    request: pytest.FixtureRequest, ecr: InMemoryECR, client: ECRClient
) -> AsyncIterator[httpx.AsyncClient]:
    """Like ``http``, by each way to reach the registry."""
    await create(client, "team/app", "team/copy")
    async with open_http(ecr, request.param) as http:
        yield http

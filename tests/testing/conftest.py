"""An in-memory ECR and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR
from tests.testing.builders import CONFIG, LAYERS, REPOSITORY, HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def ecr(clock: HandClock) -> InMemoryECR:
    return InMemoryECR(clock=clock)


@pytest.fixture
async def client(ecr: InMemoryECR) -> AsyncIterator[ECRClient]:
    async with ecr.client() as client:
        yield client


@pytest.fixture
async def repository(ecr: InMemoryECR, client: ECRClient) -> str:
    """The name of a repository without images, but with the blobs of ``image_manifest``."""
    await client.create_repository(repository_name=REPOSITORY)
    for blob in (CONFIG, *LAYERS):
        ecr.add_layer(REPOSITORY, blob)
    return REPOSITORY

"""An in-memory ECR and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR
from tests.testing.builders import REPOSITORY, HandClock, add_blobs


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
def repository(ecr: InMemoryECR) -> str:
    """The name of a repository without images, but with the blobs of ``image_manifest``."""
    add_blobs(ecr)
    return REPOSITORY

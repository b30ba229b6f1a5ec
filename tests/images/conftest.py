"""An in-memory ECR and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR


@pytest.fixture
def ecr() -> InMemoryECR:
    return InMemoryECR()


@pytest.fixture
async def client(ecr: InMemoryECR) -> AsyncIterator[ECRClient]:
    """A client of an ECR with two empty repositories."""
    async with ecr.client() as client:
        for name in ("team/app", "team/copy"):
            await client.create_repository(repository_name=name)
        yield client

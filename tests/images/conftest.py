"""An in-memory ECR and a client of it."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

import pytest

from ecrclient import ECRClient
from ecrclient.images import put_image_rate
from ecrclient.testing import InMemoryECR


@pytest.fixture(autouse=True)
def put_image_rate_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send PutImage without a limit: most tests send it more often than ten times a second."""
    monkeypatch.setattr(put_image_rate, "_PER_SECOND", math.inf)


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

"""Fixtures: an in-memory ECR and its clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator

import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import REPOSITORY, HandClock, add_blobs
from tests.in_memory.stage import Player, Scene, Stage, open_boto3, open_ours


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


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage()


@pytest.fixture(scope="module", params=["boto3", "asyncio", "trio"])
def player(stage: Stage, request: pytest.FixtureRequest) -> Generator[Player]:
    """boto3, and this client on each event loop."""
    is_boto3 = request.param == "boto3"
    with open_boto3(stage) if is_boto3 else open_ours(stage, request.param) as player:
        yield player


@pytest.fixture
def scene(stage: Stage, player: Player) -> Scene:
    """A new registry, and a client of the current kind."""
    return Scene(stage, player)

"""Scripted services on both paths of a request: bytes and httpx."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator

import pytest

from tests.awsjson.calling.players import OpenStage, Play, play_to_ours, stages


@pytest.fixture
async def open_stage(anyio_backend: object, path: str) -> AsyncGenerator[OpenStage]:
    """Open stages of scripted services."""
    async with stages(path) as open_stage:
        yield open_stage


@pytest.fixture
def play(open_stage: OpenStage) -> Play:
    """Play a script to ecrclient."""
    return functools.partial(play_to_ours, open_stage=open_stage)

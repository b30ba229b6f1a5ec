"""Fixtures for pytest: ``pytest_plugins = ["ecrclient.testing.pytest"]`` in ``conftest.py``.

The plugin is not an entry point, which would import this package whenever pytest starts.

None of the fixtures is async, so they work with any plugin that runs async tests (anyio's,
pytest-asyncio, pytest-trio), and in synchronous tests. Override ``in_memory_ecr`` for another
region, clock or state; the other fixtures use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from .clock import MovableClock
from .in_memory_ecr import InMemoryECR
from .stub import StubTransport

if TYPE_CHECKING:
    from ecrclient.client import ECRClient

    from .running_server import ServedECR

__all__ = ["ecr_client", "ecr_clock", "in_memory_ecr", "served_ecr", "stub_transport"]


@pytest.fixture
def in_memory_ecr() -> InMemoryECR:
    """An empty registry."""
    return InMemoryECR()


@pytest.fixture
def ecr_client(in_memory_ecr: InMemoryECR) -> ECRClient:
    """A client of the registry. It has no connections, so it does not need to be closed."""
    return in_memory_ecr.client()


@pytest.fixture
def ecr_clock(in_memory_ecr: InMemoryECR) -> MovableClock:
    """The registry's clock, which a test can move: ``ecr_clock.advance(days=31)``."""
    return in_memory_ecr.clock


@pytest.fixture
def served_ecr(in_memory_ecr: InMemoryECR) -> Iterator[ServedECR]:
    """An HTTP server for the registry; needs the extra ``testing``."""
    with in_memory_ecr.serve() as server:
        yield server


@pytest.fixture
def stub_transport() -> Iterator[StubTransport]:
    """A transport with prepared responses; an unused response fails the test."""
    with StubTransport() as stub:
        yield stub

"""The event loops on which the transport waits for sockets: also uvloop, which has no selector.

A module that imports the fixture runs its tests on all of them.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest

__all__ = ["ASYNCIO", "anyio_backend"]

UVLOOP = pytest.param(
    ("asyncio", {"use_uvloop": True}),
    id="uvloop",
    marks=pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not support Windows"),
)
ASYNCIO = ["asyncio", UVLOOP]


@pytest.fixture(params=[*ASYNCIO, "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param

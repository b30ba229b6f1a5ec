"""Virtual time for both event loops: a sleep ends immediately, at exactly the right time."""

from __future__ import annotations

import asyncio
import selectors
import socket
from typing import Any

import pytest
import trio.testing

DELIVERY_SECONDS = 0.002
"""Real seconds for bytes to cross a loopback socket. A busy kernel does not deliver them
immediately, and a jump before they arrive would cause the timeout of the call that waits."""


class _JumpingSelector(selectors.SelectSelector):
    """Advances ``now`` instead of waiting for a timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            return super().select(None)
        if len(self.get_map()) > 1:  # more than the loop's own
            ready = super().select(DELIVERY_SECONDS)
            if ready:
                return ready
        self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's loop on virtual time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    async def getaddrinfo(self, host: Any, port: Any, **hints: Any) -> Any:
        """Resolve IP addresses only, without a thread, for which virtual time does not wait."""
        hints["flags"] = hints.get("flags", 0) | socket.AI_NUMERICHOST
        return socket.getaddrinfo(host, port, **hints)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Run async tests on asyncio and on trio, with virtual time that begins at 0."""
    if request.param == "asyncio":
        return "asyncio", {"loop_factory": VirtualLoop}
    return "trio", {"clock": trio.testing.MockClock(autojump_threshold=0)}

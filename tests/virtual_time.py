"""Both event loops on virtual time: a sleep takes none and ends exactly when it should."""

from __future__ import annotations

import asyncio
import selectors
import socket
from typing import Any

import pytest
import trio.testing

DELIVERY_SECONDS = 0.002
"""Real seconds for bytes to cross a loopback socket: a busy kernel does not deliver them at once,
and a jump before they arrive would run into the timeout of the call that waits for them."""


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting for a timer, says how long it would have waited."""

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
        """Without a thread, for which virtual time would not wait: IP addresses only."""
        hints["flags"] = hints.get("flags", 0) | socket.AI_NUMERICHOST
        return socket.getaddrinfo(host, port, **hints)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Async tests that use this run once on each, both on virtual time that begins at 0."""
    if request.param == "asyncio":
        return "asyncio", {"loop_factory": VirtualLoop}
    return "trio", {"clock": trio.testing.MockClock(autojump_threshold=0)}

"""The arguments of refreshing credentials, the thread of a refresh, and forks."""

from __future__ import annotations

import os
import threading
from typing import Any, cast

import anyio
import pytest
import trio
import trio.testing

from ecrclient import ConfigurationError, Credentials, CredentialsTimeout, RefreshingCredentials
from ecrclient._awsjson.credentials.pending_refresh import PendingRefresh

KEY = Credentials("AKIDEXAMPLE", "secret")


def source() -> Credentials:
    return KEY


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": 5}, "source must be a function, not 5"),
        ({"source": None}, "source must be a function, not None"),
        ({"start_over": 5}, "start_over must be a function, not 5"),
        ({"timeout": 0}, "timeout must be more than 0 seconds (None: no limit), not 0"),
        ({"clock": None}, "clock must be a function, not None"),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cast(Any, RefreshingCredentials)(**{"source": source, **arguments})
    assert str(caught.value) == message


@pytest.mark.anyio
async def test_the_thread_does_not_keep_the_process_alive() -> None:
    threads: list[tuple[str, bool]] = []

    def look() -> Credentials:
        thread = threading.current_thread()
        threads.append((thread.name, thread.daemon))
        return KEY

    assert await RefreshingCredentials(look).get() is KEY
    assert threads == [("awsjson-credentials", True)]


@pytest.mark.anyio
async def test_a_child_process_starts_its_own_refresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads of its parent do not exist there, and may have had the lock."""
    provider: Any = RefreshingCredentials(source)
    lock = provider._state_lock
    provider._refresh = PendingRefresh(1, 0)
    provider._abandoned = {PendingRefresh(2, 0)}
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert provider._lock() is not lock
    assert provider._refresh is None
    assert provider._abandoned == set()
    assert provider._lock() is provider._lock()
    assert await provider.get() is KEY


@pytest.mark.anyio
async def test_no_fifth_refresh_is_started() -> None:
    provider: Any = RefreshingCredentials(source)
    provider._abandoned = {PendingRefresh(number, 0) for number in range(4)}
    with pytest.raises(CredentialsTimeout) as caught:
        await provider.get()
    assert str(caught.value) == (
        "4 calls of the source of credentials did not return in time and are still running; it is "
        "not called again until one returns"
    )
    provider._abandoned.pop()
    assert await provider.get() is KEY


@pytest.mark.anyio
async def test_the_message_of_a_timeout() -> None:
    release = threading.Event()

    def hang() -> Credentials:
        release.wait(20)
        return KEY

    try:
        with pytest.raises(CredentialsTimeout) as caught:
            await RefreshingCredentials(hang, timeout=0.01).get()
    finally:
        release.set()
    assert str(caught.value) == "the source of credentials did not return within 0.01 s"


def test_a_wait_that_was_woken_too_early_continues_with_the_time_that_is_left() -> None:
    """A refresh whose result is out of date wakes its callers, and they wait for the next one."""

    class Refresh(PendingRefresh):
        async def wait(self, timeout: float) -> bool:
            timeouts.append(timeout)
            assert len(timeouts) < 3
            await anyio.sleep(3)
            return True

    timeouts: list[float] = []
    provider: Any = RefreshingCredentials(source, timeout=5)
    provider._credentials_or_refresh = lambda: (None, Refresh(1, 0), True)
    clock = trio.testing.MockClock(autojump_threshold=0)
    with pytest.raises(CredentialsTimeout):
        trio.run(provider.get, clock=clock)
    assert timeouts == [5, 2]

"""The memory limit of a child process is in force."""

from __future__ import annotations

import pytest

from tests.bounded import run_bounded


def allocate(mib: int) -> int:
    return len(bytes(mib * 1024 * 1024)) // (1024 * 1024)


def test_a_function_within_the_limit_returns_its_result() -> None:
    assert run_bounded(allocate, 20, memory_mib=50) == 20


def test_a_function_beyond_the_limit_fails() -> None:
    with pytest.raises(AssertionError, match="MemoryError"):
        run_bounded(allocate, 60, memory_mib=50)

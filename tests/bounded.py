"""Run a function in a child process whose memory is limited by the operating system.

::

    def decode_a_bomb(encoding: str) -> int: ...      # at module level; may call anyio.run

    def test_a_bomb_is_bounded() -> None:
        assert run_bounded(decode_a_bomb, "gzip", memory_mib=100) == 17
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

__all__ = ["run_bounded"]

_MIB = 1024 * 1024


def run_bounded(
    function: Callable[..., Any], *arguments: Any, memory_mib: int, timeout: float = 120
) -> Any:
    """Call *function* in a child process and return its result.

    Args:
        function: A function at module level.
        arguments: Its arguments; they and the result must survive JSON.
        memory_mib: The address space, in MiB, that the child may use in addition to what it has
            once the function's module is imported. Beyond it, the child gets a ``MemoryError``.
        timeout: Seconds after which the child is killed: a safeguard, not a measurement.

    Raises:
        AssertionError: The child failed; the message is its standard error.
    """
    if sys.platform != "linux":
        pytest.skip("RLIMIT_AS is enforced only on Linux")
    call = json.dumps([function.__module__, function.__qualname__, memory_mib, arguments])
    child = subprocess.run(
        [sys.executable, "-m", "tests.bounded", call],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        # glibc reserves 64 MiB of address space for each further thread's arena.
        env={**os.environ, "MALLOC_ARENA_MAX": "1"},
        cwd=Path(__file__).parent.parent,
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout)


def _main(call: str) -> None:
    import resource

    module, name, memory_mib, arguments = json.loads(call)
    function = getattr(import_module(module), name)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + memory_mib * _MIB
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    print(json.dumps(function(*arguments)))


if __name__ == "__main__":
    _main(sys.argv[1])

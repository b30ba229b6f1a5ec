"""The command line ``ecrclient``, which the extra ``cli`` installs the dependencies of."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

__all__ = ["main"]

_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return the exit code.

    Args:
        arguments: The arguments; None for those of the process.
    """
    missing = [name for name in ("click", "rich") if find_spec(name) is None]
    if missing:
        print(
            f"ecrclient: the command line needs {' and '.join(missing)}: "
            'run: pip install "ecrclient[cli]"',
            file=sys.stderr,
        )
        return _USAGE
    from ecrclient.cli.application import run

    return run(arguments)

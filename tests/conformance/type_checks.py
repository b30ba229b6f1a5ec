"""Check generated packages with both type checkers in strict mode.

``python -m tests.conformance.type_checks FOLDER`` checks all packages in a folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["CHECKERS", "type_problems"]

ROOT = Path(__file__).resolve().parents[2]
CHECKERS = ("mypy", "pyright")
# mypy reports problems by the status 1, and its internal errors by 2; so does pyright.
_FOUND = 1


def type_problems(checker: str, folder: Path, packages: Sequence[str]) -> list[str]:
    """What a type checker reports about packages, in one run.

    Args:
        checker: ``mypy`` or ``pyright``.
        folder: The folder that contains the packages. It gets the settings and caches of the
            checkers.
        packages: The names of the packages.

    Returns:
        The lines with errors; empty if there are none.

    Raises:
        RuntimeError: The checker itself failed.
    """
    command = {"mypy": _mypy, "pyright": _pyright}[checker](folder, packages)
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, _FOUND}:
        raise RuntimeError(f"{checker}: {done.stdout}{done.stderr}")
    found = [line.strip() for line in done.stdout.splitlines() if _is_error(line)]
    return found or ([done.stdout] if done.returncode else [])


def _is_error(line: str) -> bool:
    return ": error:" in line or " - error:" in line


def _mypy(_: Path, packages: Sequence[str]) -> list[str]:
    return ["mypy", "--strict", "--cache-dir=.mypy_cache", *packages]


def _pyright(folder: Path, packages: Sequence[str]) -> list[str]:
    settings = {
        "include": list(packages),
        "extraPaths": [str(ROOT)],
        "typeCheckingMode": "strict",
        "reportMissingTypeStubs": False,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    return ["pyright", "--pythonpath", sys.executable, "--project", "."]


def _main() -> int:
    folder = Path(sys.argv[1]).resolve()
    packages = sorted(path.parent.name for path in folder.glob("*/py.typed"))
    count = 0
    for checker in CHECKERS:
        problems = type_problems(checker, folder, packages)
        print(*problems, sep="\n")
        print(f"{checker}: {len(packages)} packages, {len(problems)} problems", flush=True)
        count += len(problems)
    return 1 if count else 0


if __name__ == "__main__":
    raise SystemExit(_main())

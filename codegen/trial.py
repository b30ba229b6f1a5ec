"""The trial of a new package: it is used in a fresh process before it replaces the old one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["TrialError", "try_package"]

_ROOT = Path(__file__).resolve().parent.parent


class TrialError(RuntimeError):
    """The generated package does not work."""


def try_package(files: Mapping[Path, str], folder: Path, package: str) -> None:
    """Import the package, build its models, and resolve its endpoints, in a fresh process.

    The process needs neither credentials nor a network.

    Args:
        files: The texts of the package's files, and of others, by their paths.
        folder: The folder of the package; hand-written modules in it are used as they are.
        package: The dotted name of the package.

    Raises:
        TrialError: The package does not work; the message has the file and the line.
    """
    with tempfile.TemporaryDirectory() as name:
        new = Path(name, "new-package")  # not a name that can be imported
        for path, text in files.items():
            if path.is_relative_to(folder):
                target = new / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8", newline="\n")
        search = os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "codegen.trial_process", package, str(new), str(folder)],
            cwd=name,
            env={**os.environ, "PYTHONPATH": search, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it ended without an error"]
        raise TrialError(f"the generated package does not work: {said[-1]}")

"""Both type checkers, strict, on a generated package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.services.worker import ROOT, package_name

__all__ = ["SAMPLE", "check_types"]

SAMPLE = ("cognito-idp", "dynamodb", "ecs", "events", "kinesis", "sqs", "stepfunctions")
"""Services with unusual parts: recursive shapes, unions, endpoint rules, signatures."""
_SHOWN = 3


def check_types(folder: Path) -> str:
    """``clean``, or the checkers' first errors."""
    package = package_name(folder.name)
    settings = {"include": [package], "typeCheckingMode": "strict", "reportMissingTypeStubs": False}
    settings["extraPaths"] = [str(ROOT)]
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    found: list[str] = []
    for command in (
        ["mypy", "--strict", "--config-file=", "--no-incremental", package],
        ["pyright", "--pythonpath", sys.executable, "--project", "."],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=folder,
            env={**os.environ, "MYPYPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = [line.strip() for line in done.stdout.splitlines() if "error" in line]
            found += [f"{command[0]}: {line}" for line in lines[:_SHOWN]]
    return "; ".join(found) or "clean"

"""The type checkers on a generated package."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.type_checks import CHECKERS, type_problems
from tests.services.worker import package_name

__all__ = ["SAMPLE", "check_types"]

SAMPLE = ("cognito-idp", "dynamodb", "ecs", "events", "kinesis", "sqs", "stepfunctions")
"""Services with unusual parts: recursive shapes, unions, endpoint rules, signatures."""
_SHOWN = 3


def check_types(folder: Path) -> str:
    """``clean``, or the checkers' first errors."""
    found: list[str] = []
    for checker in CHECKERS:
        problems = type_problems(checker, folder, [package_name(folder.name)])
        found += [f"{checker}: {line}" for line in problems[:_SHOWN]]
    return "; ".join(found) or "clean"

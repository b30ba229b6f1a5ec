"""Release notes: the changelog's section of a version.

``python -m docsite.release_notes 0.1.0`` prints it; without a version, the unreleased changes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

__all__ = ["notes_of"]

_CHANGELOG = Path(__file__).resolve().parents[1] / "CHANGELOG.md"


def notes_of(version: str, changelog: str) -> str:
    """The text below the heading of *version*.

    Raises:
        LookupError: If there is no such heading, or no text below it.
    """
    heading = re.compile(rf"^## \[?{re.escape(version)}\]?(?: - [0-9-]+)?\n", re.MULTILINE)
    found = heading.search(changelog)
    if found is None:
        raise LookupError(f"the changelog has no section {version}")
    text = re.split(r"^## ", changelog[found.end() :], maxsplit=1, flags=re.MULTILINE)[0].strip()
    if not text:
        raise LookupError(f"the changelog's section {version} is empty")
    return text


def main(version: str = "Unreleased") -> None:
    """Print the notes."""
    sys.stdout.write(f"{notes_of(version, _CHANGELOG.read_text(encoding='utf-8'))}\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])

"""The Python blocks of the Markdown pages, for tests.

Every block that is marked as Python runs, in the order of its page and in one namespace with the
others there. Code that readers do not need is in HTML comments, which renderers hide::

    <!-- test: types -->        the next block is checked for its types, and does not run
    <!-- test: pytest -->       the next block is run by pytest, all of the page as one file
    <!-- test: botocore -->     the next block runs with a botocore client as ``ecr``
    <!-- test: package -->      the next block is for a generated package, in a separate test
    <!-- test: run
    await ecr.create_repository(repository_name="team/web")
    -->                         runs here, between the blocks

In addition to ``ecr``, a client of :mod:`tests.docs.internet`, hidden code can use ``internet``
and ``printed``, the output of the block above it.

A block with a title quotes the file of that name.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

__all__ = ["PAGES", "ROOT", "Block", "Kind", "blocks_of", "quotations_of"]

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])

Kind = Literal["run", "types", "pytest", "botocore", "package"]

_COMMENT = re.compile(r"<!-- test: (?P<kind>\w+)(?P<end> -->)?\n")
_PYTHON = re.compile(r" *```python\n")
_TITLED = re.compile(r"```\w+ title=\"(?P<title>[^\"]+)\"\n")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of Python code."""

    page: Path
    line: int
    """The line number of its first line of code, counted from 1."""
    code: str
    kind: Kind
    hidden: bool
    """Whether readers do not see it."""

    def placed(self) -> str:
        """The code after empty lines, so that its line numbers are those of the page."""
        return "\n" * (self.line - 1) + self.code


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    return list(_read(page))


def quotations_of(page: Path) -> Iterator[tuple[str, str]]:
    """The name of each file that a page quotes, and the quoted text."""
    lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        if titled := _TITLED.fullmatch(line):
            yield titled["title"], "".join(lines[number : _end(lines, number, "```", page)])


def _read(page: Path) -> Iterator[Block]:
    lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
    marked: Kind | None = None
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if comment := _COMMENT.fullmatch(line):
            assert comment["kind"] in get_args(Kind), f"{page.name}:{number}: {comment['kind']}"
            kind = cast("Kind", comment["kind"])
            if comment["end"]:
                marked = kind
                continue
            end = _end(lines, number, "-->", page)
            yield Block(page, number + 1, "".join(lines[number:end]), kind, hidden=True)
            number = end + 1
        elif _PYTHON.fullmatch(line):
            end = _end(lines, number, "```", page)
            code = textwrap.dedent("".join(lines[number:end]))
            yield Block(page, number + 1, code, marked or "run", hidden=False)
            marked = None
            number = end + 1
        elif line.strip():
            assert marked is None, f"{page.name}:{number}: no block follows the comment"


def _end(lines: list[str], start: int, mark: str, page: Path) -> int:
    for number in range(start, len(lines)):
        if lines[number].strip() == mark:
            return number
    raise AssertionError(f"{page.name}:{start}: not closed")

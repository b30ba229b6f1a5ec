"""Reading the spec: @lap text in a file, or in a JSON document."""

from __future__ import annotations

import itertools
import json
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen import lap

__all__ = ["SourceError", "Spec", "read_spec"]

_WHITE = re.compile(r"[ \t\r\n]*")
_ESCAPED = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u.{4}|\\.|.")
_PLACE = re.compile(r"\bline (\d+)(?:, column (\d+))?")


class SourceError(ValueError):
    """A source cannot be read."""


@dataclass(frozen=True, slots=True)
class Spec:
    """The @lap text, and the file that contains it."""

    path: Path
    text: str
    content: str
    """The content of the file: the text itself, or the JSON document with the text."""
    start: int = -1
    """The index in *content* of the JSON string with the text; -1 if the file is not JSON."""

    def parse(self) -> tuple[lap.Document, list[str]]:
        """The document, and the warnings about it with their positions in the file.

        Raises:
            LapSyntaxError: The text is not a LAP document. The position is that in the file.
        """
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", lap.LapWarning)
                document = lap.parse(self.text, file=str(self.path))
        except lap.LapSyntaxError as error:
            if self.start < 0:
                raise
            line, column = self._located(error.line, error.column)
            expected = _PLACE.sub(self._relocated, error.expected)
            message = _PLACE.sub(self._relocated, error.message)
            source = self.content.split("\n")[line - 1]
            raise lap.LapSyntaxError(
                error.file, line, column, message, expected, source
            ) from error.__cause__
        found = [one.message for one in caught if isinstance(one.message, lap.LapWarning)]
        return document, [
            f"{self.place(lap.Position(one.line, one.column))}: {one.message}" for one in found
        ]

    def place(self, position: lap.Position) -> str:
        """The file, the line and the column of a position in the text."""
        line, column = position.line, position.column
        if self.start >= 0:
            line, column = self._located(line, column)
        return f"{self.path}:{line}:{column}"

    def _relocated(self, found: re.Match[str]) -> str:
        line, column = self._located(int(found[1]), int(found[2] or 1))
        return f"line {line}, column {column}"

    def _located(self, line: int, column: int) -> tuple[int, int]:
        """Where in the JSON document a character of the text is."""
        index = sum(len(one) + 1 for one in self.text.split("\n")[: line - 1]) + column - 1
        ends = (found.end() for found in _ESCAPED.finditer(self.content, self.start + 1))
        places = itertools.chain([self.start + 1], ends)
        at = next(itertools.islice(places, index, None), len(self.content))
        starts = [0, *(found.end() for found in re.finditer("\n", self.content))]
        number = bisect_right(starts, at)
        return number, at - starts[number - 1] + 1


def read_spec(path: Path) -> Spec:
    """Read the content of a ``.lap`` file, or the ``raw`` member of a JSON document.

    Raises:
        SourceError: There is no such file, it is not UTF-8, or the JSON document has no ``raw``.
    """
    try:
        content = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not UTF-8 at byte {error.start}") from error
    if path.suffix != ".json":
        return Spec(path, content, content)
    try:
        members = {key: (value, at) for key, value, at in _members(content)}
    except json.JSONDecodeError as error:
        raise SourceError(f"{path}:{error.lineno}:{error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise SourceError(f"{path}: nested too deeply") from error
    raw, start = members.get("raw", (None, -1))
    if not isinstance(raw, str):
        raise SourceError(f'{path}: the document has no string in its "raw" member')
    return Spec(path, raw, content, start)


def _members(content: str) -> Iterator[tuple[str, Any, int]]:
    """The members of a JSON object: name, value, and where the value starts.

    The document is decoded as a whole first, so that what follows needs no checks.
    """
    if not isinstance(json.loads(content), dict):
        return
    decoder = json.JSONDecoder()
    at = _after_white(content, content.index("{") + 1)
    while content[at] != "}":
        key, at = decoder.raw_decode(content, at)
        at = _after_white(content, _after_white(content, at) + 1)
        value, end = decoder.raw_decode(content, at)
        yield key, value, at
        at = _after_white(content, end)
        if content[at] == ",":
            at = _after_white(content, at + 1)


def _after_white(content: str, at: int) -> int:
    found = _WHITE.match(content, at)
    return found.end() if found else at

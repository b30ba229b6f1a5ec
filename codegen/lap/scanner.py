"""A cursor in the text of a LAP document that tracks positions and open brackets."""

import re
from bisect import bisect_right
from typing import NoReturn

from codegen.lap.errors import LapSyntaxError, quoted
from codegen.lap.types import Position

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]|\r(?!\n)|\\A\ufeff")
_SPACES = re.compile(r" *")
_SPACES_AND_LINES = re.compile(r"[ \r\n]*")
_LINE_END = re.compile(r"\r?\n|\Z")
_BLANK_REST = re.compile(r" *(?:\r?\n|\Z)")
_REST_OF_LINE = re.compile(r"[^\r\n]*")
_REST_OF_LINE_AND_END = re.compile(r"[^\n]*\n?")
_DIRECTIVE_LINE = re.compile(r" *@")
_NEW_DIRECTIVE = re.compile(r"\r?\n *@")
_PROSE_MARK = re.compile(r"[{},\s]")
_WORD = re.compile(r"[\w@$.-]+")
_CLOSER = {"{": "}", "[": "]", "<": ">", "(": ")"}


class Scanner:
    """Reads a text from left to right; raises `LapSyntaxError` for invalid text."""

    def __init__(self, text: str, file: str) -> None:
        """Start at the beginning of `text`, which must not contain control characters."""
        self._text = text
        self._file = file
        self._at = 0
        self._openers: list[int] = []
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", text))]
        if found := _FORBIDDEN.search(text):
            self._fail(found.start(), _complaint(found[0]), "UTF-8 text without control characters")

    # Positions and errors.

    def _position(self, index: int) -> Position:
        line = bisect_right(self._line_starts, index)
        return Position(line, index - self._line_starts[line - 1] + 1)

    def _fail(self, place: int | Position, message: str, expected: str) -> NoReturn:
        where = place if isinstance(place, Position) else self._position(place)
        source = _REST_OF_LINE.match(self._text, self._line_starts[where.line - 1])
        raise LapSyntaxError(
            self._file, where.line, where.column, message, expected, source[0] if source else ""
        )

    def _fail_here(self, expected: str) -> NoReturn:
        """Report what is here, or the unclosed bracket that includes everything up to here."""
        if self._openers and self._at >= len(self._text):
            self._fail_unclosed(self._openers[-1], "; the file looks truncated")
        if self._openers:
            opener = self._openers[-1]
            at = self._position(opener)
            expected += (
                f" (inside the {self._text[opener]!r} of line {at.line}, column {at.column})"
            )
        self._fail(self._at, f"unexpected {self._found()}", expected)

    def _fail_unclosed(self, opener: int, why: str = "") -> NoReturn:
        bracket = self._text[opener]
        self._fail(opener, f"{bracket!r} is never closed{why}", f"a matching {_CLOSER[bracket]!r}")

    def _found(self) -> str:
        if _LINE_END.match(self._text, self._at):
            return "end of file" if self._at >= len(self._text) else "end of line"
        word = _WORD.match(self._text, self._at)
        return quoted(word[0] if word else self._text[self._at])

    # Taking pieces of the text.

    def _peek(self, literal: str) -> bool:
        return self._text.startswith(literal, self._at)

    def _eat(self, literal: str) -> bool:
        found = self._peek(literal)
        self._at += len(literal) if found else 0
        return found

    def _try(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self._text, self._at)
        if not found:
            return None
        self._at = found.end()
        return found[0]

    def _take(self, pattern: re.Pattern[str], expected: str) -> str:
        taken = self._try(pattern)
        if taken is None:
            self._fail_here(expected)
        return taken

    def _spaces(self) -> str:
        return self._white(_SPACES)

    def _required_spaces(self, expected: str) -> str:
        gap = self._spaces()
        if not gap:
            self._fail_here(expected)
        return gap

    def _spaces_and_lines(self) -> str:
        """Take white space in braces, where a directive on a new line means an unclosed brace."""
        gap = self._white(_SPACES_AND_LINES)
        if "\n" in gap and self._peek("@"):
            self._fail_unclosed(self._openers[-1])
        return gap

    def _white(self, pattern: re.Pattern[str]) -> str:
        gap = self._take(pattern, "white space")
        if self._peek("\t"):
            self._fail(self._at, "a tab cannot separate anything here", "a space")
        return gap

    def _line_is_done(self) -> bool:
        """Whether only spaces remain in the line."""
        return _BLANK_REST.match(self._text, self._at) is not None

    def _newline(self) -> str:
        return self._take(_LINE_END, "the end of the line")

    def _value(self, expected: str) -> str:
        """Take the rest of the line, without the spaces at its end."""
        start = self._at
        value = self._take(_REST_OF_LINE, expected).rstrip(" ")
        self._at = start + len(value)
        if not value:
            self._fail_here(expected)
        return value

    def _value_over_lines(self, expected: str) -> str:
        """Take the rest of the line, and the lines after it until all its braces are closed."""
        start, open_braces = self._at, 0
        value = self._value(expected)
        for line in _REST_OF_LINE_AND_END.finditer(self._text, start):
            open_braces += line[0].count("{") - line[0].count("}")
            if open_braces <= 0:
                value = self._text[start : line.end()].rstrip(" \r\n")
                break
            if _DIRECTIVE_LINE.match(self._text, line.end()):
                break
        self._at = start + len(value)
        return value

    # Brackets.

    def _open(self, bracket: str) -> None:
        if not self._peek(bracket):
            self._fail_here(repr(bracket))
        self._openers.append(self._at)
        self._at += 1

    def _close(self, *instead: str) -> None:
        """Close the innermost bracket; `instead` is what would also be valid here."""
        closer = _CLOSER[self._text[self._openers[-1]]]
        if not self._eat(closer):
            self._fail_here(" or ".join((*instead, repr(closer))))
        self._openers.pop()

    def _prose(self, end: re.Pattern[str], expected: str) -> str:
        """Take free text up to `end` or the brace that closes the block; braces in it must balance.

        `end` must begin with a comma or white space. A line that begins with a directive ends
        any text, so that a missing brace does not include the rest of the document.
        """
        start, outside = self._at, len(self._openers)
        stop = len(self._text)
        for mark in _PROSE_MARK.finditer(self._text, start):
            nested = len(self._openers) > outside
            if mark[0] == "{":
                self._openers.append(mark.start())
            elif mark[0] == "}" and nested:
                self._openers.pop()
            elif (
                mark[0] == "}"
                or (not nested and end.match(self._text, mark.start()))
                or _NEW_DIRECTIVE.match(self._text, mark.start())
            ):
                stop = mark.start()
                break
        if len(self._openers) > outside:
            self._fail_unclosed(self._openers[-1])
        text = self._text[start:stop].rstrip(" \r\n")
        if not text:
            self._fail_here(expected)
        self._at = start + len(text)
        return text


def _complaint(character: str) -> str:
    if character == "\ufeff":
        return "the file begins with a byte order mark (U+FEFF)"
    if character == "\r":
        return "a carriage return (U+000D) without a line feed after it"
    kind = "half of a surrogate pair" if character >= "\ud800" else "control character"
    return f"{kind} (U+{ord(character):04X})"

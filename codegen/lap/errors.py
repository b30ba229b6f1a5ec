"""The error and the warning of the LAP reader."""

import re

_WIDTH = 96
_QUOTED = 40
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class LapSyntaxError(ValueError):
    """The text is not a LAP document; has the position, the reason and what would be valid."""

    def __init__(
        self, file: str, line: int, column: int, message: str, expected: str, source_line: str
    ) -> None:
        """Describe one mistake; line and column count from 1."""
        super().__init__(file, line, column, message, expected, source_line)
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.expected = expected
        self.source_line = source_line

    def __str__(self) -> str:
        """Return the position, the message, the source line with a caret, and what was expected."""
        shown, caret = _window(self.source_line, self.column - 1)
        return (
            f"{self.file}:{self.line}:{self.column}: {self.message}\n"
            f"{shown}\n{' ' * caret}^\nexpected: {self.expected}"
        )


class LapWarning(UserWarning):
    """The text can be read, but this reader does not understand a part of it."""

    def __init__(self, file: str, line: int, column: int, message: str) -> None:
        """Describe one problem; line and column count from 1."""
        super().__init__(file, line, column, message)
        self.file = file
        self.line = line
        self.column = column
        self.message = message

    def __str__(self) -> str:
        """Return the position and the message."""
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


def quoted(text: str) -> str:
    """Return `text` for use in a message: quoted, on one line and shortened."""
    return repr(text if len(text) <= _QUOTED else f"{text[: _QUOTED - 3]}...")


def _window(line: str, index: int) -> tuple[str, int]:
    """Return the part of `line` around `index` that fits a terminal, and the new index."""
    start = max(0, min(index - _WIDTH // 2, len(line) - _WIDTH))
    left = "..." if start else ""
    right = "..." if start + _WIDTH < len(line) else ""
    # One character replaces one character, so that the caret stays in its column.
    visible = _UNPRINTABLE.sub(
        lambda found: " " if found[0] == "\t" else "\N{REPLACEMENT CHARACTER}",
        line[start : start + _WIDTH],
    )
    return f"{left}{visible}{right}", index - start + len(left)

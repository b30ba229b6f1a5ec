"""Text for terminals: without control characters, and with readable sizes and times."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["counted", "one_line", "printable", "short_digest", "size", "time"]

_STEP = 1000
_HEX_SHOWN = 12


def counted(number: int, noun: str) -> str:
    """Return a number and a noun, such as ``1 image`` and ``2 images``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def printable(text: str) -> str:
    """Return the text with escape sequences in place of control characters.

    Names and descriptions come from the service, and a terminal would obey what they contain.
    """
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text
    )


def one_line(text: str) -> str:
    """Return the text on one line, without control characters."""
    return printable(" ".join(text.split()))


def short_digest(digest: str) -> str:
    """Return the beginning of a digest, such as ``sha256:0123456789ab``."""
    algorithm, _, digits = digest.partition(":")
    return f"{algorithm}:{digits[:_HEX_SHOWN]}"


def size(count: float | None) -> str:
    """Return a number of bytes as text, such as ``12.3 MB``; ``-`` for None."""
    if count is None:
        return "-"
    if count < _STEP:
        return f"{count:.0f} B"
    for unit in ("kB", "MB", "GB", "TB"):
        count /= _STEP
        if count < _STEP:
            return f"{count:.1f} {unit}"
    return f"{count / _STEP:.1f} PB"


def time(moment: datetime | None) -> str:
    """Return a time in UTC as text, such as ``2026-11-27 14:05``; ``-`` for None."""
    return "-" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"

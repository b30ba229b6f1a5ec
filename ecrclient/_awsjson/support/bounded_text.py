"""Shortens the text of errors that a peer or a caller could make arbitrarily long."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["MAX_MESSAGE", "MAX_NAME", "shorten", "summarize"]

MAX_NAME = 200
"""The most characters of a name in the text of an error."""
MAX_MESSAGE = 2000
"""The most characters of a service's message in the text of an error."""

_MAX_PROBLEMS = 8
_MAX_PROBLEM = 240


def shorten(text: str, limit: int) -> str:
    """The text, or its first *limit* characters and the number of the others."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}... ({len(text) - limit:,} more characters)"


def summarize(problems: Sequence[str]) -> str:
    """The first problems in one line, each shortened, and the number of the others."""
    listed = [shorten(problem, _MAX_PROBLEM) for problem in problems[:_MAX_PROBLEMS]]
    more = len(problems) - len(listed)
    if more:
        listed.append(f"and {more:,} more problem{'' if more == 1 else 's'}")
    return "; ".join(listed)

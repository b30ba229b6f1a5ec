"""Text in errors that a peer or a caller may make arbitrarily long."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["MAX_MESSAGE", "MAX_NAME", "shorten", "summarize"]

MAX_NAME = 200
"""Characters of a name in an error's text."""
MAX_MESSAGE = 2000
"""Characters of a service's message in an error's text."""

_MAX_PROBLEMS = 8
_MAX_PROBLEM = 240


def shorten(text: str, limit: int) -> str:
    """The text, or its first *limit* characters and how many follow."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}... ({len(text) - limit:,} more characters)"


def summarize(problems: Sequence[str]) -> str:
    """The first problems in one line, each shortened, and how many more there are."""
    listed = [shorten(problem, _MAX_PROBLEM) for problem in problems[:_MAX_PROBLEMS]]
    more = len(problems) - len(listed)
    if more:
        listed.append(f"and {more:,} more problem{'' if more == 1 else 's'}")
    return "; ".join(listed)

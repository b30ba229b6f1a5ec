"""Text in errors that a peer or a caller may make arbitrarily long."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["shorten", "summarize"]

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

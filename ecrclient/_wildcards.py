"""Patterns in which only ``*`` is special, as in those of ECR's API."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["matches"]


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches the whole text; ``*`` matches any characters."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))))

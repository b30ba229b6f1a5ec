"""Patterns in which ``*`` matches any sequence of characters, including an empty one."""

from __future__ import annotations

import re

__all__ = ["matches"]


def matches(pattern: str, text: str) -> bool:
    """Whether *pattern* matches the whole of *text*."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None

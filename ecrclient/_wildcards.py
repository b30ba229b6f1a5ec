"""Patterns in which only ``*`` is special, as in those of ECR's API."""

from __future__ import annotations

import re

__all__ = ["matches"]


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches the whole text; ``*`` matches any characters."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None

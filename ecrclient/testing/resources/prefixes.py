"""Prefixes of repository names in pull through cache rules and creation templates."""

from __future__ import annotations

__all__ = ["ROOT", "covers", "prefix_key"]

ROOT = "ROOT"
"""The prefix of every name."""


def prefix_key(prefix: str) -> str:
    """Return the key that stores a prefix: ``team`` and ``team/`` are the same prefix."""
    return prefix.removesuffix("/")


def covers(key: str, repository_name: str) -> bool:
    """Whether the name has the prefix, which must end at a ``/`` or at the end of the name."""
    return key == ROOT or repository_name.startswith(f"{key}/")

"""Prefixes of repository names, as pull through cache rules and creation templates have them."""

from __future__ import annotations

__all__ = ["ROOT", "covers", "prefix_key"]

ROOT = "ROOT"
"""The prefix of all names."""


def prefix_key(prefix: str) -> str:
    """What a prefix is kept under: ``team`` and ``team/`` are the same."""
    return prefix.removesuffix("/")


def covers(key: str, repository_name: str) -> bool:
    """Whether the name is under the prefix, which ends where a part of the name does."""
    return key == ROOT or repository_name.startswith(f"{key}/")

"""Tag patterns and prefixes of a rule: which tags they match, and how two of them relate.

A prefix is the pattern that ends with a wildcard. A ``*`` in a prefix is read as the character
itself, which no tag contains.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ecrclient.lifecycle.rules import LifecycleSelection

__all__ = ["TagPattern", "can_match_tag", "includes", "overlaps", "patterns_of", "tag_matcher"]

_TAG_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_TAG_REST = _TAG_START | frozenset(".-")
_MAX_TAG = 128
_ANY_TEXT = "\0"
"""The text of a wildcard where one pattern is compared with another."""


class TagPattern(NamedTuple):
    """A tag pattern as the literal texts between its wildcards."""

    shown: str
    """The pattern or prefix as the policy has it."""
    parts: tuple[str, ...]

    @property
    def has_wildcard(self) -> bool:
        """Whether it matches more than one tag."""
        return len(self.parts) > 1

    def compiled(self) -> re.Pattern[str]:
        """Return a regular expression for whole tags."""
        return re.compile(".*".join(map(re.escape, self.parts)), re.DOTALL)


def patterns_of(selection: LifecycleSelection) -> tuple[TagPattern, ...]:
    """Return the patterns and prefixes of a rule, each of which an image must match."""
    patterns = (TagPattern(one, tuple(one.split("*"))) for one in selection.tag_pattern_list or ())
    prefixes = (TagPattern(one, (one, "")) for one in selection.tag_prefix_list or ())
    return (*patterns, *prefixes)


def tag_matcher(selection: LifecycleSelection) -> Callable[[Sequence[str]], bool]:
    """Return a function that decides whether an image with some tags is one that a rule selects."""
    if selection.tag_status == "untagged":
        return lambda tags: not tags
    if selection.tag_status != "tagged":
        return lambda _: True
    compiled = [pattern.compiled() for pattern in patterns_of(selection)]
    return lambda tags: all(any(map(one.fullmatch, tags)) for one in compiled)


def includes(outer: TagPattern, inner: TagPattern) -> bool:
    """Whether every tag that *inner* matches is one that *outer* matches."""
    # The wildcards of outer must take in those of inner.
    return outer.compiled().fullmatch(_ANY_TEXT.join(inner.parts)) is not None


def overlaps(pattern: TagPattern, template: Iterable[frozenset[str]]) -> bool:
    """Whether a pattern matches a text that has, at each position, one character of a set."""
    symbols: list[str | None] = []  # None: a wildcard
    for number, part in enumerate(pattern.parts):
        symbols += [None, *part] if number else part
    # The numbers of symbols that the text so far can take up.
    reached = _skip_wildcards(symbols, {0})
    for allowed in template:
        following: set[int] = set()
        for position in reached:
            if position < len(symbols) and symbols[position] is None:
                following.add(position)
            elif position < len(symbols) and symbols[position] in allowed:
                following.add(position + 1)
        reached = _skip_wildcards(symbols, following)
    return len(symbols) in reached


def _skip_wildcards(symbols: Sequence[str | None], positions: set[int]) -> set[int]:
    """Add the positions that are reached if wildcards match nothing."""
    found = set(positions)
    for start in positions:
        position = start
        while position < len(symbols) and symbols[position] is None:
            position += 1
            found.add(position)
    return found


def can_match_tag(pattern: TagPattern) -> bool:
    """Whether a valid tag can match: 1 to 128 letters, digits and ``_.-``, no ``.-`` at the start.

    Source: "Pulling manifests" in the OCI Distribution Specification.
    """
    literals = "".join(pattern.parts)
    first = pattern.parts[0][:1]
    return (
        len(literals) <= _MAX_TAG
        and (pattern.has_wildcard or literals != "")
        and _TAG_REST.issuperset(literals)
        and (first == "" or first in _TAG_START)
    )

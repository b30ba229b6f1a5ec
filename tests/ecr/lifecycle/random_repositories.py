"""Random repositories and policies, of all kinds that AWS documents."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

from tests.ecr.lifecycle.repositories import Members, archive, expire, image

__all__ = ["Repository", "random_policy", "random_repository"]

TAGS = ("a", "b", "ab", "ba", "aab", "v1", "v2", "v10", "main-1", "main-2", "sha256-ab.sig")
PATTERNS = ("a*", "*b", "*a*", "v*", "v1*", "main-*", "*", "b", "^a", "^v", "^main", "^v1")


class Repository(NamedTuple):
    images: Sequence[Members]
    lists: Mapping[str, Sequence[str]]


def random_repository(chance: random.Random, *, days: int = 200) -> Repository:
    """Up to 15 images with different times in some days.

    Some are restored, listed by indexes, or artifacts.
    """
    # In half minutes, so that no image is exactly some days old.
    ages = [minutes / 1440 + 0.0001 for minutes in chance.sample(range(days * 1440), 60)]
    count = chance.randint(0, 15)
    names = [f"sha256:{number}" for number in range(count)]
    images: list[Members] = []
    for name in names:
        pushed = ages.pop()
        later = sorted((age for age in (ages.pop(), ages.pop()) if age < pushed), reverse=True)
        archived, restored = (*later, None, None)[:2] if chance.random() < 0.4 else (None, None)
        if chance.random() < 0.3:
            restored = None
        earlier = [one["imageDigest"] for one in images]
        images.append(
            image(
                name,
                *chance.sample(TAGS, chance.choice((0, 0, 1, 1, 2, 3))),
                pushed=pushed,
                pulled=chance.choice((None, ages.pop())),
                archived=archived,
                restored=restored,
                subject=chance.choice(earlier) if earlier and chance.random() < 0.15 else None,
            )
        )
    lists = {
        name: chance.sample(names, min(count, chance.randint(1, 3)))
        for name in names
        if chance.random() < 0.15
    }
    return Repository(
        images, {name: [one for one in listed if one != name] for name, listed in lists.items()}
    )


def random_policy(chance: random.Random, *, max_days: int = 150) -> Members:
    """Up to six rules that ECR accepts."""
    rules: list[Members] = []
    priorities = sorted(chance.sample(range(1, 30), 6))
    prefixes = [one for one in PATTERNS if one.startswith("^")]
    chance.shuffle(prefixes)
    patterns = [one for one in PATTERNS if not one.startswith("^")]
    for _ in range(chance.randint(0, 3)):
        tags = (
            [prefixes.pop()]
            if chance.random() < 0.3
            else chance.sample(patterns, chance.choice((1, 1, 2)))
        )
        rules.append(_random_rule(chance, priorities.pop(0), tags, max_days))
    for status, of_archive in product(("untagged", "any"), (False, True)):
        if chance.random() < 0.4 and len(priorities) > 1:
            rules.append(
                _random_rule(chance, priorities.pop(0), status, max_days, of_archive=of_archive)
            )
    if not rules:
        rules.append(_random_rule(chance, priorities.pop(0), "any", max_days))
    chance.shuffle(rules)
    return {"rules": rules}


def _random_rule(
    chance: random.Random,
    priority: int,
    tags: str | Sequence[str],
    max_days: int,
    *,
    of_archive: bool | None = None,
) -> Members:
    if of_archive is None:
        of_archive = chance.random() < 0.15 and isinstance(tags, list)
    if of_archive:
        return expire(priority, tags, f"archived {chance.randint(90, 150)}")
    limit = chance.choice(
        (f"count {chance.randint(1, 5)}", f"pushed {chance.randint(1, max_days)}")
    )
    if chance.random() < 0.6:
        return expire(priority, tags, limit)
    return archive(priority, tags, chance.choice((limit, f"pulled {chance.randint(1, max_days)}")))

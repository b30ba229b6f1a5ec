"""Agreement with the naive evaluator on random repositories and policies."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

from ecrclient.lifecycle import LifecyclePolicy
from tests.ecr.lifecycle import naive
from tests.ecr.lifecycle.repositories import NOW, Members, archive, expire, image

REPOSITORIES = 1_000
TAGS = ("a", "b", "ab", "ba", "aab", "v1", "v2", "v10", "main-1", "main-2", "sha256-ab.sig")
PATTERNS = ("a*", "*b", "*a*", "v*", "v1*", "main-*", "*", "b", "^a", "^v", "^main", "^v1")
DAYS = 200


class Repository(NamedTuple):
    images: Sequence[Members]
    lists: Mapping[str, Sequence[str]]


def random_repository(chance: random.Random) -> Repository:
    """Up to 15 images with different times; some restored, listed by indexes, or artifacts."""
    # In half minutes, so that no image is exactly some days old.
    ages = [minutes / 1440 + 0.0001 for minutes in chance.sample(range(DAYS * 1440), 60)]
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


def random_policy(chance: random.Random) -> Members:
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
        rules.append(random_rule(chance, priorities.pop(0), tags))
    for tags, of_archive in product(("untagged", "any"), (False, True)):
        if chance.random() < 0.4 and len(priorities) > 1:
            rules.append(random_rule(chance, priorities.pop(0), tags, of_archive=of_archive))
    if not rules:
        rules.append(random_rule(chance, priorities.pop(0), "any"))
    chance.shuffle(rules)
    return {"rules": rules}


def random_rule(
    chance: random.Random,
    priority: int,
    tags: str | Sequence[str],
    *,
    of_archive: bool | None = None,
) -> Members:
    if of_archive is None:
        of_archive = chance.random() < 0.15 and isinstance(tags, list)
    if of_archive:
        return expire(priority, tags, f"archived {chance.randint(90, 150)}")
    limit = chance.choice((f"count {chance.randint(1, 5)}", f"pushed {chance.randint(1, 150)}"))
    if chance.random() < 0.6:
        return expire(priority, tags, limit)
    return archive(priority, tags, chance.choice((limit, f"pulled {chance.randint(1, 150)}")))


def test_both_evaluators_agree_on_a_thousand_repositories() -> None:
    outcomes: Counter[str] = Counter()
    owners = 0
    for seed in range(REPOSITORIES):
        chance = random.Random(seed)
        repository, policy = random_repository(chance), random_policy(chance)
        parsed = LifecyclePolicy.parse(json.dumps(policy))
        preview = parsed.preview(repository.images, now=NOW, children=repository.lists)
        here = {
            one.digest: naive.Decision(
                one.outcome, one.rule if one.outcome in {"expire", "archive"} else None
            )
            for one in preview.images
        }
        expected = naive.decide(policy, repository.images, repository.lists, NOW)
        assert here == expected, f"seed {seed}"
        outcomes.update(one.outcome for one in expected.values())
        owners += sum(len(one.selected_by) > 1 for one in preview.images)
    # The repositories are of all kinds.
    assert min(outcomes[kind] for kind in ("expire", "archive", "keep", "protected")) > 200, (
        outcomes
    )
    assert outcomes["follow"] > 50, outcomes
    assert owners > 500

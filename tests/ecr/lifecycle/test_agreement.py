"""Agreement with the naive evaluator on random repositories and policies."""

from __future__ import annotations

import json
import random
from collections import Counter

from ecrclient.lifecycle import LifecyclePolicy
from tests.ecr.lifecycle import naive
from tests.ecr.lifecycle.random_repositories import random_policy, random_repository
from tests.ecr.lifecycle.repositories import NOW

REPOSITORIES = 1_000


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

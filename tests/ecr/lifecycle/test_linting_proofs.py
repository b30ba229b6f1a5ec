"""What the linter says about rules that never act, checked with images."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from ecrclient.lifecycle import LifecyclePolicy, LifecycleRule
from tests.ecr.lifecycle.random_repositories import random_policy, random_repository
from tests.ecr.lifecycle.repositories import NOW, Members, image

NEVER_ACTS = {"shadowed", "duplicate", "archive_after_expiry", "never_matches"}
SEEDS = range(1_000)


def policies() -> Iterator[tuple[int, LifecyclePolicy, set[int | None]]]:
    """Random policies with the rules that never act, as the linter says."""
    for seed in SEEDS:
        policy = LifecyclePolicy.parse(json.dumps(random_policy(random.Random(seed))))
        yield seed, policy, {one.rule for one in policy.lint() if one.code in NEVER_ACTS}


def test_rules_that_never_act_have_no_image_in_any_repository() -> None:
    reported = 0
    for seed, policy, idle in policies():
        reported += len(idle)
        repository = random_repository(random.Random(-seed))
        for rule in policy.preview(repository.images, now=NOW).rules:
            assert rule.owned == 0 or rule.priority not in idle, f"seed {seed}"
    assert reported > 100


def test_every_other_rule_has_an_image_in_some_repository() -> None:
    for seed, policy, idle in policies():
        for rule in policy.rules:
            owners = {policy.preview([one], now=NOW).images[0].rule for one in candidates(rule)}
            assert (rule.rule_priority in owners) != (rule.rule_priority in idle), f"seed {seed}"


def candidates(rule: LifecycleRule) -> Iterator[Members]:
    """Images that the rule selects, and that have as little else in common as possible."""
    selection = rule.selection
    archived = 100 if selection.storage_class == "archive" else None
    # No pattern has a Q, so it can only be the text of a wildcard.
    tags = [pattern.replace("*", "Q") for pattern in selection.tag_pattern_list or ()]
    tags += [f"{prefix}Q" for prefix in selection.tag_prefix_list or ()]
    if selection.tag_status in {"any", "untagged"}:
        yield image("untagged", pushed=200, archived=archived)
    if selection.tag_status != "untagged":
        yield image("tagged", *(tags or ["Q"]), pushed=200, archived=archived)

"""Labels and undetermined outcomes on random repositories: they cover what they are meant to."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import pytest

from ecrclient.lifecycle import Assumption, ImageOutcome, LifecyclePolicy
from tests.ecr.lifecycle import naive
from tests.ecr.lifecycle.random_repositories import Repository, random_policy, random_repository
from tests.ecr.lifecycle.repositories import NOW, Members

SEEDS = range(400)

READINGS: Mapping[Assumption, naive.Reading] = {
    "protected_counted": naive.Reading(protected_images_count=False),
    "referrers_counted": naive.Reading(artifacts_count=False),
    "day_boundary": naive.Reading(calendar_days=True),
    "restored_age": naive.Reading(age_from_push=True),
    "pulled_before_push": naive.Reading(push_after_pull=True),
    "archived_index": naive.Reading(archived_lists_protect="both"),
}


def cases(*, days: int = 200, max_days: int = 150) -> Iterator[tuple[int, Members, Repository]]:
    for seed in SEEDS:
        chance = random.Random(seed)
        repository = random_repository(chance, days=days)
        yield seed, random_policy(chance, max_days=max_days), repository


def outcomes(
    policy: Members, images: Sequence[Members], lists: Mapping[str, Sequence[str]]
) -> dict[str, ImageOutcome]:
    parsed = LifecyclePolicy.parse(json.dumps(policy))
    preview = parsed.preview(images, now=NOW, children=lists)
    return {one.digest: one for one in preview.images}


def decision(outcome: ImageOutcome) -> tuple[str, int | None]:
    acts = outcome.outcome in {"expire", "archive"}
    return outcome.outcome, outcome.rule if acts else None


def differ(outcome: ImageOutcome, other: naive.Decision) -> bool:
    """Whether something else happens; what keeps an image does not matter."""
    stays = {"keep", "protected"}
    return decision(outcome) != other and not stays.issuperset((outcome.outcome, other.outcome))


@pytest.mark.parametrize("code", READINGS)
def test_an_outcome_that_another_reading_changes_is_labelled(code: Assumption) -> None:
    changed = 0
    # Few days, so that many images are near a limit.
    near = {"days": 12, "max_days": 10} if code == "day_boundary" else {}
    for seed, policy, repository in cases(**near):
        here = outcomes(policy, repository.images, repository.lists)
        there = naive.decide(policy, repository.images, repository.lists, NOW, READINGS[code])
        for digest, outcome in here.items():
            if differ(outcome, there[digest]):
                changed += 1
                assert code in outcome.assumptions, f"seed {seed}, {digest}"
    assert changed > 5


def test_an_outcome_that_archived_indexes_without_protection_change_is_labelled() -> None:
    reading = naive.Reading(archived_lists_protect="nothing")
    changed = 0
    for seed, policy, repository in cases():
        here = outcomes(policy, repository.images, repository.lists)
        there = naive.decide(policy, repository.images, repository.lists, NOW, reading)
        for digest, outcome in here.items():
            if differ(outcome, there[digest]):
                changed += 1
                assert "archived_index" in outcome.assumptions, f"seed {seed}, {digest}"
    assert changed > 5


def test_two_readings_together_change_only_labelled_outcomes() -> None:
    reading = naive.Reading(protected_images_count=False, artifacts_count=False)
    for seed, policy, repository in cases():
        here = outcomes(policy, repository.images, repository.lists)
        there = naive.decide(policy, repository.images, repository.lists, NOW, reading)
        for digest, outcome in here.items():
            if differ(outcome, there[digest]):
                labels = {"protected_counted", "referrers_counted"}.intersection(
                    outcome.assumptions
                )
                assert labels, f"seed {seed}, {digest}"


def test_the_order_of_equal_times_changes_only_labelled_outcomes() -> None:
    changed = 0
    for seed, policy, repository in cases():
        # Two images at a time were pushed together.
        times = [image["imagePushedAt"] for image in repository.images][::2]
        images = [
            {**image, "imagePushedAt": times[number // 2]}
            for number, image in enumerate(repository.images)
        ]
        one = outcomes(policy, images, repository.lists)
        other = outcomes(policy, images[::-1], repository.lists)
        for digest, outcome in one.items():
            if decision(outcome) != decision(other[digest]):
                changed += 1
                assert "equal_times" in outcome.assumptions, f"seed {seed}, {digest}"
    assert changed > 5


@pytest.mark.parametrize("member", ["imagePushedAt", "imageStatus"])
def test_outcomes_without_a_member_are_those_for_every_value_of_it(member: str) -> None:
    """Either an outcome is undetermined, or it is the same whatever ECR did not send."""
    undetermined = determined = 0
    for seed, policy, repository in cases():
        if not repository.images:
            continue
        chance = random.Random(seed)
        number = chance.randrange(len(repository.images))
        image = repository.images[number]
        if member == "imageStatus":
            image = {**image, "lastArchivedAt": NOW - timedelta(days=chance.randint(1, 200))}
        images = list(repository.images)
        images[number] = {name: value for name, value in image.items() if name != member}
        found = outcomes(policy, images, repository.lists)
        undetermined += sum(one.outcome == "undetermined" for one in found.values())
        determined += sum(one.outcome in {"expire", "archive"} for one in found.values())
        values: Sequence[object] = ["ACTIVE", "ARCHIVED"]
        if member == "imagePushedAt":
            values = [NOW - timedelta(days=chance.uniform(0, 300)) for _ in range(4)]
        for value in values:
            images[number] = {**image, member: value}
            for digest, outcome in outcomes(policy, images, repository.lists).items():
                same = decision(found[digest]) == decision(outcome)
                assert same or found[digest].outcome == "undetermined", f"seed {seed}, {digest}"
    assert min(undetermined, determined) > 50

"""The documented cases, for the evaluator of the package and for the naive one."""

from __future__ import annotations

import json

import pytest

from ecrclient.lifecycle import LifecyclePolicy, LifecyclePreview
from tests.ecr.lifecycle import naive
from tests.ecr.lifecycle.documented import CASES, Case
from tests.ecr.lifecycle.repositories import NOW, policy_text

CASE = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def preview(case: Case) -> LifecyclePreview:
    policy = LifecyclePolicy.parse(policy_text(*case.rules))
    return policy.preview(case.images, now=NOW, children=case.lists)


def test_there_are_at_least_sixty_cases() -> None:
    assert len(CASES) >= 60
    assert len({(case.page, case.fact) for case in CASES.values()}) == len(CASES)


@CASE
def test_the_evaluator_agrees_with_the_documentation(case: Case) -> None:
    found = {
        one.digest: f"{one.outcome} {one.rule}"
        if one.outcome in {"expire", "archive"}
        else one.outcome
        for one in preview(case).images
    }
    assert {digest: text for digest, text in found.items() if text != "keep"} == case.expected


@CASE
def test_the_naive_evaluator_agrees_with_the_documentation(case: Case) -> None:
    policy = json.loads(policy_text(*case.rules))
    decisions = naive.decide(policy, case.images, case.lists, NOW)
    found = {
        digest: one.outcome if one.rule is None else f"{one.outcome} {one.rule}"
        for digest, one in decisions.items()
    }
    assert {digest: text for digest, text in found.items() if text != "keep"} == case.expected


@CASE
def test_the_outcome_does_not_depend_on_the_order_of_the_images(case: Case) -> None:
    turned = preview(case._replace(images=case.images[::-1]))
    assert {one.digest: (one.outcome, one.rule) for one in turned.images} == {
        one.digest: (one.outcome, one.rule) for one in preview(case).images
    }

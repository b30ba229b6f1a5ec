"""The linter of lifecycle policies: rules that probably do not do what they are meant to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from ecrclient.lifecycle.evaluation import evaluate
from ecrclient.lifecycle.image_facts import ImageDetails, read_images
from ecrclient.lifecycle.lint_checks import check_policy, check_rule
from ecrclient.lifecycle.lint_findings import LINT_CODES, LintFinding
from ecrclient.lifecycle.preview import checked_now
from ecrclient.lifecycle.rules import LifecycleRule, storage_class_of
from ecrclient.lifecycle.validation import Problem

__all__ = ["lint_rules"]


def lint_rules(
    rules: Sequence[LifecycleRule],
    problems: Sequence[Problem],
    image_details: ImageDetails | None = None,
    *,
    now: datetime | None = None,
) -> tuple[LintFinding, ...]:
    """Lint the rules of a policy; see `LifecyclePolicy.lint`.

    Args:
        rules: The rules.
        problems: Why ECR would refuse the policy.
        image_details: The images of the repository, if they are known.
        now: The time of the evaluation of the images; None: the current time.

    Raises:
        RequestValidationError: An argument is invalid.
    """
    in_order = sorted(rules, key=lambda rule: rule.rule_priority)
    findings = [
        LintFinding(code="refused", severity="error", rule=problem.rule, message=problem.text)
        for problem in problems
    ]
    findings += check_policy(in_order)
    for position, rule in enumerate(in_order):
        storage_class = storage_class_of(rule)
        before = [one for one in in_order[:position] if storage_class_of(one) == storage_class]
        findings += check_rule(rule, before)
    if image_details is not None:
        findings += _check_images(in_order, image_details, checked_now("lint", now))
    order = list(LINT_CODES)
    return tuple(sorted(findings, key=lambda one: (one.rule or 0, order.index(one.code))))


def _check_images(
    rules: Sequence[LifecycleRule], image_details: ImageDetails, now: datetime
) -> Iterator[LintFinding]:
    images = read_images("lint", image_details)
    for summary in evaluate(rules, images, now=now).rules:
        if not summary.selected:
            yield LintFinding(
                code="selects_nothing_now",
                severity="info",
                rule=summary.priority,
                message=f"it selects none of {len(images)} images",
            )
        elif not summary.owned:
            yield LintFinding(
                code="owns_nothing_now",
                severity="info",
                rule=summary.priority,
                message=f"it selects {summary.selected} of {len(images)} images, and earlier rules "
                "select all of those",
            )

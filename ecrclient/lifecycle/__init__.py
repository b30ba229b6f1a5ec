"""Lifecycle policies: rules that expire or archive images.

::

    policy = LifecyclePolicy.of(
        keep_last(10, tags=["v*"]),
        expire_after(14, tags="untagged"),
        expire_after(365, tags="any"),
    )
    await ecr.put_lifecycle_policy(repository_name="team/app", lifecycle_policy_text=policy)

A policy that ECR would refuse is refused before anything is sent, with the number of the rule.
`LifecyclePolicy.preview` evaluates a policy without the service, and `LifecyclePolicy.lint` reports
probable mistakes. ``docs/guides/lifecycle.md`` describes both.
"""

from __future__ import annotations

from ecrclient.lifecycle.assumptions import ASSUMPTIONS, Assumption
from ecrclient.lifecycle.common_rules import (
    archive_after,
    expire_after,
    expire_archived_after,
    keep_last,
)
from ecrclient.lifecycle.comparison import DifferenceKind, PreviewDifference, ServiceComparison
from ecrclient.lifecycle.errors import LifecyclePolicyError
from ecrclient.lifecycle.evaluation import Evaluation, evaluate
from ecrclient.lifecycle.image_facts import LifecycleImage
from ecrclient.lifecycle.lint_findings import LINT_CODES, LintCode, LintFinding, Severity
from ecrclient.lifecycle.outcomes import Action, Event, ImageOutcome, Outcome, RuleSummary
from ecrclient.lifecycle.policy import LifecyclePolicy
from ecrclient.lifecycle.preview import LifecyclePreview
from ecrclient.lifecycle.rules import LifecycleAction, LifecycleRule, LifecycleSelection

__all__ = [
    "ASSUMPTIONS",
    "LINT_CODES",
    "Action",
    "Assumption",
    "DifferenceKind",
    "Evaluation",
    "Event",
    "ImageOutcome",
    "LifecycleAction",
    "LifecycleImage",
    "LifecyclePolicy",
    "LifecyclePolicyError",
    "LifecyclePreview",
    "LifecycleRule",
    "LifecycleSelection",
    "LintCode",
    "LintFinding",
    "Outcome",
    "PreviewDifference",
    "RuleSummary",
    "ServiceComparison",
    "Severity",
    "archive_after",
    "evaluate",
    "expire_after",
    "expire_archived_after",
    "keep_last",
]

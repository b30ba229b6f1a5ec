"""The findings of the linter of lifecycle policies: codes, severities and messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

__all__ = ["LINT_CODES", "LintCode", "LintFinding", "Severity"]

Severity: TypeAlias = Literal["error", "warning", "info"]
"""``error``: ECR refuses the policy. ``warning``: the policy probably does not do what it is meant
to do. ``info``: correct in many policies, but often misunderstood."""

LintCode: TypeAlias = Literal[
    "archive_after_expiry",
    "archive_never_expires",
    "duplicate",
    "never_matches",
    "needs_all_patterns",
    "nothing_archives",
    "owns_nothing_now",
    "pattern_without_wildcard",
    "redundant_pattern",
    "refused",
    "removes_everything",
    "selects_children",
    "selects_nothing_now",
    "selects_referrers",
    "selects_signatures",
    "shadowed",
]
"""The code of a finding; `LINT_CODES` describes them."""

LINT_CODES: Mapping[LintCode, str] = MappingProxyType(
    {
        "refused": "ECR refuses the policy.",
        "never_matches": "No valid tag matches a pattern or prefix, so the rule selects no image.",
        "duplicate": "An earlier rule has the same selection, count and action.",
        "archive_after_expiry": "The rule archives images that an earlier rule expires.",
        "shadowed": "Earlier rules select every image that the rule selects, so it never acts.",
        "removes_everything": "The rule expires or archives all images by their age, including the"
        " newest one.",
        "selects_signatures": "The rule selects the tags of cosign, so signatures, attestations or"
        " SBOMs go on their own, or take the places of images.",
        "selects_referrers": "The rule selects reference artifacts without a tag, such as"
        " signatures.",
        "selects_children": "The rule selects the untagged images of multi-platform images.",
        "needs_all_patterns": "An image needs a matching tag for each of several patterns.",
        "redundant_pattern": "A pattern is implied by another one of the rule.",
        "pattern_without_wildcard": "A pattern without a wildcard matches one tag only.",
        "archive_never_expires": "The policy archives images, but no rule expires archived ones.",
        "nothing_archives": "The rule expires archived images, but no rule archives any.",
        "selects_nothing_now": "The rule selects none of the given images.",
        "owns_nothing_now": "Earlier rules select all of the given images that the rule selects.",
    }
)
"""The description of each code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """A probable mistake in a lifecycle policy."""

    code: LintCode
    severity: Severity
    rule: int | None
    """The priority of the rule; None: the policy as a whole."""
    message: str
    other_rules: tuple[int, ...] = ()
    """The priorities of the other rules that the message names."""

    def __str__(self) -> str:
        place = "" if self.rule is None else f"rule {self.rule}: "
        return f"{self.severity}: {place}{self.message} [{self.code}]"

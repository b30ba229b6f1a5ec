"""A lifecycle policy: build it, parse it, write it, preview it and lint it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Self

from ecrclient._awsjson.protocol.shapes import Structure
from ecrclient._awsjson.protocol.wire_serializer import to_wire_json
from ecrclient.lifecycle.errors import LifecyclePolicyError, check_type
from ecrclient.lifecycle.rules import LifecycleRule
from ecrclient.lifecycle.shape import read_document, shape_problems
from ecrclient.lifecycle.validation import MAX_TEXT, Problem, find_problems

if TYPE_CHECKING:
    from ecrclient.lifecycle.image_facts import ImageDetails
    from ecrclient.lifecycle.lint_findings import LintFinding
    from ecrclient.lifecycle.preview import LifecyclePreview

__all__ = ["LifecyclePolicy"]


class LifecyclePolicy(Structure, frozen=True):
    """The lifecycle policy of a repository.

    Pass it as ``lifecycle_policy_text``, or convert it to text with `to_json`.
    """

    rules: list[LifecycleRule]

    @classmethod
    def of(cls, *rules: LifecycleRule) -> Self:
        """Build a policy of 1 to 50 rules, which get priorities from 1 on in the given order.

        Raises:
            LifecyclePolicyError: ECR would refuse the policy, or an argument is not a rule.
        """
        for rule in rules:
            check_type(rule, LifecycleRule, "a rule must be a LifecycleRule")
        numbered = [
            rule.model_copy(update={"rule_priority": number})
            for number, rule in enumerate(rules, start=1)
        ]
        policy = cls(rules=numbered)
        policy.to_json()
        return policy

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a policy's text, such as the one that ``get_lifecycle_policy`` returns.

        Every member that ECR requires must be there: the defaults of the models apply only to
        policies built in Python. Unknown members are kept, since a newer version of the service may
        have set them; `to_json` refuses them in rules, selections and actions.

        Raises:
            LifecyclePolicyError: the text is not a string or not JSON, or a member is missing or
                has the wrong type.
        """
        check_type(text, str, "text must be a string")
        try:
            problems = shape_problems(read_document(text))
        except ValueError as error:
            raise LifecyclePolicyError([f"the text is not JSON: {error}"]) from None
        if problems:
            raise LifecyclePolicyError(problems)
        return cls.model_validate_json(text, by_alias=True, by_name=False)

    def to_json(self) -> str:
        """Return the policy as JSON text, without the members that are None.

        Raises:
            LifecyclePolicyError: ECR would refuse the policy.
        """
        text, problems = self._write()
        if problems:
            raise LifecyclePolicyError([*map(str, problems)])
        return text

    def preview(
        self,
        image_details: ImageDetails,
        *,
        now: datetime | None = None,
        children: Mapping[str, Iterable[str]] | None = None,
    ) -> LifecyclePreview:
        """Return what the policy would do to some images. Nothing is sent.

        ::

            details = await ecr.describe_images(repository_name="team/app").collect()
            for image in policy.preview(details).expiring:
                print(image.digest, image.reason)

        ``ecr.images("team/app").preview(policy)`` reads the images and the indexes, and can compare
        the result with ECR's preview.

        Args:
            image_details: All images of the repository, since rules count images: the items or the
                pages of ``describe_images``, or dictionaries with the members of ``ImageDetail``.
            now: The time of the evaluation, with a time zone. None: the current time.
            children: For the digest of each index, the digests of the manifests that it lists; ECR
                does not expire an image that an index lists. None: the indexes are unknown.

        Raises:
            LifecyclePolicyError: ECR would refuse the policy.
            RequestValidationError: An argument is invalid.
        """
        from ecrclient.lifecycle.preview import preview_rules

        self.to_json()
        return preview_rules(self.rules, image_details, now=now, children=children)

    def lint(
        self, image_details: ImageDetails | None = None, *, now: datetime | None = None
    ) -> tuple[LintFinding, ...]:
        """Return what is probably a mistake in the policy, by rule. Nothing is sent.

        ``LINT_CODES`` describes the codes of the findings. The severity ``error`` means that ECR
        would refuse the policy.

        Args:
            image_details: As for `preview`; with them, rules that have no image are reported.
            now: As for `preview`.

        Raises:
            RequestValidationError: An argument is invalid.
        """
        from ecrclient.lifecycle.linting import lint_rules

        return lint_rules(self.rules, self._write()[1], image_details, now=now)

    def _write(self) -> tuple[str, list[Problem]]:
        """Return the policy's text, and the problems for which ECR would refuse it."""
        problems = [*find_problems(self.rules)]
        text = to_wire_json(self, exclude_unset=False).decode()
        if len(text) > MAX_TEXT:
            length = f"the text has {len(text):,} characters; the maximum is {MAX_TEXT:,}"
            problems.append(Problem(None, length))
        return text, problems

"""Lifecycle policies: rules that expire or archive images.

::

    policy = LifecyclePolicy.of(
        keep_last(10, tags=["v*"]),
        expire_after(14, tags="untagged"),
        expire_after(365, tags="any"),
    )
    await ecr.put_lifecycle_policy(repository_name="team/app", lifecycle_policy_text=policy)

A policy that ECR would refuse is refused before anything is sent, with the number of the rule.

Sources, all but the last in the Amazon ECR User Guide: "Lifecycle policy properties in Amazon ECR";
"Automate the cleanup of images by using lifecycle policies in Amazon ECR" for untagged images,
``any`` and tag prefixes, each for one storage class; "Examples of lifecycle policies in Amazon ECR"
and "Archiving an image in Amazon ECR" for the count types of the archive; "Amazon ECR service
quotas" for the number of rules; the service's model for the length of the text.
The guide does not document that ECR refuses unknown members and nulls, but the service does. An
upper limit of the numbers, unknown members beside ``rules``, and tag prefixes that begin with
another tag prefix are not documented: they are allowed here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Literal, Self

from pydantic import ValidationError

from ecrclient._awsjson.protocol.scalars import OpenEnum
from ecrclient._awsjson.protocol.shapes import Structure
from ecrclient._awsjson.protocol.wire_serializer import to_wire_json
from ecrclient._lifecycle_shape import read_document, shape_problems
from ecrclient.errors import ECRClientError

__all__ = [
    "LifecycleAction",
    "LifecyclePolicy",
    "LifecyclePolicyError",
    "LifecycleRule",
    "LifecycleSelection",
    "archive_after",
    "expire_after",
    "expire_archived_after",
    "keep_last",
]

_MAX_TEXT = 30_720
_MAX_RULES = 50
_MAX_WILDCARDS = 4
_MIN_DAYS_ARCHIVED = 90

Tags = Literal["any", "untagged"] | Sequence[str]
"""The images that a rule selects: all of them, those without a tag, or those that have, for each of
the patterns, a tag that matches it. ``*`` in a pattern matches any characters."""


class LifecyclePolicyError(ECRClientError, ValueError):
    """A lifecycle policy that ECR would refuse, or an argument that no policy can have."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        """The reasons, each with the number of its rule."""
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "; ".join(self.problems)


class LifecycleSelection(Structure, frozen=True):
    """The images that a rule selects."""

    tag_status: Annotated[Literal["tagged", "untagged", "any"] | str, OpenEnum()]
    tag_pattern_list: list[str] | None = None
    """Patterns, in which ``*`` matches any characters; an image needs a match for each of them."""
    tag_prefix_list: list[str] | None = None
    """Prefixes of tags; an image needs a match for each of them."""
    storage_class: Annotated[Literal["standard", "archive"] | str, OpenEnum()] | None = None
    count_type: Annotated[
        Literal[
            "imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"
        ]
        | str,
        OpenEnum(),
    ]
    count_unit: Annotated[Literal["days"] | str, OpenEnum()] | None = None
    count_number: int


class LifecycleAction(Structure, frozen=True):
    """The action on the selected images."""

    type: Annotated[Literal["expire", "transition"] | str, OpenEnum()] = "expire"
    target_storage_class: Annotated[Literal["archive"] | str, OpenEnum()] | None = None


class LifecycleRule(Structure, frozen=True):
    """One rule. Rules apply in the order of their priorities, the lowest number first."""

    rule_priority: int = 1
    """The rule's number, at least 1; `LifecyclePolicy.of` assigns it."""
    description: str | None = None
    selection: LifecycleSelection
    action: LifecycleAction = LifecycleAction()


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
            _check(rule, LifecycleRule, "a rule must be a LifecycleRule")
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
        _check(text, str, "text must be a string")
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
        problems = [*_problems_of(self.rules)]
        text = to_wire_json(self, exclude_unset=False).decode()
        if len(text) > _MAX_TEXT:
            problems.append(f"the text has {len(text):,} characters; the maximum is {_MAX_TEXT:,}")
        if problems:
            raise LifecyclePolicyError(problems)
        return text


# -- common rules; LifecyclePolicy.of checks their limits -----------------------------------------


def keep_last(count: int, *, tags: Tags, description: str | None = None) -> LifecycleRule:
    """Expire all selected images except the *count* most recently pushed ones.

    Args:
        count: The number of images to keep, at least 1.
        tags: The images that the rule selects: ``"any"``, ``"untagged"`` or tag patterns.
        description: A description for people.

    Raises:
        LifecyclePolicyError: an argument has the wrong type.
    """
    return _rule(_selection(tags, "imageCountMoreThan", count), description)


def expire_after(days: int, *, tags: Tags, description: str | None = None) -> LifecycleRule:
    """Expire images *days* days after they were pushed.

    Args:
        days: The number of days, at least 1.
        tags: The images that the rule selects: ``"any"``, ``"untagged"`` or tag patterns.
        description: A description for people.

    Raises:
        LifecyclePolicyError: an argument has the wrong type.
    """
    return _rule(_selection(tags, "sinceImagePushed", days), description)


def archive_after(
    days: int,
    *,
    tags: Tags,
    since: Literal["pushed", "pulled"] = "pulled",
    description: str | None = None,
) -> LifecycleRule:
    """Archive images *days* days after they were pushed or last pulled.

    Args:
        days: The number of days, at least 1.
        tags: The images that the rule selects: ``"any"``, ``"untagged"`` or tag patterns.
        since: The event from which the days are counted.
        description: A description for people.

    Raises:
        LifecyclePolicyError: an argument has the wrong type, or *since* is another string.
    """
    if since not in ("pushed", "pulled"):
        raise LifecyclePolicyError([f"since must be pushed or pulled, not {since!r:.40}"])
    count_type = "sinceImagePushed" if since == "pushed" else "sinceImagePulled"
    archive = LifecycleAction(type="transition", target_storage_class="archive")
    return _rule(_selection(tags, count_type, days), description, archive)


def expire_archived_after(
    days: int, *, tags: Tags, description: str | None = None
) -> LifecycleRule:
    """Expire archived images *days* days after they were archived.

    Args:
        days: The number of days, at least 90.
        tags: The images that the rule selects: ``"any"``, ``"untagged"`` or tag patterns.
        description: A description for people.

    Raises:
        LifecyclePolicyError: an argument has the wrong type.
    """
    selection = _selection(tags, "sinceImageTransitioned", days, storage_class="archive")
    return _rule(selection, description)


def _rule(
    selection: LifecycleSelection, description: str | None, action: LifecycleAction | None = None
) -> LifecycleRule:
    with _readable():
        return LifecycleRule(
            description=description, selection=selection, action=action or LifecycleAction()
        )


def _selection(
    tags: Tags, count_type: str, number: int, *, storage_class: str | None = None
) -> LifecycleSelection:
    _check(tags, Iterable, "tags must be any, untagged or tag patterns")
    patterns = None if isinstance(tags, str) else list(tags)
    with _readable():
        return LifecycleSelection(
            tag_status=tags if isinstance(tags, str) else "tagged",
            tag_pattern_list=patterns,
            storage_class=storage_class,
            count_type=count_type,
            count_unit=None if count_type == "imageCountMoreThan" else "days",
            count_number=number,
        )


@contextmanager
def _readable() -> Generator[None]:
    """Translate pydantic's errors into `LifecyclePolicyError`."""
    try:
        yield
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
            for problem in error.errors(include_url=False)
        ]
        raise LifecyclePolicyError(problems) from None


def _check(value: object, kind: type, problem: str) -> None:
    if not isinstance(value, kind):
        raise LifecyclePolicyError([f"{problem}, not an object of type {type(value).__name__}"])


def _problems_of(rules: Sequence[LifecycleRule]) -> Iterator[str]:
    if not rules:
        yield "a policy needs a rule"
    if len(rules) > _MAX_RULES:
        yield f"a policy has at most {_MAX_RULES} rules, not {len(rules)}"
    for rule in rules:
        for problem in (*_unknown_members(rule), *_in_selection(rule.selection), *_in_rule(rule)):
            yield f"rule {rule.rule_priority}: {problem}"
    for number, count in Counter(rule.rule_priority for rule in rules).items():
        if count > 1:
            yield f"rule {number}: {count} rules have this priority"
    for storage_class in ("standard", "archive"):
        yield from _among(
            [rule for rule in rules if _storage_class(rule) == storage_class], storage_class
        )


def _storage_class(rule: LifecycleRule) -> str:
    return rule.selection.storage_class or "standard"


def _among(rules: Sequence[LifecycleRule], storage_class: str) -> Iterator[str]:
    """The conflicts between the rules of one storage class."""
    last = max((rule.rule_priority for rule in rules), default=0)
    untagged: int | None = None
    first_with: dict[str, int] = {}
    for rule in rules:
        number, selection = rule.rule_priority, rule.selection
        if selection.tag_status == "any" and number != last:
            yield (
                f"rule {number}: tag status any must have the highest priority number of the "
                f"storage class {storage_class}, {last} is higher"
            )
        if selection.tag_status == "untagged":
            if untagged is not None:
                yield (
                    f"rule {number}: only one rule of the storage class {storage_class} can select "
                    f"untagged images, rule {untagged} does"
                )
            untagged = number
        for prefix in dict.fromkeys(selection.tag_prefix_list or ()):
            if prefix in first_with:
                yield (
                    f"rule {number}: tag prefix {prefix} must be in only one rule of the storage "
                    f"class {storage_class}, rule {first_with[prefix]} has it"
                )
            first_with.setdefault(prefix, number)


def _unknown_members(rule: LifecycleRule) -> Iterator[str]:
    for place, part in (("", rule), ("selection.", rule.selection), ("action.", rule.action)):
        for member in part.model_extra or ():
            yield f"{place}{member} is not a member of a lifecycle policy"


def _in_rule(rule: LifecycleRule) -> Iterator[str]:
    if rule.rule_priority < 1:
        yield "the priority must be at least 1"
    action = rule.action
    if action.type not in {"expire", "transition"}:
        yield f"action type must be expire or transition, not {action.type}"
    if action.type == "transition" and action.target_storage_class != "archive":
        yield "a transition needs the target storage class archive"
    if action.type == "expire" and action.target_storage_class is not None:
        yield "only a transition has a target storage class"
    if action.type == "transition" and rule.selection.storage_class == "archive":
        yield "an archived image cannot be moved to the archive"
    if action.type == "expire" and rule.selection.count_type == "sinceImagePulled":
        yield "sinceImagePulled needs the action transition, not expire"


def _in_selection(selection: LifecycleSelection) -> Iterator[str]:
    yield from _in_tags(selection)
    kind = selection.count_type
    if selection.count_number < 1:
        yield "the count number must be at least 1"
    elif kind == "sinceImageTransitioned" and selection.count_number < _MIN_DAYS_ARCHIVED:
        yield (
            f"the count number of {kind} must be at least {_MIN_DAYS_ARCHIVED}, not "
            f"{selection.count_number}"
        )
    if kind == "imageCountMoreThan":
        if selection.count_unit is not None:
            yield "a count of images has no unit"
    elif kind in {"sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"}:
        if selection.count_unit != "days":
            yield f"{kind} is counted in days"
    else:
        yield f"{kind} is not a count type"
    if (kind == "sinceImageTransitioned") != (selection.storage_class == "archive"):
        yield "storage class archive and count type sinceImageTransitioned go together"
    if selection.storage_class not in {None, "standard", "archive"}:
        yield f"{selection.storage_class} is not a storage class"


def _in_tags(selection: LifecycleSelection) -> Iterator[str]:
    patterns, prefixes = selection.tag_pattern_list, selection.tag_prefix_list
    match selection.tag_status:
        case "tagged":
            if bool(patterns) == bool(prefixes) or (patterns is not None and prefixes is not None):
                yield "tag status tagged needs either patterns or prefixes"
        case "untagged" | "any" as status:
            if patterns is not None or prefixes is not None:
                yield f"tag status {status} must not have patterns or prefixes"
        case status:
            yield f"{status} is not a tag status"
    for pattern in patterns or ():
        if not pattern:
            yield "a tag pattern is empty"
        if pattern.count("*") > _MAX_WILDCARDS:
            yield f"tag pattern {pattern} has more than {_MAX_WILDCARDS} wildcards"
    if any(not prefix for prefix in prefixes or ()):
        yield "a tag prefix is empty"

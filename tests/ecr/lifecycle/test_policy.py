"""Lifecycle policies: building, parsing, validating and sending them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecrclient import ECRClient, RequestValidationError
from ecrclient.errors import InvalidParameterException
from ecrclient.lifecycle import (
    LifecycleAction,
    LifecyclePolicy,
    LifecyclePolicyError,
    LifecycleRule,
    LifecycleSelection,
    archive_after,
    expire_after,
    expire_archived_after,
    keep_last,
)
from ecrclient.testing import InMemoryECR
from tests.tools.scripted import Scripted, client, ok

POLICY = LifecyclePolicy.of(
    keep_last(10, tags=["v*", "*-ok"], description="Releases"),
    archive_after(90, tags=["main-*"]),
    expire_archived_after(365, tags="any"),
    expire_after(14, tags="untagged"),
    expire_after(400, tags="any"),
)
TEXT = {
    "rules": [
        {
            "rulePriority": 1,
            "description": "Releases",
            "selection": {
                "tagStatus": "tagged",
                "tagPatternList": ["v*", "*-ok"],
                "countType": "imageCountMoreThan",
                "countNumber": 10,
            },
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 2,
            "selection": {
                "tagStatus": "tagged",
                "tagPatternList": ["main-*"],
                "countType": "sinceImagePulled",
                "countUnit": "days",
                "countNumber": 90,
            },
            "action": {"type": "transition", "targetStorageClass": "archive"},
        },
        {
            "rulePriority": 3,
            "selection": {
                "tagStatus": "any",
                "storageClass": "archive",
                "countType": "sinceImageTransitioned",
                "countUnit": "days",
                "countNumber": 365,
            },
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 4,
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": 14,
            },
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 5,
            "selection": {
                "tagStatus": "any",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": 400,
            },
            "action": {"type": "expire"},
        },
    ]
}


def test_members_that_are_none_are_omitted() -> None:
    assert json.loads(POLICY.to_json()) == TEXT


def test_parsing_a_text() -> None:
    assert LifecyclePolicy.parse(json.dumps(TEXT)) == POLICY


def test_unknown_members_of_a_policy_are_kept() -> None:
    text = json.dumps({"rules": TEXT["rules"], "later": {"a": 1}})
    assert json.loads(LifecyclePolicy.parse(text).to_json())["later"] == {"a": 1}


def test_a_rule_with_unknown_members_is_parsed_but_not_serialized() -> None:
    first, *_ = TEXT["rules"]
    policy = LifecyclePolicy.parse(json.dumps({"rules": [{**first, "later": 1}]}))
    assert policy.rules[0].model_extra == {"later": 1}
    with pytest.raises(LifecyclePolicyError) as refused:
        policy.to_json()
    assert refused.value.problems == ("rule 1: later is not a member of a lifecycle policy",)


def test_only_the_builder_fills_in_the_priority_and_the_action() -> None:
    selection = LifecycleSelection(
        tag_status="untagged", count_type="imageCountMoreThan", count_number=5
    )
    built = LifecyclePolicy(rules=[LifecycleRule(selection=selection)])
    text = json.loads(built.to_json())
    assert (text["rules"][0]["rulePriority"], text["rules"][0]["action"]) == (1, {"type": "expire"})
    for member in ("rulePriority", "action"):
        rules = [{name: value for name, value in text["rules"][0].items() if name != member}]
        with pytest.raises(LifecyclePolicyError, match=f"{member} is missing"):
            LifecyclePolicy.parse(json.dumps({"rules": rules}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the text is not JSON: EOF while parsing an object at line 1 column 1"),
        ("\ud800", "the text is not JSON: 'utf-8' codec can't encode"),
        ("[]", "the policy must be an object, not []"),
        ("{}", "the member rules is missing"),
        ('{"rules":[{"rulePriority":1}]}', "rule 1: selection is missing; rule 1: action is"),
        (
            '{"rules":[{"rulePriority":"x","selection":{}}]}',
            'rule at position 1: rulePriority must be an integer, not "x"',
        ),
        ('{"rules":[{"rulePriority":' + "9" * 50 + ".5}]}", "not 1e+50"),
        ('{"rules":"' + "x" * 50 + '"}', "..."),
    ],
)
def test_an_invalid_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(LifecyclePolicyError) as refused:
        LifecyclePolicy.parse(text)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "kind"), [(None, "NoneType"), (TEXT, "dict"), (b"{}", "bytes"), (1, "int")]
)
def test_a_text_that_is_not_a_string_is_refused(text: Any, kind: str) -> None:
    with pytest.raises(LifecyclePolicyError) as refused:
        LifecyclePolicy.parse(text)
    assert refused.value.problems == (f"text must be a string, not an object of type {kind}",)


def rule(
    number: int = 1, *, action: LifecycleAction | None = None, **selection: Any
) -> LifecycleRule:
    chosen: dict[str, Any] = {
        "tag_status": "untagged",
        "count_type": "imageCountMoreThan",
        "count_number": 5,
        **selection,
    }
    return LifecycleRule(
        rule_priority=number,
        selection=LifecycleSelection(**chosen),
        action=action or LifecycleAction(),
    )


ARCHIVE = LifecycleAction(type="transition", target_storage_class="archive")
DAYS: dict[str, Any] = {"count_type": "sinceImagePushed", "count_unit": "days"}


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ([], "a policy needs a rule"),
        ([rule(7, count_number=0)], "rule 7: the count number must be at least 1"),
        ([rule(0)], "rule 0: the priority must be at least 1"),
        ([rule(3), rule(3, **DAYS)], "rule 3: 2 rules have this priority"),
        (
            [rule(1, tag_status="any"), rule(2)],
            "rule 1: tag status any must have the highest priority number",
        ),
        (
            [rule(tag_status="tagged")],
            "rule 1: tag status tagged needs either patterns or prefixes",
        ),
        (
            [rule(tag_status="tagged", tag_pattern_list=["a"], tag_prefix_list=["a"])],
            "rule 1: tag status tagged needs either patterns or prefixes",
        ),
        ([rule(tag_pattern_list=["a"])], "rule 1: tag status untagged must not have patterns"),
        (
            [rule(tag_status="any", tag_prefix_list=[])],
            "rule 1: tag status any must not have patterns",
        ),
        ([rule(tag_status="old")], "rule 1: old is not a tag status"),
        (
            [rule(tag_status="tagged", tag_pattern_list=["*a*b*c*d*"])],
            "rule 1: tag pattern *a*b*c*d* has more than 4 wildcards",
        ),
        ([rule(tag_status="tagged", tag_pattern_list=[""])], "rule 1: a tag pattern is empty"),
        ([rule(tag_status="tagged", tag_prefix_list=[""])], "rule 1: a tag prefix is empty"),
        ([rule(count_unit="days")], "rule 1: a count of images has no unit"),
        ([rule(count_type="sinceImagePushed")], "rule 1: sinceImagePushed is counted in days"),
        (
            [rule(count_type="sinceImagePushed", count_unit="weeks")],
            "rule 1: sinceImagePushed is counted in days",
        ),
        ([rule(count_type="size")], "rule 1: size is not a count type"),
        (
            [rule(storage_class="archive")],
            "rule 1: storage class archive and count type sinceImageTransitioned go together",
        ),
        (
            [rule(count_type="sinceImageTransitioned", count_unit="days")],
            "rule 1: storage class archive and count type sinceImageTransitioned go together",
        ),
        ([rule(storage_class="cold")], "rule 1: cold is not a storage class"),
        ([rule(action=LifecycleAction(type="delete"))], "rule 1: action type must be"),
        (
            [rule(action=LifecycleAction(type="transition"))],
            "rule 1: a transition needs the target storage class archive",
        ),
        (
            [rule(action=LifecycleAction(target_storage_class="archive"))],
            "rule 1: only a transition has a target storage class",
        ),
        (
            [
                rule(
                    count_type="sinceImageTransitioned",
                    count_unit="days",
                    storage_class="archive",
                    action=ARCHIVE,
                )
            ],
            "rule 1: an archived image cannot be moved to the archive",
        ),
        (
            [rule(number).model_copy(update={"description": "x" * 999}) for number in range(1, 40)],
            "characters; the maximum is 30,720",
        ),
    ],
)
def test_a_policy_that_ecr_would_refuse(rules: list[LifecycleRule], problem: str) -> None:
    with pytest.raises(LifecyclePolicyError) as refused:
        LifecyclePolicy(rules=rules).to_json()
    assert problem in str(refused.value)


def test_every_problem_is_reported() -> None:
    with pytest.raises(LifecyclePolicyError) as refused:
        LifecyclePolicy.of(rule(count_unit="days"), rule(count_number=0, tag_status="any"))
    assert refused.value.problems == (
        "rule 1: a count of images has no unit",
        "rule 2: the count number must be at least 1",
    )


TAGS = st.lists(st.from_regex(r"\A[a-z]{1,9}\*?\Z"), min_size=1, max_size=5)
DAY = st.integers(1, 999)
DAY_ARCHIVED = st.integers(90, 999)
RULES = st.one_of(
    st.tuples(DAY, TAGS).map(lambda drawn: keep_last(drawn[0], tags=drawn[1])),
    st.tuples(DAY, TAGS).map(lambda drawn: archive_after(drawn[0], tags=drawn[1])),
    st.tuples(DAY_ARCHIVED, TAGS).map(lambda drawn: expire_archived_after(drawn[0], tags=drawn[1])),
)
# A storage class can have one of each, and the one for any tag must be last.
LAST_RULES = st.lists(
    st.sampled_from(
        [
            expire_after(1, tags="untagged"),
            expire_archived_after(90, tags="untagged"),
            keep_last(9, tags="any"),
            expire_archived_after(90, tags="any"),
        ]
    ),
    unique_by=id,
)


@given(st.lists(RULES, min_size=1, max_size=10), LAST_RULES)
def test_a_serialized_policy_parses_back(
    rules: list[LifecycleRule], last: list[LifecycleRule]
) -> None:
    rules += sorted(last, key=lambda one: one.selection.tag_status == "any")
    policy = LifecyclePolicy.of(*rules)
    assert LifecyclePolicy.parse(policy.to_json()) == policy
    assert [one.rule_priority for one in policy.rules] == list(range(1, len(rules) + 1))


# -- sending --------------------------------------------------------------------------------------


@pytest.mark.anyio
@pytest.mark.parametrize("document", [POLICY, TEXT, POLICY.to_json()], ids=["model", "dict", "str"])
async def test_a_policy_may_be_a_model_a_dictionary_or_a_text(document: Any) -> None:
    async with InMemoryECR().client() as ecr:
        await ecr.create_repository(repository_name="ab")
        await ecr.put_lifecycle_policy(repository_name="ab", lifecycle_policy_text=document)
        stored = await ecr.get_lifecycle_policy(repository_name="ab")
    assert LifecyclePolicy.parse(stored.lifecycle_policy_text) == POLICY


@pytest.mark.anyio
async def test_a_repository_policy_may_be_a_dictionary() -> None:
    transport = Scripted(ok(), ok())
    ecr = client(transport)
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "é", "Effect": "Allow"}]}

    await ecr.set_repository_policy(repository_name="ab", policy_text=policy)
    await ecr.repository("ab").set_repository_policy(policy_text=policy)

    text = '{"Version":"2012-10-17","Statement":[{"Sid":"é","Effect":"Allow"}]}'
    assert [body["policyText"] for body in transport.bodies] == [text, text]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("document", "message"),
    [
        (LifecyclePolicy(rules=[rule(7, count_number=0)]), "rule 7: the count number must be"),
        ({"rules": object()}, "cannot be written as JSON"),
        ({"rules": float("nan")}, "cannot be written as JSON"),
        (7, "Input should be a valid string, not int"),
        ({}, "at least 100 characters"),
    ],
)
async def test_an_invalid_policy_is_refused_before_it_is_sent(document: Any, message: str) -> None:
    transport = Scripted()
    with pytest.raises(RequestValidationError) as refused:
        await client(transport).put_lifecycle_policy(
            repository_name="ab", lifecycle_policy_text=document
        )
    assert str(refused.value).startswith("put_lifecycle_policy: lifecycle_policy_text: ")
    assert message in str(refused.value)
    assert "Value error" not in str(refused.value)
    assert transport.requests == []


@pytest.mark.anyio
async def test_the_in_memory_registry_refuses_an_invalid_policy() -> None:
    async def put(ecr: ECRClient, text: str) -> None:
        await ecr.put_lifecycle_policy(repository_name="ab", lifecycle_policy_text=text)

    wrong = POLICY.to_json().replace('"countNumber":10', '"countUnit":"days","countNumber":10')
    async with InMemoryECR().client() as ecr:
        await ecr.create_repository(repository_name="ab")
        with pytest.raises(InvalidParameterException, match="Lifecycle policy validation failure"):
            await put(ecr, wrong)

"""Unions: one member from a caller, any from the service."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from pydantic import ValidationError

from ecrclient._awsjson.protocol.shapes import Limits, Request, Response, Str, pascal_case
from ecrclient._awsjson.protocol.unions import Union


class Value(Union, alias_generator=pascal_case, frozen=True):
    text: Str | None = None
    count: int | None = None
    values: list[Value] | None = None
    named: dict[Str, Value] | None = None


class Answer(Response, frozen=True):
    value: Value | None = None


class Ask(Request[Answer], frozen=True):
    value: Value
    more: list[Value] | None = None


def built(**members: Any) -> Ask:
    return Ask(**members)


def problems(error: ValidationError) -> list[tuple[tuple[int | str, ...], str]]:
    return [(found["loc"], found["msg"]) for found in error.errors()]


def test_a_caller_sets_exactly_one_member() -> None:
    assert Value(text="").text == ""
    assert Value(count=0, text=None).count == 0
    assert built(value={"values": [{"text": "a"}, Value(count=1)]}).value.values is not None


def test_every_place_with_another_number_is_reported() -> None:
    with pytest.raises(ValidationError) as caught:
        built(
            value={"values": [{"text": "a"}, {"named": {"x": {}}}]},
            more=[{"text": "a", "count": 1}, {"text": "a"}, {"none": 1}],
        )
    assert problems(caught.value)[:2] == [
        (
            ("value", "values", 1, "named", "x"),
            "must have exactly one of the members text, count, values, named",
        ),
        (("more", 0), "must have exactly one member, not 2: text, count"),
    ]
    assert problems(caught.value)[2][0] == ("more", 2, "none")


def test_many_members_are_shortened() -> None:
    class Wide(Union, frozen=True):
        a_member_with_a_name_of_which_the_first_characters_are_the_same_for_every_member_1: int = 1
        a_member_with_a_name_of_which_the_first_characters_are_the_same_for_every_member_2: int = 1
        a_member_with_a_name_of_which_the_first_characters_are_the_same_for_every_member_3: int = 1

    with pytest.raises(ValidationError, match=r"\.\.\. \(\d+ more characters\)"):
        Wide()


@pytest.mark.parametrize(
    "body", ["{}", '{"Text": "a", "Count": 1}', '{"New": 1}', '{"Values": [{}, {"New": 2}]}']
)
def test_what_the_service_sends_is_not_checked(body: str) -> None:
    answer = Answer.model_validate_json(f'{{"value": {body}}}', by_alias=True, by_name=False)
    assert answer.value is not None
    sent = answer.value.model_dump_json(by_alias=True, exclude_unset=True)
    assert json.loads(sent) == json.loads(body)


def test_a_new_member_of_the_service_can_be_sent_back() -> None:
    answer = Answer.model_validate_json('{"value": {"New": 1}}', by_alias=True, by_name=False)
    assert answer.value is not None
    assert Ask(value=answer.value).value.model_extra == {"New": 1}


def test_a_union_is_a_model_like_any_other() -> None:
    value = Value(values=[Value(text="a")])
    assert pickle.loads(pickle.dumps(value)) == value
    assert value.model_copy(update={"values": None, "count": 1}).count == 1
    assert "Value" in Value.model_json_schema()["$defs"]


def test_limits_of_members_apply() -> None:
    assert Limits(ge=0.5).ge == 0.5
    with pytest.raises(ValidationError, match="named"):
        Value(named=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

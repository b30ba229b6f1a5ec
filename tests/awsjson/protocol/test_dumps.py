"""Models outside the wire: dumps, validation of dumps, JSON schemas."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from types import NoneType
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import TypeAdapter, ValidationError

from ecrclient._awsjson.protocol.operation import Operation
from ecrclient._awsjson.protocol.shapes import Structure
from ecrclient.models import (
    CreateRepositoryRequest,
    ImageDetail,
    ImageIdentifier,
    Tag,
    UploadLayerPartRequest,
)
from ecrclient.testing.strategies import instances
from tests.tools.operation_examples import (
    EVERY_MODEL,
    EVERY_OPERATION,
    read,
    wire_input,
    wire_output,
    write,
)

DIGEST = "sha256:" + "a" * 64
IMAGE = ImageDetail(
    registry_id="123456789012",
    repository_name="team/app",
    image_digest=DIGEST,
    image_pushed_at=datetime(2024, 5, 6, 7, 8, 9, 500_000, tzinfo=UTC),
)
DUMPED = {
    "registry_id": "123456789012",
    "repository_name": "team/app",
    "image_digest": DIGEST,
    "image_pushed_at": "2024-05-06T07:08:09.500000Z",
}
SENT = {
    "registryId": "123456789012",
    "repositoryName": "team/app",
    "imageDigest": DIGEST,
    "imagePushedAt": 1714979289.5,
}
PART = UploadLayerPartRequest(
    repository_name="team/app",
    upload_id="0123abcd-0123-4567-89ab-0123456789ab",
    part_first_byte=0,
    part_last_byte=2,
    layer_part_blob=b"\xfb\xff\xfe",
)


# -- round trips -----------------------------------------------------------------------------------


@pytest.mark.parametrize("model", EVERY_MODEL, ids=lambda model: model.__name__)
def test_every_model_validates_its_dumps(model: type[Structure]) -> None:
    @settings(
        max_examples=5,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
        phases=[Phase.generate],
    )
    @given(instances(model))
    def check(value: Structure) -> None:
        assert type(value) is model
        for same in (
            model.model_validate(value.model_dump()),
            model.model_validate(value.model_dump(mode="json")),
            model.model_validate_json(value.model_dump_json()),
        ):
            assert same == value
        for same in (
            model.model_validate(value.model_dump(exclude_unset=True)),
            model.model_validate(value.model_dump(mode="json", exclude_unset=True)),
            model.model_validate_json(value.model_dump_json(exclude_unset=True)),
        ):
            assert same == value
            assert same.model_fields_set == value.model_fields_set

    check()


@pytest.mark.generator  # responses are made from botocore's model
@pytest.mark.parametrize("operation", EVERY_OPERATION, ids=lambda found: found.name)
def test_what_the_service_sends_is_dumped_and_read_again(operation: Operation[Any]) -> None:
    """Also values outside the limits, which apply to Python objects only, and unknown members."""
    for model, wire in (
        (operation.response, {**wire_output(operation), "newMember": [1]}),
        (operation.request, wire_input(operation)),
    ):
        received = read(model, json.dumps(wire))
        same = model.model_validate_json(received.model_dump_json(exclude_unset=True))

        assert same == received
        assert same.model_fields_set == received.model_fields_set
        assert json.loads(write(same)) == wire


@pytest.mark.parametrize("model", EVERY_MODEL, ids=lambda model: model.__name__)
def test_dumps_have_attribute_names_even_by_alias(model: type[Structure]) -> None:
    value = model.model_construct()

    for by_alias in (None, False, True):
        assert value.model_dump(by_alias=by_alias).keys() <= model.model_fields.keys()


def test_dump_has_attribute_names_and_rfc_3339_times() -> None:
    assert IMAGE.model_dump(mode="json", exclude_unset=True) == DUMPED
    assert json.loads(IMAGE.model_dump_json(exclude_unset=True)) == DUMPED
    assert IMAGE.model_dump(exclude_unset=True) == {
        **DUMPED,
        "image_pushed_at": IMAGE.image_pushed_at,
    }


def test_times_are_dumped_in_utc() -> None:
    there = IMAGE.image_pushed_at.astimezone(timezone(timedelta(hours=9)))
    members: dict[str, Any] = {**DUMPED, "image_pushed_at": there}
    image = ImageDetail(**members)

    assert image == IMAGE
    assert image.model_dump(mode="json", exclude_unset=True) == DUMPED


def test_blobs_are_base64_in_json_and_bytes_in_python() -> None:
    assert PART.model_dump(mode="json")["layer_part_blob"] == "+//+"
    assert PART.model_dump()["layer_part_blob"] == b"\xfb\xff\xfe"


# -- validation ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        DUMPED,
        SENT,
        {**DUMPED, "image_pushed_at": IMAGE.image_pushed_at},
        {**DUMPED, "image_pushed_at": 1714979289.5},
        {**DUMPED, "image_pushed_at": "2024-05-06T16:08:09.5+09:00"},
        {**DUMPED, "image_pushed_at": "2024-05-06T07:08:09.5"},
        {"registryId": "123456789012", **dict(list(DUMPED.items())[1:])},
        IMAGE,
    ],
)
def test_validation_accepts_both_spellings(given: Any) -> None:
    assert ImageDetail.model_validate(given) == IMAGE
    assert TypeAdapter(list[ImageDetail]).validate_python([given]) == [IMAGE]
    if isinstance(given, dict):
        text = json.dumps(given, default=datetime.isoformat)
        assert ImageDetail.model_validate_json(text) == IMAGE


def test_nested_members_and_capital_names_are_accepted_in_both_spellings() -> None:
    expected = CreateRepositoryRequest(
        repository_name="team/app", tags=[Tag(key="a", value="b"), Tag(key="c", value="d")]
    )
    given = {"repositoryName": "team/app", "tags": [{"Key": "a", "value": "b"}]}
    given["tags"] = [{"Key": "a", "value": "b"}, {"key": "c", "Value": "d"}]

    assert CreateRepositoryRequest.model_validate(given) == expected
    assert CreateRepositoryRequest.model_validate_json(json.dumps(given)) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (datetime(2024, 5, 6), "timezone info"),  # noqa: DTZ001
        (datetime(2024, 5, 6, tzinfo=UTC).date(), "valid datetime"),
        (True, "valid datetime"),
        (None, "valid datetime"),
        ("yesterday", "valid datetime"),
        ("0001-01-01T00:00:00+02:00", "the year must be from 1 to 9999"),
    ],
)
def test_what_is_not_a_time_is_refused(value: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ImageDetail.model_validate({**DUMPED, "image_pushed_at": value})


@pytest.mark.parametrize("text", ["YWI", "YW I=", "-_-_", "ü"])
def test_text_that_is_not_base64_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="layer_part_blob"):
        UploadLayerPartRequest.model_validate({**PART.model_dump(), "layer_part_blob": text})


def test_limits_apply_to_python_objects() -> None:
    with pytest.raises(ValidationError, match="at least 1 character"):
        ImageIdentifier.model_validate({"image_tag": ""})

    assert ImageIdentifier.model_validate_json('{"image_tag": ""}').image_tag == ""


def test_dump_without_a_member_that_is_always_there_is_refused() -> None:
    incomplete = {name: DUMPED[name] for name in DUMPED if name != "image_pushed_at"}
    with pytest.raises(ValidationError, match="Field required") as caught:
        ImageDetail.model_validate(incomplete)

    assert caught.value.error_count() == 1


def test_a_class_accepts_only_its_attribute_names_and_python_values() -> None:
    cases: list[dict[str, Any]] = [
        {**DUMPED},
        {**SENT},
        {**DUMPED, "image_pushed_at": 1714979289.5},
        {**DUMPED, "image_pushed_at": IMAGE.image_pushed_at, "imageTags": []},
    ]
    for wrong in cases:
        with pytest.raises(ValidationError):
            ImageDetail(**wrong)
    encoded: dict[str, Any] = {**PART.model_dump(), "layer_part_blob": "+//+"}
    with pytest.raises(ValidationError, match="valid bytes"):
        UploadLayerPartRequest(**encoded)


def test_signature_has_the_attribute_names() -> None:
    Tag.model_rebuild()
    assert list(inspect.signature(Tag).parameters)[:2] == ["key", "value"]


# -- JSON schemas ----------------------------------------------------------------------------------


def times_in(model: type[Structure]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kinds = {field.annotation, *get_args(field.annotation)} - {NoneType}
        if datetime in kinds:
            yield name


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize("model", EVERY_MODEL, ids=lambda model: model.__name__)
def test_json_schema_has_the_names_and_formats_of_a_dump(model: type[Structure], mode: Any) -> None:
    schema = model.model_json_schema(mode=mode)
    members = schema.get("properties", {})

    assert members.keys() == model.model_fields.keys()
    for name in times_in(model):
        assert '{"format": "date-time"' in json.dumps(members[name], sort_keys=True)


def test_json_schema_has_the_limits_of_input() -> None:
    request = CreateRepositoryRequest.model_json_schema()["properties"]
    blob = UploadLayerPartRequest.model_json_schema()["properties"]["layer_part_blob"]
    identifier = ImageIdentifier.model_json_schema(mode="serialization")["properties"]

    assert request["repository_name"]["maxLength"] == 256
    assert {"pattern": "^(?:[0-9]{12})$", "type": "string"} in request["registry_id"]["anyOf"]
    assert (blob["type"], blob["contentEncoding"]) == ("string", "base64")
    assert {"type": "string"} in identifier["image_tag"]["anyOf"]

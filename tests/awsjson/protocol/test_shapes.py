"""Models: strict for callers, lenient for the service, and compared by value."""

from __future__ import annotations

import base64
import copy
import enum
import json
import pickle
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ecrclient import RequestValidationError, ResponseMetadata, operations
from ecrclient._awsjson.protocol.codec import build_request
from ecrclient._awsjson.protocol.operation import Operation
from ecrclient._awsjson.protocol.shapes import Structure, attach_metadata
from ecrclient.models import (
    AuthorizationData,
    GetAuthorizationTokenResponse,
    GetDownloadUrlForLayerResponse,
    ImageIdentifier,
    ImageScanFindingsSummary,
    ListImagesResponse,
    PutAccountSettingResponse,
    Repository,
    Tag,
    UploadLayerPartRequest,
)
from tests.tools.operation_examples import (
    EVERY_MODEL,
    EVERY_OPERATION,
    read,
    wire_input,
    wire_output,
    write,
)

UPLOAD_ID = "0123abcd-0123-4567-89ab-0123456789ab"
PART: dict[str, Any] = {
    "repository_name": "team/app",
    "upload_id": UPLOAD_ID,
    "part_first_byte": 0,
    "part_last_byte": 1,
    "layer_part_blob": b"ab",
}
IMAGES: dict[str, Any] = {"repository_name": "team/app"}
TAG = {"key": "k", "value": "v"}
SCANNING_RULES: dict[str, Any] = {
    "scan_type": "BASIC",
    "rules": [
        {
            "scan_frequency": "MANUAL",
            # A backtracking engine would take exponential time.
            "repository_filters": [{"filter": "a" * 254 + "!", "filter_type": "WILDCARD"}],
        }
    ],
}


class Mutability(enum.StrEnum):
    MUTABLE = "MUTABLE"


def create(**members: Any) -> tuple[Operation[Any], dict[str, Any]]:
    return operations.CREATE_REPOSITORY, {"repository_name": "team/app", **members}


def images(**members: Any) -> tuple[Operation[Any], dict[str, Any]]:
    return operations.LIST_IMAGES, {"repository_name": "team/app", **members}


def part(**members: Any) -> tuple[Operation[Any], dict[str, Any]]:
    return operations.UPLOAD_LAYER_PART, {**PART, **members}


@pytest.mark.parametrize(
    ("call", "member", "message"),
    [
        (create(nope=1), "nope", "no such member"),
        (create(repositoryName="team/app"), "repositoryName", "no such member"),
        (create(repository_name=None), "repository_name", "required"),
        (create(repository_name=5), "repository_name", "a valid string, not int"),
        (create(repository_name=b"team/app"), "repository_name", "a valid string, not bytes"),
        (create(repository_name="\ud800a"), "repository_name", "a valid string"),
        (create(repository_name="a"), "repository_name", "at least 2 characters"),
        (create(repository_name="a" * 257), "repository_name", "at most 256 characters"),
        (create(repository_name="--"), "repository_name", "must match"),
        (create(repository_name="team/app\n"), "repository_name", "must match"),
        (create(repository_name="team app"), "repository_name", "must match"),
        (create(registry_id="0123456789012"), "registry_id", "must match"),
        (create(image_tag_mutability=1), "image_tag_mutability", "a valid string, not int"),
        (create(image_tag_mutability=b"x"), "image_tag_mutability", "a valid string, not bytes"),
        (create(tags="kv"), "tags", "a valid list, not str"),
        (create(tags=b"kv"), "tags", "a valid list, not bytes"),
        (create(tags=TAG), "tags", "a valid list, not dict"),
        (create(tags=[None]), "tags[0]", "instance of Tag, not NoneType"),
        (create(tags=[TAG, {"key": "k"}]), "tags[1].value", "required"),
        (create(tags=[{**TAG, "key": None}]), "tags[0].key", "a valid string, not NoneType"),
        (create(tags=[{**TAG, "Key": "k"}]), "tags[0].Key", "no such member"),
        (
            create(image_scanning_configuration={"scan_on_push": 1}),
            "image_scanning_configuration.scan_on_push",
            "a valid boolean, not int",
        ),
        (
            create(image_tag_mutability_exclusion_filters=[]),
            "image_tag_mutability_exclusion_filters",
            "at least 1 item",
        ),
        (
            create(
                image_tag_mutability_exclusion_filters=[{"filter_type": "WILDCARD", "filter": "a"}]
                * 6
            ),
            "image_tag_mutability_exclusion_filters",
            "at most 5 items",
        ),
        (images(max_results=True), "max_results", "a valid integer, not bool"),
        (images(max_results="5"), "max_results", "a valid integer, not str"),
        (images(max_results=5.0), "max_results", "a valid integer, not float"),
        (images(max_results=0), "max_results", "greater than or equal to 1"),
        (images(max_results=1001), "max_results", "less than or equal to 1000"),
        (part(part_first_byte=-1), "part_first_byte", "greater than or equal to 0"),
        (part(upload_id="x"), "upload_id", "must match"),
        (part(layer_part_blob="ab"), "layer_part_blob", "valid bytes, not str"),
        (part(layer_part_blob=bytes(20_971_521)), "layer_part_blob", "at most 20971520 bytes"),
        (
            (operations.PUT_REGISTRY_SCANNING_CONFIGURATION, SCANNING_RULES),
            "rules[0].repository_filters[0].filter",
            "must match",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_arguments_are_refused(
    call: tuple[Operation[Any], dict[str, Any]], member: str, message: str
) -> None:
    with pytest.raises(RequestValidationError) as caught:
        build_request(*call)

    (problem,) = caught.value.problems
    assert problem.member == member
    assert message in problem.message


def test_error_shows_the_pattern_of_the_model() -> None:
    with pytest.raises(RequestValidationError) as caught:
        build_request(*create(repository_name="ab", registry_id="x"))

    (problem,) = caught.value.problems
    assert problem.message == "must match [0-9]{12}"


@pytest.mark.parametrize(
    ("call", "member", "value"),
    [
        (create(tags=(TAG, Tag(**TAG))), "tags", [Tag(**TAG)] * 2),
        (create(tags=[]), "tags", []),
        (create(image_tag_mutability="LATER"), "image_tag_mutability", "LATER"),
        (create(image_tag_mutability=Mutability.MUTABLE), "image_tag_mutability", "MUTABLE"),
        (create(repository_name="ab"), "repository_name", "ab"),
        (create(repository_name="a" * 256), "repository_name", "a" * 256),
        (images(max_results=1), "max_results", 1),
        (images(max_results=1000), "max_results", 1000),
        (images(max_results=None), "max_results", None),
        (part(layer_part_blob=b""), "layer_part_blob", b""),
        (part(part_first_byte=2**63 - 1), "part_first_byte", 2**63 - 1),
    ],
)
def test_valid_arguments_are_accepted(
    call: tuple[Operation[Any], dict[str, Any]], member: str, value: object
) -> None:
    assert getattr(build_request(*call), member) == value


def test_naive_datetime_is_refused_and_aware_one_accepted() -> None:
    given: dict[str, Any] = {"authorization_token": "t", "proxy_endpoint": "p"}
    now = datetime(2024, 5, 6, tzinfo=UTC)

    assert AuthorizationData(**given, expires_at=now).expires_at == now
    refused: list[Any] = [now.replace(tzinfo=None), 1_700_000_000, "2024-05-06T00:00:00Z"]
    for wrong in refused:
        with pytest.raises(ValidationError, match="expires_at"):
            AuthorizationData(**given, expires_at=wrong)


# -- responses ----------------------------------------------------------------------


@pytest.mark.generator
@pytest.mark.parametrize("operation", EVERY_OPERATION, ids=lambda found: found.name)
def test_every_member_has_its_wire_name_and_type(operation: Operation[Any]) -> None:
    """Unknown members are not dumped here, so every dumped member is in the model."""
    for model, wire in (
        (operation.response, wire_output(operation)),
        (operation.request, wire_input(operation)),
    ):
        assert json.loads(write(read(model, json.dumps(wire)))) == wire


def test_limits_do_not_apply_to_responses() -> None:
    identifier = read(ImageIdentifier, json.dumps({"imageTag": ""}))
    request = read(UploadLayerPartRequest, json.dumps(wire_input(operations.UPLOAD_LAYER_PART)))

    assert (identifier.image_tag, request.upload_id) == ("", "text")


def test_unknown_members_are_kept() -> None:
    read_in = read(ListImagesResponse, '{"imageIds": [{"new": [1]}], "newer": {"a": null}}')

    assert read_in.model_extra == {"newer": {"a": None}}
    assert read_in.image_ids[0].model_extra == {"new": [1]}
    assert read_in.newer == {"a": None}
    assert read_in != read(ListImagesResponse, '{"imageIds": [{"new": [1]}]}')


def test_unknown_members_are_dumped() -> None:
    read_in = read(ListImagesResponse, '{"newer": 1}')

    assert read_in.model_dump(exclude_unset=True) == {"newer": 1}


def test_a_python_name_on_the_wire_is_an_unknown_member() -> None:
    read_in = read(ListImagesResponse, '{"next_token": "a"}')

    assert read_in.next_token is None
    assert read_in.model_extra == {"next_token": "a"}


def test_unknown_enum_values_are_text() -> None:
    body = {"findingSeverityCounts": {"APOCALYPTIC": 2}}

    assert read(ImageScanFindingsSummary, json.dumps(body)).finding_severity_counts == {
        "APOCALYPTIC": 2
    }


def test_tags_have_capital_names_on_the_wire() -> None:
    assert write(Tag(key="k", value="v")) == '{"Key":"k","Value":"v"}'
    assert read(Tag, '{"Key": "k", "Value": "v"}') == Tag(key="k", value="v")


@pytest.mark.parametrize("data", [b"\xfb\xff\xfe", b"", b"\x00", bytes(range(256))])
def test_blobs_are_standard_base64(data: bytes) -> None:
    sent = UploadLayerPartRequest(**part(layer_part_blob=data)[1])

    assert json.loads(write(sent))["layerPartBlob"] == base64.b64encode(data).decode()
    assert read(UploadLayerPartRequest, write(sent)).layer_part_blob == data
    assert sent.model_dump()["layer_part_blob"] == data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("-1", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("1700000000.25", datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)),
        ("1.7E9", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("32503680000", datetime(3000, 1, 1, tzinfo=UTC)),
        ("253402300799", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_timestamps_are_seconds_since_the_epoch(text: str, expected: datetime) -> None:
    found = read(ImageScanFindingsSummary, f'{{"imageScanCompletedAt": {text}}}')

    assert found.image_scan_completed_at == expected
    assert found.image_scan_completed_at.utcoffset() == timedelta(0)


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with another time zone than UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("tokyo")
@pytest.mark.parametrize("text", ["2024-05-06T00:00:00", "2024-05-06T02:00:00+02:00"])
def test_timestamps_are_in_utc(text: str) -> None:
    found = read(ImageScanFindingsSummary, f'{{"imageScanCompletedAt": "{text}"}}')

    assert found.image_scan_completed_at == datetime(2024, 5, 6, tzinfo=UTC)
    assert found.image_scan_completed_at.utcoffset() == timedelta(0)


def test_timestamp_outside_the_calendar_is_a_validation_error() -> None:
    with pytest.raises(ValidationError):
        read(ImageScanFindingsSummary, '{"imageScanCompletedAt": "0001-01-01T00:00:00+02:00"}')


# -- models as values ----------------------------------------------------------------------------


@pytest.mark.parametrize("model", EVERY_MODEL, ids=lambda model: model.__name__)
def test_every_model_builds_pickles_and_copies(model: type[Structure]) -> None:
    model.model_rebuild(force=True, raise_errors=True)
    value = model.model_construct()
    for same in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert type(same) is model
        assert same == value


@pytest.mark.generator
@pytest.mark.parametrize("operation", EVERY_OPERATION, ids=lambda found: found.name)
def test_complete_responses_pickle_and_copy(operation: Operation[Any]) -> None:
    response = read(operation.response, json.dumps({**wire_output(operation), "new": [1]}))
    attach_metadata(response, ("id", 200, {"a": "b"}, 2, 0.5))
    for same in (
        pickle.loads(pickle.dumps(response)),
        copy.copy(response),
        copy.deepcopy(response),
    ):
        assert same == response
        assert same.model_extra == {"new": [1]}
        assert same.model_fields_set == response.model_fields_set
        assert same.response_metadata == response.response_metadata


def test_models_are_frozen() -> None:
    tag = read(Tag, '{"Key": "k", "Value": "v", "New": 1}')
    for name in ("key", "New", "other"):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(tag, name, "x")
    with pytest.raises(ValidationError, match="frozen"):
        del tag.key


def test_equality_is_by_value_and_ignores_metadata() -> None:
    one, two = (PutAccountSettingResponse(name="n", value="v") for _ in range(2))
    attach_metadata(one, ("id", 200, {}, 1, 0.0))

    assert one == two
    assert one.response_metadata.request_id == "id"
    assert two.response_metadata == ResponseMetadata()
    assert one != PutAccountSettingResponse(name="n", value="w")
    assert one != "n"
    assert hash(Tag(key="k", value="v")) == hash(Tag(key="k", value="v"))


def test_response_equals_the_same_model_built_by_hand() -> None:
    by_hand = ListImagesResponse(image_ids=[ImageIdentifier(image_tag="v1")])

    assert read(ListImagesResponse, '{"imageIds": [{"imageTag": "v1"}]}') == by_hand


def test_repr_hides_secrets() -> None:
    login = '{"authorizationToken": "s3cret", "expiresAt": 0, "proxyEndpoint": "p"}'
    layer = '{"downloadUrl": "https://s3cret", "layerDigest": "sha256:0"}'
    for value in (
        read(GetAuthorizationTokenResponse, f'{{"authorizationData": [{login}]}}'),
        read(GetDownloadUrlForLayerResponse, layer),
        UploadLayerPartRequest(**part(layer_part_blob=b"s3cret")[1]),
    ):
        for text in (repr(value), str(value), f"{value}"):
            assert "s3cret" not in text
        assert "s3cret" in str(value.model_dump()), "it must be there to be hidden"


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
MOMENTS = st.integers(0, 7 * 10**15).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)


@settings(deadline=None)
@given(
    st.builds(Tag, key=TEXT, value=TEXT)
    | st.builds(
        AuthorizationData, authorization_token=TEXT, expires_at=MOMENTS, proxy_endpoint=TEXT
    )
    | st.builds(
        UploadLayerPartRequest,
        repository_name=st.just("team/app"),
        upload_id=st.just(UPLOAD_ID),
        part_first_byte=st.integers(0, 2**63),
        part_last_byte=st.integers(0, 2**63),
        layer_part_blob=st.binary(),
        registry_id=st.none(),
    )
    | st.builds(
        Repository,
        repository_arn=TEXT,
        registry_id=TEXT,
        repository_name=TEXT,
        repository_uri=TEXT,
        created_at=MOMENTS,
        image_tag_mutability=TEXT,
    )
)
def test_json_round_trip(value: Structure) -> None:
    assert read(type(value), write(value)) == value

"""Saving the state to a file, and loading it."""

from __future__ import annotations

import dataclasses
import json
import os
import types
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ecrclient import ECRClient
from ecrclient._awsjson.protocol.shapes import Structure
from ecrclient.testing import InMemoryECR, StateError
from ecrclient.testing.state import dump
from ecrclient.testing.store import NOT_STATE, ImageRecord, Registry, RepositoryRecord, utc_now
from tests.in_memory.builders import (
    OCI_INDEX,
    HandClock,
    digest_of,
    index_of,
)
from tests.in_memory.states import (
    LIFECYCLE_POLICY,
    REGISTRY_POLICY,
    REPOSITORY_POLICY,
    fill,
    read,
    text_of,
)

pytestmark = pytest.mark.anyio

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
SCALARS: dict[object, st.SearchStrategy[Any]] = {
    str: TEXT,
    bytes: st.binary(max_size=8),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    type(None): st.none(),
    datetime: st.datetimes(
        datetime(1970, 1, 2),  # noqa: DTZ001 - the timezone is set below
        datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
}


def values_of(type_: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for any value of a member of the store, by its type."""
    if type_ in SCALARS:
        return SCALARS[type_]
    origin, arguments = get_origin(type_), get_args(type_)
    if origin is Annotated:
        return values_of(arguments[0])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, types.UnionType):
        return st.one_of([values_of(one) for one in arguments])
    if origin is tuple:
        if arguments[1:] == (...,):
            return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
        return st.tuples(*map(values_of, arguments))
    if origin is dict:
        return st.dictionaries(*map(values_of, arguments), max_size=3)
    if origin in (list, frozenset, set):
        collection: Any = origin
        return st.lists(values_of(arguments[0]), max_size=3).map(collection)
    if issubclass(type_, Structure):
        return models_of(type_)
    assert dataclasses.is_dataclass(type_), f"the state cannot contain {type_}"
    hints = get_type_hints(type_, include_extras=True)
    names = [one.name for one in dataclasses.fields(type_) if one.name not in NOT_STATE]
    members = {name: values_of(hints[name]) for name in names}
    if "clock" in hints:
        members["clock"] = st.just(utc_now)
    return st.builds(cast("Any", type_), **members)


def models_of(model: type[Structure]) -> st.SearchStrategy[Structure]:
    """Return a strategy for models with some of their members, as in rules and requests."""
    members = {
        name: values_of(field.rebuild_annotation()) for name, field in model.model_fields.items()
    }
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    return st.fixed_dictionaries(
        {name: members[name] for name in required},
        optional={name: values for name, values in members.items() if name not in required},
    ).map(lambda given: model.model_construct(**given))


def made_consistent(registry: Registry) -> Registry:
    """Make documents valid, keep layers in memory, and make redundant members equal."""
    if registry.policy_text is not None:
        registry.policy_text = REGISTRY_POLICY
    templates, registry.creation_templates = registry.creation_templates, {}
    for key, template in templates.items():
        changes: dict[str, object] = {"prefix": key}
        if template.repository_policy is not None:
            changes["repository_policy"] = REPOSITORY_POLICY
        if template.lifecycle_policy is not None:
            changes["lifecycle_policy"] = LIFECYCLE_POLICY
        changed = template.model_copy(update=changes)
        registry.creation_templates[key.removesuffix("/")] = changed
    for name, repository in registry.repositories.items():
        repository.name = name
        for layer in repository.layers.values():
            layer.file_size = None
        for upload in repository.uploads.values():
            upload.file_part_sizes = []
        if repository.policy_text is not None:
            repository.policy_text = REPOSITORY_POLICY
        if repository.lifecycle_policy_text is not None:
            repository.lifecycle_policy_text = LIFECYCLE_POLICY
        if repository.lifecycle_preview is not None:
            repository.lifecycle_preview.policy_text = LIFECYCLE_POLICY
        make_images(repository)
    return registry


def make_images(repository: RepositoryRecord) -> None:
    """Make each image an index of the previous ones, and keep its tags."""
    images, repository.images, repository.tags = repository.images, {}, {}
    manifests: list[str] = []
    for image in images.values():
        image.references = frozenset(map(digest_of, manifests))
        image.manifest = index_of(manifests)
        image.digest, image.media_type = digest_of(image.manifest), OCI_INDEX
        image.layers, image.subject, image.artifact_media_type = frozenset(), None, None
        image.tags = [f"{image.digest}-{tag}" for tag in sorted(set(image.tags))]
        repository.images[image.digest] = image
        repository.tags.update(dict.fromkeys(image.tags, image.digest))
        manifests.append(image.manifest)


# No shrinking, which takes minutes for such large values.
@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(values_of(Registry).map(made_consistent))
def test_any_state_survives_a_round_trip(registry: Registry) -> None:
    again = read(dump(registry))
    assert again == registry
    # Unset members stay unset. Equality ignores this, but responses show it.
    assert members_set(again) == members_set(registry)


def members_set(value: Any) -> object:
    """Return the value as plain data, with only the set members of models."""
    if isinstance(value, Structure):
        return {name: members_set(getattr(value, name)) for name in value.model_fields_set}
    if dataclasses.is_dataclass(value):
        return {
            one.name: members_set(getattr(value, one.name))
            for one in dataclasses.fields(value)
            if one.compare
        }
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()  # type: ignore[redundant-cast]
        return {key: members_set(item) for key, item in items}
    if isinstance(value, list | tuple):
        return [members_set(item) for item in cast("Sequence[Any]", value)]
    return value


def test_strategies_reach_every_record() -> None:
    # The strategies follow the types; this test verifies that they reach the records.
    assert {Registry, RepositoryRecord, ImageRecord} <= reached(Registry)


def reached(type_: Any) -> set[Any]:
    if dataclasses.is_dataclass(type_):
        hints = get_type_hints(type_).values()
        here: set[Any] = {type_}
        return here.union(*(reached(one) for one in hints))
    found: set[Any] = set()
    return found.union(*(reached(one) for one in get_args(type_)))


async def look(client: ECRClient) -> list[object]:
    return [
        await client.describe_repositories().collect(),
        await client.describe_images(repository_name="team/app").collect(),
        await client.batch_get_image(repository_name="team/app", image_ids=[{"image_tag": "all"}]),
        await client.describe_pull_through_cache_rules().collect(),
        await client.get_account_setting(name="BLOB_MOUNTING"),
    ]


async def test_loaded_registry_continues(tmp_path: Path, clock: HandClock) -> None:
    file = tmp_path / "state.json"
    ecr = InMemoryECR(region="eu-west-1", account_id="210987654321", clock=clock)
    async with ecr.client() as client:
        await fill(client)
        ecr.save(file)
        seen = await look(client)
        await client.delete_repository(repository_name="team/app", force=True)

    restored = InMemoryECR.load(file, clock=clock)
    assert (restored.region, restored.account_id) == ("eu-west-1", "210987654321")
    async with restored.client() as client:
        assert await look(client) == seen
        await client.batch_delete_image(
            repository_name="team/app", image_ids=[{"image_tag": "all"}]
        )
        assert await look(client) != seen
    assert os.listdir(tmp_path) == ["state.json"]


def test_file_contains_no_credentials(ecr: InMemoryECR) -> None:
    text = text_of(ecr)
    assert ecr.credentials.access_key_id not in text
    assert ecr.credentials.secret_access_key not in text


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["version"], 2, "version: Input should be 1"),
        (["colour"], "blue", "colour: Extra inputs are not permitted"),
        (["account_id"], None, "account_id: Input should be a valid string"),
        (
            ["repositories", "team/app", "created_at"],
            "yesterday",
            "repositories.team/app.created_at: Input should be a valid datetime",
        ),
        (
            ["repositories", "team/app", "colour"],
            "blue",
            "repositories.team/app.colour: Unexpected keyword argument",
        ),
        (
            ["scanning", "scan_typo"],
            "BASIC",
            "scanning.scan_typo: Extra inputs are not permitted",
        ),
        (
            ["repositories", "team/app", "name"],
            "other",
            "repositories.team/app.name: is 'other', but its key is 'team/app'",
        ),
        (
            ["repositories", "team/app", "tags", "v1"],
            "sha256:0",
            "repositories.team/app.tags.v1: does not match the tags of the images",
        ),
    ],
)
async def test_damaged_member_is_named(
    ecr: InMemoryECR, client: ECRClient, path: list[str], value: object, message: str
) -> None:
    await client.create_repository(repository_name="team/app")
    document = json.loads(text_of(ecr))
    *way, last = path
    place = document
    for step in way:
        place = place[step]
    place[last] = value
    with pytest.raises(StateError) as caught:
        read(json.dumps(document))
    assert str(caught.value).startswith(message)


async def test_missing_member_and_wrong_digest_are_refused(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    await fill(client)
    text = text_of(ecr)
    document = json.loads(text)
    del document["repositories"]["team/app"]["mutability"]
    with pytest.raises(StateError, match=r"^repositories.team/app.mutability: "):
        read(json.dumps(document))

    document = json.loads(text)
    images = document["repositories"]["team/app"]["images"]
    digest = next(iter(images))
    images[digest]["digest"] = "sha256:0"
    with pytest.raises(StateError, match=rf"images.{digest}.digest: is 'sha256:0'"):
        read(json.dumps(document))


def test_truncated_file_is_refused(ecr: InMemoryECR) -> None:
    text = text_of(ecr)
    with pytest.raises(StateError, match=r"^the text: Invalid JSON: .* at line \d+ column \d+"):
        read(text[: len(text) // 2])


def test_error_names_the_file(ecr: InMemoryECR, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text("{}")
    with pytest.raises(StateError) as caught:
        InMemoryECR.load(file)
    assert str(caught.value) == f"{file}: version: Field required"


async def test_member_with_a_default_may_be_missing(ecr: InMemoryECR) -> None:
    document = json.loads(text_of(ecr))
    del document["pull_time_exclusions"]
    assert dump(read(json.dumps(document))) == text_of(ecr)

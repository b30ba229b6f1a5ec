"""The serializer for the wire: wire names, and the service's formats of timestamps."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ecrclient._awsjson.protocol.shapes import PASCAL_CASE, Structure
from ecrclient._awsjson.protocol.wire_serializer import to_wire_json, wire_serializer
from ecrclient.models import ImageScanFindingsSummary, Tag


class Leaf(Structure, alias_generator=PASCAL_CASE, frozen=True):
    written_at: datetime | None = None


class Tree(Structure, frozen=True):
    """Its members have the names of parts of pydantic's schemas."""

    type: Leaf | None = None
    config: Leaf | None = None
    metadata: dict[str, Leaf] = {}  # noqa: RUF012
    schema_: list[Tree] = []  # noqa: RUF012
    serialization: Leaf | None = None


LEAF = Leaf(written_at=datetime(2024, 5, 6, tzinfo=UTC))
SENT = {"WrittenAt": 1714953600}


def test_nested_structures_have_wire_names_and_times() -> None:
    tree = Tree(
        type=LEAF,
        config=LEAF,
        metadata={"written_at": LEAF},
        schema_=[Tree(serialization=LEAF)],
    )

    assert json.loads(to_wire_json(tree)) == {
        "type": SENT,
        "config": SENT,
        "metadata": {"written_at": SENT},
        "schema": [{"serialization": SENT}],
    }


def test_the_serializers_of_nested_classes_are_not_used() -> None:
    for model in (Leaf, Tree):
        model.model_rebuild(force=True)
    assert Leaf.__pydantic_complete__
    wire_serializer.cache_clear()

    assert json.loads(to_wire_json(Tree(type=LEAF))) == {"type": SENT}


def test_members_that_are_none_or_unset_are_not_written() -> None:
    assert to_wire_json(Tree(type=None)) == b"{}"
    assert json.loads(to_wire_json(Tree(), exclude_unset=False)) == {"metadata": {}, "schema": []}


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2024, 5, 6, tzinfo=UTC), "1714953600"),
        (datetime(2024, 5, 6, tzinfo=timezone(timedelta(hours=-9))), "1714986000"),
        (datetime(2024, 5, 6, 0, 0, 0, 250_000, tzinfo=UTC), "1714953600.25"),
        (datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), "-1"),
    ],
)
def test_timestamps_are_seconds_since_the_epoch(moment: datetime, text: str) -> None:
    summary = ImageScanFindingsSummary(image_scan_completed_at=moment)

    found = to_wire_json(summary).decode()

    assert found in {
        f'{{"imageScanCompletedAt":{text}}}',
        f'{{"imageScanCompletedAt":{text}.0}}',
    }


def test_unknown_members_are_written_as_they_are() -> None:
    tag = Tag.model_validate_json('{"Key": "k", "value": "v", "snake_case": {"a": null}}')

    assert json.loads(to_wire_json(tag)) == {
        "Key": "k",
        "Value": "v",
        "snake_case": {"a": None},
    }

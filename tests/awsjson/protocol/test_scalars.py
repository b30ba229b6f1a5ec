"""Defaults of lists, and types that only the inputs of other services have."""

from __future__ import annotations

import json
import math
import sys
from datetime import UTC, datetime, timedelta, timezone
from types import FrameType
from typing import Annotated

import pytest

from ecrclient._awsjson.protocol.scalars import TimestampFormat
from ecrclient._awsjson.protocol.shapes import Structure
from tests.tools.operation_examples import read, write


class Scalars(Structure, frozen=True):
    number: float | None = None
    epoch: datetime | None = None
    iso: Annotated[datetime, TimestampFormat("iso8601")] | None = None
    http: Annotated[datetime, TimestampFormat("httpdate")] | None = None


@pytest.mark.parametrize(
    ("number", "text"), [(math.inf, "Infinity"), (-math.inf, "-Infinity"), (math.nan, "NaN")]
)
def test_nan_and_infinity_are_sent_as_text(number: float, text: str) -> None:
    written = write(Scalars(number=number))

    assert json.loads(written) == {"number": text}
    assert repr(read(Scalars, written).number) == repr(number)


SECOND = datetime(2000, 1, 2, 20, 34, 56, tzinfo=UTC)


@pytest.mark.parametrize("moment", [SECOND, SECOND.astimezone(timezone(timedelta(hours=-9)))])
def test_a_timestamp_is_written_in_the_format_of_the_model(moment: datetime) -> None:
    assert json.loads(write(Scalars(epoch=moment, iso=moment, http=moment))) == {
        "epoch": 946845296,
        "iso": "2000-01-02T20:34:56Z",
        "http": "Sun, 02 Jan 2000 20:34:56 GMT",
    }


@pytest.mark.parametrize(
    ("member", "text"),
    [
        ("iso", "946845296"),
        ("iso", '"2000-01-02T20:34:56Z"'),
        ("http", "946845296"),
        ("http", '"2000-01-02T20:34:56Z"'),
        ("http", '"Sun, 02 Jan 2000 20:34:56 GMT"'),
    ],
)
def test_a_timestamp_is_read_in_its_format_and_as_a_number(member: str, text: str) -> None:
    assert getattr(read(Scalars, f'{{"{member}": {text}}}'), member) == SECOND


def test_fractions_of_a_second_are_kept_if_the_format_has_them() -> None:
    assert json.loads(write(Scalars(iso=SECOND.replace(microsecond=5000)))) == {
        "iso": "2000-01-02T20:34:56.005000Z"
    }


class Lists(Structure, frozen=True):
    names: list[str] = []  # noqa: RUF012 - as generated models have it
    sizes: dict[str, int] = {}  # noqa: RUF012


def test_the_default_of_a_list_is_made_without_a_python_function() -> None:
    # pydantic copies a default with copy.deepcopy, which takes longer than a small structure.
    called: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            called.append(frame.f_code.co_name)

    Lists.model_rebuild()
    validate = Lists.__pydantic_validator__.validate_json
    sys.setprofile(note)
    try:
        first, second = validate(b"{}"), validate(b"{}")
    finally:
        sys.setprofile(None)
    assert called == []
    assert first == second == Lists(names=[], sizes={})
    assert first.names is not second.names


def test_a_json_schema_has_the_default_of_a_list() -> None:
    shown = Lists.model_json_schema()["properties"]
    assert (shown["names"]["default"], shown["sizes"]["default"]) == ([], {})

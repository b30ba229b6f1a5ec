"""Records: the constructor, defaults, and comparison."""

from __future__ import annotations

from typing import Generic, TypeVar

from ecrclient._awsjson.support.record import Record

T = TypeVar("T")


class Place(Record):
    """A record with a default."""

    name: str
    size: int = 1


class Box(Record, Generic[T]):
    """A record with a type parameter."""

    content: T


def test_fields_are_given_by_position_or_by_name() -> None:
    places = [Place("a", 2), Place("a", size=2), Place(size=2, name="a")]
    assert [(place.name, place.size) for place in places] == [("a", 2)] * 3


def test_a_field_has_its_default() -> None:
    assert Place("a").size == 1


def test_the_repr_has_all_fields() -> None:
    assert repr(Place("a")) == "Place(name='a', size=1)"


def test_a_record_is_compared_by_identity() -> None:
    place = Place("a")
    assert place == place
    assert place != Place("a")
    assert len({place, Place("a")}) == 2


def test_a_record_can_be_generic() -> None:
    assert Box[int](3).content == 3

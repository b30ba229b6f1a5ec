"""Hypothesis strategies for the models; requires ``hypothesis``.

::

    from ecrclient.models import ImageDetail
    from ecrclient.testing.strategies import instances

    @given(st.lists(instances(ImageDetail)))
    def test_report(images: list[ImageDetail]) -> None: ...

`register` makes ``st.from_type(ImageDetail)`` equivalent to ``instances(ImageDetail)``.
"""

from __future__ import annotations

import json
import math
import types
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from hypothesis import strategies as st

from ecrclient import models
from ecrclient._awsjson.protocol.errors import ConfigurationError
from ecrclient._awsjson.protocol.scalars import BlobLimits, JsonText, Limits, OpenEnum
from ecrclient._awsjson.protocol.shapes import Structure

__all__ = ["instances", "register"]

ModelT = TypeVar("ModelT", bound=Structure)

# More than the minimum, so that examples stay readable.
_MORE_ITEMS = 3
_MORE_TEXT = 40
_TEXT = st.characters(exclude_categories=["Cs"])
_ASCII = st.characters(codec="ascii")
_KEYS = st.text(_TEXT, max_size=_MORE_TEXT)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=5,
)
_PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: _KEYS,
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=_MORE_TEXT),
    datetime: st.datetimes(datetime(1970, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - the time zone is an argument
    Any: _JSON,
}


def instances(
    model: type[ModelT], /, **members: st.SearchStrategy[Any]
) -> st.SearchStrategy[ModelT]:
    """Instances of a model that keep the limits of the service's model.

    Members that may be absent are set in some of them. Open enums have known and unknown values.

    Args:
        model: The model's class.
        members: Strategies for members, by attribute name; these members are always set.

    Raises:
        ConfigurationError: *model* is not a model, or does not have one of *members*.
    """
    _check_model(model)
    for name in members.keys() - model.model_fields.keys():
        raise ConfigurationError(f"{model.__name__} has no member {name}")
    model.model_rebuild()
    required: dict[str, st.SearchStrategy[Any]] = dict(members)
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for name, field in model.model_fields.items():
        if name not in members:
            chosen = required if field.is_required() else optional
            chosen[name] = _values(field.rebuild_annotation())
    return st.fixed_dictionaries(required, optional=optional).map(lambda given: model(**given))


def _check_model(model: object) -> None:
    if isinstance(model, type) and issubclass(model, Structure):
        return
    kind = f"an object of type {type(model).__name__}"  # pyright: ignore[reportUnknownArgumentType]
    shown = model.__name__ if isinstance(model, type) else kind
    raise ConfigurationError(f"model must be a class of ecrclient.models, not {shown}")


def register() -> None:
    """Let ``st.from_type`` use `instances` for every class of ``ecrclient.models``."""
    for name in models.__all__:
        model: type[Structure] = getattr(models, name)
        st.register_type_strategy(model, instances)


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of an annotation other than None."""
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _marked(*arguments)
    if origin in (Union, types.UnionType):
        return st.one_of([_values(part) for part in arguments if part is not types.NoneType])
    if origin is list:
        return st.lists(_values(arguments[0]), max_size=_MORE_ITEMS)
    if origin is dict:
        key, value = (_values(part) for part in arguments)
        return st.dictionaries(key, value, max_size=_MORE_ITEMS)
    return st.deferred(lambda: instances(annotation))


def _marked(inner: Any, *marks: object) -> st.SearchStrategy[Any]:
    for mark in marks:
        match mark:
            case OpenEnum():
                known = next(part for part in get_args(inner) if get_origin(part) is Literal)
                return st.sampled_from(get_args(known)) | _KEYS
            case BlobLimits(min_length=low, max_length=high):
                return st.binary(min_size=low or 0, max_size=_most(low, high, _MORE_TEXT))
            case JsonText():
                return _json_text(mark)
            case Limits():
                return _limited(inner, mark)
            case _:
                continue
    return _values(inner)


def _limited(inner: Any, limits: Limits) -> st.SearchStrategy[Any]:
    if inner is int:
        low, high = limits.ge, limits.le
        return st.integers(
            None if low is None else math.ceil(low), None if high is None else math.floor(high)
        )
    shortest, longest = limits.min_length or 0, limits.max_length
    if get_origin(inner) is list:
        item = _values(get_args(inner)[0])
        return st.lists(item, min_size=shortest, max_size=_most(shortest, longest, _MORE_ITEMS))
    if limits.pattern is None:
        return st.text(_TEXT, min_size=shortest, max_size=_most(shortest, longest, _MORE_TEXT))
    found = st.from_regex(limits.pattern, fullmatch=True, alphabet=_ASCII)
    return found.filter(lambda text: shortest <= len(text) <= (longest or len(text)))


def _json_text(limits: Limits) -> st.SearchStrategy[str]:
    """JSON that is filled up with spaces to the shortest text that is allowed."""
    objects = st.dictionaries(_KEYS, _KEYS, max_size=_MORE_ITEMS)
    return objects.map(lambda value: json.dumps(value).ljust(limits.min_length or 0))


def _most(low: int | None, high: int | None, more: int) -> int:
    return min((low or 0) + more, high if high is not None else (low or 0) + more)

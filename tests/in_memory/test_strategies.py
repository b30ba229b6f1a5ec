"""Strategies for models; ``tests/awsjson/protocol/test_dumps.py`` builds every model with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from ecrclient import ConfigurationError
from ecrclient.models import DescribeImagesRequest, ImageDetail, ImageIdentifier, Repository
from ecrclient.testing import strategies
from ecrclient.testing.strategies import instances


def test_members_that_may_be_absent_are_set_in_some_instances() -> None:
    found = instances(ImageIdentifier)
    for members in (set[str](), {"image_tag"}, {"image_tag", "image_digest"}):
        find(found, lambda built: built.model_fields_set == members)  # noqa: B023


def test_open_enums_have_known_and_unknown_values() -> None:
    statuses = instances(ImageDetail).map(lambda image: image.image_status)

    assert find(statuses, lambda status: status == "ARCHIVED")
    assert find(statuses, lambda status: status == "") == ""


@given(instances(ImageDetail, image_tags=st.just(["v1"])))
def test_a_given_strategy_decides_its_member(image: ImageDetail) -> None:
    assert image.image_tags == ["v1"]
    assert image.image_pushed_at.utcoffset() == timedelta(0)


def test_registered_models_are_built_from_their_types() -> None:
    strategies.register()

    for model in (ImageDetail, DescribeImagesRequest, list[Repository]):
        found: Any = st.from_type(model)
        find(found, lambda _: True)


@pytest.mark.parametrize(
    ("model", "members", "message"),
    [
        ("ImageDetail", {}, "model must be a class of ecrclient.models, not an object"),
        (str, {}, "model must be a class of ecrclient.models, not str"),
        (ImageDetail, {"tags": st.none()}, "ImageDetail has no member tags"),
    ],
)
def test_a_wrong_argument_is_named(model: Any, members: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        instances(model, **members)

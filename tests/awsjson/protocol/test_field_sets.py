"""The sets of field names that the items of a page share."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from ecrclient._awsjson.protocol import codec
from ecrclient.models import ImageDetail, ImageIdentifier, ListImagesResponse
from ecrclient.operations import (
    DESCRIBE_IMAGE_SCAN_FINDINGS,
    DESCRIBE_IMAGES,
    DESCRIBE_REPOSITORIES,
    LIST_IMAGES,
)

TAGGED = {"imageTag": "v1", "imageDigest": "sha256:0"}
UNTAGGED = {"imageDigest": "sha256:1"}
MANY = 500


def listed(*images: dict[str, Any]) -> ListImagesResponse:
    content = json.dumps({"imageIds": images}).encode()
    return codec.decode_response(LIST_IMAGES, content, status=200, request_id=None)


@pytest.fixture
def page() -> ListImagesResponse:
    return listed(*[TAGGED, UNTAGGED] * MANY)


def test_the_items_of_a_page_share_equal_sets(page: ListImagesResponse) -> None:
    assert len({id(image.model_fields_set) for image in page.image_ids}) == 2
    for image in page.image_ids[:2] + page.image_ids[-2:]:
        expected = {"image_tag", "image_digest"} if image.image_tag else {"image_digest"}
        assert image.model_fields_set == expected


def test_the_structures_within_items_keep_theirs() -> None:
    repository = {
        "repositoryName": "a",
        "repositoryArn": "arn",
        "registryId": "1",
        "repositoryUri": "uri",
        "createdAt": 1.0,
        "imageTagMutability": "MUTABLE",
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }
    other = {**repository, "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "k"}}
    content = json.dumps({"repositories": [repository, other] * 100}).encode()
    page = codec.decode_response(DESCRIBE_REPOSITORIES, content, status=200, request_id=None)
    assert len({id(each.model_fields_set) for each in page.repositories}) == 1
    found = [each.encryption_configuration for each in page.repositories]
    assert len({id(each.model_fields_set) for each in found if each}) == 200
    sent = [each and each.model_fields_set for each in found[:2]]
    assert sent == [{"encryption_type"}, {"encryption_type", "kms_key"}]


def test_items_with_many_different_sets_keep_theirs() -> None:
    names = ["imageManifestMediaType", "artifactMediaType", "imageStatus", "subjectManifestDigest"]
    images = [
        {name: "x" for bit, name in enumerate(names) if number >> bit & 1}
        | {"registryId": "1", "repositoryName": "a", "imageDigest": "d", "imagePushedAt": 1.0}
        for number in range(2 ** len(names))
    ]
    content = json.dumps({"imageDetails": images * 20}).encode()
    page = codec.decode_response(DESCRIBE_IMAGES, content, status=200, request_id=None)
    for image in page.image_details:
        assert image.model_fields_set == set(image.__dict__) - {
            name for name in ImageDetail.model_fields if name not in image.model_fields_set
        }
    assert len({frozenset(image.model_fields_set) for image in page.image_details}) > 4


def test_a_small_page_and_a_large_one_are_equal(page: ListImagesResponse) -> None:
    small = listed(TAGGED, UNTAGGED)
    assert page.image_ids[:2] == small.image_ids
    assert hash(page.image_ids[0]) == hash(small.image_ids[0])
    assert page == listed(*[TAGGED, UNTAGGED] * MANY)
    assert page.image_ids[0].model_dump(exclude_unset=True) == {
        "image_tag": "v1",
        "image_digest": "sha256:0",
    }


def test_a_copy_has_a_separate_set(page: ListImagesResponse) -> None:
    image = page.image_ids[1]
    copies: list[ImageIdentifier] = [
        copy.copy(image),
        copy.deepcopy(image),
        image.model_copy(),
        pickle.loads(pickle.dumps(image)),
    ]
    for other in copies:
        assert other == image
        assert other.model_fields_set == image.model_fields_set
        assert other.model_fields_set is not image.model_fields_set


def test_a_changed_copy_changes_no_other_item(page: ListImagesResponse) -> None:
    changed = page.image_ids[1].model_copy(update={"image_tag": "new"})
    assert changed.model_fields_set == {"image_tag", "image_digest"}
    assert page.image_ids[3].model_fields_set == {"image_digest"}


def test_a_page_survives_pickling_and_a_deep_copy(page: ListImagesResponse) -> None:
    for other in (pickle.loads(pickle.dumps(page)), copy.deepcopy(page)):
        assert other == page
        assert other.image_ids[3].model_fields_set == {"image_digest"}


@pytest.mark.parametrize("content", [{}, {"imageScanFindings": {}}, {"registryId": "1"}])
def test_a_page_without_items_is_decoded(content: dict[str, Any]) -> None:
    text = json.dumps(content) + " " * 20_000
    operation = DESCRIBE_IMAGE_SCAN_FINDINGS
    page = codec.decode_response(operation, text.encode(), status=200, request_id=None)
    assert page.model_dump(exclude_unset=True).keys() == page.model_fields_set

"""How requests name images: by digest, by tag, or by both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecrclient.errors import ImageNotFoundException
from ecrclient.models import ImageFailure, ImageIdentifier

from ..errors import invalid_parameter, refuse

if TYPE_CHECKING:
    from ..store import ImageRecord, Registry, RepositoryRecord

__all__ = [
    "DIGEST",
    "check_digest",
    "check_image_id",
    "check_tag",
    "describe_image_id",
    "find_image",
    "identify",
    "named_image",
]

# What ECR's own error messages state; the model has neither.
DIGEST = "[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+"
"""The form of a digest."""
_TAG = "[a-zA-Z0-9-_.]+"


def identify(digest: str, tag: str | None = None) -> ImageIdentifier:
    """The identifier of an image in an answer."""
    if tag is None:
        return ImageIdentifier(image_digest=digest)
    return ImageIdentifier(image_digest=digest, image_tag=tag)


def check_tag(tag: str | None) -> None:
    """A tag is made of certain characters.

    Raises:
        InvalidParameterException: it has another one.
    """
    if tag is not None and not re.fullmatch(_TAG, tag):
        raise invalid_parameter("imageTag", f"must satisfy regular expression '{_TAG}'")


def check_digest(digest: str | None) -> None:
    """Refuse a malformed digest.

    Raises:
        InvalidParameterException: It does not have the form of one.
    """
    if digest is not None and not re.fullmatch(DIGEST, digest):
        raise invalid_parameter("imageDigest", f"must satisfy regular expression '{DIGEST}'")


def check_image_id(image_id: ImageIdentifier) -> None:
    """An identifier has a digest or a tag, and both are well-formed.

    Raises:
        InvalidParameterException: it has neither, or one is malformed.
    """
    if image_id.image_digest is None and image_id.image_tag is None:
        raise invalid_parameter("imageIds", "both tag and digest cannot be null")
    check_digest(image_id.image_digest)
    check_tag(image_id.image_tag)


def find_image(
    repository: RepositoryRecord, image_id: ImageIdentifier
) -> ImageRecord | ImageFailure:
    """The image that a batch call names, or why there is none.

    A batch call answers what is wrong with one image beside those that are right.
    """
    digest, tag = image_id.image_digest, image_id.image_tag
    if digest is None and tag is None:
        return _failure(image_id, "MissingDigestAndTag", "both tag and digest cannot be null")
    if digest is not None and not re.fullmatch(DIGEST, digest):
        return _failure(
            image_id, "InvalidImageDigest", f"image digest should satisfy the regex '{DIGEST}'"
        )
    if tag is not None and not re.fullmatch(_TAG, tag):
        return _failure(image_id, "InvalidImageTag", f"image tag should satisfy the regex '{_TAG}'")
    tagged = repository.tags.get(tag) if tag is not None else None
    if (tag is not None and tagged is None) or (
        digest is not None and digest not in repository.images
    ):
        return ImageFailure(
            image_id=image_id,
            failure_code="ImageNotFound",
            failure_reason="Requested image not found",
        )
    if digest is not None and tagged is not None and tagged != digest:
        return ImageFailure(
            image_id=image_id,
            failure_code="ImageTagDoesNotMatchDigest",
            failure_reason="Requested image tag does not point at the requested digest",
        )
    found = digest or tagged
    assert found is not None, "one of them was given, and each that was given is there"
    return repository.images[found]


def named_image(
    registry: Registry, repository: RepositoryRecord, image_id: ImageIdentifier
) -> ImageRecord:
    """The image that a call for one image names.

    Raises:
        InvalidParameterException: the identifier is malformed.
        ImageNotFoundException: there is no such image.
    """
    check_image_id(image_id)
    found = find_image(repository, image_id)
    if isinstance(found, ImageFailure):
        raise refuse(
            ImageNotFoundException,
            f"The image with imageId {describe_image_id(image_id)} does not exist within the "
            f"repository with name '{repository.name}' in the registry with id "
            f"'{registry.account_id}'",
        )
    return found


def describe_image_id(image_id: ImageIdentifier) -> str:
    """An identifier as ECR's messages have it."""
    digest, tag = image_id.image_digest or "null", image_id.image_tag or "null"
    return f"{{imageDigest:'{digest}', imageTag:'{tag}'}}"


def _failure(image_id: ImageIdentifier, code: str, reason: str) -> ImageFailure:
    return ImageFailure(
        image_id=image_id,
        failure_code=code,
        failure_reason=f"Invalid request parameters: {reason}",
    )

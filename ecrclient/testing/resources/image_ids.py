"""Identifiers of images in requests: a digest, a tag, or both."""

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

# From ECR's error messages; the model has neither.
DIGEST = "[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+"
"""The pattern of a digest."""
_TAG = "[a-zA-Z0-9-_.]+"


def identify(digest: str, tag: str | None = None) -> ImageIdentifier:
    """Return the identifier of an image for a response."""
    if tag is None:
        return ImageIdentifier(image_digest=digest)
    return ImageIdentifier(image_digest=digest, image_tag=tag)


def check_tag(tag: str | None) -> None:
    """Refuse a tag with characters that are not allowed.

    Raises:
        InvalidParameterException: The tag has such a character.
    """
    if tag is not None and not re.fullmatch(_TAG, tag):
        raise invalid_parameter("imageTag", f"must satisfy regular expression '{_TAG}'")


def check_digest(digest: str | None) -> None:
    """Refuse a malformed digest.

    Raises:
        InvalidParameterException: The digest is malformed.
    """
    if digest is not None and not re.fullmatch(DIGEST, digest):
        raise invalid_parameter("imageDigest", f"must satisfy regular expression '{DIGEST}'")


def check_image_id(image_id: ImageIdentifier) -> None:
    """Refuse an identifier without a digest and a tag, or with a malformed one.

    Raises:
        InvalidParameterException: The identifier has neither, or one is malformed.
    """
    if image_id.image_digest is None and image_id.image_tag is None:
        raise invalid_parameter("imageIds", "both tag and digest cannot be null")
    check_digest(image_id.image_digest)
    check_tag(image_id.image_tag)


def find_image(
    repository: RepositoryRecord, image_id: ImageIdentifier
) -> ImageRecord | ImageFailure:
    """Return the image that a batch call names, or the reason why it is not found.

    The response of a batch call lists the failures beside the images that were found.
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
    assert found is not None, "an identifier with a digest or a tag that exists"
    return repository.images[found]


def named_image(
    registry: Registry, repository: RepositoryRecord, image_id: ImageIdentifier
) -> ImageRecord:
    """Return the image that a call for a single image names.

    Raises:
        InvalidParameterException: The identifier is malformed.
        ImageNotFoundException: The image does not exist.
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
    """Return an identifier in the format of ECR's messages."""
    digest, tag = image_id.image_digest or "null", image_id.image_tag or "null"
    return f"{{imageDigest:'{digest}', imageTag:'{tag}'}}"


def _failure(image_id: ImageIdentifier, code: str, reason: str) -> ImageFailure:
    return ImageFailure(
        image_id=image_id,
        failure_code=code,
        failure_reason=f"Invalid request parameters: {reason}",
    )

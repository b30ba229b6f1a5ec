"""Deletion of images and tags, and what ECR refuses to delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict

from ecrclient.images.errors import DeletionError
from ecrclient.operations import BATCH_DELETE_IMAGE

if TYPE_CHECKING:
    from ecrclient.images.calls import RepositoryCalls

__all__ = ["DeletionFailure", "DeletionReport", "delete_images", "remove_tag"]

_IDS_PER_CALL = 100
_GONE = "ImageNotFound"


@dataclass(frozen=True, slots=True)
class DeletionFailure:
    """An image that ECR did not delete."""

    digest: str
    code: str
    """ECR's code, such as ``ImageReferencedByManifestList``."""
    reason: str | None


class DeletionReport(BaseModel):
    """What `images.Images.delete` or `images.Images.delete_referrers` did."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    repository: str
    deleted: tuple[str, ...] = ()
    """The digests of the deleted images and referrers, in this order."""
    failed: tuple[DeletionFailure, ...] = ()
    """The referrers that ECR did not delete, for example since an index lists them."""


async def delete_images(
    calls: RepositoryCalls, digests: Sequence[str]
) -> tuple[list[str], list[DeletionFailure]]:
    """Delete images, in as few calls as possible; return the digests of those that are gone.

    An image that does not exist is not a failure: another client may have deleted it, or the
    response to an earlier attempt was lost.

    Args:
        calls: The operations on the repository.
        digests: The images, deleted in this order.
    """
    failed: dict[str, DeletionFailure] = {}
    for start in range(0, len(digests), _IDS_PER_CALL):
        image_ids = [{"image_digest": one} for one in digests[start : start + _IDS_PER_CALL]]
        response = await calls.call(BATCH_DELETE_IMAGE, image_ids=image_ids)
        for failure in response.failures:
            digest, code = failure.image_id.image_digest, str(failure.failure_code)
            if digest is not None and code != _GONE:
                failed[digest] = DeletionFailure(digest, code, failure.failure_reason)
    return [digest for digest in digests if digest not in failed], list(failed.values())


async def remove_tag(calls: RepositoryCalls, store: str, tag: str) -> str | None:
    """Remove a tag; return the digest of its image, or None if the tag does not exist.

    Args:
        calls: The operations on the repository.
        store: The repository in messages.
        tag: The tag. If it is the last one, ECR deletes the image.

    Raises:
        DeletionError: ECR refuses.
    """
    response = await calls.call(BATCH_DELETE_IMAGE, image_ids=[{"image_tag": tag}])
    for failure in response.failures:
        if failure.failure_code != _GONE:
            code, reason = str(failure.failure_code), failure.failure_reason
            raise DeletionError(store, tag, code, reason)
    return next((image_id.image_digest for image_id in response.image_ids), None)

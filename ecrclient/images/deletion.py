"""Deletion of images, and what ECR refuses to delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict

from ecrclient.images.errors import DeletionError
from ecrclient.operations import BATCH_DELETE_IMAGE

if TYPE_CHECKING:
    from ecrclient.images.calls import RepositoryCalls
    from ecrclient.params import ImageIdentifierParam

__all__ = ["Deleted", "DeletionFailure", "DeletionReport", "delete_image_ids"]

_IDS_PER_CALL = 100
_GONE = "ImageNotFound"


class DeletionFailure(BaseModel):
    """An image that ECR does not delete."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    reference: str
    """Its digest, or the tag that was to be removed."""
    code: str
    """ECR's code, such as ``ImageReferencedByManifestList``."""
    reason: str
    """ECR's explanation."""

    def error(self, store: str) -> DeletionError:
        """Return the failure as an error.

        Args:
            store: The repository in messages.
        """
        return DeletionError(store, self.reference, self.code, self.reason)


class DeletionReport(BaseModel):
    """What `images.Images.delete` or `images.Images.delete_referrers` did."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    repository: str
    deleted: tuple[str, ...] = ()
    """The digests of the deleted images and referrers, in this order."""
    failed: tuple[DeletionFailure, ...] = ()
    """The referrers that ECR does not delete, for example since an index lists them."""


@dataclass
class Deleted:
    """What ECR deleted of what a caller named."""

    digests: list[str] = field(default_factory=list[str])
    failed: list[DeletionFailure] = field(default_factory=list[DeletionFailure])


async def delete_image_ids(
    calls: RepositoryCalls, image_ids: Sequence[ImageIdentifierParam]
) -> Deleted:
    """Delete images by digest, or remove tags, in as few calls as possible.

    An image that does not exist is not a failure: another client may have deleted it, or the
    response to an earlier attempt was lost.

    Args:
        calls: The operations on the repository.
        image_ids: Digests and tags, deleted in this order.
    """
    done = Deleted()
    for start in range(0, len(image_ids), _IDS_PER_CALL):
        response = await calls.call(
            BATCH_DELETE_IMAGE, image_ids=image_ids[start : start + _IDS_PER_CALL]
        )
        for image_id in response.image_ids:
            if image_id.image_digest is not None and image_id.image_digest not in done.digests:
                done.digests.append(image_id.image_digest)
        for failure in response.failures:
            if failure.failure_code != _GONE:
                reference = failure.image_id.image_digest or failure.image_id.image_tag
                done.failed.append(
                    DeletionFailure(
                        reference=str(reference),
                        code=str(failure.failure_code),
                        reason=str(failure.failure_reason),
                    )
                )
    return done

"""What a repository has: the details of an image by tag or digest, read without a pull.

Fetching a manifest with BatchGetImage counts as a pull; describing an image does not.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING

from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient.errors import ImageNotFoundException
from ecrclient.images.calls import RepositoryCalls
from ecrclient.images.digests import is_digest
from ecrclient.operations import DESCRIBE_IMAGES

if TYPE_CHECKING:
    from ecrclient.models import ImageDetail

__all__ = ["find_image", "is_denied"]

_DENIED = "AccessDeniedException"


async def find_image(calls: RepositoryCalls, reference: str) -> ImageDetail | None:
    """Return the details of an image, also of an archived one; None: there is none.

    Args:
        calls: The operations on the repository.
        reference: A tag or a digest.

    Raises:
        RepositoryNotFoundException: The repository does not exist.
    """
    image_id = {"image_digest" if is_digest(reference) else "image_tag": reference}
    images: AsyncIterable[ImageDetail] = calls.iterate(
        DESCRIBE_IMAGES, image_ids=[image_id], filter={"image_status": "ANY"}
    )
    try:
        async for image in images:
            return image
    except ImageNotFoundException:
        pass
    return None


def is_denied(error: ServiceError) -> bool:
    """Whether a call failed because the caller lacks the permission.

    Roles that may only pull images may not describe them.
    """
    return error.code == _DENIED

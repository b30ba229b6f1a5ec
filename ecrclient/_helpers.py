"""What the client and its handles have beyond the operations of ECR; written by hand.

The overlay (``[[base]]``) has the generated classes inherit from these.
"""

from __future__ import annotations

import heapq
import re
from datetime import datetime
from typing import TYPE_CHECKING

from ecrclient._awsjson.client import BaseClient
from ecrclient._awsjson.protocol.argument_checks import check_argument, wrong_argument
from ecrclient.logins import RegistryCredentials, RegistryLogins
from ecrclient.operations import DESCRIBE_IMAGES, GET_AUTHORIZATION_TOKEN

if TYPE_CHECKING:
    from ecrclient._awsjson.many.pagination import Paginator
    from ecrclient.client import ECRClient
    from ecrclient.models import DescribeImagesResponse, ImageDetail

__all__ = ["ClientHelpers", "RepositoryHelpers"]


class ClientHelpers(BaseClient):
    """The helpers of ``ECRClient``."""

    async def registry_credentials(self, registry_id: str | None = None) -> RegistryCredentials:
        """The user name and password that docker and other tools log in to a registry with.

        They are kept, for this client and those that :meth:`with_options` makes of it, and asked
        for anew 15 minutes before their end. However many callers wait, one request is sent.

        Args:
            registry_id: The AWS account whose registry it is; the caller's own by default.

        Raises:
            ResponseDecodeError: the token is not what ECR documents.
            RequestValidationError: an argument is wrong; nothing was sent.
            ECRClientError: any other failure; what is held is given for as long as it is good.
        """
        check_argument(
            "registry_credentials", "registry_id", registry_id, str, "a string", none=True
        )
        registry_ids = None if registry_id is None else [registry_id]
        return await self._state.shared(RegistryLogins).get(
            registry_id,
            lambda: self._call(GET_AUTHORIZATION_TOKEN, {"registry_ids": registry_ids}),
            self._state.clock.now,
        )

    async def latest_images(
        self,
        repository_name: str,
        n: int = 1,
        *,
        tag_pattern: str | None = None,
        registry_id: str | None = None,
    ) -> list[ImageDetail]:
        """The images that were pushed last, the newest first.

        ECR lists images in no order, so all pages are read; no more than *n* images and a page are
        held at a time.

        Args:
            repository_name: The repository.
            n: How many at the most, from 1 on.
            tag_pattern: Images with a tag that it matches, ``*`` standing for any characters:
                ``"v*"``. Untagged ones count too where it is None.
            registry_id: The AWS account whose registry it is; the caller's own by default.

        Raises:
            RepositoryNotFoundException: there is no such repository.
            RequestValidationError: an argument is wrong; nothing was sent.
            MissingMemberError: the service did not send an image's push time or digest, so that
                the order is not known.
            ECRClientError: any other failure.
        """
        check_argument("latest_images", "n", n, int, "a whole number")
        if n < 1:
            raise wrong_argument("latest_images", "n", f"must be at least 1, not {n}")
        check_argument("latest_images", "tag_pattern", tag_pattern, str, "a string", none=True)
        members: dict[str, object] = {
            "repository_name": repository_name,
            "registry_id": registry_id,
            "filter": None if tag_pattern is None else {"tag_status": "TAGGED"},
        }
        images: Paginator[DescribeImagesResponse, ImageDetail] = self._paginate(
            DESCRIBE_IMAGES, members
        )
        pattern = _wildcards(tag_pattern)
        latest: list[tuple[datetime, str]] = []
        details: dict[str, ImageDetail] = {}
        async for image in images:
            # An image may come twice: pages shift while others push and delete.
            if image.image_digest not in details and _has_tag(image, pattern):
                details[image.image_digest] = image
                # The digest settles ties, so that the outcome does not depend on the order.
                heapq.heappush(latest, (image.image_pushed_at, image.image_digest))
                if len(latest) > n:
                    del details[heapq.heappop(latest)[1]]
        return [details[digest] for _, digest in sorted(latest, reverse=True)]


def _has_tag(image: ImageDetail, pattern: re.Pattern[str] | None) -> bool:
    return pattern is None or any(map(pattern.fullmatch, image.image_tags))


def _wildcards(pattern: str | None) -> re.Pattern[str] | None:
    """As in ECR's own tag patterns only ``*`` is special."""
    if pattern is None:
        return None
    return re.compile(".*".join(map(re.escape, pattern.split("*"))))


class RepositoryHelpers:
    """The helpers of ``RepositoryHandle``."""

    _client: ECRClient
    repository_name: str
    registry_id: str | None

    async def latest_images(
        self, n: int = 1, *, tag_pattern: str | None = None
    ) -> list[ImageDetail]:
        """The images that were pushed last; see :meth:`ECRClient.latest_images`."""
        return await self._client.latest_images(
            self.repository_name, n, tag_pattern=tag_pattern, registry_id=self.registry_id
        )

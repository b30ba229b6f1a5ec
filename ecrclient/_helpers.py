"""Hand-written methods of the client and its handles.

The overlay (``[[base]]``) makes the generated classes inherit from these.
"""

from __future__ import annotations

import heapq
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ecrclient._awsjson.client import BaseClient
from ecrclient._awsjson.protocol.argument_checks import check_argument, wrong_argument
from ecrclient._wildcards import matches
from ecrclient.logins import RegistryCredentials, RegistryLogins
from ecrclient.operations import DESCRIBE_IMAGES, GET_AUTHORIZATION_TOKEN

if TYPE_CHECKING:
    from ecrclient._awsjson.many.pagination import Paginator
    from ecrclient.images.repository_images import Images
    from ecrclient.models import DescribeImagesResponse, ImageDetail

__all__ = ["ClientHelpers", "RepositoryHelpers"]


class ClientHelpers(BaseClient):
    """The helpers of ``ECRClient``."""

    async def registry_credentials(self, registry_id: str | None = None) -> RegistryCredentials:
        """Return the user name and password for docker and other registry clients.

        The credentials are cached in this client and in the clients that `with_options`
        returns, and renewed 15 minutes before they expire. Concurrent callers share one request.

        Args:
            registry_id: The AWS account ID of the registry, 12 digits; None for the caller's own
                account.

        Raises:
            ResponseDecodeError: the token does not have the documented form.
            RequestValidationError: an argument is invalid; nothing was sent.
            ECRClientError: any other failure, unless the cached credentials are still valid: then
                they are returned.
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

    def images(self, repository_name: str, *, registry_id: str | None = None) -> Images:
        """Return the images of a repository: to read, pull, push and copy them without Docker.

        Nothing is sent, and the repository need not exist.

        Args:
            repository_name: The name of the repository, with its namespace, if any.
            registry_id: The AWS account ID of the registry, 12 digits; None for the caller's own
                account.

        Raises:
            RequestValidationError: an argument is invalid.
        """
        from ecrclient.images.calls import RepositoryCalls
        from ecrclient.images.put_image_rate import PutImageRate
        from ecrclient.images.repository_images import Images

        check_argument("images", "repository_name", repository_name, str, "a string")
        check_argument("images", "registry_id", registry_id, str, "a string", none=True)
        state = self._state
        calls = RepositoryCalls(
            repository_name=repository_name,
            registry_id=registry_id,
            send=self._call,
            send_encoded=self._call_encoded,
            paginate=self._paginate,
            wait=self._wait,
            login=self.registry_credentials,
            transport_to=state.transport_to,
            timeout=self._options.timeout,
            put_image_rate=state.shared(PutImageRate),
            quota_key=state.quota_key,
            region=lambda: state.region,
            registry=(state, registry_id),
        )
        return Images(calls)

    async def latest_images(
        self,
        repository_name: str,
        n: int = 1,
        *,
        tag_pattern: str | None = None,
        registry_id: str | None = None,
    ) -> list[ImageDetail]:
        """Return the *n* most recently pushed images of a repository, newest first.

        The list is shorter, or empty, if the repository does not have as many images. ECR lists
        images in no particular order, so this reads all pages. It keeps at most *n* images and one
        page in memory.

        Args:
            repository_name: The name of the repository, with its namespace, if any.
            n: The maximum number of images, at least 1.
            tag_pattern: Only images with a tag that matches this pattern, in which ``*`` matches
                any characters: ``"v*"``. None for all images, untagged ones included.
            registry_id: The AWS account ID of the registry, 12 digits; None for the caller's own
                account.

        Raises:
            RepositoryNotFoundException: the repository does not exist.
            RequestValidationError: an argument is invalid; nothing was sent.
            MissingMemberError: the service did not send an image's push time or digest, so the
                order is unknown.
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
        latest: list[tuple[datetime, str]] = []
        details: dict[str, ImageDetail] = {}
        async for image in images:
            # Pages shift while other clients push and delete, so an image may be listed twice.
            if image.image_digest not in details and _has_tag(image, tag_pattern):
                details[image.image_digest] = image
                # Images with equal push times are ordered by digest, so the result is stable.
                heapq.heappush(latest, (image.image_pushed_at, image.image_digest))
                if len(latest) > n:
                    del details[heapq.heappop(latest)[1]]
        return [details[digest] for _, digest in sorted(latest, reverse=True)]


def _has_tag(image: ImageDetail, pattern: str | None) -> bool:
    return pattern is None or any(matches(pattern, tag) for tag in image.image_tags)


class _Repository(Protocol):
    """What the helpers of a repository need from the generated handle."""

    repository_name: str
    registry_id: str | None

    @property
    def _client(self) -> ClientHelpers: ...


class RepositoryHelpers:
    """The helpers of ``RepositoryHandle``."""

    @property
    def images(self: _Repository) -> Images:
        """The images of the repository: to read, pull, push and copy them without Docker."""
        client = self._client  # pyright: ignore[reportPrivateUsage]
        return client.images(self.repository_name, registry_id=self.registry_id)

    async def latest_images(
        self: _Repository, n: int = 1, *, tag_pattern: str | None = None
    ) -> list[ImageDetail]:
        """Return the *n* most recently pushed images, newest first.

        The list is empty if there are none. See `ECRClient.latest_images`.

        Args:
            n: The maximum number of images, at least 1.
            tag_pattern: Only images with a tag that matches this pattern, in which ``*`` matches
                any characters. None for all images, untagged ones included.
        """
        client = self._client  # pyright: ignore[reportPrivateUsage]
        return await client.latest_images(
            self.repository_name, n, tag_pattern=tag_pattern, registry_id=self.registry_id
        )

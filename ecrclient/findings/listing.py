"""The images whose findings a report contains: of the registry, of repositories, or named ones.

Amazon ECR scans the platform images of an index, not the index. A repository's listing contains
them as separate images. If images are named, those of an index are found in its manifest,
which is the only manifest that is fetched, because fetching one may count as a pull.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ecrclient._awsjson.protocol.errors import MissingMemberError, ResponseDecodeError
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient.errors import ECRClientError, RepositoryNotFoundException
from ecrclient.images.digests import is_digest
from ecrclient.images.errors import ImageError
from ecrclient.images.manifests import INDEX_MEDIA_TYPES, Descriptor, ImageIndex
from ecrclient.models import ImageIdentifier

if TYPE_CHECKING:
    from ecrclient.client import ECRClient
    from ecrclient.models import DescribeImagesResponse, ImageDetail

__all__ = ["Listed", "Listing", "Selection", "describe_failure", "is_index"]

_PAGE_SIZE = 1000
_BATCH_SIZE = 100
_ATTESTATION = "vnd.docker.reference.type"


class Selection(NamedTuple):
    """The images of a report."""

    repositories: tuple[str, ...] | None
    """None: all repositories of the registry."""
    images: tuple[str, ...] | None
    """Tags and digests in the only repository; None: all images."""
    registry_id: str | None


class Listed(NamedTuple):
    """An image of the listing, or the reason why images could not be listed."""

    repository_name: str
    detail: ImageDetail | None
    failure: str = ""
    is_named: bool = False
    """Whether the caller has named the image, or it is a platform image of a named index."""
    is_attestation: bool = False


class Listing(AsyncIterator[Listed]):
    """Iterates over the images of a selection, page by page."""

    def __init__(self, client: ECRClient, selection: Selection) -> None:
        self._client = client
        self._selection = selection
        self._found: deque[Listed] = deque()
        self._seen: set[str] = set()
        self._repository_name = ""
        self._pages: AsyncIterator[DescribeImagesResponse] | None = None
        self._names = _Names(client, selection)
        self._batches = _batches(selection.images or ())
        if selection.images is not None and selection.repositories is not None:
            (self._repository_name,) = selection.repositories

    async def __anext__(self) -> Listed:
        while not self._found:
            if self._selection.images is None:
                await self._next_page()
            else:
                await self._next_batch(next(self._batches, None))
        return self._found.popleft()

    async def _next_page(self) -> None:
        if self._pages is None:
            self._repository_name = await anext(self._names)
            self._seen.clear()
            self._pages = self._client.describe_images(
                repository_name=self._repository_name,
                registry_id=self._selection.registry_id,
                max_results=_PAGE_SIZE,
            ).pages()
        try:
            page = await anext(self._pages)
        except StopAsyncIteration:
            self._pages = None
        except RepositoryNotFoundException as error:
            if self._selection.repositories is not None:
                raise
            self._fail(str(error))
        except ECRClientError as error:
            self._fail(describe_failure(error))
        else:
            self._found.extend(self._new(page.image_details))

    def _fail(self, failure: str) -> None:
        self._found.append(Listed(self._repository_name, None, failure))
        self._pages = None

    async def _next_batch(self, batch: list[ImageIdentifier] | None) -> None:
        if batch is None:
            raise StopAsyncIteration
        await self._add_named(await self._describe(batch))

    async def _describe(self, batch: list[ImageIdentifier]) -> list[ImageDetail]:
        page = await self._client.describe_images(
            repository_name=self._repository_name,
            registry_id=self._selection.registry_id,
            image_ids=batch,
        )
        return page.image_details

    async def _add_named(
        self, details: Sequence[ImageDetail], attestations: Collection[str] = ()
    ) -> None:
        for listed in self._new(details):
            failure = listed.failure
            is_attestation = False
            if listed.detail is not None:
                is_attestation = listed.detail.image_digest in attestations
                if is_index(listed.detail):
                    failure = await self._expand(listed.detail)
            self._found.append(
                listed._replace(failure=failure, is_named=True, is_attestation=is_attestation)
            )

    async def _expand(self, index: ImageDetail) -> str:
        """Add the images of an index, and of the indexes in it; return why it failed."""
        images = self._client.images(self._repository_name, registry_id=self._selection.registry_id)
        try:
            manifest = await images.manifest(index.image_digest)
            if not isinstance(manifest, ImageIndex):
                return f"its manifest is not an index: {manifest.media_type}"
            digests = dict.fromkeys(child.digest for child in manifest.manifests)
            # An image that is also listed for a platform is not an attestation.
            attestations = digests.keys() - {
                child.digest for child in manifest.manifests if not _is_attestation(child)
            }
            for batch in _batches([digest for digest in digests if digest not in self._seen]):
                await self._add_named(await self._describe(batch), attestations)
        except ImageError as error:
            return str(error)
        except ECRClientError as error:
            return describe_failure(error)
        return ""

    def _new(self, details: Sequence[ImageDetail]) -> list[Listed]:
        """The images that were not listed before; pages shift while others push and delete."""
        new: list[Listed] = []
        for detail in details:
            try:
                digest = detail.image_digest
            except MissingMemberError as error:
                new.append(Listed(self._repository_name, None, str(error)))
                continue
            if digest not in self._seen:
                self._seen.add(digest)
                new.append(Listed(self._repository_name, detail))
        return new


class _Names(AsyncIterator[str]):
    """The names of the selected repositories."""

    def __init__(self, client: ECRClient, selection: Selection) -> None:
        names = selection.repositories
        self._given = None if names is None else iter(dict.fromkeys(names))
        self._all = (
            aiter(client.describe_repositories(registry_id=selection.registry_id))
            if names is None
            else None
        )

    async def __anext__(self) -> str:
        if self._all is not None:
            return (await anext(self._all)).repository_name
        assert self._given is not None
        for name in self._given:
            return name
        raise StopAsyncIteration


def _batches(images: Sequence[str]) -> Iterator[list[ImageIdentifier]]:
    for start in range(0, len(images), _BATCH_SIZE):
        yield [
            ImageIdentifier(image_digest=image)
            if is_digest(image)
            else ImageIdentifier(image_tag=image)
            for image in images[start : start + _BATCH_SIZE]
        ]


def is_index(detail: ImageDetail) -> bool:
    """Whether an image is an index, by its media type."""
    return detail.image_manifest_media_type in INDEX_MEDIA_TYPES


def _is_attestation(child: Descriptor) -> bool:
    """Whether an entry of an index is an attestation of BuildKit, which no platform runs."""
    platform = child.platform
    return (
        _ATTESTATION in child.annotations
        and platform is not None
        and (platform.os, platform.architecture) == ("unknown", "unknown")
    )


def describe_failure(error: ECRClientError) -> str:
    """The text of an error that concerns one image or repository; other errors are raised.

    Raises:
        ECRClientError: It would recur for every image, as an expired login would.
    """
    if isinstance(error, MissingMemberError | ResponseDecodeError):
        return str(error)
    if isinstance(error, ServiceError) and error.code in {
        "AccessDeniedException",
        "ImageNotFoundException",
        "RepositoryNotFoundException",
    }:
        return f"{error.code}: {error.message}"
    raise error

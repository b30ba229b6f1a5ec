"""Reading the images of a repository: resolve, manifest, config and blobs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from ecrclient._awsjson.protocol.argument_checks import check_argument, wrong_argument
from ecrclient.images.calls import RepositoryCalls
from ecrclient.images.content import BlobStream
from ecrclient.images.errors import ManifestError, PlatformNotFoundError
from ecrclient.images.manifests import (
    Descriptor,
    ImageConfig,
    ImageIndex,
    ImageManifest,
    Manifest,
    Platform,
    parse_config,
)
from ecrclient.images.platforms import choose, parse_platform
from ecrclient.images.repository import RepositoryStore
from ecrclient.images.stores import TransferContext

__all__ = ["RepositoryImages"]

_MAX_CONFIG_BYTES = 4 * 1024 * 1024


class RepositoryImages:
    """The images of one repository, to read and as a side of transfers."""

    def __init__(self, calls: RepositoryCalls) -> None:
        self._calls = calls

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.name}>"

    @property
    def name(self) -> str:
        """The store in messages, such as ``repository team/app``."""
        return f"repository {self._calls.repository_name}"

    @property
    def repository_name(self) -> str:
        """The name of the repository."""
        return self._calls.repository_name

    @asynccontextmanager
    async def reading(self, context: TransferContext) -> AsyncGenerator[RepositoryStore]:
        """Open the repository as the source of a transfer."""
        yield RepositoryStore(self._calls, context)

    @asynccontextmanager
    async def writing(self, context: TransferContext) -> AsyncGenerator[RepositoryStore]:
        """Open the repository as the destination of a transfer."""
        yield RepositoryStore(self._calls, context)

    async def resolve(
        self, reference: str, *, platform: str | Platform | None = None
    ) -> Descriptor:
        """Return the descriptor of an image.

        Args:
            reference: A tag, or a digest such as ``sha256:...``.
            platform: The platform of the image to choose from an index, such as ``linux/arm64``;
                None: the index itself.

        Raises:
            ImageNotFoundError: The repository has no such image.
            PlatformNotFoundError: The image has no such platform; the error lists those there are.
            RequestValidationError: An argument is invalid; nothing was sent.
        """
        check_argument("resolve", "reference", reference, str, "a tag or a digest")
        wanted = None if platform is None else parse_platform("resolve", platform)
        store = self._store()
        descriptor = await store.resolve(reference)
        if wanted is None:
            return descriptor
        return await self._choose(store, reference, descriptor, wanted)

    async def _choose(
        self, store: RepositoryStore, reference: str, descriptor: Descriptor, platform: Platform
    ) -> Descriptor:
        manifest = await store.manifest(descriptor)
        image = f"{self._calls.repository_name}:{reference}"
        if isinstance(manifest, ImageIndex):
            chosen = choose(manifest.manifests, platform)
            if chosen is None:
                raise PlatformNotFoundError(image, str(platform), manifest.platforms)
            return chosen
        config = await self._config(store, manifest)
        if choose([descriptor.model_copy(update={"platform": config.platform})], platform) is None:
            raise PlatformNotFoundError(image, str(platform), [str(config.platform)])
        return descriptor

    async def manifest(
        self, reference: str | Descriptor, *, platform: str | Platform | None = None
    ) -> Manifest:
        """Return the manifest of an image; ``raw`` is exactly what ECR stores.

        Args:
            reference: A tag, a digest, or a descriptor.
            platform: As for `resolve`.

        Raises:
            ImageNotFoundError: The repository has no such image.
            PlatformNotFoundError: The image has no such platform.
            ManifestError: The manifest is not what its media type says.
        """
        if isinstance(reference, Descriptor):
            reference = reference.digest
        store = self._store()
        if platform is None:
            return await store.manifest(await store.resolve(reference))
        wanted = parse_platform("manifest", platform)
        descriptor = await store.resolve(reference)
        return await store.manifest(await self._choose(store, reference, descriptor, wanted))

    async def config(
        self, reference: str | Descriptor, *, platform: str | Platform | None = None
    ) -> ImageConfig:
        """Return the configuration of an image: environment, labels, entry point, and so on.

        Args:
            reference: A tag, a digest, or a descriptor.
            platform: As for `resolve`; needed if the image has several platforms.

        Raises:
            ImageNotFoundError: The repository has no such image.
            PlatformNotFoundError: The image has no such platform, or several and none was passed.
            ManifestError: The image is an artifact without an image configuration.
        """
        manifest = await self.manifest(reference, platform=platform)
        if isinstance(manifest, ImageIndex):
            name = reference.digest if isinstance(reference, Descriptor) else reference
            image = f"{self._calls.repository_name}:{name}"
            raise PlatformNotFoundError(image, "(none was passed)", manifest.platforms)
        return await self._config(self._store(), manifest)

    async def _config(self, store: RepositoryStore, manifest: Manifest) -> ImageConfig:
        what = f"manifest {manifest.digest}"
        if not isinstance(manifest, ImageManifest):
            raise ManifestError(what, f"{manifest.media_type} has no image configuration")
        if manifest.config.size > _MAX_CONFIG_BYTES:
            raise ManifestError(what, f"its configuration exceeds {_MAX_CONFIG_BYTES} bytes")
        async with _stream(store, manifest.config, 0) as blob:
            return parse_config(await blob.read())

    @asynccontextmanager
    async def open_blob(self, blob: Descriptor, *, start: int = 0) -> AsyncGenerator[BlobStream]:
        """Stream a layer or a configuration.

        ::

            async with images.open_blob(manifest.layers[0]) as blob:
                async for piece in blob:
                    ...

        A download that breaks or whose URL expires is resumed. Size and digest are verified at the
        end of the stream.

        Args:
            blob: The descriptor, from a manifest.
            start: The position of the first byte. The digest is verified only from 0.

        Raises:
            BlobNotFoundError: The repository does not have the blob.
            ContentMismatchError: The content does not have its digest or its size.
            DownloadError: The download did not complete.
        """
        check_argument("open_blob", "blob", blob, Descriptor, "a Descriptor")
        check_argument("open_blob", "start", start, int, "a number of bytes")
        if not 0 <= start <= blob.size:
            raise wrong_argument("open_blob", "start", f"must be from 0 to {blob.size}")
        async with _stream(self._store(), blob, start) as stream:
            yield stream

    def _store(self) -> RepositoryStore:
        return RepositoryStore(self._calls, TransferContext())


@asynccontextmanager
async def _stream(
    store: RepositoryStore, blob: Descriptor, start: int
) -> AsyncGenerator[BlobStream]:
    async with store.blob(blob).open(start) as pieces:
        yield BlobStream(blob, start, pieces)

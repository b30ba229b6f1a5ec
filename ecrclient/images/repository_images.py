"""The images of a repository: ``ecr.images("team/app")``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

from ecrclient._awsjson.protocol.argument_checks import check_argument, wrong_argument
from ecrclient.images.content import BlobStream
from ecrclient.images.copying import CopyAllReport, copy_images
from ecrclient.images.digests import is_digest, is_tag
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
from ecrclient.images.planning import CopyPlan, Selection
from ecrclient.images.platforms import choose, parse_platform
from ecrclient.images.repository import RepositoryAccess, RepositoryStore
from ecrclient.images.resume import StateFile
from ecrclient.images.stores import ImageStore, TransferContext
from ecrclient.images.transfer import Transfer

if TYPE_CHECKING:
    from ecrclient.images.progress import OnProgress, TransferReport

__all__ = ["Images"]

_MAX_CONFIG_BYTES = 4 * 1024 * 1024


class Images:
    """The images of one repository: read, pull, push and copy them without Docker.

    A source or destination of transfers, as :class:`~ecrclient.images.Layout` is. Every method that
    takes a tag resolves it to a digest first and then works on the digest, so that a tag that moves
    meanwhile does not matter.
    """

    def __init__(self, access: RepositoryAccess) -> None:
        self._access = access

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.name}>"

    @property
    def name(self) -> str:
        """The store in messages, such as ``repository team/app``."""
        return f"repository {self._access.repository_name}"

    @property
    def repository_name(self) -> str:
        """The name of the repository."""
        return self._access.repository_name

    @asynccontextmanager
    async def reading(self, context: TransferContext) -> AsyncGenerator[RepositoryStore]:
        """Open the repository as the source of a transfer."""
        yield RepositoryStore(self._access, context)

    @asynccontextmanager
    async def writing(self, context: TransferContext) -> AsyncGenerator[RepositoryStore]:
        """Open the repository as the destination of a transfer."""
        yield RepositoryStore(self._access, context)

    # -- reading ---------------------------------------------------------------------------------

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
        image = f"{self._access.repository_name}:{reference}"
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
            platform: As for :meth:`resolve`.

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
            platform: As for :meth:`resolve`; needed if the image has several platforms.

        Raises:
            ImageNotFoundError: The repository has no such image.
            PlatformNotFoundError: The image has no such platform, or several and none was passed.
            ManifestError: The image is an artifact without an image configuration.
        """
        manifest = await self.manifest(reference, platform=platform)
        if isinstance(manifest, ImageIndex):
            name = reference.digest if isinstance(reference, Descriptor) else reference
            image = f"{self._access.repository_name}:{name}"
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

    async def referrers(self, reference: str) -> AsyncIterator[Descriptor]:
        """Yield what refers to an image: OCI referrers, and the tags of cosign.

        Args:
            reference: The image, by tag or digest.
        """
        store = self._store()
        digest = (await store.resolve(reference)).digest
        seen: set[str] = set()
        for descriptor in await store.referrers(digest):
            seen.add(descriptor.digest)
            yield descriptor
        prefix = digest.replace(":", "-")
        tagged = await store.find(f"{prefix}.{suffix}" for suffix in ("sig", "att", "sbom"))
        for descriptor in tagged.values():
            if descriptor.digest not in seen:
                yield descriptor

    # -- transfers -------------------------------------------------------------------------------

    async def pull(
        self,
        reference: str,
        to: ImageStore,
        *,
        tags: Sequence[str] | None = None,
        platforms: Sequence[str | Platform] | None = None,
        referrers: bool = False,
        foreign_layers: bool = False,
        max_concurrency: int = 4,
        on_progress: OnProgress | None = None,
    ) -> TransferReport:
        """Pull an image into a layout or an archive.

        Args:
            reference: The image, by tag or digest.
            to: A ``Layout``, an ``OCIArchive`` or a ``DockerArchive``.
            tags: Its tags there; None: *reference*, if that is a tag.
            platforms: See :meth:`copy`.
            referrers: See :meth:`copy`.
            foreign_layers: See :meth:`copy`.
            max_concurrency: See :meth:`copy`.
            on_progress: See :meth:`copy`.

        Raises:
            ImageError: The image could not be pulled.
            ECRClientError: A call failed.
        """
        check_argument("pull", "reference", reference, str, "a tag or a digest")
        selection = _selection(
            "pull", self, reference, tags, platforms, referrers=referrers, foreign=foreign_layers
        )
        return await _transfer("pull", self, to, selection, max_concurrency, on_progress).run()

    async def push(
        self,
        source: ImageStore,
        reference: str | None = None,
        *,
        tags: Sequence[str] | None = None,
        platforms: Sequence[str | Platform] | None = None,
        referrers: bool = False,
        foreign_layers: bool = False,
        create_repository: Literal["never", "if missing"] = "never",
        max_concurrency: int = 4,
        on_progress: OnProgress | None = None,
        resume: StateFile | None = None,
    ) -> TransferReport:
        """Push an image from a layout or an archive.

        Args:
            source: A ``Layout``, an ``OCIArchive`` or a ``DockerArchive``.
            reference: The image in *source*, by tag or digest; None: its only image.
            tags: The tags in this repository; None: *reference*, if that is a tag.
            platforms: See :meth:`copy`.
            referrers: See :meth:`copy`.
            foreign_layers: See :meth:`copy`.
            create_repository: See :meth:`copy`.
            max_concurrency: See :meth:`copy`.
            on_progress: See :meth:`copy`.
            resume: See :meth:`copy`.

        Raises:
            ImageError: The image could not be pushed.
            ECRClientError: A call failed.
        """
        check_argument("push", "reference", reference, str, "a tag or a digest", none=True)
        selection = _selection(
            "push", source, reference, tags, platforms, referrers=referrers, foreign=foreign_layers
        )
        transfer = _transfer(
            "push",
            source,
            self,
            selection,
            max_concurrency,
            on_progress,
            create_repository=create_repository,
            resume=resume,
        )
        return await _run(transfer, resume)

    async def copy(
        self,
        reference: str,
        *,
        to: ImageStore,
        tags: Sequence[str] | None = None,
        platforms: Sequence[str | Platform] | None = None,
        referrers: bool = False,
        foreign_layers: bool = False,
        create_repository: Literal["never", "if missing"] = "never",
        mount: Literal["auto", "never"] = "auto",
        max_concurrency: int = 4,
        on_progress: OnProgress | None = None,
        resume: StateFile | None = None,
    ) -> TransferReport:
        """Copy an image to another repository, of any client, Region and account.

        What is there already is not transferred. Blobs are written first, then the images of the
        platforms, the index, the referrers, and the tags last. A copy that fails or is cancelled
        leaves no tag on an incomplete image.

        Args:
            reference: The image, by tag or digest.
            to: The destination, such as ``other_client.images("team/app")``.
            tags: The tags in the destination; None: *reference*, if that is a tag.
            platforms: The platforms to copy, such as ``linux/arm64``; None: all. One platform: its
                image alone. Several: a new index with them, which has another digest.
            referrers: Whether to copy what refers to the image, such as signatures and SBOMs, by
                OCI referrers and by the tags of cosign.
            foreign_layers: Whether to copy layers that must not be redistributed.
            create_repository: ``if missing``: the destination is created if it does not exist, with
                the settings of the registry's creation template for its name, if there is one.
            mount: ``auto``: blobs of a repository in the same registry are linked instead of
                copied, if the account setting ``BLOB_MOUNTING`` allows that.
            max_concurrency: Blobs that are transferred at the same time, at least 1.
            on_progress: Receives the events of :mod:`ecrclient.images.progress`; it must not block.
            resume: Remembers the uploads, so that a later process continues them.

        Returns:
            TransferReport: What was copied and what was there.

        Raises:
            ImageNotFoundError: The repository has no such image.
            PlatformNotFoundError: The image has no such platform.
            TagConflictError: A tag is immutable and belongs to another image; nothing was sent.
            ImageError: The image could not be copied.
            RequestValidationError: An argument is invalid; nothing was sent.
            ECRClientError: A call failed.
        """
        check_argument("copy", "reference", reference, str, "a tag or a digest")
        selection = _selection(
            "copy", self, reference, tags, platforms, referrers=referrers, foreign=foreign_layers
        )
        transfer = _transfer(
            "copy",
            self,
            to,
            selection,
            max_concurrency,
            on_progress,
            create_repository=create_repository,
            mount=mount,
            resume=resume,
        )
        return await _run(transfer, resume)

    async def plan_copy(
        self,
        reference: str,
        *,
        to: ImageStore,
        tags: Sequence[str] | None = None,
        platforms: Sequence[str | Platform] | None = None,
        referrers: bool = False,
        foreign_layers: bool = False,
    ) -> CopyPlan:
        """Return what :meth:`copy` would write; nothing is written.

        The arguments and the errors are those of :meth:`copy`.
        """
        check_argument("plan_copy", "reference", reference, str, "a tag or a digest")
        selection = _selection(
            "plan_copy",
            self,
            reference,
            tags,
            platforms,
            referrers=referrers,
            foreign=foreign_layers,
        )
        return await _transfer("plan_copy", self, to, selection, 1, None).plan()

    async def copy_all(
        self,
        *,
        to: ImageStore,
        tag_pattern: str = "*",
        platforms: Sequence[str | Platform] | None = None,
        referrers: bool = False,
        foreign_layers: bool = False,
        create_repository: Literal["never", "if missing"] = "never",
        mount: Literal["auto", "never"] = "auto",
        max_concurrency: int = 4,
        on_progress: OnProgress | None = None,
        resume: StateFile | None = None,
    ) -> CopyAllReport:
        """Copy every tagged image, with its tags.

        Repeating it copies what is missing, so that an interrupted copy can simply be run again.

        Args:
            to: The destination.
            tag_pattern: Only tags that match this pattern, in which ``*`` matches any characters.
            platforms: See :meth:`copy`.
            referrers: See :meth:`copy`.
            foreign_layers: See :meth:`copy`.
            create_repository: See :meth:`copy`.
            mount: See :meth:`copy`.
            max_concurrency: Images that are copied at the same time, and blobs of each image.
            on_progress: See :meth:`copy`.
            resume: See :meth:`copy`.

        Raises:
            CopyError: Some images could not be copied; its ``report`` lists the others.
            ECRClientError: The tags cannot be listed.
        """
        check_argument("copy_all", "tag_pattern", tag_pattern, str, "a pattern")

        async def copy(digest: str, tags: tuple[str, ...]) -> TransferReport:
            return await self.copy(
                digest,
                to=to,
                tags=tags,
                platforms=platforms,
                referrers=referrers,
                foreign_layers=foreign_layers,
                create_repository=create_repository,
                mount=mount,
                max_concurrency=max_concurrency,
                on_progress=on_progress,
                resume=resume,
            )

        return await copy_images(self._store().tags(), tag_pattern, copy, max_concurrency)

    def _store(self) -> RepositoryStore:
        return RepositoryStore(self._access, TransferContext())


@asynccontextmanager
async def _stream(
    store: RepositoryStore, blob: Descriptor, start: int
) -> AsyncGenerator[BlobStream]:
    async with store.blob(blob).open(start) as pieces:
        yield BlobStream(blob, start, pieces)


def _selection(
    function: str,
    source: ImageStore,
    reference: str | None,
    tags: Sequence[str] | None,
    platforms: Sequence[str | Platform] | None,
    *,
    referrers: bool,
    foreign: bool,
) -> Selection:
    """Check the arguments of a transfer that say what to transfer."""
    check_argument(function, "source", source, ImageStore, "a repository, a layout or an archive")
    for name, texts in (("tags", tags), ("platforms", platforms)):
        if isinstance(texts, str):
            raise wrong_argument(function, name, "must be a list, not a string")
    if tags is None:
        tags = [] if reference is None or is_digest(reference) else [reference]
    for number, tag in enumerate(tags):
        if not is_tag(tag):
            raise wrong_argument(function, f"tags[{number}]", "is not a tag")
    image = source.name if reference is None else f"{source.name}, image {reference}"
    wanted = None
    if platforms is not None:
        wanted = [parse_platform(function, platform) for platform in platforms]
    return Selection(image, reference, tags, wanted, referrers, foreign)


def _transfer(
    function: str,
    source: ImageStore,
    destination: ImageStore,
    selection: Selection,
    max_concurrency: int,
    on_progress: OnProgress | None,
    *,
    create_repository: str = "never",
    mount: str = "never",
    resume: StateFile | None = None,
) -> Transfer:
    check_argument(function, "to", destination, ImageStore, "a repository, a layout or an archive")
    check_argument(function, "max_concurrency", max_concurrency, int, "a whole number")
    if max_concurrency < 1:
        raise wrong_argument(function, "max_concurrency", "must be at least 1")
    if create_repository not in {"never", "if missing"}:
        raise wrong_argument(function, "create_repository", "must be 'never' or 'if missing'")
    if mount not in {"auto", "never"}:
        raise wrong_argument(function, "mount", "must be 'auto' or 'never'")
    check_argument(function, "resume", resume, StateFile, "a StateFile", none=True)
    names = [store.repository_name for store in (source, destination) if isinstance(store, Images)]
    return Transfer(
        source,
        destination,
        selection,
        names[0] if names else None,
        max_concurrency,
        create_repository == "if missing",
        mount == "auto",
        on_progress,
        resume,
    )


async def _run(transfer: Transfer, resume: StateFile | None) -> TransferReport:
    if resume is not None:
        await resume.load()
    return await transfer.run()

"""The images of a repository: ``ecr.images("team/app")``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from ecrclient._awsjson.protocol.argument_checks import check_argument
from ecrclient.images.arguments import check_selection, check_transfer
from ecrclient.images.cleanup.methods import CleanupMethods
from ecrclient.images.copying import CopyAllReport, copy_images
from ecrclient.images.lifecycle_previews import LifecyclePreviews
from ecrclient.images.planning import CopyPlan
from ecrclient.images.promotion import PromotionMethods
from ecrclient.images.reading import RepositoryImages
from ecrclient.images.referrers import ReferrerMethods
from ecrclient.images.verification import VerificationMethods

if TYPE_CHECKING:
    from ecrclient.images.manifests import Platform
    from ecrclient.images.progress import OnProgress, TransferReport
    from ecrclient.images.resume import StateFile
    from ecrclient.images.stores import ImageStore

__all__ = ["Images"]


class Images(
    PromotionMethods,
    ReferrerMethods,
    VerificationMethods,
    RepositoryImages,
    CleanupMethods,
    LifecyclePreviews,
):
    """The images of one repository: read, pull, push and copy them without Docker.

    A source or destination of transfers, as `images.Layout` is. Every method that
    takes a tag resolves it to a digest first and then works on the digest, so that a tag that moves
    meanwhile does not matter.
    """

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
            platforms: See `copy`.
            referrers: See `copy`.
            foreign_layers: See `copy`.
            max_concurrency: See `copy`.
            on_progress: See `copy`.

        Raises:
            ImageError: The image could not be pulled.
            ECRClientError: A call failed.
        """
        check_argument("pull", "reference", reference, str, "a tag or a digest")
        selection = check_selection(
            "pull", self, reference, tags, platforms, referrers=referrers, foreign=foreign_layers
        )
        transfer = check_transfer("pull", self, to, max_concurrency, on_progress)
        return await transfer.run(selection)

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
            platforms: See `copy`.
            referrers: See `copy`.
            foreign_layers: See `copy`.
            create_repository: See `copy`.
            max_concurrency: See `copy`.
            on_progress: See `copy`.
            resume: See `copy`.

        Raises:
            ImageError: The image could not be pushed.
            ECRClientError: A call failed.
        """
        check_argument("push", "reference", reference, str, "a tag or a digest", none=True)
        selection = check_selection(
            "push", source, reference, tags, platforms, referrers=referrers, foreign=foreign_layers
        )
        transfer = check_transfer(
            "push",
            source,
            self,
            max_concurrency,
            on_progress,
            create_repository=create_repository,
            resume=resume,
        )
        return await transfer.run(selection)

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

        What is there already is not transferred. Blobs are written first and tags last, so that a
        copy that fails or is cancelled leaves no tag on an incomplete image.

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
            on_progress: Receives an event for each step; it must not block.
            resume: Remembers the uploads, so that a later process continues them.

        Raises:
            ImageNotFoundError: The repository has no such image.
            PlatformNotFoundError: The image has no such platform.
            TagConflictError: A tag is immutable and belongs to another image; nothing was sent.
            ImageError: The image could not be copied.
            ECRClientError: A call failed.
        """
        check_argument("copy", "reference", reference, str, "a tag or a digest")
        selection = check_selection(
            "copy", self, reference, tags, platforms, referrers=referrers, foreign=foreign_layers
        )
        transfer = check_transfer(
            "copy",
            self,
            to,
            max_concurrency,
            on_progress,
            create_repository=create_repository,
            mount=mount,
            resume=resume,
        )
        return await transfer.run(selection)

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
        """Return what `copy` would write; nothing is written.

        The arguments and the errors are those of `copy`.
        """
        check_argument("plan_copy", "reference", reference, str, "a tag or a digest")
        selection = check_selection(
            "plan_copy",
            self,
            reference,
            tags,
            platforms,
            referrers=referrers,
            foreign=foreign_layers,
        )
        return await check_transfer("plan_copy", self, to, 1, None).plan(selection)

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
        Blobs that several images have in common are transferred once.

        Args:
            to: The destination. An archive gets all images, or does not appear if one fails.
            tag_pattern: Only tags that match this pattern, in which ``*`` matches any characters.
            platforms: See `copy`.
            referrers: See `copy`.
            foreign_layers: See `copy`.
            create_repository: See `copy`.
            mount: See `copy`.
            max_concurrency: Images that are copied at the same time, and blobs in all of them.
            on_progress: See `copy`.
            resume: See `copy`.

        Raises:
            CopyError: Some images could not be copied; its ``report`` lists the others.
            ECRClientError: The tags cannot be listed.
        """
        check_argument("copy_all", "tag_pattern", tag_pattern, str, "a pattern")
        selection = check_selection(
            "copy_all", self, None, [], platforms, referrers=referrers, foreign=foreign_layers
        )
        transfer = check_transfer(
            "copy_all",
            self,
            to,
            max_concurrency,
            on_progress,
            create_repository=create_repository,
            mount=mount,
            resume=resume,
        )
        return await copy_images(transfer, selection, tag_pattern)

"""Promotion: an image with its children and referrers gets tags in another repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from ecrclient._awsjson.protocol.argument_checks import check_argument
from ecrclient.errors import RepositoryNotFoundException
from ecrclient.images.arguments import check_selection, check_transfer
from ecrclient.images.progress import TransferReport
from ecrclient.images.reading import RepositoryImages
from ecrclient.images.tagging import (
    RetagReport,
    TagMethods,
    check_tags,
    previous_images,
    tags_report,
)

if TYPE_CHECKING:
    from ecrclient.images.planning import Selection
    from ecrclient.images.progress import OnProgress
    from ecrclient.images.resume import StateFile
    from ecrclient.images.transfer import Transfer

__all__ = ["PromotionMethods", "PromotionReport"]


class PromotionReport(BaseModel):
    """What `images.Images.promote` did."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    source: str
    """The source in messages, such as ``repository team/app``."""
    destination: str
    digest: str
    """The image, which is the same in both repositories."""
    tags: RetagReport
    """The tags in the destination."""
    transfer: TransferReport | None = None
    """What was copied; None: the repositories are the same, and only tags were written."""


class PromotionMethods(TagMethods):
    """The method that promotes an image."""

    async def promote(
        self,
        reference: str,
        *,
        to: RepositoryImages,
        tags: Sequence[str] | None = None,
        referrers: bool = True,
        move: bool = True,
        create_repository: Literal["never", "if missing"] = "never",
        mount: Literal["auto", "never"] = "auto",
        max_concurrency: int = 4,
        on_progress: OnProgress | None = None,
        resume: StateFile | None = None,
    ) -> PromotionReport:
        """Promote an image to another repository, with its children and its referrers.

        The digest stays the same, and so do signatures. What the destination has already is not
        transferred, and tags are written last. To the same repository, a promotion is a `retag`.

        Args:
            reference: The image, by tag or digest.
            to: The destination, such as ``other_client.images("prod/app")``.
            tags: The tags in the destination; None: *reference*, if that is a tag.
            referrers: Whether signatures, SBOMs and other referrers are promoted too.
            move: See `retag`; it applies to the destination.
            create_repository: As for ``copy``.
            mount: As for ``copy``.
            max_concurrency: As for ``copy``.
            on_progress: As for ``copy``.
            resume: As for ``copy``.

        Raises:
            ImageNotFoundError: The repository has no such image.
            TagConflictError: A tag belongs to another image in the destination, and is immutable or
                *move* is False; nothing was sent.
            RepositoryNotFoundException: The destination does not exist, and was not to be created.
            ImageError: The image could not be copied.
            ECRClientError: A call failed.
        """
        check_argument("promote", "reference", reference, str, "a tag or a digest")
        check_argument("promote", "to", to, RepositoryImages, "the images of a repository")
        check_argument("promote", "move", move, bool, "True or False")
        selection = check_selection(
            "promote", self, reference, tags, None, referrers=referrers, foreign=False
        )
        transfer = check_transfer(
            "promote",
            self,
            to,
            max_concurrency,
            on_progress,
            create_repository=create_repository,
            mount=mount,
            resume=resume,
        )
        if not self._is_same_repository(to):
            return await self._transfer(transfer, selection, to, move=move)
        return await self._tag(selection, move=move)

    async def _tag(self, selection: Selection, *, move: bool) -> PromotionReport:
        """Only write tags, since the repositories are the same."""
        image = await self._find(str(selection.reference))
        tags = await self._retag(image, check_tags("promote", selection.tags), move=move)
        return PromotionReport(
            source=self.name, destination=self.name, digest=tags.digest, tags=tags
        )

    async def _transfer(
        self, transfer: Transfer, selection: Selection, to: RepositoryImages, *, move: bool
    ) -> PromotionReport:
        """Copy an image to another repository; a source that only allows pulls suffices."""
        digest = (await self.resolve(str(selection.reference))).digest
        tags = check_tags("promote", selection.tags)
        previous = await self._previous(to, digest, tags, move=move)
        report = await transfer.run(replace(selection, reference=digest, tags=tags))
        return PromotionReport(
            source=self.name,
            destination=to.name,
            digest=digest,
            tags=tags_report(to.repository_name, digest, tags, previous),
            transfer=report,
        )

    def _is_same_repository(self, other: RepositoryImages) -> bool:
        mine, theirs = self._calls, other._calls  # noqa: SLF001
        return mine.registry == theirs.registry and mine.repository_name == theirs.repository_name

    @staticmethod
    async def _previous(
        to: RepositoryImages, digest: str, tags: Sequence[str], *, move: bool
    ) -> dict[str, str]:
        """Return the images that have some tags in the destination, which may not exist."""
        calls = to._calls  # noqa: SLF001
        try:
            return await previous_images(calls, to.name, digest, tags, move=move)
        except RepositoryNotFoundException:
            return {}

"""Tags of images: move or add them without a transfer, and remove them without the image.

Sources: "Retagging an image in Amazon ECR" and "Deleting an image in Amazon ECR" in the Amazon ECR
User Guide, and "BatchDeleteImage" in the Amazon ECR API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from ecrclient._awsjson.protocol.argument_checks import check_argument, wrong_argument
from ecrclient.images.concurrency import run_all
from ecrclient.images.deletion import remove_tag
from ecrclient.images.digests import is_tag
from ecrclient.images.errors import (
    ImageNotFoundError,
    LastTagError,
    TagConflictError,
    TagRaceError,
)
from ecrclient.images.image_states import find_image
from ecrclient.images.reading import RepositoryImages
from ecrclient.images.repository import is_immutable
from ecrclient.operations import DESCRIBE_REPOSITORIES

if TYPE_CHECKING:
    from ecrclient.images.calls import RepositoryCalls
    from ecrclient.models import ImageDetail

__all__ = [
    "RetagReport",
    "TagMethods",
    "UntagReport",
    "check_tags",
    "previous_images",
    "tags_report",
]

_CONCURRENT_CALLS = 8


class RetagReport(BaseModel):
    """What `images.Images.retag` did."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    repository: str
    digest: str
    """The image that has the tags."""
    added: tuple[str, ...] = ()
    """Tags that did not exist before."""
    moved: Mapping[str, str] = {}
    """Tags that another image had before, with its digest."""
    unchanged: tuple[str, ...] = ()
    """Tags that the image had already, for which nothing was written."""


class UntagReport(BaseModel):
    """What `images.Images.untag` did."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    repository: str
    tag: str
    """The tag, which has been removed."""
    digest: str
    """The image that had it."""
    remaining: tuple[str, ...] = ()
    """The other tags of the image."""
    image_deleted: bool = False
    """Whether the tag was the last one, so that ECR has deleted the image."""


class TagMethods(RepositoryImages):
    """Methods that move, add and remove tags."""

    async def retag(self, reference: str, *tags: str, move: bool = True) -> RetagReport:
        """Point tags at an image, without transferring it.

        All tags are checked before the first one is written. A tag that the image has already is
        not written, so repeating the call is safe. ECR writes one tag at a time: if a call fails,
        the error has a note with the tags that were written.

        Args:
            reference: The image, by tag or digest.
            tags: The tags that it gets, at least one.
            move: Whether a tag may be moved from another image. False: such a tag is a
                `images.TagConflictError`, also where the repository allows it to be moved.

        Raises:
            ImageNotFoundError: The repository has no such image.
            TagConflictError: A tag belongs to another image, and is immutable or *move* is False;
                nothing was written.
            ImageError: The image is archived, for example.
            ECRClientError: A call failed.
        """
        check_argument("retag", "reference", reference, str, "a tag or a digest")
        check_argument("retag", "move", move, bool, "True or False")
        wanted = check_tags("retag", tags)
        if not wanted:
            raise wrong_argument("retag", "tags", "must be at least one tag")
        return await self._retag(await self._find(reference), wanted, move=move)

    async def _find(self, reference: str) -> ImageDetail:
        """Return the details of an image, without fetching it."""
        image = await find_image(self._calls, reference)
        if image is None:
            raise ImageNotFoundError(self.name, reference)
        return image

    async def _retag(self, image: ImageDetail, tags: Sequence[str], *, move: bool) -> RetagReport:
        digest = image.image_digest
        new = [tag for tag in tags if tag not in image.image_tags]
        previous = await previous_images(self._calls, self.name, digest, new, move=move)
        # Since the image was described, another client may have added a tag.
        changed = [tag for tag in new if previous.get(tag) != digest]
        if changed:
            store = self._store()
            manifest = await store.manifest(await store.resolve(digest))
            written: list[str] = []
            try:
                for tag in changed:
                    await store.write_manifest(manifest, [tag], root=True)
                    written.append(tag)
            except Exception as error:
                _note(error, self.name, digest, written)
                raise
        return tags_report(
            self.repository_name,
            digest,
            tags,
            {**dict.fromkeys(image.image_tags, digest), **previous},
        )

    async def untag(
        self, tag: str, *, last_tag: Literal["refuse", "delete image"] = "refuse"
    ) -> UntagReport:
        """Remove a tag, and keep its image.

        ECR deletes an image with its last tag, so by default this refuses to remove that one.
        ECR cannot check and remove in one call. If another client moves this tag or removes the
        other ones in between, a `images.TagRaceError` reports what happened, but the removal cannot
        be undone: let one client at a time remove tags from an image.

        Args:
            tag: The tag.
            last_tag: ``delete image``: if it is the last tag, the image is deleted.

        Raises:
            ImageNotFoundError: No image has the tag.
            LastTagError: It is the last tag of its image; nothing was removed.
            DeletionError: ECR refuses, since the image would be deleted and an index lists it.
            TagRaceError: The tag was removed from another image, or the image is gone.
            ECRClientError: A call failed.
        """
        if not is_tag(tag):
            raise wrong_argument("untag", "tag", "is not a tag")
        if last_tag not in {"refuse", "delete image"}:
            raise wrong_argument("untag", "last_tag", "must be 'refuse' or 'delete image'")
        image = await self._find(tag)
        digest = image.image_digest
        is_last = image.image_tags == [tag]
        if is_last and last_tag == "refuse":
            raise LastTagError(self.name, tag, digest)
        removed_from = await remove_tag(self._calls, self.name, tag)
        if removed_from not in {None, digest}:
            problem = f"another client had moved it to {removed_from}"
            raise TagRaceError(self.name, tag, digest, problem)
        left = await find_image(self._calls, digest)
        if left is None and not is_last:
            problem = "other clients had removed its other tags, so ECR has deleted the image"
            raise TagRaceError(self.name, tag, digest, problem)
        return UntagReport(
            repository=self.repository_name,
            tag=tag,
            digest=digest,
            remaining=() if left is None else tuple(left.image_tags),
            image_deleted=left is None,
        )


def check_tags(function: str, tags: Sequence[str]) -> tuple[str, ...]:
    """Check the tags that an image gets, and return each of them once.

    Raises:
        RequestValidationError: One is not a tag; it is named with *function*.
    """
    for number, tag in enumerate(tags):
        if not is_tag(tag):
            raise wrong_argument(function, f"tags[{number}]", "is not a tag")
    return tuple(dict.fromkeys(tags))


async def previous_images(
    calls: RepositoryCalls, store: str, digest: str, tags: Sequence[str], *, move: bool
) -> dict[str, str]:
    """Return the digests of the images that have some tags now; tags that do not exist are absent.

    Args:
        calls: The operations on the repository.
        store: The repository in messages.
        digest: The image that is to get the tags.
        tags: The tags.
        move: Whether they may be moved from other images.

    Raises:
        TagConflictError: A tag belongs to another image and must not be moved.
    """
    found: dict[str, str] = {}

    async def find(tag: str) -> None:
        image = await find_image(calls, tag)
        if image is not None:
            found[tag] = image.image_digest

    await run_all(find, tags, _CONCURRENT_CALLS)
    conflicts = [tag for tag in tags if found.get(tag, digest) != digest]
    if conflicts:
        response = await calls.call_registry(
            DESCRIBE_REPOSITORIES,
            registry_id=calls.registry_id,
            repository_names=[calls.repository_name],
        )
        for tag in conflicts:
            immutable = is_immutable(response.repositories[0], tag)
            if immutable or not move:
                raise TagConflictError(store, tag, found[tag], digest, is_immutable=immutable)
    return found


def tags_report(
    repository: str, digest: str, tags: Sequence[str], previous: Mapping[str, str]
) -> RetagReport:
    """Return the report of tags that have been written.

    Args:
        repository: The name of the repository.
        digest: The image that has the tags now.
        tags: The tags.
        previous: The digests of the images that had them before.
    """
    return RetagReport(
        repository=repository,
        digest=digest,
        added=tuple(tag for tag in tags if tag not in previous),
        moved={tag: previous[tag] for tag in tags if previous.get(tag, digest) != digest},
        unchanged=tuple(tag for tag in tags if previous.get(tag) == digest),
    )


def _note(error: Exception, store: str, digest: str, written: Sequence[str]) -> None:
    """Add to an error which tags were written before it."""
    if written:
        error.add_note(f"{store}: these tags are on {digest}: {', '.join(written)}")

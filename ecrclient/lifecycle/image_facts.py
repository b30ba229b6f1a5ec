"""The facts about an image that lifecycle rules read, from what DescribeImages returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from ecrclient._awsjson.protocol.argument_checks import wrong_argument
from ecrclient._awsjson.protocol.shapes import CAMEL_CASE

if TYPE_CHECKING:
    from ecrclient.models import DescribeImagesResponse, ImageDetail

__all__ = ["ImageDetails", "LifecycleImage", "StorageClass", "read_images"]

StorageClass: TypeAlias = Literal["standard", "archive", "restoring"]
"""``restoring``: the image is on its way from the archive, and in neither class."""

ImageDetails: TypeAlias = (
    "Iterable[ImageDetail | DescribeImagesResponse | LifecycleImage | Mapping[str, object]]"
)
"""Images, or pages of them, as ``describe_images`` returns them; or dictionaries."""

_INDEX_MEDIA_TYPES = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleImage:
    """What lifecycle rules read about an image. None: ECR did not send it."""

    digest: str
    tags: tuple[str, ...] = ()
    pushed_at: datetime | None = None
    last_pull: datetime | None = None
    """The last recorded pull; ECR does not send it for an image that was never pulled."""
    status: str | None = None
    """``ACTIVE``, ``ARCHIVED`` or ``ACTIVATING``."""
    archived_at: datetime | None = None
    activated_at: datetime | None = None
    """When it was last restored from the archive."""
    subject: str | None = None
    """The digest of the image that this reference artifact belongs to."""
    is_index: bool | None = None
    """Whether it is an image index or a manifest list."""

    @property
    def storage_class(self) -> StorageClass | None:
        """The storage class; None: it is unknown."""
        match self.status:
            case "ACTIVE":
                return "standard"
            case "ARCHIVED":
                return "archive"
            case "ACTIVATING":
                return "restoring"
            case None if self.archived_at is None:
                return "standard"
            case _:
                return None


class _Detail(BaseModel):
    """The members of ``ImageDetail`` that are read from a dictionary; all but one may be absent."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=CAMEL_CASE,
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
    )

    image_digest: str
    image_tags: tuple[str, ...] | None = None
    image_pushed_at: AwareDatetime | None = None
    last_recorded_pull_time: AwareDatetime | None = None
    image_status: str | None = None
    last_archived_at: AwareDatetime | None = None
    last_activated_at: AwareDatetime | None = None
    subject_manifest_digest: str | None = None
    image_manifest_media_type: str | None = None


def read_images(function: str, image_details: ImageDetails) -> list[LifecycleImage]:
    """Read the facts about images; of an image that is listed repeatedly, the last ones.

    Args:
        function: The name of the function with the argument ``image_details``, for messages.
        image_details: The images.

    Raises:
        RequestValidationError: An item is not an image, or a member of it has the wrong type.
    """
    items = _items(function, image_details)
    images = (image for item in items for image in _images_in(function, item))
    return [*{image.digest: image for image in images}.values()]


def _items(function: str, image_details: object) -> Iterable[object]:
    kind = type(image_details).__name__
    if not isinstance(image_details, Iterable) or isinstance(image_details, str | bytes | Mapping):
        problem = f"must be a list of images, not an object of type {kind}"
        raise wrong_argument(function, "image_details", problem)
    return cast("Iterable[object]", image_details)


def _images_in(function: str, item: object) -> Iterator[LifecycleImage]:
    from ecrclient.models import DescribeImagesResponse, ImageDetail

    if isinstance(item, LifecycleImage):
        yield item
    elif isinstance(item, ImageDetail):
        # A member that ECR did not send is not in the dictionary; reading it raises an error.
        yield _from_members(function, vars(item))
    elif isinstance(item, DescribeImagesResponse):
        for detail in item.image_details:
            yield _from_members(function, vars(detail))
    elif isinstance(item, Mapping):
        try:
            yield _from_members(function, vars(_Detail.model_validate(item)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise wrong_argument(function, "image_details", problem) from None
    else:
        problem = f"must be images, not an object of type {type(item).__name__}"
        raise wrong_argument(function, "image_details", problem)


def _from_members(function: str, members: Mapping[str, object]) -> LifecycleImage:
    digest = members.get("image_digest")
    if digest is None:
        raise wrong_argument(function, "image_details", "an image has no image_digest")
    known = cast("Mapping[str, datetime | None]", members)
    texts = cast("Mapping[str, str | None]", members)
    media_type = texts.get("image_manifest_media_type")
    return LifecycleImage(
        digest=str(digest),
        tags=tuple(cast("Iterable[str]", members.get("image_tags") or ())),
        pushed_at=known.get("image_pushed_at"),
        last_pull=known.get("last_recorded_pull_time"),
        status=texts.get("image_status"),
        archived_at=known.get("last_archived_at"),
        activated_at=known.get("last_activated_at"),
        subject=texts.get("subject_manifest_digest"),
        is_index=None if media_type is None else media_type in _INDEX_MEDIA_TYPES,
    )

"""The checks of the arguments of pull, push and copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ecrclient._awsjson.protocol.argument_checks import check_argument, wrong_argument
from ecrclient.images.digests import is_digest, is_tag
from ecrclient.images.names import tag_of
from ecrclient.images.planning import Selection
from ecrclient.images.platforms import parse_platform
from ecrclient.images.reading import RepositoryImages
from ecrclient.images.resume import StateFile
from ecrclient.images.stores import ImageStore
from ecrclient.images.transfer import Transfer

if TYPE_CHECKING:
    from ecrclient.images.manifests import Platform
    from ecrclient.images.progress import OnProgress

__all__ = ["check_selection", "check_transfer"]


def check_selection(
    function: str,
    source: ImageStore,
    reference: str | None,
    tags: Sequence[str] | None,
    platforms: Sequence[str | Platform] | None,
    *,
    referrers: bool,
    foreign: bool,
) -> Selection:
    """Check the arguments that say what to transfer.

    Raises:
        RequestValidationError: One is wrong; it is named with *function*.
    """
    check_argument(function, "source", source, ImageStore, "a repository, a layout or an archive")
    for name, texts in (("tags", tags), ("platforms", platforms)):
        if isinstance(texts, str):
            raise wrong_argument(function, name, "must be a list, not a string")
    if tags is None:
        tags = [] if reference is None or is_digest(reference) else [tag_of(reference)]
    for number, tag in enumerate(tags):
        if not is_tag(tag):
            raise wrong_argument(function, f"tags[{number}]", "is not a tag")
    image = source.name if reference is None else f"{source.name}, image {reference}"
    wanted = None
    if platforms is not None:
        wanted = [parse_platform(function, platform) for platform in platforms]
    return Selection(image, reference, tags, wanted, referrers, foreign)


def check_transfer(
    function: str,
    source: ImageStore,
    destination: ImageStore,
    max_concurrency: int,
    on_progress: OnProgress | None,
    *,
    create_repository: str = "never",
    mount: str = "never",
    resume: StateFile | None = None,
) -> Transfer:
    """Check the arguments that say where and how to transfer images.

    Raises:
        RequestValidationError: One is wrong; it is named with *function*.
    """
    check_argument(function, "to", destination, ImageStore, "a repository, a layout or an archive")
    check_argument(function, "max_concurrency", max_concurrency, int, "a whole number")
    if max_concurrency < 1:
        raise wrong_argument(function, "max_concurrency", "must be at least 1")
    if create_repository not in {"never", "if missing"}:
        raise wrong_argument(function, "create_repository", "must be 'never' or 'if missing'")
    if mount not in {"auto", "never"}:
        raise wrong_argument(function, "mount", "must be 'auto' or 'never'")
    check_argument(function, "resume", resume, StateFile, "a StateFile", none=True)
    stores = (source, destination)
    names = [one.repository_name for one in stores if isinstance(one, RepositoryImages)]
    return Transfer(
        source,
        destination,
        names[0] if names else None,
        max_concurrency,
        create_repository == "if missing",
        mount == "auto",
        on_progress,
        resume,
    )

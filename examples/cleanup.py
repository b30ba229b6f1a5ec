"""Delete untagged images that are older than a number of days.

An untagged image may still be needed: as one platform of a multi-architecture image, or as a
signature. This program keeps every image that a kept image needs. It deletes nothing without
--delete.

    python examples/cleanup.py --days 14
    python examples/cleanup.py --days 14 --delete --region eu-west-1 --repository team/web
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import anyio
from demo import parser, sample_registry

from ecrclient import ECRClient
from ecrclient.handles import RepositoryHandle
from ecrclient.models import ImageDetail

INDEXES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}


async def unneeded(repository: RepositoryHandle, older_than: timedelta) -> list[ImageDetail]:
    """The images that no kept image needs; indexes first, because ECR requires that order."""
    limit = datetime.now(UTC) - older_than
    images = {image.image_digest: image async for image in repository.describe_images()}
    kept: set[str] = set()
    found = {
        digest
        for digest, image in images.items()
        if image.image_tags or image.image_pushed_at >= limit
    }
    while found:
        kept |= found
        parts = await parts_of(repository, (images[each] for each in found))
        attached = {
            digest for digest, image in images.items() if image.subject_manifest_digest in found
        }
        found = ((parts & images.keys()) | attached) - kept
    left = [image for digest, image in images.items() if digest not in kept]
    return sorted(left, key=lambda image: image.image_manifest_media_type not in INDEXES)


async def parts_of(repository: RepositoryHandle, images: Iterable[ImageDetail]) -> set[str]:
    """The digests of the images that these indexes list."""
    indexes = [image for image in images if image.image_manifest_media_type in INDEXES]
    parts: set[str] = set()
    async with repository.get_images(image_ids=indexes).stream() as fetched:
        async for index in fetched:
            parts |= {each["digest"] for each in json.loads(index.image_manifest)["manifests"]}
    return parts


def bar(done: int, of: int) -> None:
    """Show a progress bar if standard error is a terminal."""
    if sys.stderr.isatty():
        width = 30 * done // of
        print(f"\r[{'#' * width:<30}] {done}/{of}", end="", file=sys.stderr, flush=True)


async def clean(ecr: ECRClient, name: str, older_than: timedelta, *, delete: bool) -> int:
    """Clean one repository; return how many images were deleted, or would be."""
    repository = ecr.repository(name)
    images = await unneeded(repository, older_than)
    for image in images:
        print(f"{name}  {image.image_digest[:19]}  pushed {image.image_pushed_at:%Y-%m-%d}")
    if delete and images:
        async with repository.delete_images(image_ids=images).stream() as deleted:
            done = 0
            async for _ in deleted:
                done += 1
                bar(done, len(images))
    return len(images)


async def main() -> None:
    options = parser(__doc__)
    options.add_argument(
        "--days", type=int, default=14, help="the minimum age in days, 14 by default"
    )
    options.add_argument(
        "--repository", action="append", help="clean only this repository; may be repeated"
    )
    options.add_argument(
        "--delete", action="store_true", help="delete the images instead of listing them"
    )
    given = options.parse_args()
    if given.region or given.profile:
        client = ECRClient(region=given.region, profile=given.profile)
    else:
        client = (await sample_registry()).client()
    async with client as ecr:
        names: list[str] = given.repository or [
            each.repository_name async for each in ecr.describe_repositories()
        ]
        count = 0
        for name in names:
            count += await clean(ecr, name, timedelta(days=given.days), delete=given.delete)
    print(f"{count} images {'deleted' if given.delete else 'would be deleted'}")


if __name__ == "__main__":
    anyio.run(main)

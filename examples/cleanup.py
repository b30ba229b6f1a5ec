"""Delete untagged images that are older than a number of days.

An untagged image may still be needed: as one platform of a multi-architecture image, or as a
signature. The plan keeps every image that a kept image needs. Nothing is deleted without --delete.

    python examples/cleanup.py --days 14
    python examples/cleanup.py --days 14 --delete --region eu-west-1 --repository team/web
"""

from __future__ import annotations

import sys

import anyio
from demo import parser, sample_registry

from ecrclient import ECRClient
from ecrclient.images import CleanupProgress, KeepTagged, SpareYoungerThan


def show(progress: CleanupProgress) -> None:
    """Show a progress bar if standard error is a terminal."""
    if sys.stderr.isatty():
        done, total = progress.deleted, progress.total
        print(f"\r[{'#' * (30 * done // total):<30}] {done}/{total}", end="", file=sys.stderr)


async def clean(ecr: ECRClient, name: str, days: float, *, delete: bool) -> int:
    """Clean one repository; return how many images were deleted, or would be."""
    images = ecr.images(name)
    plan = await images.plan_cleanup(KeepTagged(["*"]), SpareYoungerThan(hours=days * 24))
    for image in plan.delete:
        pushed = f"{image.pushed_at:%Y-%m-%d}" if image.pushed_at else "at an unknown time"
        print(f"{name}  {image.digest[:19]}  pushed {pushed}  {image.why}")
    if not delete:
        return len(plan.delete)
    report = await images.clean_up(plan, on_progress=show)
    for left in report.left:
        print(f"{name}  {left.digest[:19]}  not deleted: {left.why}", file=sys.stderr)
    for failure in report.failed:
        print(f"{name}  {failure.digest[:19]}  {failure.code}: {failure.reason}", file=sys.stderr)
    return len(report.deleted)


async def main() -> None:
    options = parser(__doc__)
    options.add_argument(
        "--days", type=float, default=14, help="the minimum age in days, 14 by default"
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
            count += await clean(ecr, name, given.days, delete=given.delete)
    print(f"{count} images {'deleted' if given.delete else 'would be deleted'}")


if __name__ == "__main__":
    anyio.run(main)

"""Promote an image: from the repository of a stage to that of the next one, under a release tag.

Runs against an in-memory registry unless a Region or a profile is given::

    python examples/promote.py team/web:v1 prod/web --tag 1.0.0 --tag stable
    python examples/promote.py team/web:v1 prod/web --tag 1.0.0 --profile release
"""

from __future__ import annotations

import sys

import anyio
from demo import parser, sample_registry

from ecrclient import ECRClient
from ecrclient.images import ImageError, TagConflictError


async def promote(ecr: ECRClient, source: str, target: str, tags: list[str], *, dry: bool) -> int:
    repository, _, tag = source.rpartition(":")
    images, destination = ecr.images(repository), ecr.images(target)
    try:
        if dry:
            plan = await images.plan_copy(tag, to=destination, tags=tags, referrers=True)
            print(f"missing: {len(plan.blobs)} blobs ({plan.bytes:,} bytes), {plan.calls} calls")
            return 0
        report = await images.promote(
            tag, to=destination, tags=tags, create_repository="if missing"
        )
    except TagConflictError as error:
        print(f"{error.tag} is released already, as {error.existing}", file=sys.stderr)
        return 1
    except ImageError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{source} is {report.digest}")
    for moved, previous in report.tags.moved.items():
        print(f"{moved} was {previous}")
    print(f"promoted to {', '.join(f'{target}:{one}' for one in tags)}")
    return 0


async def main() -> int:
    options_of = parser(__doc__)
    options_of.add_argument("source", help="repository:tag")
    options_of.add_argument("target", help="the repository to promote to")
    options_of.add_argument("--tag", action="append", required=True, help="may be repeated")
    options_of.add_argument("--dry-run", action="store_true", help="only show what is missing")
    options = options_of.parse_args()
    if options.region or options.profile:
        client = ECRClient(region=options.region, profile=options.profile)
    else:
        client = (await sample_registry()).client()
    async with client as ecr:
        return await promote(ecr, options.source, options.target, options.tag, dry=options.dry_run)


if __name__ == "__main__":
    sys.exit(anyio.run(main))

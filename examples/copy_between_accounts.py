"""Copy an image with its signatures from one account and Region to another.

Runs between two in-memory registries unless profiles are given::

    python examples/copy_between_accounts.py team/web v1
    python examples/copy_between_accounts.py team/web v1 --from-profile dev --to-profile prod \\
        --from-region eu-west-1 --to-region us-east-1
"""

from __future__ import annotations

import argparse

import anyio
from demo import sample_registry

from ecrclient import ECRClient
from ecrclient.images import BlobDone, ProgressEvent, StateFile
from ecrclient.testing import InMemoryECR


def show(event: ProgressEvent) -> None:
    if isinstance(event, BlobDone):
        print(f"{event.how:<8} {event.digest[:19]} {event.size:>12,} bytes")


async def copy(
    source: ECRClient, target: ECRClient, repository: str, tag: str, state: str | None
) -> None:
    images, destination = source.images(repository), target.images(repository)
    resume = StateFile(state) if state else None
    report = await images.copy(
        tag,
        to=destination,
        referrers=True,
        create_repository="if missing",
        on_progress=show,
        resume=resume,
    )
    print(f"{report.digest} is {repository}:{tag}")
    print(
        f"{report.manifests_written} manifests written, {report.blobs_copied} blobs copied "
        f"({report.bytes_copied:,} bytes), {report.blobs_present} present"
    )


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repository", help="the repository, in both accounts")
    parser.add_argument("tag")
    for side in ("from", "to"):
        parser.add_argument(f"--{side}-profile", help=f"the profile to copy {side}")
        parser.add_argument(f"--{side}-region", help=f"the Region to copy {side}")
    parser.add_argument("--state", help="a file that remembers an interrupted copy")
    options = parser.parse_args()
    if options.from_profile or options.to_profile:
        source = ECRClient(profile=options.from_profile, region=options.from_region)
        target = ECRClient(profile=options.to_profile, region=options.to_region)
    else:
        source = (await sample_registry("eu-west-1", "111111111111")).client()
        target = InMemoryECR(region="us-east-1", account_id="222222222222").client()
    async with source, target:
        await copy(source, target, options.repository, options.tag, options.state)


if __name__ == "__main__":
    anyio.run(main)

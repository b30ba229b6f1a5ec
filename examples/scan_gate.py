"""A CI gate that fails if an image has findings that are too severe.

It waits for the scan and lists the findings. It exits with 1 if a finding is at least as severe as
the limit, and with 2 if the image cannot be scanned.

    python examples/scan_gate.py team/api v2
    python examples/scan_gate.py team/api v2 --severity CRITICAL --fixable --region eu-west-1
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import get_args

import anyio
from demo import parser, sample_registry

from ecrclient import ECRClient, Poll, WaiterError
from ecrclient.findings import Finding, Severity
from ecrclient.models import (
    Attribute,
    DescribeImageScanFindingsResponse,
    ImageIdentifier,
    ImageScanFinding,
)
from ecrclient.testing import InMemoryECR

SEVERITIES = get_args(Severity)


def show(poll: Poll[DescribeImageScanFindingsResponse]) -> None:
    """Report the progress in the log of the pipeline."""
    print(f"after {poll.elapsed:.0f} s: {poll.state}", file=sys.stderr)


async def findings(ecr: ECRClient, repository: str, tag: str, max_wait: float) -> list[Finding]:
    """The findings of the scan, the most severe first."""
    image = ImageIdentifier(image_tag=tag)
    await ecr.wait_until_image_scan_complete(
        repository_name=repository, image_id=image, max_wait=max_wait, on_poll=show
    )
    found = ecr.describe_image_scan_findings(repository_name=repository, image_id=image)
    return sorted([Finding.of(each) async for each in found], key=rank)


def rank(finding: Finding) -> int:
    """0 for the most severe; findings without a rating come last."""
    severity = finding.severity
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def prepare(memory: InMemoryECR) -> None:
    """Configure the findings of the in-memory registry."""
    parts = [
        Attribute(key="package_name", value="xz-utils"),
        Attribute(key="package_version", value="5.6.0"),
    ]
    backdoor = ImageScanFinding(name="CVE-2024-3094", severity="CRITICAL", attributes=parts)
    minor = ImageScanFinding(name="CVE-2023-4641", severity="LOW")
    memory.scans.takes = timedelta(0)
    memory.scans.set_findings("team/api", "v2", [minor, backdoor])


async def main() -> int:
    options = parser(__doc__)
    options.add_argument("repository")
    options.add_argument("tag")
    options.add_argument("--severity", choices=SEVERITIES, default="HIGH", help="HIGH by default")
    options.add_argument(
        "--fixable", action="store_true", help="count only findings that a newer version fixes"
    )
    options.add_argument("--max-wait", type=float, default=600, help="seconds, 600 by default")
    given = options.parse_args()
    if given.region or given.profile:
        client = ECRClient(region=given.region, profile=given.profile)
    else:
        memory = await sample_registry()
        prepare(memory)
        client = memory.client()
        await client.start_image_scan(
            repository_name=given.repository, image_id={"image_tag": given.tag}
        )
    async with client as ecr:
        try:
            found = await findings(ecr, given.repository, given.tag, given.max_wait)
        except WaiterError as error:
            print(f"no result: {error.reason}")
            return 2
    severe = 0
    for finding in found:
        counts = finding.is_at_least(given.severity) and (finding.is_fixable or not given.fixable)
        severe += counts
        packages = ", ".join(f"{each.name} {each.version}" for each in finding.packages)
        line = f"{'!' if counts else ' '} {finding.severity:<14}{finding.name:<18}{packages}"
        print(line.rstrip())
    print(f"{severe} of {len(found)} findings are at least {given.severity}")
    return 1 if severe else 0


if __name__ == "__main__":
    sys.exit(anyio.run(main))

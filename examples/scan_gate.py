"""A CI gate that fails if an image has findings that are too severe.

It waits for the scan, reads the findings and checks them. It exits with 1 if the gate does not
pass, and with 2 if there is no result of the scan.

    python examples/scan_gate.py team/api v2
    python examples/scan_gate.py team/api v2 --severity CRITICAL --fixable --region eu-west-1
    python examples/scan_gate.py team/api v2 --allow allow.toml --sarif findings.sarif
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import get_args

import anyio
from demo import parser, sample_registry

from ecrclient import ECRClient, Poll, WaiterError
from ecrclient.findings import AllowList, FindingsReport, Severity, check_findings
from ecrclient.models import (
    Attribute,
    DescribeImageScanFindingsResponse,
    ImageIdentifier,
    ImageScanFinding,
)
from ecrclient.testing import InMemoryECR


def show(poll: Poll[DescribeImageScanFindingsResponse]) -> None:
    """Report the progress in the log of the pipeline."""
    print(f"after {poll.elapsed:.0f} s: {poll.state}", file=sys.stderr)


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
    options.add_argument(
        "--severity", choices=get_args(Severity), default="HIGH", help="HIGH by default"
    )
    options.add_argument(
        "--fixable", action="store_true", help="count only findings that a newer version fixes"
    )
    options.add_argument("--allow", type=Path, help="a TOML or JSON file of accepted findings")
    options.add_argument("--sarif", type=Path, help="write the findings to this SARIF file")
    options.add_argument("--max-wait", type=float, default=600, help="seconds, 600 by default")
    given = options.parse_args()
    allow = await AllowList.load(given.allow) if given.allow else None
    image = ImageIdentifier(image_tag=given.tag)
    if given.region or given.profile:
        client = ECRClient(region=given.region, profile=given.profile)
    else:
        memory = await sample_registry()
        prepare(memory)
        client = memory.client()
        await client.start_image_scan(repository_name=given.repository, image_id=image)
    async with client as ecr:
        try:
            await ecr.wait_until_image_scan_complete(
                repository_name=given.repository,
                image_id=image,
                max_wait=given.max_wait,
                on_poll=show,
            )
        except WaiterError as error:
            print(f"no result: {error.reason}")
            return 2
        report = await FindingsReport.read(ecr, [given.repository], images=[given.tag])
    if given.sarif:
        await anyio.Path(given.sarif).write_text(report.to_sarif(), encoding="utf-8")
    result = check_findings(report, given.severity, fixable_only=given.fixable, allow=allow)
    for line in result.reasons():
        print(line)
    failing, total = len(result.failing), len(report.findings)
    print(f"{failing} of {total} findings are at least {given.severity} and not allowed")
    return 0 if result.passed else 1


if __name__ == "__main__":
    sys.exit(anyio.run(main))

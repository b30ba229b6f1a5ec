"""boto3 sees the same images and findings in the served ECR as the report has."""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Any

import anyio.to_thread
import pytest

from ecrclient import ECRClient
from ecrclient.findings import FindingsReport
from ecrclient.models import ImageScanFinding
from ecrclient.testing import InMemoryECR
from tests.ecr.findings.conftest import REPOSITORY, basic
from tests.in_memory.builders import add_blobs, image_manifest, push
from tests.in_memory.scanning import start

pytestmark = pytest.mark.anyio


def observed(ecr: Any, repositories: list[str]) -> dict[str, set[str]]:
    """The names of the findings of each image that has a scan."""
    found: dict[str, set[str]] = {}
    for name in repositories:
        images = ecr.get_paginator("list_images").paginate(repositoryName=name)
        for digest in {one["imageDigest"] for page in images for one in page["imageIds"]}:
            pages = ecr.get_paginator("describe_image_scan_findings").paginate(
                repositoryName=name,
                imageId={"imageDigest": digest},
                PaginationConfig={"PageSize": 7},
            )
            try:
                found[digest] = {
                    one["name"] for page in pages for one in page["imageScanFindings"]["findings"]
                }
            except ecr.exceptions.ScanNotFoundException:
                continue
    return found


async def test_boto3_sees_the_same_findings() -> None:
    ecr = InMemoryECR()
    ecr.scans.takes = timedelta(0)
    repositories = [REPOSITORY, "team/other"]
    async with ecr.serve() as server:
        async with ECRClient(
            region=ecr.region, credentials=ecr.credentials, endpoint_url=server.url
        ) as ours:
            for repository in repositories:
                add_blobs(ecr, repository)
                for tag in ("v0", "v1", "v2", "v3"):
                    await push(ours, repository, tag, image_manifest(f"{repository}:{tag}"))
            await scan_some(ecr, ours)
            report = await FindingsReport.read(ours)
        boto3: Any = importlib.import_module("boto3")
        theirs = boto3.client(
            "ecr",
            region_name=ecr.region,
            endpoint_url=server.url,
            aws_access_key_id=ecr.credentials.access_key_id,
            aws_secret_access_key=ecr.credentials.secret_access_key,
        )
        found = await anyio.to_thread.run_sync(observed, theirs, repositories)
        theirs.close()
    scanned = {scan.image_digest for scan in report.scans if scan.state == "scanned"}
    assert scanned == found.keys()
    assert len(report.scans) == 8
    assert {
        digest: {row.name for row in report.findings if row.image_digest == digest}
        for digest in scanned
    } == found
    assert sum(map(len, found.values())) == 41


async def scan_some(ecr: InMemoryECR, client: ECRClient) -> None:
    """Scan three images: with many findings, with one, and with none."""
    many = [basic(f"CVE-2026-{number}", "LOW") for number in range(40)]
    outcomes: dict[str, list[ImageScanFinding]] = {"v0": many, "v1": [basic("CVE-1")], "v2": []}
    for tag, findings in outcomes.items():
        ecr.scans.set_findings(REPOSITORY, tag, findings)
        await start(client, REPOSITORY, tag)

"""Requests and findings of the scan tests."""

from __future__ import annotations

from typing import Any

from ecrclient import ECRClient
from ecrclient.models import (
    DescribeImageScanFindingsResponse,
    EnhancedImageScanFinding,
    ImageDetail,
    ImageScanFinding,
)
from tests.in_memory.builders import HandClock


def basic(number: int, severity: str = "LOW") -> ImageScanFinding:
    return ImageScanFinding(name=f"CVE-2024-{number}", severity=severity)


def enhanced(number: int, severity: str = "HIGH") -> EnhancedImageScanFinding:
    return EnhancedImageScanFinding(
        aws_account_id="123456789012",
        finding_arn=f"arn:aws:inspector2:us-east-1:123456789012:finding/{number}",
        first_observed_at=HandClock().now,
        last_observed_at=HandClock().now,
        severity=severity,
        status="ACTIVE",
        title=f"CVE-2024-{number}",
        type="PACKAGE_VULNERABILITY",
    )


async def start(client: ECRClient, repository: str, tag: str = "v1") -> str:
    response = await client.start_image_scan(
        repository_name=repository, image_id={"image_tag": tag}
    )
    return response.image_scan_status.status


async def scan(
    client: ECRClient, repository: str, tag: str = "v1", **members: Any
) -> DescribeImageScanFindingsResponse:
    return await client.describe_image_scan_findings(
        repository_name=repository, image_id={"image_tag": tag}, **members
    )


async def status(client: ECRClient, repository: str, tag: str = "v1") -> str:
    return (await scan(client, repository, tag)).image_scan_status.status


async def detail(client: ECRClient, repository: str) -> ImageDetail:
    (image,) = await client.describe_images(repository_name=repository).collect()
    return image


async def scan_on_push(client: ECRClient, repository: str) -> None:
    await client.put_image_scanning_configuration(
        repository_name=repository, image_scanning_configuration={"scan_on_push": True}
    )

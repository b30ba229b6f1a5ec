"""Scans by Amazon Inspector."""

from __future__ import annotations

import pytest

from ecrclient import ECRClient
from ecrclient.errors import ScanNotFoundException, ValidationException
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import HandClock, image_manifest, push, scanning_rule
from tests.in_memory.scanning import basic, detail, enhanced, scan, scan_on_push, start, status

pytestmark = pytest.mark.anyio


async def enhance(client: ECRClient, frequency: str, pattern: str = "*") -> None:
    await client.put_registry_scanning_configuration(
        scan_type="ENHANCED", rules=[scanning_rule(frequency, pattern)]
    )


@pytest.fixture
async def pushed(client: ECRClient, repository: str) -> str:
    """A repository with one image, tagged v1."""
    await push(client, repository)
    return repository


@pytest.mark.parametrize(
    ("frequency", "done"), [("CONTINUOUS_SCAN", "ACTIVE"), ("SCAN_ON_PUSH", "COMPLETE")]
)
async def test_a_push_starts_a_scan(
    ecr: InMemoryECR,
    client: ECRClient,
    clock: HandClock,
    repository: str,
    frequency: str,
    done: str,
) -> None:
    await enhance(client, frequency)
    ecr.scans.set_findings(repository, "v1", [basic(1), enhanced(2), enhanced(3, "LOW")])
    await push(client, repository)
    clock.advance(seconds=4)
    assert await status(client, repository) == "PENDING"
    clock.advance(seconds=1)
    found = await scan(client, repository, max_results=1)
    assert found.image_scan_status.status == done
    findings = found.image_scan_findings
    assert findings is not None
    assert (findings.findings, findings.enhanced_findings) == ([], [enhanced(2)])
    assert findings.finding_severity_counts == {"HIGH": 1, "LOW": 1}
    every = await client.describe_image_scan_findings(
        repository_name=repository, image_id={"image_tag": "v1"}
    ).collect()
    assert every == [enhanced(2), enhanced(3, "LOW")]


async def test_start_image_scan_is_refused(client: ECRClient, pushed: str) -> None:
    await enhance(client, "SCAN_ON_PUSH")
    with pytest.raises(ValidationException, match="This feature is disabled"):
        await start(client, pushed)


async def test_repositories_without_a_rule_are_not_scanned(
    client: ECRClient, repository: str
) -> None:
    await scan_on_push(client, repository)
    await enhance(client, "CONTINUOUS_SCAN", "other/*")
    await push(client, repository)
    with pytest.raises(ScanNotFoundException):
        await scan(client, repository)


async def test_enabling_scans_images_of_the_last_30_days(
    client: ECRClient, clock: HandClock, pushed: str
) -> None:
    clock.advance(days=1)
    await push(client, pushed, "young", image_manifest("young"))
    clock.advance(days=30)
    await enhance(client, "CONTINUOUS_SCAN")
    clock.advance(minutes=1)
    assert await status(client, pushed) == "SCAN_ELIGIBILITY_EXPIRED"
    assert await status(client, pushed, "young") == "ACTIVE"
    begun = (await scan(client, pushed, "young")).image_scan_findings
    await enhance(client, "CONTINUOUS_SCAN")
    assert (await scan(client, pushed, "young")).image_scan_findings == begun, "no new scan"


async def test_only_scans_of_the_current_type_are_visible(
    client: ECRClient, clock: HandClock, pushed: str
) -> None:
    await start(client, pushed)
    clock.advance(minutes=1)
    await enhance(client, "CONTINUOUS_SCAN", "other/*")
    with pytest.raises(ScanNotFoundException):
        await scan(client, pushed)
    assert (await detail(client, pushed)).image_scan_findings_summary is None
    await client.put_registry_scanning_configuration(scan_type="BASIC")
    assert await status(client, pushed) == "COMPLETE"

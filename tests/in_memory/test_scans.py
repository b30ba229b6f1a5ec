"""Scans: their start, status and findings."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    ImageArchivedException,
    ImageNotFoundException,
    InvalidParameterException,
    LimitExceededException,
    RepositoryNotFoundException,
    ScanNotFoundException,
    UnsupportedImageTypeException,
)
from ecrclient.lifecycle import LifecyclePolicy, archive_after
from ecrclient.models import ImageScanFinding
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import (
    HandClock,
    add_blobs,
    digest_of,
    image_manifest,
    index_of,
    push,
    scanning_rule,
)
from tests.in_memory.scanning import basic, detail, scan, scan_on_push, start, status

pytestmark = pytest.mark.anyio

IMAGE = image_manifest()
DIGEST = digest_of(IMAGE)


@pytest.fixture
async def pushed(client: ECRClient, repository: str) -> str:
    """A repository with one image, tagged v1."""
    await push(client, repository)
    return repository


class TestBasic:
    async def test_a_scan_goes_through_its_states(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, pushed: str
    ) -> None:
        ecr.scans.takes = timedelta(minutes=4)
        begun = clock.now
        response = await client.start_image_scan(
            repository_name=pushed, image_id={"image_tag": "v1"}
        )
        assert (response.registry_id, response.repository_name) == ("123456789012", pushed)
        assert (response.image_id.image_digest, response.image_id.image_tag) == (DIGEST, "v1")
        assert response.image_scan_status.status == "PENDING"

        states: list[tuple[str, bool]] = []
        for _ in range(5):
            found = await scan(client, pushed)
            states.append((found.image_scan_status.status, found.image_scan_findings is not None))
            clock.advance(minutes=1)
        assert states == [
            ("PENDING", False),
            ("PENDING", False),
            ("IN_PROGRESS", False),
            ("IN_PROGRESS", False),
            ("COMPLETE", True),
        ]
        found = await scan(client, pushed)
        assert (found.registry_id, found.repository_name) == ("123456789012", pushed)
        assert (found.image_id.image_digest, found.image_id.image_tag) == (DIGEST, "v1")
        assert found.image_scan_status.description == "The scan was completed successfully."
        findings = found.image_scan_findings
        assert findings is not None
        assert findings.image_scan_completed_at == begun + timedelta(minutes=4)
        assert findings.vulnerability_source_updated_at == begun
        assert (findings.findings, findings.finding_severity_counts) == ([], {})

    async def test_the_waiter_waits_for_it(
        self, ecr: InMemoryECR, client: ECRClient, pushed: str
    ) -> None:
        ecr.scans.takes = timedelta(0)
        await start(client, pushed)
        done = await client.wait_until_image_scan_complete(
            repository_name=pushed, image_id={"image_tag": "v1"}, max_wait=1
        )
        assert done.image_scan_status.status == "COMPLETE"

    async def test_findings_in_pages(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, pushed: str
    ) -> None:
        findings = [*(basic(number) for number in range(4)), basic(4, "CRITICAL")]
        ecr.scans.set_findings(pushed, "v1", findings)
        await start(client, pushed)
        clock.advance(minutes=1)
        pages = [
            page.image_scan_findings
            async for page in client.describe_image_scan_findings(
                repository_name=pushed, image_id={"image_tag": "v1"}, max_results=2
            ).pages()
        ]
        assert [page.findings if page else None for page in pages] == [
            findings[:2],
            findings[2:4],
            findings[4:],
        ]
        counts = {"LOW": 4, "CRITICAL": 1}
        assert [page.finding_severity_counts if page else None for page in pages] == [counts] * 3

    async def test_a_page_has_100_findings_by_default(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, pushed: str
    ) -> None:
        ecr.scans.set_findings(pushed, DIGEST, [basic(number) for number in range(101)])
        await start(client, pushed)
        clock.advance(minutes=1)
        first = await scan(client, pushed)
        rest = await scan(client, pushed, next_token=first.next_token)
        for page, size in ((first, 100), (rest, 1)):
            assert page.image_scan_findings is not None
            assert len(page.image_scan_findings.findings) == size
        with pytest.raises(InvalidParameterException, match="nextToken"):
            await scan(client, pushed, next_token="x")

    async def test_a_scan_on_push(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, repository: str
    ) -> None:
        await scan_on_push(client, repository)
        ecr.scans.set_findings(repository, "v1", [basic(1)])
        await push(client, repository)
        assert await status(client, repository) == "PENDING"
        clock.advance(minutes=1)
        found = (await scan(client, repository)).image_scan_findings
        assert found is not None
        assert found.findings == [basic(1)]

    async def test_the_rule_of_the_registry_scans_on_push(
        self, client: ECRClient, repository: str
    ) -> None:
        await client.put_registry_scanning_configuration(
            scan_type="BASIC", rules=[scanning_rule("SCAN_ON_PUSH", "team/*")]
        )
        await push(client, repository)
        assert await status(client, repository) == "PENDING"

    async def test_another_tag_does_not_start_a_scan(
        self, client: ECRClient, clock: HandClock, pushed: str
    ) -> None:
        await scan_on_push(client, pushed)
        await push(client, pushed, "v2")
        with pytest.raises(ScanNotFoundException):
            await scan(client, pushed, "v2")

    async def test_images_are_not_scanned_by_default(self, client: ECRClient, pushed: str) -> None:
        with pytest.raises(ScanNotFoundException, match="imageDigest:'null', imageTag:'v1'"):
            await scan(client, pushed)
        image = await detail(client, pushed)
        assert (image.image_scan_status, image.image_scan_findings_summary) == (None, None)

    async def test_one_scan_of_an_image_in_24_hours(
        self, client: ECRClient, clock: HandClock, pushed: str
    ) -> None:
        await start(client, pushed)
        clock.advance(hours=24, seconds=-1)
        with pytest.raises(LimitExceededException, match="quota per image"):
            await start(client, pushed)
        clock.advance(seconds=1)
        assert await start(client, pushed) == "PENDING"

    async def test_a_scan_on_push_counts_towards_the_quota(
        self, client: ECRClient, repository: str
    ) -> None:
        await scan_on_push(client, repository)
        await push(client, repository)
        with pytest.raises(LimitExceededException):
            await start(client, repository)

    async def test_indexes_are_not_scanned(self, client: ECRClient, pushed: str) -> None:
        await scan_on_push(client, pushed)
        await push(client, pushed, "all", index_of([IMAGE]))
        with pytest.raises(ScanNotFoundException):
            await scan(client, pushed, "all")
        with pytest.raises(UnsupportedImageTypeException):
            await start(client, pushed, "all")

    async def test_archived_images_are_not_scanned(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, pushed: str
    ) -> None:
        await start(client, pushed)
        await archive_everything(ecr, client, clock, pushed)
        assert await status(client, pushed) == "IMAGE_ARCHIVED"
        with pytest.raises(ImageArchivedException):
            await start(client, pushed)

    async def test_missing_images_and_repositories(self, client: ECRClient, pushed: str) -> None:
        for call in (start, scan):
            with pytest.raises(RepositoryNotFoundException):
                await call(client, "none")
            with pytest.raises(ImageNotFoundException):
                await call(client, pushed, "none")
            with pytest.raises(InvalidParameterException, match="imageTag"):
                await call(client, pushed, "no tag")


class TestImageDetails:
    async def test_the_last_scan_and_the_last_finished_one(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, pushed: str
    ) -> None:
        ecr.scans.set_findings(pushed, "v1", [basic(1), basic(2), basic(3, "HIGH")])
        await start(client, pushed)
        image = await detail(client, pushed)
        assert image.image_scan_status is not None
        assert image.image_scan_status.status == "PENDING"
        assert image.image_scan_findings_summary is None

        clock.advance(days=1)
        await start(client, pushed)
        image = await detail(client, pushed)
        assert image.image_scan_status is not None
        assert image.image_scan_status.status == "PENDING"
        summary = image.image_scan_findings_summary
        assert summary is not None
        assert summary.finding_severity_counts == {"LOW": 2, "HIGH": 1}
        assert summary.image_scan_completed_at == clock.now - timedelta(days=1, seconds=-5)

    async def test_a_failed_scan_does_not_change_the_summary(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, pushed: str
    ) -> None:
        await start(client, pushed)
        clock.advance(days=1)
        await start(client, pushed)
        ecr.scans.set_findings(pushed, "v1", status="FAILED", description="No reason")
        clock.advance(minutes=1)
        image = await detail(client, pushed)
        assert image.image_scan_status is not None
        assert image.image_scan_status.status == "FAILED"
        assert image.image_scan_status.description == "No reason"
        summary = image.image_scan_findings_summary
        assert summary is not None
        assert summary.image_scan_completed_at == clock.now - timedelta(days=1, seconds=55)


class TestOutcomes:
    @pytest.mark.parametrize("status", ["FAILED", "UNSUPPORTED_IMAGE", "FINDINGS_UNAVAILABLE"])
    async def test_a_status(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, pushed: str, status: str
    ) -> None:
        ecr.scans.set_findings(pushed, "v1", [basic(1)], status=status)
        await start(client, pushed)
        clock.advance(minutes=1)
        found = await scan(client, pushed)
        assert (found.image_scan_status.status, found.image_scan_findings) == (status, None)

    async def test_the_duration(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, pushed: str
    ) -> None:
        ecr.scans.set_findings(pushed, "v1", after=timedelta(hours=2))
        await start(client, pushed)
        clock.advance(hours=1, minutes=59)
        assert await status(client, pushed) == "IN_PROGRESS"
        clock.advance(minutes=1)
        assert await status(client, pushed) == "COMPLETE"
        assert ecr.scans.takes == timedelta(seconds=5), "other scans keep their duration"

    async def test_the_outcome_of_a_scan_in_progress(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, pushed: str
    ) -> None:
        await start(client, pushed)
        ecr.scans.set_findings(pushed, "v1", [basic(1)], after=timedelta(minutes=2))
        clock.advance(minutes=1)
        assert await status(client, pushed) == "IN_PROGRESS"
        clock.advance(minutes=1)
        found = (await scan(client, pushed)).image_scan_findings
        assert found is not None
        assert found.findings == [basic(1)]

    async def test_the_outcome_stays_with_the_image_when_its_tag_moves(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, pushed: str
    ) -> None:
        ecr.scans.set_findings(pushed, "v1", [basic(1)])
        await push(client, pushed, "old")
        await push(client, pushed, "v1", image_manifest("other"))
        for tag in ("old", "v1"):
            await start(client, pushed, tag)
        clock.advance(minutes=1)
        found = [(await scan(client, pushed, tag)).image_scan_findings for tag in ("old", "v1")]
        assert [one.findings if one else None for one in found] == [[basic(1)], []]

    async def test_an_outcome_set_before_the_repository_exists(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock
    ) -> None:
        ecr.scans.set_findings("new", DIGEST, [basic(1)])
        await client.create_repository(
            repository_name="new", image_scanning_configuration={"scan_on_push": True}
        )
        add_blobs(ecr, "new")
        await push(client, "new")
        clock.advance(minutes=1)
        found = (await scan(client, "new")).image_scan_findings
        assert found is not None
        assert found.findings == [basic(1)]


async def archive_everything(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock, repository: str
) -> None:
    """Archive all images by a lifecycle policy."""
    await client.put_lifecycle_policy(
        repository_name=repository,
        lifecycle_policy_text=LifecyclePolicy.of(archive_after(1, tags="any", since="pushed")),
    )
    clock.advance(days=2)
    ecr.lifecycle.apply()


def test_findings_are_models(ecr: InMemoryECR) -> None:
    with pytest.raises(TypeError, match="each finding must be an ImageScanFinding or"):
        ecr.scans.set_findings("team/app", "v1", cast("list[ImageScanFinding]", [{"name": "CVE"}]))

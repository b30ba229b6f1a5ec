"""Reading the findings of images: rows, states, bounds and failures."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest

from ecrclient import ECRClient, RequestValidationError, ServiceError
from ecrclient.errors import ImageNotFoundException, RepositoryNotFoundException
from ecrclient.findings import FindingsReport, read_findings
from ecrclient.models import VulnerablePackage
from ecrclient.testing import InMemoryECR
from tests.ecr.findings.conftest import REPOSITORY, SEEN, basic, enhanced
from tests.in_memory.builders import (
    OCI_CONFIG,
    HandClock,
    add_blobs,
    descriptor,
    digest_of,
    image_manifest,
    index_of,
    push,
    scanning_rule,
)
from tests.in_memory.scanning import start
from tests.tools.scripted import Scripted, fail, ok
from tests.tools.scripted import client as scripted_client

pytestmark = pytest.mark.anyio


async def push_scanned(client: ECRClient, clock: HandClock, tag: str, content: str) -> str:
    """Push an image whose scan has finished; return its digest."""
    manifest = image_manifest(content)
    await push(client, REPOSITORY, tag, manifest)
    await start(client, REPOSITORY, tag)
    clock.advance(minutes=1)
    return digest_of(manifest)


def states(report: FindingsReport) -> dict[str | None, str]:
    return {scan.image_digest: scan.state for scan in report.scans}


async def test_a_row_of_basic_scanning(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock
) -> None:
    found = basic("CVE-2026-1", package_name="xz", package_version="5.6.0", CVSS3_SCORE="9.8")
    ecr.scans.set_findings(REPOSITORY, "v1", [found])
    digest = await push_scanned(client, clock, "v1", "app")
    await client.put_image(
        repository_name=REPOSITORY, image_manifest=image_manifest("app"), image_tag="latest"
    )

    report = await FindingsReport.read(client, [REPOSITORY])

    (row,) = report.findings
    assert (row.registry_id, row.repository_name) == ("123456789012", REPOSITORY)
    assert (row.image_digest, row.image_tags) == (digest, ("latest", "v1"))
    assert (row.scanner, row.name, row.severity) == ("basic", "CVE-2026-1", "HIGH")
    assert (row.package, row.installed_version, row.fixed_version) == ("xz", "5.6.0", None)
    assert (row.score, row.status, row.first_observed_at) == (9.8, None, None)
    (scan,) = report.scans
    assert (scan.state, scan.status, scan.scanner, scan.findings) == (
        "scanned",
        "COMPLETE",
        "basic",
        1,
    )
    assert scan.completed_at is not None


@pytest.mark.parametrize("score", ["", "high", "nan", "inf", "-1", "11"])
async def test_a_score_that_is_not_one_is_omitted(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock, score: str
) -> None:
    ecr.scans.set_findings(REPOSITORY, "v1", [basic("CVE-2026-1", CVSS3_SCORE=score)])
    await push_scanned(client, clock, "v1", "app")

    (row,) = (await FindingsReport.read(client)).findings

    assert (row.score, row.package, row.installed_version) == (None, None, None)


async def test_rows_of_enhanced_scanning_are_one_for_each_package(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock
) -> None:
    found = enhanced(
        "CVE-2026-2",
        VulnerablePackage(name="a", version="1", fixed_in_version="2", package_manager="PIP"),
        VulnerablePackage(name="b", version="1", file_path="/b.jar"),
        score=7.5,
    )
    await client.put_registry_scanning_configuration(
        scan_type="ENHANCED", rules=[scanning_rule("CONTINUOUS_SCAN", "*")]
    )
    ecr.scans.set_findings(REPOSITORY, "v1", [found, enhanced("CVE-2026-3", severity="LOW")])
    await push(client, REPOSITORY)
    clock.advance(minutes=1)

    report = await FindingsReport.read(client, [REPOSITORY])

    assert [(row.name, row.package, row.fixed_version) for row in report.findings] == [
        ("CVE-2026-2", "a", "2"),
        ("CVE-2026-2", "b", None),
        ("CVE-2026-3", None, None),
    ]
    first, second, _ = report.findings
    assert (first.score, first.status, first.package_manager) == (7.5, "ACTIVE", "PIP")
    assert (first.first_observed_at, first.finding_arn) == (SEEN, found.finding_arn)
    assert second.file_paths == ("/b.jar",)
    assert (report.scans[0].status, report.scans[0].state) == ("ACTIVE", "scanned")


async def test_duplicates_are_merged_and_the_most_severe_one_is_kept(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock
) -> None:
    def one(path: str, severity: str, **members: object) -> Any:
        package = VulnerablePackage(name="log4j", version="2.14", file_path=path)
        return enhanced("CVE-2021-44228", package, severity=severity, **members)

    await client.put_registry_scanning_configuration(
        scan_type="ENHANCED", rules=[scanning_rule("CONTINUOUS_SCAN", "*")]
    )
    later = SEEN + timedelta(days=1)
    found = [
        one("/b.jar", "LOW", last_observed_at=later),
        one("/a.jar", "CRITICAL"),
        one("/c.jar", "HIGH", status="SUPPRESSED"),
    ]
    ecr.scans.set_findings(REPOSITORY, "v1", found)
    await push(client, REPOSITORY)
    clock.advance(minutes=1)

    rows = (await FindingsReport.read(client)).findings

    assert [(row.severity, row.status, row.file_paths) for row in rows] == [
        ("CRITICAL", "ACTIVE", ("/a.jar", "/b.jar")),
        ("HIGH", "SUPPRESSED", ("/c.jar",)),
    ]
    assert (rows[0].first_observed_at, rows[0].last_observed_at) == (SEEN, later)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("FAILED", "failed"),
        ("UNSUPPORTED_IMAGE", "unsupported"),
        ("FINDINGS_UNAVAILABLE", "unavailable"),
    ],
)
async def test_an_image_without_findings_has_a_row(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock, status: str, state: str
) -> None:
    ecr.scans.set_findings(REPOSITORY, "v1", status=status, description="why")
    digest = await push_scanned(client, clock, "v1", "app")

    report = await FindingsReport.read(client)

    assert states(report) == {digest: state}
    assert (report.scans[0].status, report.scans[0].description) == (status, "why")
    assert report.scans[0].is_unjudged


async def test_unscanned_images_artifacts_and_indexes_have_rows(client: ECRClient) -> None:
    image = image_manifest("app")
    index = index_of([image])
    chart_config = descriptor(b"0123456789", "application/vnd.cncf.helm.config.v1+json")
    chart = image_manifest("chart", config=chart_config)
    signature = image_manifest("signature")
    await push(client, REPOSITORY, None, image)
    await push(client, REPOSITORY, "v1", index)
    await push(client, REPOSITORY, "chart", chart)
    await push(client, REPOSITORY, f"{digest_of(index).replace(':', '-')}.sig", signature)

    report = await FindingsReport.read(client)

    assert states(report) == {
        digest_of(image): "not scanned",
        digest_of(index): "index",
        digest_of(chart): "artifact",
        digest_of(signature): "artifact",
    }
    assert [scan.image_digest for scan in report.scans if scan.is_unjudged] == [digest_of(image)]


async def test_a_named_index_is_read_with_its_platform_images(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock
) -> None:
    other = await push_scanned(client, clock, "other", "other")
    digest = await push_scanned(client, clock, "part", "app")
    attestation = image_manifest("attestation")
    await push(client, REPOSITORY, None, attestation)
    index = json.loads(index_of([image_manifest("app"), attestation]))
    index["manifests"][1] |= {
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
    }
    await push(client, REPOSITORY, "v1", json.dumps(index))

    report = await FindingsReport.read(client, [REPOSITORY], images=["v1"])

    assert states(report) == {
        digest_of(json.dumps(index)): "index",
        digest: "scanned",
        digest_of(attestation): "artifact",
    }
    assert other not in states(report)


async def test_an_image_that_is_also_listed_as_an_attestation_is_judged(
    client: ECRClient,
) -> None:
    image = image_manifest("app")
    await push(client, REPOSITORY, None, image)
    index = json.loads(index_of([image, image]))
    index["manifests"][1] |= {
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
    }
    await push(client, REPOSITORY, "v1", json.dumps(index))

    report = await FindingsReport.read(client, [REPOSITORY], images=["v1"])

    assert states(report)[digest_of(image)] == "not scanned"


async def test_an_index_in_an_index_is_read(client: ECRClient) -> None:
    image = image_manifest("app")
    inner = index_of([image])
    await push(client, REPOSITORY, None, image)
    await push(client, REPOSITORY, None, inner)
    outer = index_of([inner])
    await push(client, REPOSITORY, "v1", outer)

    report = await FindingsReport.read(client, [REPOSITORY], images=["v1"])

    assert states(report) == {
        digest_of(outer): "index",
        digest_of(inner): "index",
        digest_of(image): "not scanned",
    }


async def test_an_index_that_cannot_be_read_is_one_row_with_an_error(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    await push(client, REPOSITORY, None, image_manifest("app"))
    index = index_of([image_manifest("app")])
    await push(client, REPOSITORY, "v1", index)

    with ecr.deny("ecr:BatchGetImage"):
        report = await FindingsReport.read(client, [REPOSITORY], images=["v1"])

    assert states(report) == {digest_of(index): "error"}
    assert "AccessDeniedException" in str(report.scans[0].description)


async def test_a_named_image_without_a_scan_is_never_an_artifact(client: ECRClient) -> None:
    tag = f"sha256-{'a' * 64}.sig"
    await push(client, REPOSITORY, tag)

    report = await FindingsReport.read(client, [REPOSITORY], images=[tag])

    assert [scan.state for scan in report.scans] == ["not scanned"]


async def test_an_image_that_is_named_twice_is_one_row(client: ECRClient) -> None:
    await push(client, REPOSITORY)
    digest = digest_of(image_manifest())

    report = await FindingsReport.read(client, [REPOSITORY], images=["v1", "v1", digest])

    assert [scan.image_digest for scan in report.scans] == [digest]


async def test_missing_names_are_errors(client: ECRClient) -> None:
    with pytest.raises(RepositoryNotFoundException):
        await FindingsReport.read(client, ["team/none"])
    with pytest.raises(ImageNotFoundException):
        await FindingsReport.read(client, [REPOSITORY], images=["none"])


async def test_a_denied_repository_is_a_row_and_does_not_end_the_report(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock
) -> None:
    digest = await push_scanned(client, clock, "v1", "app")
    with ecr.deny("ecr:DescribeImageScanFindings"):
        denied = await FindingsReport.read(client)
    with ecr.deny("ecr:DescribeImages"):
        unlisted = await FindingsReport.read(client)

    assert states(denied) == {digest: "error"}
    assert states(unlisted) == {None: "error"}
    assert "AccessDeniedException" in str(unlisted.scans[0].description)
    assert str(unlisted.scans[0]) == f"repository {REPOSITORY}"


async def test_other_errors_are_raised(ecr: InMemoryECR, client: ECRClient) -> None:
    await push(client, REPOSITORY)
    wrong = ECRClient(
        region=ecr.region,
        credentials=ecr.credentials,
        transport=httpx.MockTransport(lambda _: httpx.Response(400, json={"__type": "Odd"})),
    )
    async with wrong:
        with pytest.raises(ServiceError, match="Odd"):
            await FindingsReport.read(wrong)


async def test_a_finding_without_a_severity_makes_the_image_unjudged() -> None:
    detail = {"imageDigest": digest_of("x"), "imagePushedAt": 1.0}
    found = {
        "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindings": {"findings": [{"name": "CVE-1"}]},
    }
    ecr = scripted_client(Scripted(ok({"imageDetails": [detail]}), ok(found)))

    report = await FindingsReport.read(ecr, ["ab"])

    assert [(scan.state, scan.registry_id) for scan in report.scans] == [("error", None)]
    assert "severity" in str(report.scans[0].description)


@pytest.mark.parametrize(
    ("response", "state"),
    [
        ({"imageScanStatus": {"status": "COMPLETE"}}, "unavailable"),
        ({"imageScanStatus": {"status": "BRAND_NEW"}, "imageScanFindings": {}}, "unknown"),
    ],
)
async def test_an_unusual_response_is_not_taken_for_no_findings(
    response: dict[str, Any], state: str
) -> None:
    detail = {"imageDigest": digest_of("x"), "imagePushedAt": 1.0}
    ecr = scripted_client(Scripted(ok({"imageDetails": [detail]}), ok(response)))

    report = await FindingsReport.read(ecr, ["ab"])

    assert [scan.state for scan in report.scans] == [state]


async def test_a_repository_that_is_deleted_meanwhile_is_a_row() -> None:
    ecr = scripted_client(
        Scripted(
            ok({"repositories": [{"repositoryName": "ab"}]}),
            fail(400, "RepositoryNotFoundException", "gone"),
        )
    )

    report = await FindingsReport.read(ecr)

    assert [(scan.repository_name, scan.state) for scan in report.scans] == [("ab", "error")]
    assert "gone" in str(report.scans[0].description)


async def test_an_image_on_two_pages_is_one_row() -> None:
    detail = {"imageDigest": digest_of("x"), "imagePushedAt": 1.0}
    found = {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {}}

    async def respond(request: httpx.Request) -> httpx.Response:
        if not request.headers["x-amz-target"].endswith(".DescribeImages"):
            return ok(found)
        more = {} if "nextToken" in json.loads(await request.aread()) else {"nextToken": "2"}
        return ok({"imageDetails": [detail], **more})

    ecr = scripted_client(Scripted(*[respond] * 3))

    report = await FindingsReport.read(ecr, ["ab"])

    assert [scan.image_digest for scan in report.scans] == [detail["imageDigest"]]


@pytest.mark.parametrize("images", [None, ["v1"]])
async def test_an_image_without_a_digest_is_a_row(images: list[str] | None) -> None:
    ecr = scripted_client(Scripted(ok({"imageDetails": [{}]})))

    report = await FindingsReport.read(ecr, ["ab"], images=images)

    assert [(scan.image_digest, scan.state) for scan in report.scans] == [(None, "error")]


async def test_concurrency_is_bounded_and_the_order_is_that_of_the_listing() -> None:
    details = [
        {"imageDigest": digest_of(str(number)), "imagePushedAt": 1.0} for number in range(20)
    ]
    running = 0
    most = 0

    async def respond(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        if request.headers["x-amz-target"].endswith(".DescribeImages"):
            return ok({"imageDetails": details})
        running += 1
        most = max(most, running)
        # The later an image is requested, the earlier it is read.
        await anyio.sleep(0.001 * (20 - running))
        running -= 1
        return ok({"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {}})

    ecr = scripted_client(Scripted(*[respond] * 21))
    async with read_findings(ecr, ["ab"], max_concurrency=3) as images:
        read = [image.scan async for image in images]

    assert [scan.image_digest for scan in read] == [one["imageDigest"] for one in details]
    assert most == 3


async def test_leaving_the_block_stops_reading(client: ECRClient, ecr: InMemoryECR) -> None:
    add_blobs(ecr, REPOSITORY)
    for number in range(10):
        await push(client, REPOSITORY, f"v{number}", image_manifest(str(number)))
    async with read_findings(client, max_concurrency=1) as images:
        async for _ in images:
            break

    calls = [call for call in ecr.calls if call.operation == "DescribeImageScanFindings"]
    assert len(calls) <= 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"repositories": "team/app"}, "repositories: must be a sequence of strings"),
        ({"repositories": []}, "repositories: must be a sequence of strings that is not empty"),
        ({"repositories": ["a", 1]}, r"repositories\[1\]: must be a string"),
        ({"images": ["v1"]}, "images: may be passed only with exactly one repository"),
        ({"repositories": ["ab", "cd"], "images": ["v1"]}, "exactly one repository"),
        ({"registry_id": 1}, "registry_id: must be a string"),
    ],
)
async def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    ecr = scripted_client(Scripted())
    with pytest.raises(RequestValidationError, match=message):
        read_findings(ecr, **arguments)


async def test_media_types_of_configurations_are_those_of_images(client: ECRClient) -> None:
    """An image with an image's configuration is unjudged, not an artifact."""
    await push(client, REPOSITORY, None, image_manifest("app"))
    (detail,) = await client.describe_images(repository_name=REPOSITORY).collect()
    assert detail.artifact_media_type in {None, OCI_CONFIG}
    report = await FindingsReport.read(client)
    assert [scan.state for scan in report.scans] == ["not scanned"]

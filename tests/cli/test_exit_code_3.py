"""Checks that do not pass: exit code 3, with the reasons."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from ecrclient.models import Attribute, ImageScanFinding
from ecrclient.testing import InMemoryECR
from tests.cli.conftest import Run

MISSING = f"sha256:{hashlib.sha256(b'second').hexdigest()}"


@pytest.fixture
def scanned(ecr: InMemoryECR) -> InMemoryECR:
    """The ECR with a scan of ``team/app:v2`` that has a finding."""
    finding = ImageScanFinding(
        name="CVE-2024-0001",
        severity="HIGH",
        attributes=[Attribute(key="package_name", value="openssl")],
    )
    ecr.scans.takes = timedelta(0)
    ecr.scans.set_findings("team/app", "v2", [finding])

    async def scan() -> None:
        async with ecr.client() as client:
            await client.start_image_scan(repository_name="team/app", image_id={"image_tag": "v2"})

    anyio.run(scan)
    return ecr


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["lines", "json"])
def test_a_finding_at_the_threshold(
    run: Run, scanned: InMemoryECR, options: tuple[str, ...]
) -> None:
    result = run("findings", "team/app:v2", "--fail-on", "high", *options)
    assert result.code == 3
    assert "CVE-2024-0001 in openssl" in result.err
    assert run("findings", "team/app:v2", "--fail-on", "critical", *options).code == 0


def test_a_finding_that_is_allowed(run: Run, scanned: InMemoryECR, tmp_path: Path) -> None:
    entry = {"finding": "CVE-2024-0001", "reason": "not reachable", "expires": "2999-01-01"}
    (tmp_path / "allow.json").write_text(json.dumps({"allow": [entry]}))
    gate = ("findings", "team/app:v2", "--fail-on", "high", "--allow", "allow.json")
    assert run(*gate).code == 0
    (tmp_path / "allow.json").write_text(json.dumps({"allow": [entry | {"expires": "2001-01-01"}]}))
    result = run(*gate)
    assert result.code == 3
    assert "expired entry" in result.err


def test_a_missing_blob(run: Run, ecr: InMemoryECR) -> None:
    ecr.faults.error(
        "LayersNotFoundException",
        operation="GetDownloadUrlForLayer",
        when=lambda call: MISSING.encode() in call.body,
        times=None,
    )
    result = run("verify", "team/app:v2", "--deep")
    assert result.code == 3
    assert "missing blob" in result.out
    document = run("verify", "team/app:v2", "--deep", "--json").json
    assert document["ok"] is False
    assert [one["content"] for one in document["problems"]] == [MISSING]


def test_a_preview_that_agrees_with_the_service_passes(
    run: Run, ecr: InMemoryECR, tmp_path: Path
) -> None:
    ecr.lifecycle.takes = timedelta(0)
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
        "action": {"type": "expire"},
    }
    (tmp_path / "policy.json").write_text(json.dumps({"rules": [rule]}))
    result = run("preview", "team/copy", "--policy", "policy.json", "--compare")
    assert result.code == 0
    assert "0 differences from ECR's own preview" in result.out


def test_a_file_in_another_encoding_is_a_failure(run: Run, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_bytes(b"\xff")
    result = run("lint", "policy.json")
    assert result.code == 1
    assert result.err.count("\n") == 1
    assert "unexpected" not in result.err

"""The examples run as a user starts them, against the in-memory registry."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROGRAMS = sorted(path.stem for path in EXAMPLES.glob("*.py") if path.stem != "demo")


def run(program: str, *options: str, ends_with: int = 0) -> str:
    """Run a program and return its output; warnings are errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / f"{program}.py"), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ends_with, done.stderr
    return done.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_lists_the_options(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", [str(EXAMPLES), *sys.path])
    monkeypatch.setattr(sys, "argv", [program, "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(EXAMPLES / f"{program}.py"), run_name="__main__")
    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out


def test_the_quickstart() -> None:
    assert run("quickstart").endswith("\nDone.\n")


def test_a_copy_between_accounts() -> None:
    output = run("copy_between_accounts", "team/web", "v1").splitlines()
    assert output[-1].startswith("3 manifests written, 4 blobs copied (")
    assert output[-2].endswith("is team/web:v1")


def test_a_promotion() -> None:
    planned = run("promote", "team/web:v1", "prod/web", "--tag", "1.0.0", "--dry-run")
    assert "missing: 4 blobs (" in planned
    output = run("promote", "team/web:v1", "prod/web", "--tag", "1.0.0", "--tag", "stable")
    assert output.endswith("promoted to prod/web:1.0.0, prod/web:stable\n")


def test_a_promotion_of_an_unknown_image() -> None:
    run("promote", "team/web:v9", "prod/web", "--tag", "1.0.0", ends_with=1)


def test_the_service() -> None:
    output = run("service").splitlines()
    assert [line.split()[0] for line in output] == ["200", "200", "404"]


def test_the_catalog() -> None:
    image, created, *formats = run("catalog").splitlines()
    assert re.fullmatch(r"team/api \['v2'\] \d{4}-\d\d-\d\dT[\d:.]+Z", image)
    assert created == "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/new"
    assert formats == ["repository_name: string", "image_pushed_at: date-time"]


def test_the_cleanup_lists_before_it_deletes() -> None:
    assert run("cleanup", "--days", "14").endswith("2 images would be deleted\n")


def test_the_cleanup_keeps_the_images_of_an_index() -> None:
    """The images of the index in team/web are untagged and 50 days old."""
    output = run("cleanup", "--days", "14", "--delete")
    assert output.endswith("2 images deleted\n")
    assert "team/web" not in output


def test_the_inventory() -> None:
    rows = run("inventory", "--concurrency", "2").splitlines()[1:]
    assert [re.split(r"\s+", row)[:4] for row in rows[:3]] == [
        ["111111111111", "eu-west-1", "team/api", "5"],
        ["111111111111", "eu-west-1", "team/web", "3"],
        ["111111111111", "us-east-1", "team/api", "5"],
    ]
    assert len(rows) == 8


def test_the_gate_fails_for_severe_findings(tmp_path: Path) -> None:
    sarif = tmp_path / "findings.sarif"
    output = run("scan_gate", "team/api", "v2", "--sarif", str(sarif), ends_with=1)
    reason, summary = output.splitlines()
    assert re.fullmatch(
        r"CRITICAL CVE-2024-3094 in xz-utils 5\.6\.0: team/api@sha256:[0-9a-f]{64} \(v2\)", reason
    )
    assert summary == "1 of 2 findings are at least HIGH and not allowed"
    assert "CVE-2023-4641" in sarif.read_text()


def test_the_gate_passes_with_an_allow_list(tmp_path: Path) -> None:
    allow = tmp_path / "allow.toml"
    entry = 'finding = "CVE-2024-3094"\nexpires = 2999-01-01\nreason = "A test."\n'
    allow.write_text(f"[[allow]]\n{entry}")
    output = run("scan_gate", "team/api", "v2", "--allow", str(allow))
    assert output == "0 of 2 findings are at least HIGH and not allowed\n"


def test_the_gate_passes_without_findings() -> None:
    assert run("scan_gate", "team/api", "v1").startswith("0 of 0 findings")


def test_the_telemetry() -> None:
    output = run("telemetry")
    assert "span    ECR.DescribeImages           RepositoryNotFoundException" in output
    assert '"name": "rpc.client.call.duration"' in output

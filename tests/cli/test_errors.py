"""Messages and exit codes of commands that fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecrclient.cli import main
from ecrclient.testing import InMemoryECR, ServedECR
from tests.cli.conftest import Run

WRONG = {
    "unknown command": ["nope"],
    "unknown option": ["repos", "--nope"],
    "missing argument": ["images"],
    "wrong repository": ["images", "Team"],
    "repository with a tag": ["images", "team/app:v1"],
    "image without a tag": ["inspect", "team/app"],
    "copy without a tag": ["copy", "team/app", "team/copy"],
    "copy to a digest": ["copy", "team/app:v1", "team/copy@sha256:" + "0" * 64],
    "wrong URI": ["inspect", "12.dkr.ecr.us-east-1.amazonaws.com/team/app:v1"],
    "unknown kind of file": ["pull", "team/app:v1", "out.tar"],
    "push to a digest": ["push", "oci:out", "team/copy@sha256:" + "0" * 64],
    "no tag to remove": ["untag", "team/app"],
    "cleanup without a rule": ["cleanup", "team/app"],
    "pattern without a number": ["cleanup", "team/app", "--of", "v*", "--keep-tagged", "v*"],
    "plan and rules": ["cleanup", "team/app", "--apply", "p.json", "--keep-newest", "1"],
    "gate options without a gate": ["findings", "--fixable-only"],
    "images of two repositories": ["findings", "team/app:v1", "team/copy:old"],
    "unknown severity": ["findings", "--fail-on", "bad"],
    "missing artifact type": ["attach", "team/app:v1", __file__],
    "missing policy": ["lint", "missing.json"],
    "unknown shell": ["completion", "csh"],
    "port out of range": ["serve", "--port", "65536"],
    "zero concurrency": ["pull", "team/app:v1", "oci:out", "--max-concurrency", "0"],
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_a_usage_error_is_one_line_and_sends_nothing(
    run: Run, ecr: InMemoryECR, arguments: list[str]
) -> None:
    ecr.calls.clear()
    result = run(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("ecrclient")
    assert result.err.count("\n") == 1
    assert "--help)" in result.err
    assert list(ecr.calls) == []


FAILING = {
    "missing repository": ["images", "team/none"],
    "missing image": ["inspect", "team/app:none"],
    "missing layout": ["push", "oci:none", "team/app:v9"],
    "missing plan": ["cleanup", "team/app", "--apply", "none.json"],
    "no lifecycle policy": ["preview", "team/app"],
    "several images in a docker archive": ["pull", "team/none:v1", "docker-archive:a.tar"],
}


@pytest.mark.parametrize("arguments", FAILING.values(), ids=FAILING)
def test_a_failure_is_one_line(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.code == 1
    assert result.out == ""
    assert result.err.startswith("ecrclient: ")
    assert result.err.count("\n") == 1


def test_debug_prints_the_traceback(run: Run) -> None:
    result = run("--debug", "inspect", "team/app:none")
    assert result.code == 1
    assert "Traceback" in result.err
    assert "ImageNotFoundError" in result.err


def test_a_damaged_plan_is_a_failure(run: Run, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    result = run("cleanup", "team/app", "--apply", "plan.json")
    assert result.code == 1
    assert "plan.json is not a plan of a cleanup" in result.err


def test_an_unreachable_endpoint_is_a_failure(run: Run) -> None:
    result = run("--endpoint-url", "http://127.0.0.1:1", "repos")
    assert result.code == 1
    assert result.err.count("\n") == 1


def test_an_unknown_profile_is_a_failure(run: Run) -> None:
    result = run("repos", "--profile", "none")
    assert result.code == 1
    assert "none" in result.err


def test_no_command_prints_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Commands:" in capsys.readouterr().err


def test_serve_fails_for_an_occupied_port(run: Run, server: ServedECR) -> None:
    port = server.registry.partition(":")[2]
    result = run("serve", "--port", port)
    assert result.code == 1
    assert result.err.startswith("ecrclient serve: ")


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert main(["copy", "--help"]) == 0
    assert "--to-profile" in capsys.readouterr().out

"""The package's metadata, and the files that must agree with it."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nox
import pytest
import yaml

from docsite.release_notes import notes_of
from ecrclient import __version__
from ecrclient.operations import MODEL_VERSION

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
REPOSITORY: str = PROJECT["urls"]["Repository"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
CI, RELEASE = (
    yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text(encoding="utf-8"))
    for name in ("ci", "release")
)
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job.get("steps", ())


def test_ci_runs_every_python_that_the_classifiers_declare() -> None:
    declared = nox.project.python_versions(PYPROJECT)
    assert declared == ["3.11", "3.12", "3.13", "3.14"]
    assert CI["jobs"]["tests"]["strategy"]["matrix"]["python"] == declared
    assert PROJECT["requires-python"] == f">={declared[0]}"


def test_ci_installs_other_versions_and_neighbours() -> None:
    sessions = {"python -m nox --session oldest", "python -m nox --session neighbours"}
    assert sessions <= {step.get("run") for step in steps(CI)}


def test_only_the_generator_needs_the_botocore_of_the_model() -> None:
    assert PYPROJECT["dependency-groups"]["generator"] == [f"botocore>={MODEL_VERSION}"]
    assert "botocore>=1.34" in PROJECT["dependencies"]


def test_each_lower_bound_has_a_reason() -> None:
    bounds = {
        *(bound.partition(";")[0] for bound in PROJECT["dependencies"]),
        *(bound for extra in PROJECT["optional-dependencies"].values() for bound in extra),
    }
    design = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w-]+>=[\d.]+)`", design, re.MULTILINE)) == bounds


def test_ci_runs_the_commands_of_the_readme() -> None:
    commands = re.findall(r"^python -m pip install -q .+ && .+$", README, re.MULTILINE)
    assert len(commands) == 2
    assert set(commands) <= {step.get("run") for step in steps(CI)}


def test_ci_checks_the_distributions_that_a_release_publishes() -> None:
    assert "python -m nox --session package" in {step.get("run") for step in steps(CI)}
    assert RELEASE["jobs"]["checks"]["uses"] == "./.github/workflows/ci.yml"
    assert RELEASE["jobs"]["attest"]["needs"] == "checks"
    assert RELEASE["jobs"]["publish"]["needs"] == "attest"


def test_only_the_jobs_that_need_it_may_write() -> None:
    assert CI["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in CI["jobs"].values())
    assert RELEASE["permissions"] == {}
    assert {name: job["permissions"] for name, job in RELEASE["jobs"].items()} == {
        "checks": {"contents": "read"},
        "attest": {"contents": "read", "id-token": "write", "attestations": "write"},
        "publish": {"id-token": "write"},
        "github-release": {"contents": "write"},
    }


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_version(path: Path) -> None:
    used = re.findall(r"uses: ([^.\s]\S*)", path.read_text(encoding="utf-8"))
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w/-]+@v\d+(\.\d+)*", action)] == []


def test_changelog_has_a_dated_section_for_the_version() -> None:
    heading = rf"^## {re.escape(__version__)} - \d{{4}}-\d\d-\d\d$"
    assert re.search(heading, CHANGELOG, re.MULTILINE)
    assert notes_of(__version__, CHANGELOG)


def test_the_repository_has_one_address() -> None:
    """pyproject.toml names it; each other file that links to it uses the same."""
    done = subprocess.run(
        ["git", "grep", "--no-color", "-hoIE", r"https://github\.com/[A-Za-z0-9_.-]+/ecrclient\b"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 128:
        pytest.skip("not in a Git repository")
    assert set(done.stdout.split()) == {REPOSITORY}


def test_links_of_the_readme_lead_to_files() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", README)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_readme_and_home_page_show_how_to_install() -> None:
    for page in (README, (ROOT / "docs/index.md").read_text(encoding="utf-8")):
        first_screen = page.split("\n## ", 1)[0]
        assert "\npip install ecrclient\n" in first_screen


def test_site_shows_the_repository_and_the_version() -> None:
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    assert site["repo_url"] == REPOSITORY
    assert site["extra"]["release"] == __version__

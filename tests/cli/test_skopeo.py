"""skopeo sees what the command line did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecrclient.testing import ServedECR
from tests.cli.conftest import Run
from tests.interop.tools import Skopeo, ToolError

pytestmark = pytest.mark.skipif(Skopeo.find() is None, reason="skopeo is not installed")


@pytest.fixture
def skopeo(run: Run, tmp_path: Path) -> Skopeo:
    """skopeo, logged in by ``ecrclient login``."""
    home = tmp_path / "home"
    home.mkdir()
    assert run("login", "--file", str(home / "config.json")).code == 0
    return Skopeo(home)


def test_skopeo_lists_the_tags_of_retag_and_untag(
    run: Run, skopeo: Skopeo, server: ServedECR
) -> None:
    run("retag", "team/app:v1", "stable")
    run("untag", "team/app:latest")
    tags = json.loads(skopeo.tags(f"{server.registry}/team/app"))["Tags"]
    assert set(tags) == {"v1", "v2", "stable"}


def test_skopeo_inspects_a_copied_image(run: Run, skopeo: Skopeo, server: ServedECR) -> None:
    digest = run("copy", "team/app:v1", "team/copy:new", "--json").json["digest"]
    image = f"docker://{server.registry}/team/copy:new"
    assert json.loads(skopeo.run("inspect", "--tls-verify=false", image))["Digest"] == digest


@pytest.mark.parametrize("file", ["oci:layout:v1", "oci-archive:archive.tar:v1"])
def test_skopeo_reads_a_pulled_file(run: Run, skopeo: Skopeo, tmp_path: Path, file: str) -> None:
    digest = run("pull", "team/app:v1", file, "--json").json["digest"]
    kind, name, tag = file.split(":")
    place = f"{kind}:{tmp_path / name}:{tag}"
    assert json.loads(skopeo.run("inspect", place))["Digest"] == digest


def test_skopeo_cannot_use_a_login_that_was_removed(
    run: Run, skopeo: Skopeo, server: ServedECR
) -> None:
    image = f"docker://{server.registry}/team/app:v1"
    skopeo.run("inspect", "--tls-verify=false", image)
    run("logout", server.registry, "--file", str(skopeo.home / "config.json"))
    with pytest.raises(ToolError, match=r"(?i)auth|credentials"):
        skopeo.run("inspect", "--tls-verify=false", image)

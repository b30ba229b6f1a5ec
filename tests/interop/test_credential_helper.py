"""Tools that get the password from ``docker-credential-ecrclient``, or from a file with a login."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import anyio
import pytest

from ecrclient import ECRClient
from ecrclient.logins import LoginFile
from ecrclient.testing import InMemoryECR, ServedECR
from tests.interop.layouts import blobs_of, root_of, write_image
from tests.interop.tools import Tool, ToolError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def with_helper(
    tool: Tool, server: ServedECR, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Tool:
    """A tool whose configuration names the helper and has no password."""
    programs = tmp_path / "programs"
    programs.mkdir()
    variables = "".join(
        f"export {name}='{value}'\n" for name, value in server.environment().items()
    )
    script = programs / "docker-credential-ecrclient"
    script.write_text(
        f"#!/bin/sh\n{variables}export PYTHONPATH='{ROOT}'\n"
        f"echo \"$1\" >> '{tmp_path / 'actions'}'\n"
        f"exec '{sys.executable}' -m ecrclient.logins.credential_helper \"$@\"\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    config = tool.home / "config.json"
    config.write_text("{}")
    anyio.run(LoginFile(config).use_helper, server.registry)
    assert "auths" not in json.loads(config.read_text())
    return tool


def test_push_and_pull_with_the_helper(
    ecr: InMemoryECR, server: ServedECR, with_helper: Tool, tmp_path: Path
) -> None:
    layout, back = tmp_path / "layout", tmp_path / "back"
    digest = write_image(layout)
    image = f"{server.registry}/team/app:v1"
    ecr.calls.clear()

    with_helper.push(layout, image)
    with_helper.pull(image, back)

    assert (root_of(back), blobs_of(back)) == (digest, blobs_of(layout))
    assert "GetAuthorizationToken" in {call.operation for call in ecr.calls}
    assert set((tmp_path / "actions").read_text().split()) == {"get"}


def test_the_error_of_the_helper_is_shown(
    ecr: InMemoryECR, server: ServedECR, with_helper: Tool
) -> None:
    with ecr.deny("ecr:GetAuthorizationToken"), pytest.raises(ToolError) as info:
        with_helper.tags(f"{server.registry}/team/app")
    # crane logs in without a password if the helper fails, and reports the response.
    assert any(text in str(info.value) for text in ("AccessDeniedException", "401", "nauthorized"))


def test_a_login_in_a_file(ecr: InMemoryECR, server: ServedECR, tool: Tool, tmp_path: Path) -> None:
    config = tool.home / "config.json"
    config.write_text('{"auths": {"example.com": {"auth": "eDp5"}}}')
    write_image(tmp_path / "layout")
    image = f"{server.registry}/team/app:v1"
    log_in(ecr, server, LoginFile(config))
    tool.push(tmp_path / "layout", image)
    anyio.run(LoginFile(config).log_out, server.registry)
    assert json.loads(config.read_text()) == {"auths": {"example.com": {"auth": "eDp5"}}}
    with pytest.raises(ToolError):
        tool.push(tmp_path / "layout", f"{server.registry}/team/app:v2")


def log_in(ecr: InMemoryECR, server: ServedECR, file: LoginFile) -> None:
    """Write a login to the served registry."""

    async def run() -> None:
        async with ECRClient(
            region=ecr.region, credentials=ecr.credentials, endpoint_url=server.url
        ) as client:
            await file.log_in(await client.registry_credentials())

    anyio.run(run)

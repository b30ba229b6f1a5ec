"""Fixtures: a served registry, and tools that are logged in to it. Missing tools are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import anyio
import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR, ServedECR
from tests.interop.tools import TOOLS, Cosign, Oras, Tool

ToolT = TypeVar("ToolT", bound=Tool)

REPOSITORIES = ("team/app", "team/copy")


@pytest.fixture
def ecr(tmp_path: Path) -> InMemoryECR:
    return InMemoryECR(layers_dir=tmp_path / "layers")


@pytest.fixture
def server(ecr: InMemoryECR) -> Iterator[ServedECR]:
    with ecr.serve() as server:
        yield server


@pytest.fixture
def home(ecr: InMemoryECR, server: ServedECR, tmp_path: Path) -> Path:
    """A folder with a login; the registry has two repositories and allows mounts."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.json").write_text(anyio.run(_prepare, ecr, server))
    return home


@pytest.fixture(params=TOOLS, ids=lambda tool: tool.name)
def tool(request: pytest.FixtureRequest, home: Path) -> Tool:
    kind: type[Tool] = request.param
    return _installed(kind)(home)


@pytest.fixture
def oras(home: Path) -> Oras:
    return _installed(Oras)(home)


@pytest.fixture
def cosign(home: Path) -> Cosign:
    return _installed(Cosign)(home)


def _installed(tool: type[ToolT]) -> type[ToolT]:
    if tool.find() is None:
        pytest.skip(f"{tool.name} is not installed ({tool.install})")
    return tool


async def _prepare(ecr: InMemoryECR, server: ServedECR) -> str:
    async with ECRClient(
        region=ecr.region, credentials=ecr.credentials, endpoint_url=server.url
    ) as client:
        for name in REPOSITORIES:
            await client.create_repository(repository_name=name)
        await client.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
        return (await client.registry_credentials()).docker_config()

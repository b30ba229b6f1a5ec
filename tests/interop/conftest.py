"""Fixtures: a served registry, and tools that are logged in to it. Missing tools are skipped."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import anyio
import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR, ServedECR
from tests.interop import combinations
from tests.interop.registry import DockerRegistry, Registry
from tests.interop.tools import TOOLS, Command, Cosign, Docker, Oras, Tool, Umoci

ToolT = TypeVar("ToolT", bound=Tool)

COMMANDS: tuple[type[Command], ...] = (*TOOLS, Cosign, Umoci, Docker, DockerRegistry)
REPOSITORIES = ("team/app", "team/copy")
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out most tests of this folder, unless this is the session ``interop``."""
    combinations.mark(items)
    if combinations.FULL:
        return
    left_out = [
        item
        for item in items
        if item.path.is_relative_to(_HERE) and item.get_closest_marker("smoke") is None
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Print the table after everything else."""
    yield
    if combinations.FULL:
        kinds = ("passed", "failed", "skipped", "error")
        reports = [one for kind in kinds for one in terminalreporter.stats.get(kind, ())]
        terminalreporter.section("interop")
        for line in (*combinations.table(reports), "", *map(describe, COMMANDS)):
            terminalreporter.write_line(line)


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


@pytest.fixture
def registry(ecr: InMemoryECR, server: ServedECR, home: Path) -> Registry:
    return Registry(ecr, server)


class Start(Protocol):
    """Prepares a tool, or skips the test."""

    def __call__(self, kind: type[ToolT], /) -> ToolT: ...


@pytest.fixture
def start(request: pytest.FixtureRequest) -> Start:
    def start(kind: type[ToolT], /) -> ToolT:
        require(kind)
        home: Path = request.getfixturevalue("home")
        return kind(home)

    return start


@pytest.fixture(params=TOOLS, ids=lambda tool: tool.name)
def tool(request: pytest.FixtureRequest, start: Start) -> Tool:
    kind: type[Tool] = request.param
    return start(kind)


@pytest.fixture
def oras(start: Start) -> Oras:
    return start(Oras)


@pytest.fixture
def cosign(start: Start) -> Cosign:
    return start(Cosign)


@pytest.fixture
def docker_registry(tmp_path: Path) -> Iterator[str]:
    """Docker's own registry: its host and port."""
    require(DockerRegistry)
    with DockerRegistry.serve(tmp_path) as address:
        yield address


def require(kind: type[Command]) -> None:
    """Skip the test if a program is not installed."""
    if kind.find() is None:
        pytest.skip(describe(kind))


def describe(kind: type[Command]) -> str:
    """The version of a program, or how to install it."""
    if kind.find() is None:
        return f"{kind.name} is not {kind.needs} ({kind.install})"
    return f"{kind.name} {kind.version()}"


async def _prepare(ecr: InMemoryECR, server: ServedECR) -> str:
    async with ECRClient(
        region=ecr.region, credentials=ecr.credentials, endpoint_url=server.url
    ) as client:
        for name in REPOSITORIES:
            await client.create_repository(repository_name=name)
        await client.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
        return (await client.registry_credentials()).docker_config()

"""A served in-memory ECR, and a runner of commands that call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ecrclient.cli import main
from ecrclient.testing import InMemoryECR, ServedECR

LAYER = bytes(range(256)) * 40


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture
def ecr() -> InMemoryECR:
    """An ECR with an image, an older one, and an SBOM of the first."""
    ecr = InMemoryECR()
    ecr.add_image("team/app", [LAYER, b"first"], tags=["v1"])
    newest = ecr.add_image("team/app", [LAYER, b"second"], tags=["v2", "latest"])
    ecr.add_image("team/app", [b"sbom"], artifact_type="application/spdx+json", subject=newest)
    ecr.add_image("team/copy", [b"other"], tags=["old"])
    return ecr


@pytest.fixture
def server(ecr: InMemoryECR) -> Iterator[ServedECR]:
    with ecr.serve() as server:
        yield server


@pytest.fixture
def environment(server: ServedECR, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Variables that make every command call the in-memory ECR, in an empty folder."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(environment: None, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def run(*arguments: str) -> Result:
        capsys.readouterr()
        code = main(arguments)
        printed = capsys.readouterr()
        return Result(code, printed.out, printed.err)

    return run


def start(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: int = subprocess.PIPE,
) -> subprocess.Popen[str]:
    """Start a command in another process.

    Args:
        arguments: The arguments of the command.
        env: Variables in addition to those of this process.
        cwd: The working directory; None for that of this process.
        output: The file descriptor of standard output and standard error; by default two pipes.
    """
    root = str(Path(__file__).resolve().parents[2])
    return subprocess.Popen(
        [sys.executable, "-m", "ecrclient", *arguments],
        stdout=output,
        stderr=output,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": root, **(env or {})},
    )

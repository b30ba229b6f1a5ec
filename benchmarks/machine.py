"""The machine and the versions that results were measured with."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

__all__ = ["Machine", "describe"]

_OURS = ("ecrclient", "httpx", "h11", "httptools", "anyio", "pydantic", "pydantic-core", "botocore")
_THEIRS = ("aiobotocore", "aiohttp", "boto3", "botocore", "httpx", "httpx2")


@dataclass(frozen=True)
class Machine:
    """A machine and its installed versions."""

    date: str
    cpu: str
    cores: int
    system: str
    python: str
    ours: dict[str, str]
    peers: dict[str, str]

    def summary(self) -> str:
        """Describe the machine in one line."""
        versions = ", ".join(f"{name} {version}" for name, version in self.peers.items())
        machine = f"{self.date}, {self.cpu}, {self.cores} cores, {self.system}"
        return f"{machine}, Python {self.python}; {versions or 'no peers'}"

    def as_json(self) -> dict[str, object]:
        """All facts as a dictionary."""
        return asdict(self)


def describe(peers_python: str | None) -> Machine:
    """Describe this machine, this environment and that of the peers."""
    return Machine(
        datetime.now(UTC).date().isoformat(),
        _cpu(),
        os.cpu_count() or 1,
        f"{platform.system()} {platform.machine()}",
        platform.python_version(),
        {name: metadata.version(name) for name in _OURS},
        _peers(peers_python) if peers_python else {},
    )


def _peers(python: str) -> dict[str, str]:
    code = (
        "import json, sys; from importlib.metadata import version; "
        "print(json.dumps({name: version(name) for name in sys.argv[1:]}))"
    )
    done = subprocess.run(  # noqa: S603 - the interpreter that the user named
        [python, "-c", code, *_THEIRS], stdout=subprocess.PIPE, text=True, check=True
    )
    versions: dict[str, str] = json.loads(done.stdout)
    return versions


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()

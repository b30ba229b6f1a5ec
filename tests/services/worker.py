"""One service in a fresh process: compile, build, import, warm up, call. Prints a JSON result."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path
from types import ModuleType

from tests.conformance.generated import lap_text, service_data
from tests.services.calls import compare
from tests.services.clients import TwoClients

__all__ = ["Row"]

ROOT = Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Row:
    """What the table shows of a service."""

    service: str
    operations: int = 0
    """The operations of the model."""
    built: int = 0
    """The operations of the package."""
    left_out: list[str] = dataclasses.field(default_factory=list[str])
    """The omissions that the generator reports for missing operations."""
    stage: str = "build"
    """The stage that failed, or ``done``."""
    problem: str = ""
    skipped: list[str] = dataclasses.field(default_factory=list[str])
    """The operations for which no random input was found."""
    calls: int = 0
    errors: int = 0
    wrong: dict[str, str] = dataclasses.field(default_factory=dict[str, str])
    types: str = ""
    """The result of the type checkers; empty if they did not run."""
    seconds: float = 0.0


def run(service: str, folder: Path, examples: int) -> Row:
    """Take a service through all stages, as far as it gets."""
    started = time.monotonic()
    row = Row(service, operations=len(service_data(service)["operations"]))
    name = package_name(service)
    try:
        notes = _build(service, folder, name)
        row.stage = "import"
        package = _import(folder, name)
        names = [operation.name for operation in package.operations.OPERATIONS.values()]
        row.built = len(names)
        missing = set(service_data(service)["operations"]) - set(names)
        row.left_out = [_reason(each, notes) for each in sorted(missing)]
        row.stage = "warm up"
        package.warm_up()
        row.stage = "calls"
        compared = compare(TwoClients(service, package), names, examples)
        row.calls, row.errors, row.wrong = compared.calls, compared.errors, compared.wrong
        row.skipped = compared.skipped
        row.stage = "done"
    except Exception as problem:  # noqa: BLE001
        row.problem = f"{type(problem).__name__}: {problem}"[:600]
    row.seconds = round(time.monotonic() - started, 1)
    return row


def _reason(operation: str, notes: list[str]) -> str:
    mark = f"operation {operation}: "
    found = next((note for note in notes if note.startswith(mark)), f"{mark}no reason")
    return found.removeprefix("operation ")


def package_name(service: str) -> str:
    """The name of a service's package."""
    return f"generated_{service.replace('-', '_')}"


def _build(service: str, folder: Path, package: str) -> list[str]:
    """Run the command line; return the omissions that it reports."""
    (folder / "spec.lap").write_text(lap_text(service_data(service), folder), encoding="utf-8")
    command = [sys.executable, "-m", "codegen", "build", "--spec", str(folder / "spec.lap")]
    built = subprocess.run(
        [*command, "--service", service, "--out", str(folder / package)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        raise RuntimeError(built.stderr.strip().splitlines()[-1])
    mark = "omitted: "
    return [line.partition(mark)[2] for line in built.stderr.splitlines() if mark in line]


def _import(folder: Path, name: str) -> ModuleType:
    sys.path.insert(0, str(folder))
    package = importlib.import_module(name)
    for module in ("models", "operations", "errors", "waiters", "params", "enums", "endpoints"):
        importlib.import_module(f"{name}.{module}")
    return package


def main() -> None:
    """Print the row of the service that the arguments name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("service")
    parser.add_argument("folder", type=Path)
    parser.add_argument("examples", type=int)
    options = parser.parse_args()
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[variable]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    warnings.simplefilter("ignore")
    print(json.dumps(dataclasses.asdict(run(options.service, options.folder, options.examples))))


if __name__ == "__main__":
    main()

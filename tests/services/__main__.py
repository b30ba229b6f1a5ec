"""The command: take the services through all stages in several processes, and print a table.

``python -m tests.services [SERVICE ...]``; the exit status is 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.conformance.generated import json_services
from tests.services.report import is_right, table
from tests.services.types import SAMPLE, check_types
from tests.services.worker import Row

LONGEST_SECONDS = 1800.0


def main() -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.services", description=__doc__)
    parser.add_argument("services", nargs="*", help="botocore's names; all by default")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--examples", type=int, default=3, help="random calls of each operation")
    parser.add_argument(
        "--types",
        choices=["none", "sample", "all"],
        default="sample",
        help="the packages to check with both type checkers",
    )
    parser.add_argument("--keep", type=Path, help="a folder for packages and results, which stays")
    options = parser.parse_args()
    known = json_services()
    services: list[str] = options.services or known
    if unknown := set(services) - set(known):
        parser.error(f"not an AWS JSON service: {', '.join(sorted(unknown))}")
    started = time.monotonic()
    with _folder(options.keep) as folder, ThreadPoolExecutor(options.processes) as pool:

        def row(service: str) -> Row:
            made = _row(service, folder / service, options.examples)
            wanted = options.types == "all" or (options.types == "sample" and service in SAMPLE)
            if wanted and made.built:
                made.types = check_types(folder / service)
            state = f"{made.stage}, {len(made.wrong)} wrong ({made.seconds:.0f} s)"
            print(f"{service}: {state}", file=sys.stderr, flush=True)
            result = json.dumps(dataclasses.asdict(made), indent=1)
            (folder / service / "result.json").write_text(result, encoding="utf-8")
            return made

        rows = list(pool.map(row, services))
    for line in table(rows):
        print(line)
    print(f"\n{time.monotonic() - started:,.0f} s in {options.processes} processes")
    return 0 if all(map(is_right, rows)) else 1


def _row(service: str, folder: Path, examples: int) -> Row:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.services.worker", service, str(folder), str(examples)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS
        )
    except subprocess.TimeoutExpired:
        return Row(service, stage="process", problem=f"took over {LONGEST_SECONDS:,.0f} s")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        return Row(service, stage="process", problem=lines[-1])
    return Row(**json.loads(done.stdout.splitlines()[-1]))


@contextlib.contextmanager
def _folder(kept: Path | None) -> Generator[Path]:
    if kept is not None:
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


if __name__ == "__main__":
    raise SystemExit(main())

"""The command: start a server and a client for each event loop, run the cases, and report."""

from __future__ import annotations

import argparse
import json
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from tests.torture.cases import FAMILIES, Case, case_of, reply_of
from tests.torture.report import Bounds, Played, report
from tests.torture.worker import MOST_CPU_SECONDS, Result

LONGEST_SECONDS = 60.0
"""A case that takes longer, by the clock, is ended together with its client."""


class Worker:
    """A client's process, started again when a case kills it."""

    def __init__(self, arguments: list[str]) -> None:
        self._command = [sys.executable, "-m", "tests.torture.worker", *arguments]
        self._process: subprocess.Popen[str] | None = None

    def play(self, number: int) -> Result:
        """Run a case."""
        if self._process is None:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{number}\n")
        process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            ready = selector.select(LONGEST_SECONDS)
        line = process.stdout.readline() if ready else ""
        if line:
            return Result(**json.loads(line))
        code = self.end()
        if not ready:
            return Result(number, f"RAW did not end within {LONGEST_SECONDS:g} s", usable=False)
        if code == -signal.SIGXCPU:
            return Result(number, "RAW exceeded its CPU time", cpu=MOST_CPU_SECONDS, usable=False)
        return Result(number, f"RAW died with exit code {code}", usable=False)

    def end(self) -> int | None:
        """End the process; return its exit code, or None if there is no process."""
        process, self._process = self._process, None
        if process is None:
            return None
        with process:
            try:
                process.communicate(timeout=1)  # one that has died already keeps its exit code
            except subprocess.TimeoutExpired:
                process.kill()
        return process.returncode


@contextmanager
def workers(seed: int, max_bytes: int) -> Generator[dict[str, Worker]]:
    """A server, and a worker for each event loop."""
    with tempfile.TemporaryDirectory() as folder:
        ca_file = str(Path(folder, "ca.pem"))
        command = [sys.executable, "-m", "tests.torture.server", str(seed), str(max_bytes), ca_file]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout is not None
            ports = server.stdout.readline().split()
            made = {
                backend: Worker([backend, str(seed), *ports, ca_file])
                for backend in ("asyncio", "trio")
            }
            try:
                yield made
            finally:
                for worker in made.values():
                    worker.end()
                server.kill()


def chosen(options: argparse.Namespace) -> Iterable[Case]:
    """The cases that the command line asks for."""
    numbers = options.case or range(options.cases)
    for number in numbers:
        case = case_of(options.seed, number)
        if options.only is None or case.family in options.only:
            yield case


def kind_of(case: Case) -> str:
    """Describe how the call is made."""
    tls = ", TLS" if case.tls else ""
    middleware = ", middleware" if case.middleware else ""
    return f"{case.method}, {case.backend}, {case.parser}{tls}{middleware}"


def main() -> int:
    """Run the cases; the exit code is 0 if each is within its bounds."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--cases", type=int, default=2000, help="number of cases (default: 2000)")
    parser.add_argument("--seed", type=int, default=14, help="seed of the generator (default: 14)")
    parser.add_argument("--only", action="append", choices=FAMILIES, help="a family; repeatable")
    parser.add_argument("--case", action="append", type=int, help="one case by number; repeatable")
    parser.add_argument(
        "--max-bytes",
        type=int,
        default=64 << 20,
        help="largest body (default: the limit of 64 MiB)",
    )
    options = parser.parse_args()
    started, reported = time.monotonic(), time.monotonic()
    played: list[Played] = []
    with workers(options.seed, options.max_bytes) as by_backend:
        for case in chosen(options):
            result = by_backend[case.backend].play(case.number)
            played.append(Played(case.family, kind_of(case), result))
            if time.monotonic() - reported > 10:
                reported = time.monotonic()
                print(f"{len(played)} cases, {reported - started:.0f} s", file=sys.stderr)
    if not played:
        parser.error("no case was chosen")
    text, fine = report(
        played, Bounds(), lambda number: reply_of(options.seed, number, options.max_bytes).name
    )
    print(text)
    print(f"seed {options.seed}, {time.monotonic() - started:.0f} s")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())

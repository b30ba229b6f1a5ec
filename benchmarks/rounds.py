"""Measure the peers in alternating rounds, so that a disturbance affects all of them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from benchmarks.cases import CASES
from benchmarks.coldstart import BARE, NEEDLESS
from benchmarks.figures import LEAST_ROUNDS, Samples
from benchmarks.peers import KEY_ID, PEERS, REGION, SECRET
from benchmarks.server import Target
from benchmarks.startup import Step

__all__ = ["Bench", "Progress", "Worker"]

_WALKERS = ("ecrclient", "aiobotocore", "boto3")
_MOST_ROUNDS = 2
"""The largest number of rounds, as a multiple of the requested one, to reach steady figures."""
_MOST_OVER_HTTPX = 128
"""The highest concurrency of calls that are not tiny: with more, a round of httpx's pool takes most
of a minute."""


class Progress:
    """One line on standard error: the current measurement, and the time since the start."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._is_live = sys.stderr.isatty()

    def passed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begun

    def show(self, text: str) -> None:
        """Show the current measurement."""
        passed = self.passed()
        start, end = ("\r", "") if self._is_live else ("", "\n")
        print(f"{start}{passed:5.0f} s  {text:<66}", end=end, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Clear the line."""
        if self._is_live:
            print(f"\r{'':<76}\r", end="", file=sys.stderr, flush=True)


@dataclass
class Bench:
    """The settings of a run and its measurements."""

    targets: dict[str, Target]
    peers: Sequence[str]
    rounds: int
    """The smallest number of rounds for each case, unless it takes too long."""
    seconds: float
    """Approximate duration of one peer's round."""
    enough: float
    """Seconds for all rounds of a case, once a figure has enough of them."""
    peers_python: str | None
    """The interpreter of the environment in which the peers are installed."""
    samples: Samples = field(default_factory=Samples)
    progress: Progress = field(default_factory=Progress)

    # -- calls -------------------------------------------------------------------------------------

    def calls(self, names: Iterable[str], concurrencies: Iterable[int], *, gaps: bool) -> None:
        """Measure cases, each with several numbers of concurrent calls."""
        for concurrency in concurrencies:
            cases = [name for name in names if concurrency in CASES[name].concurrency]
            with self.workers(self.targets["tls"], concurrency) as workers:
                for name in cases:
                    able = {
                        peer: worker
                        for peer, worker in workers.items()
                        if takes_part(peer, name, concurrency)
                    }
                    self._measure(name, name, concurrency, able)
                    if gaps:
                        self.round(name, name, concurrency, able, ticking=True)

    def stages(self, parser: str) -> dict[str, float]:
        """Measure the stages of a tiny call: microseconds."""
        self.progress.show(f"stages of a call, {parser}")
        found: dict[str, float] = self.run("stages", self.targets["tls"].url, parser)
        return found

    def pages(self) -> dict[str, dict[str, float]]:
        """Measure where the time of a page goes: microseconds by stage, for each case."""
        self.progress.show("stages of a page")
        found: dict[str, dict[str, float]] = self.run("pages", self.targets["tls"].url)
        return found

    def latency(self, concurrency: int, peers: Sequence[str]) -> None:
        """Measure tiny calls to the server with a latency of 20 ms."""
        able = [peer for peer in peers if peer in self.peers and _keeps_up(peer, concurrency)]
        with self.workers(self.targets["tls-slow"], concurrency, able) as workers:
            self._measure("tiny, 20 ms", "tiny", concurrency, workers, metric="p99")

    def pagination(self, rounds: int) -> None:
        """Measure the iteration over 100 pages, with 20 ms of latency and 10 ms of work a page."""
        peers = [peer for peer in _WALKERS if peer in self.peers]
        with self.workers(self.targets["tls-slow"], 2, peers) as workers:
            for number in range(rounds):
                for peer, worker in workers.items():
                    walks = ("walk", "walk-and-work", "walk-ahead")
                    for walk in walks if PEERS[peer].is_ours else walks[:2]:
                        self.progress.show(f"{walk}, {peer}, round {number + 1}")
                        self.samples.add(walk, 1, peer, worker.ask(once=walk))

    def _measure(
        self,
        title: str,
        case: str,
        concurrency: int,
        workers: dict[str, Worker],
        metric: str = "cpu",
    ) -> None:
        begun = time.monotonic()
        for number in range(self.rounds * _MOST_ROUNDS):
            if number >= self.rounds and self.samples.is_steady(title, concurrency, metric):
                break
            if number >= LEAST_ROUNDS and time.monotonic() - begun > self.enough:
                break
            self.progress.show(f"{title}, {concurrency} at a time, round {number + 1}")
            self.round(title, case, concurrency, workers)

    def round(
        self,
        title: str,
        case: str,
        concurrency: int,
        workers: dict[str, Worker],
        *,
        ticking: bool = False,
    ) -> None:
        """Measure each worker once; of a case that it takes no part in, not at all."""
        for peer, worker in workers.items():
            found = worker.ask(
                case=case, concurrency=concurrency, seconds=self.seconds, ticking=ticking
            )
            self.samples.add(title, concurrency, peer, found)

    # -- processes that start ----------------------------------------------------------------------

    def cold(self, runs: int) -> None:
        """Measure CPU time to the first response, and the gaps of the event loop."""
        for peer in self._starters():
            self.start(peer, "gap")  # not counted, because it may compile modules
        for number in range(runs):
            self.progress.show(f"cold start, run {number + 1} of {runs}")
            for peer in self._starters():
                self.samples.add("cold start", 1, peer, self.start(peer, "start"))
                self.samples.add("loop gap", 1, peer, self.start(peer, "gap"))
            self.samples.add("cold start", 1, BARE, self.start(BARE, "start"))

    def startup(self, runs: int) -> dict[str, Step]:
        """Measure the steps of ecrclient's start; return those of the fastest run."""
        found: list[dict[str, Step]] = []
        for number in range(runs):
            self.progress.show(f"steps of the start, run {number + 1} of {runs}")
            found.append(self.run("startup", self.targets["tls"].url))
        return min(found, key=lambda steps: sum(cpu for cpu, _ in steps.values()))

    def memory(self, runs: int) -> None:
        """Measure resident memory after each step."""
        for number in range(runs):
            self.progress.show(f"memory, run {number + 1} of {runs}")
            for peer in (*self._starters(), BARE):
                self.samples.add("memory", 1, peer, self.start(peer, "memory"))

    def _starters(self) -> list[str]:
        return [peer for peer in self.peers if peer not in NEEDLESS]

    def start(self, peer: str, mode: str) -> dict[str, float]:
        """Measure a process that starts; *mode* is one of ``coldstart``'s."""
        found: dict[str, float] = self.run(
            "coldstart", peer, mode, self.targets["tls"].url, python=self._python(peer)
        )
        return found

    def run(self, module: str, *arguments: str, python: str = sys.executable) -> Any:
        """Run one of the benchmark modules in a separate process; return what it prints."""
        environment = {**self._environment(), "BENCH_BEGUN": str(time.time())}
        done = subprocess.run(  # noqa: S603 - a module of this package
            [python, "-m", f"benchmarks.{module}", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    # -- workers -----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def workers(
        self, target: Target, connections: int, peers: Sequence[str] | None = None
    ) -> Generator[dict[str, Worker]]:
        """Start a process with an open client for each peer."""
        with contextlib.ExitStack() as stack:
            workers: dict[str, Worker] = {}
            for peer in self.peers if peers is None else peers:
                self.progress.show(f"{peer}: starting")
                command = [self._python(peer), "-m", "benchmarks.worker", peer]
                worker = Worker(command, self._environment())
                workers[peer] = stack.enter_context(worker)
                worker.ask(open={"url": target.url, "ca": target.ca}, connections=connections)
            yield workers

    def _python(self, peer: str) -> str:
        if peer == BARE or PEERS[peer].is_ours:
            return sys.executable
        assert self.peers_python is not None
        return self.peers_python

    def _environment(self) -> dict[str, str]:
        """The environment without the user's AWS settings, trusting the server's certificate."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)  # modules are compiled once, as in production
        return kept | {
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CA_BUNDLE": self.targets["tls"].ca,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": os.getcwd(),
        }


def takes_part(peer: str, case: str, concurrency: int) -> bool:
    if PEERS[peer].is_raw and not CASES[case].raw:
        return False
    if PEERS[peer].is_on_uvloop and case != "tiny":
        return False
    return case == "tiny" or _keeps_up(peer, concurrency)


def _keeps_up(peer: str, concurrency: int) -> bool:
    return concurrency <= _MOST_OVER_HTTPX or not PEERS[peer].is_over_httpx


class Worker:
    """A process that makes one peer's calls."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._peer = command[-1]
        self._process = subprocess.Popen(  # noqa: S603 - a module of this package
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.ask(close=True)
        self._process.kill()
        self._process.wait()

    def ask(self, **command: Any) -> dict[str, float]:
        """Send a command and return its result."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        print(json.dumps(command), file=stdin, flush=True)
        line = stdout.readline()
        if not line:
            raise BrokenPipeError(f"the worker of {self._peer} has ended")
        result: dict[str, float] = json.loads(line)
        return result

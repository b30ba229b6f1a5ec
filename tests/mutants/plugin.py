"""A pytest plugin that runs the collected tests on mutants instead of once.

The tests are collected once. Each mutant is tried in a forked process, which runs the tests that
call the mutated function, and ends at the first failure.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.mutants.mutated import MutatedModule, MutatedModuleFinder, function_of
from tests.mutants.results import Result

_trampoline: Any = importlib.import_module("mutmut.mutation.trampoline")
"""What the functions of mutated modules call: it chooses the mutant."""

_MOST_MEMORY = 4 << 30
_LEAST_SECONDS = 8.0
"""A test may take this long, or ten times as long as without a mutant. Then the mutant counts as
killed: it waits for an event that does not come, or loops."""


@dataclass
class Options:
    """What to try."""

    file: str
    size: int | None
    """The number of mutants; None: all."""
    jobs: int
    """The number of processes."""
    quick: bool
    """Whether to run only one variant of each parametrized test."""
    again: bool
    """Whether to try the survivors of the last run instead of drawing mutants."""


@dataclass
class Measured:
    """The outcome of a run without mutants."""

    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """By test; only the tests that passed."""
    tests: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """By function, the tests that call it."""
    failed: list[str] = field(default_factory=list[str])
    modules: list[str] = field(default_factory=list[str])
    """The modules that the tests have imported."""


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Make the mutants before a conftest file imports the original."""
    options = Options(**json.loads(os.environ["MUTANTS"]))
    module = MutatedModule.of(Path(options.file))
    MutatedModuleFinder(module).install()
    early_config.pluginmanager.register(_Runner(options, module), "mutants-runner")


class _Runner:
    def __init__(self, options: Options, module: MutatedModule) -> None:
        self._options = options
        self._module = module
        self._has_failed = False
        self._survivors: list[str] = []
        self._timed_out = 0
        self._running: dict[int, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._has_failed = self._has_failed or report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> NoReturn:
        items = {item.nodeid: item for item in session.items}
        measured = _in_child(lambda: self._measure(session.items))
        for name in measured.modules:
            with suppress(Exception), warnings.catch_warnings(action="ignore"):
                importlib.import_module(name)
        gc.freeze()
        print(f"{len(measured.seconds)} tests", flush=True)
        for test in measured.failed:
            print(f"left out, since it fails with mutmut's wrappers: {test}", flush=True)
        module, last = self._module, None
        names = module.sample(self._options.size)
        if self._options.again:
            last = Result.load(module.module)
            names = [name for name in last.survivors if name in module.diffs]
        for name in names:
            tests = measured.tests.get(f"{module.module}.{function_of(name)}", [])
            self._try(name, [items[test] for test in self._order(tests, measured)], measured)
        while self._running:
            self._wait()
        Result(
            module.module,
            mutants=len(module.diffs),
            tried=len(names) if last is None else last.tried,
            timed_out=self._timed_out + (0 if last is None else last.timed_out),
            survivors={name: module.diffs[name] for name in sorted(self._survivors)},
        ).save()
        sys.stdout.flush()
        os._exit(0)  # no test failed, and no plugin has anything to report

    def _measure(self, items: Iterable[pytest.Item]) -> Measured:
        """Run each test once; record its duration and the functions that it calls."""
        measured = Measured()
        called: set[str] = set()

        def record(name: str, caller: str | None = None) -> None:
            called.add(name)

        _trampoline.record_trampoline_hit = record
        _trampoline.set_mutant_under_test("stats")
        tests: dict[str, list[str]] = defaultdict(list)
        ordered = list(items)
        for item, following in zip(ordered, [*ordered[1:], None], strict=True):
            self._has_failed = False
            called.clear()
            started = time.perf_counter()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._has_failed:
                measured.failed.append(item.nodeid)
                continue
            measured.seconds[item.nodeid] = time.perf_counter() - started
            for function in called:
                tests[function].append(item.nodeid)
        measured.tests = dict(tests)
        measured.modules = list(sys.modules)
        return measured

    def _order(self, tests: list[str], measured: Measured) -> list[str]:
        """The fastest variant of each test first, then the other variants."""
        ordered = sorted(tests, key=measured.seconds.__getitem__)
        first = {test.partition("[")[0]: test for test in reversed(ordered)}
        fastest = [test for test in ordered if first[test.partition("[")[0]] == test]
        if self._options.quick:
            return fastest
        others = set(ordered) - set(fastest)
        return fastest + [test for test in ordered if test in others]

    def _try(self, name: str, tests: list[pytest.Item], measured: Measured) -> None:
        if not tests:
            self._survive(name, "no test calls this function")
            return
        while len(self._running) >= self._options.jobs:
            self._wait()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            try:
                _prepare_child()
                _trampoline.set_mutant_under_test(f"{self._module.module}.{name}")
                self._run_until_failure(tests, measured)
            finally:
                os._exit(1)
        self._running[pid] = name

    def _run_until_failure(self, tests: list[pytest.Item], measured: Measured) -> None:
        for item, following in zip(tests, [*tests[1:], None], strict=True):
            limit = max(_LEAST_SECONDS, 10 * measured.seconds[item.nodeid])
            signal.setitimer(signal.ITIMER_REAL, limit)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._has_failed:
                os._exit(1)
        os._exit(0)

    def _wait(self) -> None:
        pid, status = os.wait()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        name = self._running.pop(pid)
        if status == 0:
            self._survive(name, "")
        elif os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
            self._timed_out += 1

    def _survive(self, name: str, remark: str) -> None:
        self._survivors.append(name)
        print(f"{name} {remark}\n{self._module.diffs[name]}", flush=True)


def _prepare_child() -> None:
    """Limit the memory, print nothing, and end together with all descendants."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    with open(os.devnull, "w", encoding="utf-8") as null:
        os.dup2(null.fileno(), 1)
        os.dup2(null.fileno(), 2)


def _in_child(call: Callable[[], Measured]) -> Measured:
    """Call a function in a forked process, so that this one keeps no caches or threads."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            _prepare_child()
            with open(writing, "w", encoding="utf-8") as file:
                json.dump(asdict(call()), file)
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as file:
        text = file.read()
    os.waitpid(pid, 0)
    return Measured(**json.loads(text))

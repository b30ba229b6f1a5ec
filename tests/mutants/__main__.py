"""Try mutants of modules against the tests that mirror them, and print a table."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile

from tests.mutants.results import Result
from tests.mutants.selection import MODULES, tests_of


def main() -> None:
    """Parse the arguments, run, and print the table."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("files", nargs="*", help="modules; none: transport, credentials, sending")
    parser.add_argument("--sample", type=int, default=40, help="mutants of a module; 0: all")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--quick", action="store_true", help="one variant of each test")
    parser.add_argument("--again", action="store_true", help="only the survivors of the last run")
    parser.add_argument("--table", action="store_true", help="only print the last results")
    parser.add_argument("--tests", nargs="+", help="test files, instead of those that mirror it")
    parser.add_argument("--select", help="an expression for pytest's -k")
    given = parser.parse_args()
    files: list[str] = given.files or MODULES
    if not given.table:
        for file in files:
            options: dict[str, object] = {
                "file": file,
                "size": given.sample or None,
                "jobs": given.jobs,
                "quick": given.quick,
                "again": given.again,
            }
            selection: list[str] = given.tests or tests_of(file)
            _run(options, selection + (["-k", given.select] if given.select else []))
    _print_table([Result.load(file) for file in files])


def _run(options: dict[str, object], tests: list[str]) -> None:
    """Run pytest with the plugin, which saves the results."""
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-n", "0", "--no-header"]
    plugins = ["-p", "no:cacheprovider", "-p", "tests.mutants.plugin"]
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "MUTANTS": json.dumps(options), "TMPDIR": folder}
        subprocess.run([*command, *plugins, *tests], check=True, env=env)


def _print_table(results: list[Result]) -> None:
    print("| module | mutants | tried | killed | survived | score |")
    print("|---|--:|--:|--:|--:|--:|")
    for result in results:
        print(result.line())
    if len(results) > 1:
        print(Result.total(results).line())


if __name__ == "__main__":
    main()

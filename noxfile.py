"""The project's sessions. ``nox`` runs the default ones, in the order in which CI wants them."""

from __future__ import annotations

import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "generated", "types", "tests", "docs"]

PYTHON = "3.11"
PYTHONS = [PYTHON, "3.12", "3.13"]
LOCK = "requirements-dev.txt"
DOCS_LOCK = "requirements-docs.txt"
GENERATED = (
    *("__init__", "client", "endpoints", "enums", "errors", "handles", "models/*"),
    *("operations", "params", "waiters"),
)


def _install(session: nox.Session) -> None:
    """The locked development dependencies, and the project itself, editable."""
    session.install("--quiet", "--requirement", LOCK)
    session.install("--quiet", "--no-deps", "--editable", ".")


@nox.session(python=PYTHON)
def lint(session: nox.Session) -> None:
    """Ruff: the linter and the formatter."""
    _install(session)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=PYTHON)
def generated(session: nox.Session) -> None:
    """The committed generated files are exactly what the sources make."""
    _install(session)
    session.run("python", "-m", "codegen", "check")


@nox.session(python=PYTHON)
def types(session: nox.Session) -> None:
    """Both type checkers, strict."""
    _install(session)
    session.run("mypy")
    session.run("pyright", "--project", "pyproject.toml")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The test suite, on asyncio and trio; arguments go to pytest."""
    _install(session)
    session.run("pytest", *session.posargs)


@nox.session(python=PYTHON)
def oldest(session: nox.Session) -> None:
    """The tests on the lower bounds of all that pyproject.toml names; arguments go to pytest."""
    session.install("--quiet", "uv")
    session.run(
        *("uv", "pip", "install", "--quiet", "--resolution", "lowest-direct"),
        *("--group", "dev", "--editable", "."),
    )
    session.run("pytest", *session.posargs)


@nox.session(python=PYTHON)
def coverage(session: nox.Session) -> None:
    """Line and branch coverage: of the runtime and of the generator 95 %, of what it makes all."""
    _install(session)
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", "--quiet", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")
    generated = ",".join(f"ecrclient/{name}.py" for name in GENERATED)
    session.run("coverage", "report", "--fail-under=100", f"--include={generated}")


@nox.session(python=PYTHON)
def conformance(session: nox.Session) -> None:
    """Everything held against judges that we did not write; ends with a table. See its README."""
    _install(session)
    session.run(
        # Not -ra of pyproject.toml: the table tells why what is expected to fail does.
        *("pytest", "-rfEs", "tests/conformance", "tests/scenarios"),
        *session.posargs,
        env={"CONFORMANCE": "full"},
    )


@nox.session(python=PYTHON)
@nox.parametrize("target", ["lap", "answers"])
def fuzz(session: nox.Session, target: str) -> None:
    """Coverage-guided fuzzing of the LAP parser and of the decoding of answers, a minute each."""
    _install(session)
    session.install("--quiet", "atheris>=3.0")
    corpus = session.create_tmp()
    options = session.posargs or ["-max_total_time=60", "-max_len=4000"]
    session.run("python", "-m", "tests.conformance.fuzz", target, corpus, *options)


@nox.session(python=PYTHON)
def mutants(session: nox.Session) -> None:
    """Break each function in small ways; list what no test noticed: ``-- codegen.lap_nodes``."""
    _install(session)
    session.install("--quiet", "mutmut>=3.8.1")
    of_module = nox.project.load_toml("pyproject.toml")["tool"]["mutants"]
    temporary = str(Path(session.create_tmp()).resolve())
    for module in session.posargs or of_module:
        names = (name for name in of_module if f"{module}.".startswith(f"{name}."))
        only = " or ".join(f"{file}.py" for file in of_module.get(next(names, ""), []))
        env = {"PYTEST_ADDOPTS": f"-k '{only}'", "PYTEST_DEBUG_TEMPROOT": temporary}
        session.run("mutmut", "run", "--max-children", "1", f"{module}.*", env=env)


@nox.session(python=PYTHON)
def demo(session: nox.Session) -> None:
    """The quickstart; ``-- --region eu-west-1`` runs it against AWS itself."""
    session.install("--quiet", ".")
    session.run("python", "examples/quickstart.py", *session.posargs)


@nox.session(python=PYTHON)
def docs(session: nox.Session) -> None:
    """Draw the pictures and build the site into site/; a warning is an error. Needs no network."""
    session.install("--quiet", "--requirement", DOCS_LOCK)
    session.run("python", "-m", "docsite.pictures")
    session.run("zensical", "build", "--clean", "--strict", *session.posargs)


@nox.session(python=False)
def notes(session: nox.Session) -> None:
    """Print the release notes of a version: ``-- 0.1.0``."""
    session.run("python", "-m", "docsite.release_notes", *session.posargs)


@nox.session(python=PYTHON)
def soak(session: nox.Session) -> None:
    """5,000 calls through faults, half of them cancelled; about a minute. Options go to it."""
    _install(session)
    session.run("python", "-m", "benchmarks.soak", *session.posargs)


@nox.session(python=PYTHON)
def bench(session: nox.Session) -> None:
    """Compare with aiobotocore, boto3 and the HTTP clients; ``-- --quick`` takes two minutes."""
    # Ours without development dependencies, which imports would have to look through.
    session.install("--quiet", "--editable", ".[fast]", "trustme>=1.2")
    peers = Path(session.virtualenv.location, "peers")
    folder = "Scripts" if sys.platform == "win32" else "bin"
    session.run("python", "-m", "venv", "--clear", str(peers), silent=True)
    python = str(peers / folder / "python")
    group = nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "bench")
    session.run(python, "-m", "pip", "install", "--quiet", *group, external=True)
    session.run("python", "-m", "benchmarks", "--peers-python", python, *session.posargs)


@nox.session(python=PYTHON)
def generate(session: nox.Session) -> None:
    """Build the generated files; ``-- --relock`` takes changed sources."""
    _install(session)
    session.run("python", "-m", "codegen", "build", *session.posargs)


@nox.session(python=PYTHON)
def lock(session: nox.Session) -> None:
    """Resolve the development dependencies, and those of the site, anew."""
    session.install("uv")
    for groups, file in (
        (("pyproject.toml", "--group", "dev"), LOCK),
        (("--group", "docs"), DOCS_LOCK),
    ):
        session.run(
            *("uv", "pip", "compile", *groups, "--universal", "--python-version", PYTHON),
            *("--no-emit-index-url", "--generate-hashes", "--quiet"),
            *("--custom-compile-command", "nox -s lock", "--output-file", file),
            *session.posargs,
        )

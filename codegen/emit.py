"""Formatting, writing and comparing whole trees.

The first line of a generated module marks it. The mark distinguishes it from hand-written modules
in the same folder, so that a module that is no longer generated is found and removed.
"""

from __future__ import annotations

import difflib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from codegen.runtime import PROJECT
from codegen.writer import WIDTH
from codegen.writing import MARK, WriteError, is_generated, protect, replace_files

__all__ = ["EmitError", "Stray", "compare", "format_python", "header", "write"]


class EmitError(RuntimeError):
    """The generated text cannot be formatted."""


def header(sources: str) -> str:
    """The first lines of a generated module."""
    return (
        f"{MARK} from {sources}.\n"
        '# Do not edit: change the sources and run "python -m codegen build".\n'
    )


def format_python(modules: Mapping[str, str]) -> dict[str, str]:
    """Format the modules with ruff, which the development lock pins.

    Raises:
        EmitError: ruff refuses one of them; the message has ruff's output.
    """
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    if ruff is None:
        raise EmitError("ruff is not installed: it comes with the development dependencies")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in modules.items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8")
        settings = ["--isolated", "--no-cache", "--quiet", "--config", f"line-length={WIDTH}"]
        sorting = ["--config", f'lint.isort.known-first-party=["{PROJECT}"]', "--select=I,RUF022"]
        for command in (
            [ruff, "check", *settings, *sorting, "--fix", "."],
            [ruff, "format", *settings, "."],
        ):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
            if done.returncode:
                raise EmitError(done.stdout + done.stderr)
        return {file: (folder / file).read_text(encoding="utf-8") for file in modules}


@dataclass(frozen=True, slots=True)
class Stray:
    """A file that differs from what the sources produce, and how."""

    path: Path
    kind: str
    diff: str = ""


def compare(expected: Mapping[Path, str]) -> list[Stray]:
    """Compare the files on disk with *expected*, including extra files in the same folders."""
    strays: list[Stray] = []
    for path, text in sorted(expected.items()):
        found = _read(path)
        if found is None:
            strays.append(Stray(path, "missing"))
        elif found != text.encode():
            strays.append(Stray(path, "stale", _diff(path, found, text)))
    strays += [Stray(path, "extra") for path in _left_over(expected)]
    return strays


def write(
    expected: Mapping[Path, str], package: Path, service: str, *, force: bool = False
) -> list[Path]:
    """Write *expected*, remove leftovers, and return the paths that changed.

    Args:
        expected: The texts of the files.
        package: The folder of the package.
        service: The service's id.
        force: Whether to replace files that were not generated, or are another service's.

    Raises:
        WriteError: A file cannot be written or must not be overwritten; nothing has changed.
    """
    changed = {path: text for path, text in expected.items() if _read(path) != text.encode()}
    removed = list(_left_over(expected))
    if not force:
        protect(changed, package, service)
    replace_files(changed, removed)
    return [*changed, *removed]


def _left_over(expected: Mapping[Path, str]) -> Iterator[Path]:
    """Marked modules in the same folders that are no longer generated."""
    for folder in sorted({path.parent for path in expected if path.suffix == ".py"}):
        for path in sorted(folder.glob("*.py")):
            if path not in expected and is_generated(path):
                yield path


def _read(path: Path) -> bytes | None:
    # Read as bytes, since a converted line ending is a difference too.
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WriteError(f"{path}: {error.strerror}") from error


def _diff(path: Path, found: bytes, expected: str) -> str:
    lines = difflib.unified_diff(
        found.decode("utf-8", errors="replace").splitlines(),
        expected.splitlines(),
        f"{path} (on disk)",
        f"{path} (sources)",
        lineterm="",
    )
    return "\n".join(lines)

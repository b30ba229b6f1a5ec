"""What to generate: the project's own package, or the one that the options describe."""

from __future__ import annotations

import argparse
import keyword
import tomllib
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Job", "UsageError"]


class UsageError(ValueError):
    """The options are incomplete, contradict each other, or have an invalid value."""


@dataclass(frozen=True, slots=True)
class Job:
    """The sources to read and the files to write."""

    root: Path
    """The project; paths below it appear in generated files."""
    spec: Path
    service: str
    out: Path
    overlay: Path | None
    data: Path | None
    lock: Path | None
    report: Path | None

    @classmethod
    def from_options(cls, options: argparse.Namespace, root: Path) -> Job:
        """The job that the options describe; without options, that of the project at *root*.

        Raises:
            UsageError: Options are missing, or ``--out`` is not the name of a package.
        """
        given = (options.service, options.out, options.overlay, options.data, options.report)
        if options.spec is None:
            if any(option is not None for option in given):
                raise UsageError("--service, --out, --overlay, --data and --report need --spec")
            settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
            job = settings["tool"]["codegen"]
            paths = {k: root / job[k] for k in ("spec", "out", "overlay", "lock", "report")}
            return cls(root=root, service=job["service"], data=None, **paths)
        if not options.service or options.out is None:
            raise UsageError("--spec needs --service and --out")
        # Resolved, so that "." has the name of the package.
        out: Path = options.out.resolve()
        for name in _names(out):
            if not name.isidentifier() or keyword.iskeyword(name):
                raise UsageError(
                    f"--out {options.out}: {name!r} is not a valid package name; use letters, "
                    "digits and underscores, as in 'my_client'"
                )
        return cls(
            root=root,
            spec=options.spec,
            service=options.service,
            out=out,
            overlay=options.overlay,
            data=options.data,
            lock=None,
            report=options.report,
        )

    @property
    def package(self) -> str:
        """The dotted name of the package, below the packages that contain its folder."""
        return ".".join(_names(self.out))

    def shown(self, path: Path) -> str:
        """The path as generated files contain it: the same on every machine."""
        path = path.resolve()
        root = self.root
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _names(out: Path) -> list[str]:
    names = [out.name]
    for folder in out.parents:
        if not (folder / "__init__.py").exists():
            break
        names.insert(0, folder.name)
    return names

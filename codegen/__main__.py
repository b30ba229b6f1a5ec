"""``python -m codegen``: build, check and report.

Without options it works on the files that ``[tool.codegen]`` in pyproject.toml lists.
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codegen import aws_model, emit, lap, sources
from codegen.differences import render_report
from codegen.overlay import Overlay
from codegen.reconcile import Reconciled, reconcile
from codegen.render import render

ROOT = Path(__file__).resolve().parent.parent


class UsageError(ValueError):
    """The options are incomplete or contradict each other."""


@dataclass(frozen=True, slots=True)
class Job:
    """The sources to read and the files to write."""

    spec: Path
    service: str
    out: Path
    overlay: Path | None
    data: Path | None
    lock: Path | None
    report: Path | None

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> Job:
        """The project's job, or the one that the options describe."""
        given = (options.service, options.out, options.overlay, options.data, options.report)
        if options.spec is None:
            if any(option is not None for option in given):
                raise UsageError("--service, --out, --overlay, --data and --report need --spec")
            settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
            job = settings["tool"]["codegen"]
            paths = {k: ROOT / job[k] for k in ("spec", "out", "overlay", "lock", "report")}
            return cls(service=job["service"], data=None, **paths)
        if not options.service or options.out is None:
            raise UsageError("--spec needs --service and --out")
        return cls(
            spec=options.spec,
            service=options.service,
            # Resolved, so that "." has the name of the package.
            out=options.out.resolve(),
            overlay=options.overlay,
            data=options.data,
            lock=None,
            report=options.report,
        )


class Progress:
    """Prints a line at the end of each stage, with its duration."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    def note(self, text: str) -> None:
        """Report something that was omitted."""
        print(f"{'':<10} omitted: {text}", file=sys.stderr)

    def done(self, stage: str, what: str) -> None:
        """Report that *stage* has ended."""
        now = time.perf_counter()
        print(f"{stage:<10} {what} ({now - self._started:.2f} s)", file=sys.stderr)
        self._started = now


@dataclass(frozen=True, slots=True)
class Built:
    """What the sources produce: the text of every file by its path, the report and the lock."""

    files: dict[Path, str]
    report: str
    lock: str


def make(job: Job, progress: Progress) -> Built:
    """Run the stages: parse, reconcile, render, format."""
    text = sources.read_spec(job.spec)
    document = lap.parse(text, file=str(job.spec))
    progress.done("parse", f"{len(document.endpoints)} endpoints in {_shown(job.spec)}")
    model = aws_model.load(job.service, job.data)
    overlay = Overlay.load(job.overlay, model) if job.overlay else Overlay()
    progress.done(
        "read", f"{len(model.operations)} operations in botocore {model.botocore_version}"
    )
    reconciled = reconcile(document, model, overlay, package=job.out.name)
    progress.done("reconcile", f"{len(reconciled.differences)} differences, each with a rule")
    for omission in reconciled.service.omissions:
        progress.note(omission)
    modules = render(reconciled.service)
    progress.done("render", f"{len(modules)} modules")
    head = emit.header(f"{_shown(job.spec)} and botocore {model.botocore_version}")
    formatted = emit.format_python({name: head + module for name, module in modules.items()})
    progress.done("format", f"{sum(map(len, formatted.values())):,} characters")
    report = _report(job, model, reconciled, overlay)
    files = {job.out / name: module for name, module in formatted.items()}
    if job.report:
        files[job.report] = report
    return Built(files, report, sources.lock_text(text, job.overlay, model))


def _report(job: Job, model: aws_model.AwsModel, reconciled: Reconciled, overlay: Overlay) -> str:
    matched = reconciled.match
    runner_up = (
        "no other assignment keeps the order"
        if matched.runner_up is None
        else f"the next best leaves {matched.runner_up}"
    )
    proof = (
        f"The spec's {len(matched.operations)} endpoints were matched to the model's "
        f"{len(model.operations)} operations by their members and their order. Exactly one "
        f"assignment is best: it leaves {matched.distance} members unexplained; {runner_up}.",
    )
    return render_report(
        reconciled.differences,
        spec=_shown(job.spec),
        model=f"botocore {model.botocore_version}, service `{model.service}`",
        proof=proof,
        decisions=tuple(overlay.decisions()),
    )


def _shown(path: Path) -> str:
    """The path as generated files contain it: the same on every machine."""
    path = path.resolve()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def build(job: Job, *, relock: bool) -> int:
    """Write the tree; refuse sources that differ from the lock."""
    progress = Progress()
    built = make(job, progress)
    if job.lock:
        if not relock and (words := sources.locked_differences(job.lock, built.lock)):
            print("the sources differ from the lock:", *words, sep="\n  ", file=sys.stderr)
            print("run again with --relock to accept them", file=sys.stderr)
            return 1
        built.files[job.lock] = built.lock
    changed = emit.write(built.files)
    progress.done("emit", f"{len(changed)} of {len(built.files)} files changed")
    return 0


def check(job: Job) -> int:
    """Compare the tree with what the sources produce; print the differences and return 1 if any."""
    progress = Progress()
    built = make(job, progress)
    words = sources.locked_differences(job.lock, built.lock) if job.lock else []
    for word in words:
        print(f"sources: {word}")
    strays = emit.compare(built.files)
    for stray in strays:
        print(f"{stray.kind}: {_shown(stray.path)}")
        if stray.diff:
            print(stray.diff)
    progress.done("check", f"{len(built.files)} files compared, {len(strays)} differ")
    return 1 if strays or words else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    parser.add_argument("command", choices=["build", "check", "report"])
    parser.add_argument("--spec", type=Path, help="a .lap file, or a JSON document with raw text")
    parser.add_argument("--service", help="botocore's name for the service")
    parser.add_argument("--out", type=Path, help="the folder of the package")
    parser.add_argument("--overlay", type=Path, help="decisions and documentation (TOML)")
    parser.add_argument(
        "--data", type=Path, help="models to use instead of botocore's, in its layout"
    )
    parser.add_argument("--report", type=Path, help="the file for the differences (Markdown)")
    parser.add_argument("--relock", action="store_true", help="build: accept changed sources")
    options = parser.parse_args(arguments)
    try:
        job = Job.from_options(options)
        match options.command:
            case "build":
                return build(job, relock=options.relock)
            case "check":
                return check(job)
            case _:
                print(make(job, Progress()).report, end="")
                return 0
    except (ValueError, emit.EmitError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())

"""``python -m codegen``: build, check and report.

Without options it works on the files that ``[tool.codegen]`` in pyproject.toml lists.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codegen import aws_model, emit, lap
from codegen.differences import render_report
from codegen.job import Job
from codegen.lock import Lock, lock_of, read_lock
from codegen.overlay import Overlay
from codegen.reconcile import Reconciled, reconcile
from codegen.render import render
from codegen.sources import Spec, read_spec
from codegen.trial import TrialError, try_package
from codegen.writing import WriteError

ROOT = Path(__file__).resolve().parent.parent
_INTERRUPTED = 130


class Progress:
    """Prints a line at the end of each stage, with its duration."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    def note(self, kind: str, text: str) -> None:
        """Report a warning or an omission."""
        print(f"{'':<10} {kind}: {text}", file=sys.stderr)

    def done(self, stage: str, what: str) -> None:
        """Report that *stage* has ended."""
        now = time.perf_counter()
        print(f"{stage:<10} {what} ({now - self._started:.2f} s)", file=sys.stderr)
        self._started = now


@dataclass(frozen=True, slots=True)
class Sources:
    """What was read, and how it differs from the lock."""

    spec: Spec
    document: lap.Document
    model: aws_model.AwsModel
    lock: Lock
    changes: list[str]

    @classmethod
    def read(cls, job: Job, progress: Progress) -> Sources:
        """Read the spec and the model."""
        spec = read_spec(job.spec)
        document, doubts = spec.parse()
        for doubt in doubts:
            progress.note("warning", doubt)
        progress.done("parse", f"{len(document.endpoints)} endpoints in {job.shown(job.spec)}")
        model = aws_model.load(job.service, job.data)
        progress.done(
            "read", f"{len(model.operations)} operations in botocore {model.botocore_version}"
        )
        lock, changes = lock_of(spec.text, job.overlay, model), list[str]()
        if job.lock:
            locked = read_lock(job.lock)
            changes = locked.differences(lock) if locked else [f"{job.lock.name}: does not exist"]
            lock = locked.updated(lock) if locked else lock
        return cls(spec, document, model, lock, changes)


@dataclass(frozen=True, slots=True)
class Built:
    """What the sources produce: the text of every file by its path, and the report."""

    files: dict[Path, str]
    report: str
    service_id: str


def make(job: Job, sources: Sources, progress: Progress) -> Built:
    """Run the stages from the sources to formatted modules."""
    model = sources.model
    overlay = Overlay.load(job.overlay, model) if job.overlay else Overlay()
    reconciled = reconcile(
        sources.document, model, overlay, package=job.package, place=sources.spec.place
    )
    progress.done("reconcile", f"{len(reconciled.differences)} differences, each with a rule")
    for omission in reconciled.service.omissions:
        progress.note("omitted", omission)
    service = dataclasses.replace(reconciled.service, model_version=sources.lock.botocore)
    modules = render(service)
    progress.done("render", f"{len(modules)} modules")
    head = emit.header(f"{job.shown(job.spec)} and botocore's model of {job.service}")
    formatted = emit.format_python({name: head + module for name, module in modules.items()})
    progress.done("format", f"{sum(map(len, formatted.values())):,} characters")
    report = _report(job, model, reconciled, overlay)
    files = {job.out / name: module for name, module in formatted.items()}
    files[job.out / "py.typed"] = ""
    if job.report:
        files[job.report] = report
    return Built(files, report, model.service_id)


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
        spec=job.shown(job.spec),
        model=f"botocore's service `{model.service}`, API version {model.api_version}",
        proof=proof,
        decisions=tuple(overlay.decisions()),
        omissions=reconciled.service.omissions,
    )


def build(job: Job, *, relock: bool, force: bool) -> int:
    """Write the tree if it works; refuse sources that differ from the lock."""
    progress = Progress()
    sources = Sources.read(job, progress)
    if sources.changes:
        print("the sources differ from the lock:", *sources.changes, sep="\n  ", file=sys.stderr)
        if not relock:
            print("run again with --relock to accept them", file=sys.stderr)
            return 1
    built = make(job, sources, progress)
    try_package(built.files, job.out, job.package)
    progress.done("try", "imported, models built, endpoints resolved")
    if job.lock:
        built.files[job.lock] = sources.lock.to_text()
    changed = emit.write(built.files, job.out, built.service_id, force=force)
    progress.done("emit", f"{len(changed)} of {len(built.files)} files changed")
    return 0


def check(job: Job) -> int:
    """Compare the tree with what the sources produce; print the differences and return 1 if any."""
    progress = Progress()
    sources = Sources.read(job, progress)
    for change in sources.changes:
        print(f"sources: {change}", flush=True)
    built = make(job, sources, progress)
    strays = emit.compare(built.files)
    for stray in strays:
        print(f"{stray.kind}: {job.shown(stray.path)}")
        if stray.diff:
            print(stray.diff)
    version = f"botocore {sources.model.botocore_version}"
    progress.done("check", f"{len(built.files)} files compared, {len(strays)} differ; {version}")
    return 1 if strays or sources.changes else 0


def report(job: Job) -> int:
    """Print the report of the differences."""
    progress = Progress()
    print(make(job, Sources.read(job, progress), progress).report, end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    parser.add_argument("command", choices=["build", "check", "report"])
    parser.add_argument("--spec", type=Path, help="a .lap file, or a JSON document with raw text")
    parser.add_argument("--service", help="botocore's name for the service")
    parser.add_argument("--out", type=Path, help="the folder of the package")
    parser.add_argument("--overlay", type=Path, help="decisions and documentation (TOML)")
    parser.add_argument("--data", type=Path, help="models instead of botocore's, in its layout")
    parser.add_argument("--report", type=Path, help="the file for the differences (Markdown)")
    parser.add_argument("--relock", action="store_true", help="build: accept changed sources")
    parser.add_argument(
        "--force", action="store_true", help="build: overwrite files that were not generated"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        job = Job.from_options(options, ROOT)
        match options.command:
            case "build":
                return build(job, relock=options.relock, force=options.force)
            case "check":
                return check(job)
            case _:
                return report(job)
    except (ValueError, emit.EmitError, TrialError, WriteError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"OSError: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED


if __name__ == "__main__":
    raise SystemExit(main())

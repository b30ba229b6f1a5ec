"""The table of the services, with totals, and the problems below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.services.worker import Row

__all__ = ["is_right", "table"]

_HEAD = ("service", "model", "built", "out", "import", "calls", "errors", "wrong", "types")


def is_right(row: Row) -> bool:
    """Whether a service builds, is imported, and behaves like botocore's client."""
    return row.stage == "done" and not row.wrong and row.types in {"", "clean"}


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of the report."""
    yield _line(*_HEAD)
    yield "-" * len(_line(*_HEAD))
    for row in rows:
        yield _line(*map(str, _cells(row)))
    yield "-" * len(_line(*_HEAD))
    totals = [sum(cell) for cell in zip(*map(_numbers, rows), strict=True)]
    imported = sum(_imported(row) for row in rows)
    model, built, out, calls, errors, wrong = (f"{total:,}" for total in totals)
    yield _line(f"{len(rows)} services", model, built, out, str(imported), calls, errors, wrong, "")
    yield from _notes(rows)


def _numbers(row: Row) -> tuple[int, ...]:
    out = len(row.left_out)
    return row.operations, row.built, out, row.calls, row.errors, len(row.wrong)


def _imported(row: Row) -> bool:
    return row.stage not in {"build", "import", "process"}


def _cells(row: Row) -> tuple[object, ...]:
    model, built, out, calls, errors, wrong = _numbers(row)
    types = {"": "", "clean": "clean"}.get(row.types, "errors")
    imported = "yes" if _imported(row) else "NO"
    return row.service, model, built, out, imported, calls, errors, wrong, types


def _line(name: str, *cells: str) -> str:
    return f"{name:<32}" + "".join(f"{cell:>8}" for cell in cells)


def _notes(rows: Sequence[Row]) -> Iterator[str]:
    """What was left out, and everything that is wrong."""
    for title, found in (
        ("left out", [f"{row.service}: {note}" for row in rows for note in row.left_out]),
        ("no random input", [f"{row.service}: {name}" for row in rows for name in row.skipped]),
        ("failed", [f"{row.service}: {row.stage}: {row.problem}" for row in rows if row.problem]),
        (
            "wrong",
            [f"{row.service}: {name}: {what}" for row in rows for name, what in row.wrong.items()],
        ),
        (
            "types",
            [f"{row.service}: {row.types}" for row in rows if row.types not in {"", "clean"}],
        ),
    ):
        if found:
            yield from ("", f"{title}:", *(f"  {line}" for line in found))

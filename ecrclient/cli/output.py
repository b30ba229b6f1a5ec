"""The output of commands: JSON, tables and lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from ecrclient.cli.text import printable

__all__ = ["print_json", "print_line", "print_note", "print_table"]


def print_json(document: object) -> None:
    """Print a document as JSON, with characters other than ASCII as escape sequences."""
    print(json.dumps(document, indent=2, default=str))


def print_line(text: str) -> None:
    """Print one line of a result."""
    print(printable(text))


def print_note(text: str) -> None:
    """Print one line about the course of a command, on standard error."""
    print(printable(text), file=sys.stderr)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a heading.

    On a terminal the table fits its width; otherwise every value is complete.
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in columns:
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        Console().print(table)
        return
    every = [list(columns), *rows]
    widths = [max(len(row[number]) for row in every) for number in range(len(columns))]
    for row in every:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())

"""Reading an overlay file: its tables against their columns, its keys against the model's names.

Every complaint is collected, with the line that it is about, so that one run reports them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_type_hints

from codegen.aws_model import AwsModel

__all__ = ["Names", "Table", "TableReader"]

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*=""")


@dataclass(frozen=True, slots=True)
class Table:
    """An array of tables, ``[[name]]``, and what its entries become."""

    name: str
    attribute: str
    """The overlay's attribute: the decisions by their subjects."""
    subject: str
    """The column that names what an entry is about."""
    decision: type
    """A dataclass: it has a column for each of its fields."""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """The columns that contain names of the model, and which ones."""
    listed: str = ""
    """A column that lists members of the subject; each of them is a subject then."""
    key: type = str
    """The type of the subject."""

    def columns(self) -> dict[str, object]:
        """The type of each column."""
        columns: dict[str, object] = {self.subject: self.key, **get_type_hints(self.decision)}
        if self.listed:
            columns[self.listed] = tuple[str, ...]
        return columns


class Names:
    """The names of a model that an overlay may use, by what they name."""

    def __init__(self, model: AwsModel) -> None:
        """Collect the names of *model*."""
        shapes = model.shapes.values()
        errors = {shape.name for shape in shapes if shape.is_error}
        structures = {shape.name for shape in shapes if shape.type == "structure"}
        members = {(shape.name, member.name) for shape in shapes for member in shape.members}
        exact = {f"{structure}.{member}" for structure, member in members}
        self.subjects: Mapping[str, Collection[str]] = {
            "members": exact,
            "operations": {operation.name for operation in model.operations},
            "structures": structures - errors,
            "strings": {shape.name for shape in shapes if shape.type == "string"},
            "waiters": model.waiters.keys(),
            "codes": {shape.error_code or shape.name for shape in shapes if shape.is_error},
        }
        self.documented: Mapping[str, Collection[str]] = {
            "operations": self.subjects["operations"],
            "structures": structures - errors,
            "errors": errors,
            "enums": {shape.name for shape in shapes if shape.enum},
            "members": exact | {member for _, member in members},
        }


class TableReader:
    """Takes the tables out of a parsed file and collects what is wrong with them."""

    def __init__(self, text: str, raw: dict[str, Any], names: Names) -> None:
        """Start with the whole file: its text, and the tables that it was parsed to."""
        self._raw = raw
        self._names = names
        self._lines = dict(_lines(text))
        self._complaints: list[tuple[int, str]] = []

    def complaints(self, path: str) -> list[str]:
        """What is wrong, in the order of the file; each with *path* and its line, if known."""
        return [
            f"{path}:{line}: {text}" if line else f"{path}: {text}"
            for line, text in sorted(self._complaints, key=lambda found: found[0])
        ]

    def complain(self, text: str, *places: object) -> None:
        """Note a complaint about the first of *places* that the file has."""
        lines = (self._lines[place] for place in places if place in self._lines)
        self._complaints.append((next(lines, 0), text))

    def decisions(self, table: Table) -> dict[Any, Any]:
        """The decisions of one table by their subjects."""
        found: dict[Any, Any] = {}
        for number, entry in self._entries(table):
            values = {name: entry[name] for name in table.names}
            subjects = [entry.pop(table.subject)]
            if table.listed:
                subjects = [f"{subjects[0]}.{member}" for member in entry.pop(table.listed)]
            if table.subject in values:
                values[table.subject] = subjects
            make: Callable[..., Any] = table.decision
            for subject in subjects:
                if subject in found:
                    text = f"[[{table.name}]] {subject}: decided more than once"
                    self.complain(text, (table.name, number))
                found[subject] = make(**entry)
            for column, value in values.items():
                names = [value] if isinstance(value, str) else value
                self._known(table, number, names, self._names.subjects[table.names[column]])
        return found

    def docs(self) -> dict[str, Mapping[str, str]]:
        """The lines of documentation, by their tables."""
        found: dict[str, Mapping[str, str]] = {}
        docs = self._raw.pop("docs", {})
        if not isinstance(docs, dict):
            self.complain("docs must be tables such as [docs.members]", ("", "docs"))
            return found
        for name, lines in cast("dict[str, Any]", docs).items():
            table = f"docs.{name}"
            if name not in self._names.documented:
                self.complain(f"unknown table [{table}]", table)
            elif not isinstance(lines, dict):
                self.complain(f"[{table}] must be a table of lines", ("docs", name))
            else:
                found[name] = dict(self._documented(table, name, cast("dict[str, Any]", lines)))
        return found

    def unknown_tables(self) -> None:
        """Complain of the tables that have not been taken."""
        for name in self._raw:
            self.complain(f"unknown table [{name}]", name, (name, 1), ("", name))

    def _known(
        self, table: Table, number: int, keys: Iterable[str], known: Collection[str]
    ) -> None:
        """Complain of the keys that the model does not have."""
        for key in keys:
            if key not in known:
                text = f"[[{table.name}]] {key}: the model has no such name"
                self.complain(text, (table.name, number))

    def _entries(self, table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
        """The entries that have exactly the table's columns, each with its number from 1."""
        entries: object = self._raw.pop(table.name, [])
        if not isinstance(entries, list):
            text = f"[[{table.name}]] must be an array of tables"
            self.complain(text, table.name, ("", table.name))
            return
        columns = table.columns()
        for number, entry in enumerate(cast("list[object]", entries), start=1):
            found = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
            odd = sorted(found.keys() ^ columns.keys())
            odd += [name for name, kind in columns.items() if not _is_a(found.get(name), kind)]
            if odd:
                listed = ", ".join(dict.fromkeys(odd))
                self.complain(
                    f"[[{table.name}]] entry {number}: wrong or missing: {listed}",
                    (table.name, number),
                )
            else:
                yield number, dict(found)

    def _documented(
        self, table: str, name: str, lines: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        for key, line in lines.items():
            if not isinstance(line, str):
                self.complain(f"[{table}] {key}: must be a string", (table, key), table)
            elif key not in self._names.documented[name]:
                text = f"[{table}] {key}: the model has no such name"
                self.complain(text, (table, key), table)
            else:
                yield key, line


def _is_a(value: object, kind: object) -> bool:
    if kind == tuple[str, ...]:
        items = cast("list[object]", value) if isinstance(value, list) else [None]
        return all(isinstance(item, str) for item in items)
    # Python counts a bool as an int; someone who writes a limit does not.
    assert isinstance(kind, type)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _lines(text: str) -> Iterator[tuple[object, int]]:
    """Where things are: tables by name, array entries by name and number, keys by table and key."""
    table, counts = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.fullmatch(line):
            table = header[2]
            if header[1] == "[[":
                counts[table] = counts.get(table, 0) + 1
                yield (table, counts[table]), number
            else:
                yield table, number
        elif key := _KEY.match(line):
            yield (table, key[1] or key[2] or key[3]), number

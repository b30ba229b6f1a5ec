"""The overlay: what people decided, and what they wrote, beside the two sources.

Each entry is checked against the model. One that no longer applies stops the build, so that the
file never holds a decision about something that is gone.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from codegen.aws_model import AwsModel

__all__ = [
    "BaseDecision",
    "BatchDecision",
    "Decision",
    "HandleDecision",
    "Overlay",
    "OverlayError",
    "WaiterDecision",
]


class OverlayError(ValueError):
    """The overlay does not fit the model: each complaint on a line of its own."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A yes or no about a member or an operation, and the reason."""

    value: bool
    why: str


@dataclass(frozen=True, slots=True)
class BatchDecision:
    """The id list of an operation and the members that answer it."""

    method: str
    member: str
    limit: int
    concurrency: int
    result: str
    failures: str
    why: str


@dataclass(frozen=True, slots=True)
class HandleDecision:
    """A class that fills in the members which name one resource."""

    method: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    doc: str
    why: str


@dataclass(frozen=True, slots=True)
class BaseDecision:
    """The hand-written class that a generated one inherits from."""

    module: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class WaiterDecision:
    """Which statuses end a wait, and which errors are waited out."""

    path: str
    success: tuple[str, ...]
    failure: tuple[str, ...]
    pending: tuple[str, ...]
    retry_errors: tuple[str, ...]
    why: str


_NO_DOCS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Overlay:
    """Keys are the model's own names; members are keyed ``Structure.member``."""

    path: str = ""
    required: Mapping[str, Decision] = field(default_factory=dict[str, Decision])
    returned: Mapping[str, Decision] = field(default_factory=dict[str, Decision])
    sensitive: Mapping[str, Decision] = field(default_factory=dict[str, Decision])
    retry_unsafe: Mapping[str, Decision] = field(default_factory=dict[str, Decision])
    json_texts: Mapping[str, Decision] = field(default_factory=dict[str, Decision])
    batches: Mapping[str, BatchDecision] = field(default_factory=dict[str, BatchDecision])
    waiters: Mapping[str, WaiterDecision] = field(default_factory=dict[str, WaiterDecision])
    handles: Mapping[str, HandleDecision] = field(default_factory=dict[str, HandleDecision])
    bases: Mapping[str, BaseDecision] = field(default_factory=dict[str, BaseDecision])
    docs: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])

    @classmethod
    def load(cls, path: Path, model: AwsModel) -> Overlay:
        """Read *path* and hold every key in it against *model*.

        Raises:
            OverlayError: the file is no TOML, has an unknown table or key, or names something
                that the model does not have.
        """
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise OverlayError(f"{path}: {error}") from error
        reader = _Reader(path, raw, model)
        required = reader.entries("required", {"member": str, "required": bool})
        returned = reader.entries("returned", {"structure": str, "members": list})
        sensitive = reader.entries("sensitive", {"member": str})
        retry_unsafe = reader.entries("retry_unsafe", {"operation": str})
        json_texts = reader.entries("json_text", {"shape": str})
        batches = reader.entries(
            "batch",
            {
                "operation": str,
                "method": str,
                "member": str,
                "limit": int,
                "concurrency": int,
                "result": str,
                "failures": str,
            },
        )
        statuses = dict.fromkeys(("success", "failure", "pending", "retry_errors"), list)
        waiters = reader.entries("waiter", {"name": str, "path": str, **statuses})
        handles = reader.entries(
            "handle", {"class": str, "method": str, "required": list, "optional": list, "doc": str}
        )
        bases = reader.entries("base", {"class": str, "module": str, "name": str})
        reader.once("required", (entry["member"] for entry in required))
        reader.once("returned", (entry["structure"] for entry in returned))
        reader.once("sensitive", (entry["member"] for entry in sensitive))
        reader.once("retry_unsafe", (entry["operation"] for entry in retry_unsafe))
        reader.once("json_text", (entry["shape"] for entry in json_texts))
        reader.once("batch", (entry["operation"] for entry in batches))
        reader.once("waiter", (entry["name"] for entry in waiters))
        reader.once("handle", (entry["class"] for entry in handles))
        reader.once("base", (entry["class"] for entry in bases))
        overlay = cls(
            path=path.as_posix(),
            required={
                entry["member"]: Decision(entry["required"], entry["why"]) for entry in required
            },
            returned={
                f"{entry['structure']}.{name}": Decision(value=True, why=entry["why"])
                for entry in returned
                for name in entry["members"]
            },
            sensitive={
                entry["member"]: Decision(value=True, why=entry["why"]) for entry in sensitive
            },
            retry_unsafe={
                entry["operation"]: Decision(value=True, why=entry["why"]) for entry in retry_unsafe
            },
            json_texts={
                entry["shape"]: Decision(value=True, why=entry["why"]) for entry in json_texts
            },
            batches={entry.pop("operation"): BatchDecision(**entry) for entry in batches},
            waiters={
                entry["name"]: WaiterDecision(
                    path=entry["path"],
                    success=tuple(entry["success"]),
                    failure=tuple(entry["failure"]),
                    pending=tuple(entry["pending"]),
                    retry_errors=tuple(entry["retry_errors"]),
                    why=entry["why"],
                )
                for entry in waiters
            },
            handles={
                entry["class"]: HandleDecision(
                    method=entry["method"],
                    required=tuple(entry["required"]),
                    optional=tuple(entry["optional"]),
                    doc=entry["doc"],
                    why=entry["why"],
                )
                for entry in handles
            },
            bases={entry.pop("class"): BaseDecision(**entry) for entry in bases},
            docs=raw.pop("docs", {}),
        )
        reader.complain_of_unknown_tables()
        reader.check(overlay)
        if reader.complaints:
            raise OverlayError("\n".join(f"{path}: {line}" for line in reader.complaints))
        return overlay

    def decisions(self) -> Iterator[tuple[str, str, str]]:
        """What is decided beyond the sources: where, what, why; members of a structure together."""
        returned: dict[tuple[str, str], list[str]] = {}
        for key, decision in self.returned.items():
            structure, _, member = key.partition(".")
            returned.setdefault((structure, decision.why), []).append(member)
        for (structure, why), members in returned.items():
            listed = ", ".join(f"`{member}`" for member in members)
            yield f"`{structure}`", f"always returned: {listed}", why
        for key, decision in self.sensitive.items():
            yield f"`{key}`", "secret", decision.why
        for key, decision in self.retry_unsafe.items():
            yield f"`{key}`", "not idempotent", decision.why

    def doc(self, table: str, *keys: str) -> str:
        """The first of *keys* that the docs table has; empty if it has none of them."""
        lines = self.docs.get(table, _NO_DOCS)
        return next((lines[key] for key in keys if key in lines), "")


def _is_a(value: object, kind: type) -> bool:
    if kind is list:
        items = cast("list[object]", value) if isinstance(value, list) else [None]
        return all(isinstance(item, str) for item in items)
    # To Python a bool is an int; to a person who writes a limit it is not.
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


class _Reader:
    """Takes the tables out of the parsed file and collects what is wrong with them."""

    def __init__(self, path: Path, raw: dict[str, Any], model: AwsModel) -> None:
        self._path = path
        self._raw = raw
        self._model = model
        self._operations = {operation.name for operation in model.operations}
        self.complaints: list[str] = []

    def entries(self, table: str, keys: Mapping[str, type]) -> list[dict[str, Any]]:
        """The entries of a table that have exactly *keys*, each of its type, and a reason."""
        entries: list[dict[str, Any]] = self._raw.pop(table, [])
        expected = {**keys, "why": str}
        good: list[dict[str, Any]] = []
        for number, entry in enumerate(entries, start=1):
            odd = sorted(entry.keys() ^ expected.keys())
            odd += [key for key, kind in expected.items() if not _is_a(entry.get(key), kind)]
            if odd:
                what = ", ".join(dict.fromkeys(odd))
                self.complaints.append(f"[[{table}]] entry {number}: wrong or missing: {what}")
            else:
                good.append(dict(entry))
        return good

    def once(self, table: str, keys: Iterable[str]) -> None:
        """Complain of what is decided twice."""
        self.complaints += [
            f"[[{table}]] {key}: decided {count} times"
            for key, count in Counter(keys).items()
            if count > 1
        ]

    def complain_of_unknown_tables(self) -> None:
        self.complaints += [f"unknown table [{name}]" for name in self._raw]

    def check(self, overlay: Overlay) -> None:
        self._known_members("required", overlay.required)
        self._known_members("returned", overlay.returned)
        self._known_members("sensitive", overlay.sensitive)
        self._known("retry_unsafe", overlay.retry_unsafe, self._operations)
        strings = {shape.name for shape in self._model.shapes.values() if shape.type == "string"}
        self._known("json_text", overlay.json_texts, strings)
        self._known("batch", overlay.batches, self._operations)
        self._known("waiter", overlay.waiters, self._model.waiters)
        shapes = self._model.shapes.values()
        codes = {shape.error_code or shape.name for shape in shapes if shape.is_error}
        for name, waiter in overlay.waiters.items():
            self._known(f"waiter {name}", waiter.retry_errors, codes)
        structures = {shape.name for shape in shapes if shape.type == "structure"}
        errors = {shape.name for shape in shapes if shape.is_error}
        member_names = {member.name for shape in shapes for member in shape.members}
        known = {
            "operations": self._operations,
            "structures": structures - errors,
            "errors": errors,
            "enums": {shape.name for shape in shapes if shape.enum},
        }
        for table, lines in overlay.docs.items():
            if table == "members":
                exact = {key for key in lines if "." in key}
                self._known_members("docs.members", exact)
                self._known("docs.members", lines.keys() - exact, member_names)
            elif table in known:
                self._known(f"docs.{table}", lines, known[table])
            else:
                self.complaints.append(f"unknown table [docs.{table}]")

    def _known(self, table: str, keys: Collection[str], known: Collection[str]) -> None:
        self.complaints += [
            f"[{table}] {key}: the model has no such name any more"
            for key in sorted(keys)
            if key not in known
        ]

    def _known_members(self, table: str, keys: Collection[str]) -> None:
        members = {
            f"{shape.name}.{member.name}"
            for shape in self._model.shapes.values()
            for member in shape.members
        }
        self._known(table, keys, members)

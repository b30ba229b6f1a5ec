"""The overlay: what people decided and documented beside the two sources.

Every entry is checked against the model. One that no longer applies stops the build, so that the
file never contains a decision about something that does not exist.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codegen.aws_model import AwsModel
from codegen.decisions import (
    BaseDecision,
    BatchDecision,
    ConversionDecision,
    HandleDecision,
    MatchDecision,
    PageSizeDecision,
    Reason,
    Requiredness,
    WaiterDecision,
)
from codegen.overlay_tables import Names, Table, TableReader

__all__ = ["Overlay", "OverlayError"]


class OverlayError(ValueError):
    """The overlay cannot be read, or does not fit the model: each complaint on its own line."""


_TABLES = (
    Table("match", "matches", "endpoint", MatchDecision, {"operation": "operations"}, key=int),
    Table("skip", "skips", "endpoint", Reason, key=int),
    Table("required", "required", "member", Requiredness, {"member": "members"}),
    Table("returned", "returned", "structure", Reason, {"structure": "members"}, listed="members"),
    Table("sensitive", "sensitive", "member", Reason, {"member": "members"}),
    Table("retry_unsafe", "retry_unsafe", "operation", Reason, {"operation": "operations"}),
    Table("json_text", "json_texts", "shape", Reason, {"shape": "strings"}),
    Table("conversion", "conversions", "attribute", ConversionDecision, {"to": "structures"}),
    Table("page_size", "page_sizes", "operation", PageSizeDecision, {"operation": "operations"}),
    Table("batch", "batches", "operation", BatchDecision, {"operation": "operations"}),
    Table(
        "waiter", "waiters", "name", WaiterDecision, {"name": "waiters", "retry_errors": "codes"}
    ),
    Table("handle", "handles", "class", HandleDecision),
    Table("base", "bases", "class", BaseDecision),
)
_NO_DOCS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Overlay:
    """Keys are the model's own names; members are keyed ``Structure.member``."""

    path: str = ""
    matches: Mapping[int, MatchDecision] = field(default_factory=dict[int, MatchDecision])
    """By the number of the endpoint in the spec, from 1."""
    skips: Mapping[int, Reason] = field(default_factory=dict[int, Reason])
    """The endpoints, by their numbers, that are not matched to an operation."""
    required: Mapping[str, Requiredness] = field(default_factory=dict[str, Requiredness])
    returned: Mapping[str, Reason] = field(default_factory=dict[str, Reason])
    sensitive: Mapping[str, Reason] = field(default_factory=dict[str, Reason])
    retry_unsafe: Mapping[str, Reason] = field(default_factory=dict[str, Reason])
    json_texts: Mapping[str, Reason] = field(default_factory=dict[str, Reason])
    conversions: Mapping[str, ConversionDecision] = field(
        default_factory=dict[str, ConversionDecision]
    )
    """By the structure and the Python name of the attribute: ``Structure.attribute``."""
    page_sizes: Mapping[str, PageSizeDecision] = field(default_factory=dict[str, PageSizeDecision])
    batches: Mapping[str, BatchDecision] = field(default_factory=dict[str, BatchDecision])
    waiters: Mapping[str, WaiterDecision] = field(default_factory=dict[str, WaiterDecision])
    handles: Mapping[str, HandleDecision] = field(default_factory=dict[str, HandleDecision])
    bases: Mapping[str, BaseDecision] = field(default_factory=dict[str, BaseDecision])
    docs: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])

    @classmethod
    def load(cls, path: Path, model: AwsModel) -> Overlay:
        """Read *path* and check every key in it against *model*.

        Raises:
            OverlayError: The file is not TOML, has an unknown table or column or one of the wrong
                type, or uses a name that the model does not have.
        """
        try:
            text = path.read_text(encoding="utf-8")
            raw = tomllib.loads(text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise OverlayError(f"{path}: {error}") from error
        except RecursionError as error:
            raise OverlayError(f"{path}: nested too deeply") from error
        reader = TableReader(text, raw, Names(model))
        fields: dict[str, Any] = {table.attribute: reader.decisions(table) for table in _TABLES}
        overlay = cls(path=path.as_posix(), docs=reader.docs(), **fields)
        reader.unknown_tables()
        if complaints := reader.complaints(str(path)):
            raise OverlayError("\n".join(complaints))
        return overlay

    def decisions(self) -> Iterator[tuple[str, str, str]]:
        """Decisions on what the sources leave open: place, decision, reason."""
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

    def conversion_attributes(self) -> Iterator[tuple[str, str, ConversionDecision]]:
        """The structure, the attribute and the decision of each conversion."""
        for key, decision in self.conversions.items():
            structure, _, attribute = key.partition(".")
            yield structure, attribute, decision

    def doc(self, table: str, *keys: str) -> str:
        """The line for the first of *keys* that the docs table has; empty if it has none."""
        lines = self.docs.get(table, _NO_DOCS)
        return next((lines[key] for key in keys if key in lines), "")

"""Types, and the members and entries that a LAP document lists between braces or commas.

Nodes compare by meaning: position and spacing are stored and printed, but two nodes that differ in
nothing else are equal. A node built by hand gets the usual spacing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = [
    "NOWHERE",
    "Block",
    "Enum",
    "ErrorEntry",
    "ListOf",
    "MapOf",
    "Member",
    "Named",
    "Node",
    "Position",
    "Record",
    "Scalar",
    "TocEntry",
    "Type",
    "listed",
]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A position in the text; lines and columns count from 1, columns in characters."""

    line: int
    column: int


NOWHERE = Position(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Any part of a document."""

    position: Position = field(default=NOWHERE, compare=False)


# ---------------------------------------------------------------------------------------- types


@dataclass(frozen=True, slots=True, kw_only=True)
class _Type(Node):
    nullable: bool = False

    def _mark(self) -> str:
        return "?" if self.nullable else ""


@dataclass(frozen=True, slots=True)
class Scalar(_Type):
    """`str`, `int(i64)`, `str(a/b)`, `str(token)(a/b)`: a word, a format, the choices.

    One pair of parentheses contains choices if there is a slash in it, and otherwise a format.
    """

    name: str
    format: str | None = None
    choices: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Print the type."""
        text = self.name if self.format is None else f"{self.name}({self.format})"
        return text + (f"({'/'.join(self.choices)})" if self.choices else "") + self._mark()


@dataclass(frozen=True, slots=True)
class Enum(_Type):
    """`enum(a/b)`."""

    values: tuple[str, ...]

    def to_text(self) -> str:
        """Print the type."""
        return f"enum({'/'.join(self.values)}){self._mark()}"


@dataclass(frozen=True, slots=True)
class ListOf(_Type):
    """`[T]`."""

    item: "Type"

    def to_text(self) -> str:
        """Print the type."""
        return f"[{self.item.to_text()}]{self._mark()}"


@dataclass(frozen=True, slots=True)
class MapOf(_Type):
    """`map<K,V>`; `gap` is the white space after the comma."""

    key: "Type"
    value: "Type"
    gap: str = field(default="", compare=False, kw_only=True)

    def to_text(self) -> str:
        """Print the type."""
        return f"map<{self.key.to_text()},{self.gap}{self.value.to_text()}>{self._mark()}"


@dataclass(frozen=True, slots=True)
class Record(_Type):
    """`map{...}`, an object without a name; `gap` is the white space before the brace."""

    body: "Block"
    gap: str = field(default="", compare=False, kw_only=True)

    def to_text(self) -> str:
        """Print the type."""
        return f"map{self._mark()}{self.gap}{self.body.to_text()}"


@dataclass(frozen=True, slots=True)
class Named(_Type):
    """`Name` or `Name{...}`; `gap` is the white space before the brace."""

    name: str
    body: "Block | None" = None
    gap: str = field(default="", compare=False, kw_only=True)

    def to_text(self) -> str:
        """Print the type."""
        body = f"{self.gap}{self.body.to_text()}" if self.body else ""
        return f"{self.name}{self._mark()}{body}"


Type: TypeAlias = Scalar | Enum | ListOf | MapOf | Record | Named


# ------------------------------------------------------------------------------ things in braces


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item(Node):
    """One of several items between commas, with the white space around it.

    The first one has none `before` it: the list stores what follows its brace.
    """

    before: str = field(default=" ", compare=False)
    after: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Member(_Item):
    """`name: type=default # comment`; `gaps` is the space after `:`, before and after `#`."""

    name: str
    type: Type
    default: str | None = None
    comment: str | None = None
    gaps: tuple[str, str, str] = field(default=(" ", " ", " "), compare=False, kw_only=True)

    def to_text(self) -> str:
        """Print the member, without the space around it."""
        colon, hash_before, hash_after = self.gaps
        text = f"{self.name}:{colon}{self.type.to_text()}"
        text += "" if self.default is None else f"={self.default}"
        return text + ("" if self.comment is None else f"{hash_before}#{hash_after}{self.comment}")


@dataclass(frozen=True, slots=True)
class Block(Node):
    """`{name: type, ...}`; `lead` is the white space after the opening brace."""

    members: tuple[Member, ...]
    lead: str = field(default="", compare=False, kw_only=True)

    def to_text(self) -> str:
        """Print the block with its braces."""
        return f"{{{self.lead}{listed(self.members)}}}"


@dataclass(frozen=True, slots=True)
class ErrorEntry(_Item):
    """`404:NoSuchThing: description`; `gap` is the space before the description."""

    code: str
    type: str | None = None
    description: str | None = None
    gap: str = field(default=" ", compare=False, kw_only=True)

    def to_text(self) -> str:
        """Print the entry, without the space around it."""
        text = self.code if self.type is None else f"{self.code}:{self.type}"
        return text + ("" if self.description is None else f":{self.gap}{self.description}")


@dataclass(frozen=True, slots=True)
class TocEntry(_Item):
    """`group(count)`."""

    name: str
    count: int

    def to_text(self) -> str:
        """Print the entry, without the space around it."""
        return f"{self.name}({self.count})"


def listed(items: Iterable[Member | ErrorEntry | TocEntry]) -> str:
    """Print items with their commas and the white space around them."""
    parts: list[str] = []
    for item in items:
        parts += (",", item.before) if parts else ()
        parts += (item.to_text(), item.after)
    return "".join(parts)

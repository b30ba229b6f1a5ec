"""The directives of a LAP document, each of which prints itself."""

from dataclasses import dataclass, field
from typing import TypeAlias

from codegen.lap.types import Block, ErrorEntry, Node, TocEntry, listed

__all__ = [
    "Body",
    "Count",
    "Directive",
    "EndpointLine",
    "Errors",
    "Layout",
    "Params",
    "Returns",
    "Text",
    "Toc",
    "TypeDef",
    "Unknown",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What surrounds a directive: the blank and comment lines above it, and its white space."""

    above: tuple[str, ...] = ()
    indent: str = ""
    gap: str = " "
    tail: str = ""
    newline: str = "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Directive(Node):
    layout: Layout = field(default=Layout(), compare=False)

    def _words(self) -> tuple[str, str]:
        """Return the keyword and what follows it."""
        raise NotImplementedError

    def to_text(self) -> str:
        """Print the directive with the blank and comment lines above it."""
        keyword, content = self._words()
        at = self.layout
        content = f"{at.gap}{content}" if content else ""
        return f"{''.join(at.above)}{at.indent}@{keyword}{content}{at.tail}{at.newline}"


@dataclass(frozen=True, slots=True)
class Text(_Directive):
    """A directive followed by plain text or, as `@end` and `@endgroup`, by nothing."""

    name: str
    value: str = ""

    def _words(self) -> tuple[str, str]:
        return self.name, self.value


@dataclass(frozen=True, slots=True)
class Unknown(_Directive):
    """A directive this version of the format does not have."""

    name: str
    value: str = ""

    def _words(self) -> tuple[str, str]:
        return self.name, self.value


@dataclass(frozen=True, slots=True)
class Count(_Directive):
    """`@endpoints 49`."""

    value: int

    def _words(self) -> tuple[str, str]:
        return "endpoints", str(self.value)


@dataclass(frozen=True, slots=True)
class Toc(_Directive):
    """`@toc group(count), ...`."""

    entries: tuple[TocEntry, ...]

    def _words(self) -> tuple[str, str]:
        return "toc", listed(self.entries)


@dataclass(frozen=True, slots=True)
class TypeDef(_Directive):
    """`@type Name {...}`; `gap` is the space before the brace."""

    name: str
    block: Block
    gap: str = field(default=" ", compare=False, kw_only=True)

    def _words(self) -> tuple[str, str]:
        return "type", f"{self.name}{self.gap}{self.block.to_text()}"


@dataclass(frozen=True, slots=True)
class Params(_Directive):
    """`@required {...}`, `@optional {...}` or `@common_fields {...}`."""

    name: str
    block: Block

    def _words(self) -> tuple[str, str]:
        return self.name, self.block.to_text()


@dataclass(frozen=True, slots=True)
class Body(_Directive):
    """`@body → Name`; `gap` is the space after the arrow."""

    type_name: str
    gap: str = field(default=" ", compare=False, kw_only=True)

    def _words(self) -> tuple[str, str]:
        return "body", f"\N{RIGHTWARDS ARROW}{self.gap}{self.type_name}"


@dataclass(frozen=True, slots=True)
class Returns(_Directive):
    """`@returns(200)`, then nothing, or text, or a block and a comment, or only one of these.

    `gaps` is the space before and after the `#`, the first only where a block precedes it.
    """

    code: str
    block: Block | None = None
    text: str | None = None
    comment: str | None = None
    gaps: tuple[str, str] = field(default=(" ", " "), compare=False, kw_only=True)

    def _words(self) -> tuple[str, str]:
        content = self.block.to_text() if self.block else self.text or ""
        if self.comment is not None:
            content += f"{self.gaps[0] if content else ''}#{self.gaps[1]}{self.comment}"
        return f"returns({self.code})", content


@dataclass(frozen=True, slots=True)
class Errors(_Directive):
    """`@errors {...}`; `lead` is the white space after the opening brace."""

    entries: tuple[ErrorEntry, ...]
    lead: str = field(default="", compare=False, kw_only=True)

    def _words(self) -> tuple[str, str]:
        return "errors", f"{{{self.lead}{listed(self.entries)}}}"


@dataclass(frozen=True, slots=True)
class EndpointLine(_Directive):
    """`@endpoint POST /path`; `gap` is the space before the path."""

    method: str
    path: str
    gap: str = field(default=" ", compare=False, kw_only=True)

    def _words(self) -> tuple[str, str]:
        return "endpoint", f"{self.method}{self.gap}{self.path}"


Directive: TypeAlias = (
    Text | Unknown | Count | Toc | TypeDef | Params | Body | Returns | Errors | EndpointLine
)

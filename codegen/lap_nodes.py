"""The parts of a LAP document, each of which prints itself.

Nodes compare by meaning: where a node stood and how it was spaced is kept, and printed, but two
nodes that differ in nothing else are equal. A node built by hand gets the usual spacing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the text; lines and columns count from 1, columns in characters."""

    line: int
    column: int


NOWHERE = Position(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything that stands somewhere in a document."""

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

    One pair of parentheses holds choices if it has a slash in it, and a format otherwise.
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
    """One of several things between commas, with the white space on either side of it.

    The first of them has none `before` it: there the list itself says what follows its brace.
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
        return f"{{{self.lead}{_listed(self.members)}}}"


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


def _listed(items: Iterable[Member | ErrorEntry | TocEntry]) -> str:
    parts: list[str] = []
    for item in items:
        parts += (",", item.before) if parts else ()
        parts += (item.to_text(), item.after)
    return "".join(parts)


# ------------------------------------------------------------------------------------ directives


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
        return "toc", _listed(self.entries)


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
        return "errors", f"{{{self.lead}{_listed(self.entries)}}}"


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


# ------------------------------------------------------------------------ endpoints and document


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An `@endpoint` line and the directives that follow it."""

    line: EndpointLine
    clauses: tuple[Directive, ...] = ()
    group: str | None = None

    @property
    def position(self) -> Position:
        """Where the `@endpoint` stands."""
        return self.line.position

    @property
    def method(self) -> str:
        """The HTTP method, in capitals."""
        return self.line.method

    @property
    def path(self) -> str:
        """The path, with `{name}` for its parameters."""
        return self.line.path

    @property
    def desc(self) -> str | None:
        """The text of `@desc`."""
        return _text(self.clauses, "desc")

    @property
    def auth(self) -> str | None:
        """The text of the endpoint's own `@auth`."""
        return _text(self.clauses, "auth")

    @property
    def example_request(self) -> str | None:
        """The text of `@example_request`."""
        return _text(self.clauses, "example_request")

    @property
    def body(self) -> str | None:
        """The type named by `@body`."""
        return next((c.type_name for c in self.clauses if isinstance(c, Body)), None)

    @property
    def required(self) -> tuple[Member, ...]:
        """The parameters of `@required`."""
        return _params(self.clauses, "required")

    @property
    def optional(self) -> tuple[Member, ...]:
        """The parameters of `@optional`."""
        return _params(self.clauses, "optional")

    @property
    def returns(self) -> tuple[Returns, ...]:
        """Every `@returns`, in order."""
        return tuple(c for c in self.clauses if isinstance(c, Returns))

    @property
    def errors(self) -> tuple[ErrorEntry, ...]:
        """The entries of `@errors`."""
        return next((c.entries for c in self.clauses if isinstance(c, Errors)), ())

    def directives(self) -> Iterator[Directive]:
        """Go through the directives in the order of the text."""
        yield self.line
        yield from self.clauses


@dataclass(frozen=True, slots=True)
class Group:
    """`@group name`, its endpoints, `@endgroup`."""

    opening: Text
    items: tuple[Endpoint | Unknown, ...]
    closing: Text = field(default=Text("endgroup"))

    @property
    def position(self) -> Position:
        """Where the `@group` stands."""
        return self.opening.position

    @property
    def name(self) -> str:
        """The name of the group."""
        return self.opening.value

    def directives(self) -> Iterator[Directive]:
        """Go through the directives in the order of the text."""
        yield self.opening
        yield from _directives(self.items)
        yield self.closing


@dataclass(frozen=True, slots=True)
class Document:
    """A whole LAP document; `below` holds the blank and comment lines after `@end`."""

    preamble: tuple[Directive, ...]
    blocks: tuple[Endpoint | Group | Unknown, ...]
    end: Text = field(default=Text("end"))
    below: tuple[str, ...] = field(default=(), compare=False, kw_only=True)
    file: str = field(default="<string>", compare=False, kw_only=True)

    def to_text(self) -> str:
        """Print the document; for one that was parsed, this is the parsed text."""
        return "".join((*(d.to_text() for d in self.directives()), *self.below))

    def directives(self) -> Iterator[Directive]:
        """Go through the directives in the order of the text."""
        yield from self.preamble
        yield from _directives(self.blocks)
        yield self.end

    @property
    def lap_version(self) -> str | None:
        """The text of `@lap`, as `v0.3`."""
        return _text(self.preamble, "lap")

    @property
    def api(self) -> str | None:
        """The text of `@api`."""
        return _text(self.preamble, "api")

    @property
    def base(self) -> str | None:
        """The text of `@base`."""
        return _text(self.preamble, "base")

    @property
    def version(self) -> str | None:
        """The text of `@version`."""
        return _text(self.preamble, "version")

    @property
    def auth(self) -> str | None:
        """The text of the preamble's `@auth`."""
        return _text(self.preamble, "auth")

    @property
    def hint(self) -> str | None:
        """The text of `@hint`."""
        return _text(self.preamble, "hint")

    @property
    def common_fields(self) -> tuple[Member, ...]:
        """The parameters of `@common_fields`."""
        return _params(self.preamble, "common_fields")

    @property
    def toc(self) -> tuple[TocEntry, ...]:
        """The entries of `@toc`."""
        return next((d.entries for d in self.preamble if isinstance(d, Toc)), ())

    @property
    def groups(self) -> tuple[Group, ...]:
        """Every group, in order."""
        return tuple(b for b in self.blocks if isinstance(b, Group))

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every endpoint, in order, whether or not it stands in a group."""
        blocks = (b.items if isinstance(b, Group) else (b,) for b in self.blocks)
        return tuple(item for items in blocks for item in items if isinstance(item, Endpoint))

    @property
    def types(self) -> dict[str, TypeDef]:
        """The types that have a `@type` line, by name."""
        return {d.name: d for d in self.preamble if isinstance(d, TypeDef)}

    def inline_types(self) -> dict[str, tuple[Member, ...]]:
        """Return the fields of every type that is followed by a body somewhere, by name."""
        found: dict[str, tuple[Member, ...]] = {}
        for named in self.named_types():
            if named.body:
                found.setdefault(named.name, named.body.members)
        return found

    def named_types(self) -> Iterator[Named]:
        """Go through every mention of a named type, at any depth, in the order of the text."""
        for directive in self.directives():
            if isinstance(directive, TypeDef | Params | Returns) and directive.block:
                yield from _mentions(directive.block)


def same_fields(one: Block, other: Block) -> bool:
    """Tell whether two bodies agree, whichever of the types in them carry a body of their own."""
    return _outline(one) == _outline(other)


def _outline(block: Block) -> Block:
    return Block(tuple(replace(m, type=_without_bodies(m.type)) for m in block.members))


def _without_bodies(node: Type) -> Type:
    match node:
        case ListOf():
            return replace(node, item=_without_bodies(node.item))
        case MapOf():
            return replace(node, key=_without_bodies(node.key), value=_without_bodies(node.value))
        case Record():  # It has no name to be known by, so its body is all there is to compare.
            return replace(node, body=_outline(node.body))
        case Named():
            return replace(node, body=None)
        case _:
            return node


def _mentions(block: Block) -> Iterator[Named]:
    # A stack, not recursion: `yield from` through every level costs a step per level per node.
    todo: list[Type] = [m.type for m in reversed(block.members)]
    while todo:
        node = todo.pop()
        if isinstance(node, Named):
            yield node
        match node:
            case ListOf():
                todo.append(node.item)
            case MapOf():
                todo += (node.value, node.key)
            case Record(body=Block() as body) | Named(body=Block() as body):
                todo += (m.type for m in reversed(body.members))
            case _:
                pass


def _directives(blocks: Iterable[Endpoint | Group | Unknown]) -> Iterator[Directive]:
    for block in blocks:
        if isinstance(block, Unknown):
            yield block
        else:
            yield from block.directives()


def _text(directives: Iterable[Directive], name: str) -> str | None:
    return next((d.value for d in directives if isinstance(d, Text) and d.name == name), None)


def _params(directives: Iterable[Directive], name: str) -> tuple[Member, ...]:
    found = (d.block.members for d in directives if isinstance(d, Params) and d.name == name)
    return next(found, ())

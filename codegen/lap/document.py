"""A LAP document: its preamble, its groups and its endpoints."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from codegen.lap.directives import (
    Body,
    Directive,
    EndpointLine,
    Errors,
    Params,
    Returns,
    Text,
    Toc,
    TypeDef,
    Unknown,
)
from codegen.lap.types import (
    Block,
    ErrorEntry,
    ListOf,
    MapOf,
    Member,
    Named,
    Position,
    Record,
    TocEntry,
    Type,
)

__all__ = ["Document", "Endpoint", "Group", "same_fields"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An `@endpoint` line and the directives that follow it."""

    line: EndpointLine
    clauses: tuple[Directive, ...] = ()
    group: str | None = None

    @property
    def position(self) -> Position:
        """The position of the `@endpoint`."""
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
        """Iterate over the directives in the order of the text."""
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
        """The position of the `@group`."""
        return self.opening.position

    @property
    def name(self) -> str:
        """The name of the group."""
        return self.opening.value

    def directives(self) -> Iterator[Directive]:
        """Iterate over the directives in the order of the text."""
        yield self.opening
        yield from _directives(self.items)
        yield self.closing


@dataclass(frozen=True, slots=True)
class Document:
    """A whole LAP document; `below` are the blank and comment lines after `@end`."""

    preamble: tuple[Directive, ...]
    blocks: tuple[Endpoint | Group | Unknown, ...]
    end: Text = field(default=Text("end"))
    below: tuple[str, ...] = field(default=(), compare=False, kw_only=True)
    file: str = field(default="<string>", compare=False, kw_only=True)

    def to_text(self) -> str:
        """Print the document; for one that was parsed, this is the parsed text."""
        return "".join((*(d.to_text() for d in self.directives()), *self.below))

    def directives(self) -> Iterator[Directive]:
        """Iterate over the directives in the order of the text."""
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
        """Every endpoint in order, in a group or not."""
        blocks = (b.items if isinstance(b, Group) else (b,) for b in self.blocks)
        return tuple(item for items in blocks for item in items if isinstance(item, Endpoint))

    @property
    def types(self) -> dict[str, TypeDef]:
        """The types that have a `@type` line, by name."""
        return {d.name: d for d in self.preamble if isinstance(d, TypeDef)}

    def without(self, endpoints: Collection[Endpoint]) -> "Document":
        """Return the document without some of its endpoints."""
        omitted = {id(endpoint) for endpoint in endpoints}

        def kept(items: Iterable[Endpoint | Group | Unknown]) -> Iterator[Any]:
            for item in items:
                if isinstance(item, Group):
                    yield replace(item, items=tuple(kept(item.items)))
                elif id(item) not in omitted:
                    yield item

        return replace(self, blocks=tuple(kept(self.blocks)))

    def inline_types(self) -> dict[str, tuple[Member, ...]]:
        """Return the fields of every type that has a body somewhere, by name."""
        found: dict[str, tuple[Member, ...]] = {}
        for named in self.named_types():
            if named.body:
                found.setdefault(named.name, named.body.members)
        return found

    def named_types(self) -> Iterator[Named]:
        """Iterate over every mention of a named type, at any depth, in the order of the text."""
        for directive in self.directives():
            if isinstance(directive, TypeDef | Params | Returns) and directive.block:
                yield from _mentions(directive.block)


def same_fields(one: Block, other: Block) -> bool:
    """Whether two bodies agree; the bodies of named types in them are ignored."""
    return _outline(one) == _outline(other)


def _outline(block: Block) -> Block:
    return Block(tuple(replace(m, type=_without_bodies(m.type)) for m in block.members))


def _without_bodies(node: Type) -> Type:
    match node:
        case ListOf():
            return replace(node, item=_without_bodies(node.item))
        case MapOf():
            return replace(node, key=_without_bodies(node.key), value=_without_bodies(node.value))
        case Record():  # It has no name, so only its body can be compared.
            return replace(node, body=_outline(node.body))
        case Named():
            return replace(node, body=None)
        case _:
            return node


def _mentions(block: Block) -> Iterator[Named]:
    # A stack instead of recursion: `yield from` costs one step per level for each node.
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

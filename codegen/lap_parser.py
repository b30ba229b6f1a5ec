"""The reader of LAP documents: a recursive descent, one directive and one token at a time."""

import re
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import NoReturn

from codegen.lap_errors import LapWarning, quoted
from codegen.lap_nodes import (
    Block,
    Body,
    Count,
    Directive,
    Document,
    Endpoint,
    EndpointLine,
    Enum,
    ErrorEntry,
    Errors,
    Group,
    Layout,
    ListOf,
    MapOf,
    Member,
    Named,
    Params,
    Position,
    Record,
    Returns,
    Scalar,
    Text,
    Toc,
    TocEntry,
    Type,
    TypeDef,
    Unknown,
    same_fields,
)
from codegen.lap_scanner import Scanner

MAX_DEPTH = 64
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
SCALARS = ("any", "bool", "bytes", "float", "int", "map", "num", "str")

_IN_PREAMBLE = frozenset(
    {"lap", "api", "base", "version", "auth", "common_fields", "endpoints", "hint", "toc", "type"}
)
_IN_ENDPOINT = frozenset(
    {"desc", "auth", "body", "required", "optional", "returns", "errors", "example_request"}
)
_STRUCTURE = frozenset({"group", "endgroup", "endpoint", "end", ""})  # "" is the end of the text
_KNOWN = _IN_PREAMBLE | _IN_ENDPOINT | _STRUCTURE
_REPEATABLE = frozenset({"type", "returns"})
_REQUIRED = ("api", "endpoints")

_KEYWORD = re.compile(r"@([A-Za-z_][\w-]*)", re.ASCII)
_TRIVIA_LINE = re.compile(r" *+(?:#[^\r\n]*+)?(?:\r?\n|\Z)")
_VERSION = re.compile(r"v(\d{1,9})\.\d{1,9}(?![^ \r\n])", re.ASCII)
_INTEGER = re.compile(r"(?:0|[1-9]\d{0,8})(?!\d)", re.ASCII)
_CODE = re.compile(r"\d++", re.ASCII)
_METHOD = re.compile(rf"(?:{'|'.join(METHODS)})(?!\S)")
_PATH = re.compile(r"/(?:[^\s{}]|\{[^\s{}/]+\})*+")
_PATH_PARAMETER = re.compile(r"\{([^{}]+)\}")
_GROUP = re.compile(r"[^\s(),]++")
# A colon belongs to a name as long as it is not the one that ends it: `header:trace: str`.
_NAME = re.compile(r"[A-Za-z_$](?:[\w$.-]|:(?!\s))*+(?=:\s)", re.ASCII)
_TYPE_NAME = re.compile(r"[A-Z][\w$.-]*+", re.ASCII)
_TYPE_WORD = re.compile(r"[A-Za-z_$][\w$.-]*+", re.ASCII)
_PARENTHESISED = re.compile(r"[^(){}\r\n]++(?=\))")
_COLON_AND_TYPE = re.compile(r":[^\s:,{}]++")

# Free text ends at a comma only if what follows reads as the next item of the list.
_MEMBER_AHEAD = (
    rf"(?=\s*+{_NAME.pattern}:\s++"
    rf"(?:\[|enum\(|(?:{'|'.join(SCALARS)}|[A-Z][\w$.-]*+)(?=\??\s*+[,}}=#{{(<])))"
)
_COMMENT_END = re.compile(rf",{_MEMBER_AHEAD}", re.ASCII)
_DEFAULT_END = re.compile(rf"\s|,(?:(?=\s)|{_MEMBER_AHEAD})", re.ASCII)
_DESCRIPTION_END = re.compile(r",(?=\s*+\d{3}\s*+[:,}])", re.ASCII)

_A_DIRECTIVE = "a directive such as '@endpoint', a '#' comment, or a blank line"
_A_TYPE = f"one of {', '.join(SCALARS)}, or '[T]', 'map<K,V>', 'enum(a/b)', or a capitalised name"


def parse(text: str, *, file: str = "<string>") -> Document:
    """Read a LAP document; `file` is the name to show in errors.

    Raises `LapSyntaxError` for anything that is not one, and issues a `LapWarning` for every
    directive that this version of the format does not know.
    """
    parser = _Parser(text, file)
    document = parser.document()
    for warning in parser.warnings:
        warnings.warn(warning, stacklevel=2)
    return document


@dataclass(frozen=True, slots=True)
class _Head:
    """The beginning of a directive, up to and including its keyword."""

    above: tuple[str, ...]
    indent: str
    name: str
    position: Position


class _Parser(Scanner):
    def __init__(self, text: str, file: str) -> None:
        super().__init__(text, file)
        self.warnings: list[LapWarning] = []
        self._next = self._head()

    # The document and its parts.

    def document(self) -> Document:
        preamble = self._preamble()
        blocks: list[Endpoint | Group | Unknown] = []
        while self._next.name != "end":
            blocks.append(self._block_of_document())
        end = self._mark()
        document = Document(preamble, tuple(blocks), end, below=self._next.above, file=self._file)
        self._check_counts(document)
        self._check_inline_types(document)
        return document

    def _preamble(self) -> tuple[Directive, ...]:
        if self._next.name != "lap":
            self._fail(self._next.position, "a document begins with '@lap'", "'@lap v0.3'")
        found: list[Directive] = []
        seen: dict[str, Position] = {}
        types: dict[str, Position] = {}
        while self._next.name in _IN_PREAMBLE or self._next.name not in _KNOWN:
            self._note_once(seen, "the preamble")
            found.append(self._directive({}))
            if isinstance(found[-1], TypeDef):
                self._note(types, found[-1].name, found[-1].position, "type", "")
        if self._next.name not in {"group", "endpoint", "end"}:
            self._fail_misplaced()
        for name in _REQUIRED:
            if f"@{name}" not in seen:
                self._fail(self._next.position, f"the preamble has no '@{name}'", f"'@{name} ...'")
        return tuple(found)

    def _block_of_document(self) -> Endpoint | Group | Unknown:
        if self._next.name == "group":
            return self._group()
        return self._endpoint_or_unknown(None)

    def _endpoint_or_unknown(self, group: str | None) -> Endpoint | Unknown:
        if self._next.name == "endpoint":
            return self._endpoint(group)
        if self._next.name in _KNOWN:
            self._fail_misplaced()
        return self._unknown()

    def _group(self) -> Group:
        opening = self._group_line()
        items: list[Endpoint | Unknown] = []
        while self._next.name not in {"endgroup", "group", "end"}:
            items.append(self._endpoint_or_unknown(opening.value))
        if self._next.name != "endgroup":
            self._fail(
                self._next.position,
                f"'@{self._next.name}' inside the group {quoted(opening.value)}, which is open"
                f" since line {opening.position.line}",
                "'@endgroup'",
            )
        if not any(isinstance(item, Endpoint) for item in items):
            self._fail(opening.position, "a group without endpoints", "'@endpoint' in the group")
        return Group(opening, tuple(items), self._mark())

    def _endpoint(self, group: str | None) -> Endpoint:
        line = self._endpoint_line()
        clauses: list[Directive] = []
        seen: dict[str, Position] = {}
        parameters: dict[str, Position] = {}
        in_path: list[str] = _PATH_PARAMETER.findall(line.path)
        while self._next.name in _IN_ENDPOINT or self._next.name not in _KNOWN:
            self._note_once(seen, "one endpoint")
            clauses.append(self._directive(parameters))
            for name in in_path:  # The body may have a member of the same name as well.
                parameters.pop(name, None)
        return Endpoint(line, tuple(clauses), group)

    # What holds for the document as a whole.

    def _check_counts(self, document: Document) -> None:
        total = len(document.endpoints)
        for directive in document.preamble:
            if isinstance(directive, Count) and directive.value != total:
                at = directive.position
                offset = len("@endpoints" + directive.layout.gap)
                self._fail(
                    Position(at.line, at.column + offset),
                    f"'@endpoints' says {directive.value}, but the document has {total}",
                    str(total),
                )
        if not document.toc:
            return
        grouped = Counter(e.group for e in document.endpoints if e.group is not None)
        for entry in document.toc:
            count = grouped.get(entry.name, entry.count)
            if entry.count != count:
                self._fail(
                    entry.position,
                    f"'@toc' says {entry.count} for {quoted(entry.name)}, which has {count}",
                    f"{entry.name}({count})",
                )
        listed = sum(entry.count for entry in document.toc)
        if listed != total:
            self._fail(
                document.toc[0].position,
                f"'@toc' adds up to {listed}, but the document has {total} endpoints",
                f"counts that add up to {total}",
            )

    def _check_inline_types(self, document: Document) -> None:
        first: dict[str, Named] = {}
        for named in document.named_types():
            if named.body is None:
                continue
            known = first.setdefault(named.name, named)
            if known.body and known is not named and not same_fields(known.body, named.body):
                self._fail(
                    named.position,
                    f"the fields of {quoted(named.name)} differ from those given for it before",
                    f"the same fields as in line {known.position.line},"
                    f" column {known.position.column}",
                )

    def _note_once(self, seen: dict[str, Position], where: str) -> None:
        head = self._next
        if head.name in _KNOWN and head.name not in _REPEATABLE:
            self._note(seen, f"@{head.name}", head.position, "directive", f" in {where}")

    def _note(
        self, seen: dict[str, Position], name: str, place: Position, kind: str, where: str
    ) -> None:
        known = seen.setdefault(name, place)
        if known is not place:
            self._fail(
                place,
                f"duplicate {kind} {quoted(name)}{where}",
                f"it once only; the first is in line {known.line}, column {known.column}",
            )

    # Lines.

    def _head(self, *, after_end: bool = False) -> _Head:
        """Read on to the next directive; its name is empty at the end of the text."""
        above: list[str] = []
        while self._at < len(self._text) and (line := _TRIVIA_LINE.match(self._text, self._at)):
            above.append(line[0])
            self._at = line.end()
        indent = self._spaces()
        place = self._position(self._at)
        if self._at >= len(self._text):
            return _Head(tuple(above), indent, "", place)
        if after_end:
            self._fail(place, f"{self._found()} after '@end'", "nothing after '@end'")
        return _Head(tuple(above), indent, self._take(_KEYWORD, _A_DIRECTIVE)[1:], place)

    def _layout(self, gap: str = "") -> Layout:
        """Read what is left of the line, which has to be nothing, and on to the next directive."""
        head = self._next
        tail = self._spaces()
        newline = self._newline()
        self._next = self._head(after_end=head.name == "end")
        return Layout(above=head.above, indent=head.indent, gap=gap, tail=tail, newline=newline)

    def _fail_misplaced(self) -> NoReturn:
        name, place = self._next.name, self._next.position
        if not name:
            self._fail(place, "the file ends without '@end'; it looks truncated", "'@end'")
        if name in _IN_PREAMBLE - _IN_ENDPOINT:
            rule = "before the first '@endpoint' or '@group'"
        elif name in _IN_ENDPOINT:
            rule = "after an '@endpoint'"
        else:
            rule = "after a '@group'"
        self._fail(place, f"'@{name}' is out of place here", f"'@{name}' only {rule}")

    # Directives.

    def _directive(self, parameters: dict[str, Position]) -> Directive:
        """Read one directive; `parameters` are those that its endpoint has already."""
        match self._next.name:
            case "lap":
                return self._lap()
            case "required" | "optional" | "common_fields":
                return self._params(parameters)
            case "endpoints":
                return self._count()
            case "toc":
                return self._toc()
            case "type":
                return self._type_def()
            case "body":
                return self._body()
            case "returns":
                return self._returns()
            case "errors":
                return self._errors()
            case name if name in _KNOWN:
                return self._plain()
            case _:
                return self._unknown()

    def _plain(self) -> Text:
        head = self._next
        gap = self._required_spaces("a space and a text")
        value = self._value("a text")
        return Text(head.name, value, position=head.position, layout=self._layout(gap))

    def _mark(self) -> Text:
        head = self._next
        return Text(head.name, position=head.position, layout=self._layout())

    def _lap(self) -> Text:
        head = self._next
        gap = self._required_spaces("a space and a version")
        at = self._at
        value = self._take(_VERSION, "a version such as 'v0.3'")
        if value[1 : value.index(".")].strip("0"):
            self._fail(at, f"unsupported version {quoted(value)}", "a version 'v0.*'")
        return Text(head.name, value, position=head.position, layout=self._layout(gap))

    def _group_line(self) -> Text:
        head = self._next
        gap = self._required_spaces("a space and the name of the group")
        value = self._take(_GROUP, "the name of the group")
        return Text(head.name, value, position=head.position, layout=self._layout(gap))

    def _unknown(self) -> Unknown:
        head, place = self._next, self._next.position
        message = f"unknown directive {quoted('@' + head.name)} is kept, but not understood"
        self.warnings.append(LapWarning(self._file, place.line, place.column, message))
        if self._line_is_done():
            return Unknown(head.name, position=place, layout=self._layout())
        gap = self._required_spaces("a space")
        value = self._value_over_lines("a text")
        return Unknown(head.name, value, position=place, layout=self._layout(gap))

    def _count(self) -> Count:
        head = self._next
        gap = self._required_spaces("a space and a number")
        value = self._integer("the number of endpoints")
        return Count(value, position=head.position, layout=self._layout(gap))

    def _toc(self) -> Toc:
        head = self._next
        gap = self._required_spaces("a space and entries such as 'group(3)'")
        entries: list[TocEntry] = []
        seen: dict[str, Position] = {}
        while not entries or self._eat(","):
            before = self._spaces() if entries else " "
            place = self._position(self._at)
            name = self._take(_GROUP, "an entry such as 'group(3)'")
            self._note(seen, name, place, "entry", " in '@toc'")
            self._open("(")
            count = self._integer("the number of endpoints in the group")
            self._close()
            after = "" if self._line_is_done() else self._spaces()
            entries.append(TocEntry(name, count, before=before, after=after, position=place))
        return Toc(tuple(entries), position=head.position, layout=self._layout(gap))

    def _type_def(self) -> TypeDef:
        head = self._next
        gap = self._required_spaces("a space and the name of the type")
        name = self._take(_TYPE_NAME, "a capitalised name")
        block_gap = self._required_spaces("a space and '{'")
        block = self._block({}, 1)
        layout = self._layout(gap)
        return TypeDef(name, block, gap=block_gap, position=head.position, layout=layout)

    def _params(self, taken: dict[str, Position]) -> Params:
        head = self._next
        gap = self._required_spaces("a space and '{'")
        block = self._block(taken, 1)
        return Params(head.name, block, position=head.position, layout=self._layout(gap))

    def _endpoint_line(self) -> EndpointLine:
        head = self._next
        gap = self._required_spaces("a space and a method")
        method = self._take(_METHOD, f"one of {', '.join(METHODS)}")
        path_gap = self._spaces()
        path = self._take(_PATH, "a path that begins with '/'")
        layout = self._layout(gap)
        return EndpointLine(method, path, gap=path_gap, position=head.position, layout=layout)

    def _body(self) -> Body:
        head = self._next
        gap = self._required_spaces("a space and an arrow")
        if not self._eat("\N{RIGHTWARDS ARROW}"):
            self._fail_here("an arrow (U+2192)")
        name_gap = self._required_spaces("a space and the name of the type")
        name = self._take(_TYPE_NAME, "a capitalised name")
        layout = self._layout(gap)
        return Body(name, gap=name_gap, position=head.position, layout=layout)

    def _returns(self) -> Returns:
        head = self._next
        self._open("(")
        code = self._take(_CODE, "a status code")
        self._close()
        block: Block | None = None
        text: str | None = None
        comment: str | None = None
        gap, gaps = "", (" ", " ")
        if not self._line_is_done():
            gap = self._required_spaces("a space")
            if self._peek("{"):
                block = self._block({}, 1)
            elif not self._peek("#"):
                text = self._value("a text")
        if not self._line_is_done():
            before = self._required_spaces("a space and a '#' comment") if block else " "
            if not self._eat("#"):
                self._fail_here("a '#' comment or the end of the line")
            gaps = (before, self._spaces())
            comment = self._value("the text of the comment")
        return Returns(
            code,
            block,
            text,
            comment,
            gaps=gaps,
            position=head.position,
            layout=self._layout(gap),
        )

    def _errors(self) -> Errors:
        head = self._next
        gap = self._required_spaces("a space and '{'")
        self._open("{")
        lead = self._spaces_and_lines()
        entries = [self._error_entry(" ")]
        while self._eat(","):
            entries.append(self._error_entry(self._spaces_and_lines()))
        self._close("','")
        layout = self._layout(gap)
        return Errors(tuple(entries), lead=lead, position=head.position, layout=layout)

    def _error_entry(self, before: str) -> ErrorEntry:
        place = self._position(self._at)
        code = self._take(_CODE, "a status code")
        name = self._try(_COLON_AND_TYPE)
        description: str | None = None
        gap = " "
        if self._eat(":"):
            gap = self._spaces_and_lines()
            if not gap:
                self._fail_here("a space and a description")
            description = self._prose(_DESCRIPTION_END, "a description")
        after = self._spaces_and_lines()
        return ErrorEntry(
            code,
            name and name[1:],
            description,
            gap=gap,
            before=before,
            after=after,
            position=place,
        )

    # Members and types.

    def _block(self, taken: dict[str, Position], depth: int) -> Block:
        """Read `{...}`; `taken` are the names its members cannot have, and gets theirs."""
        place = self._position(self._at)
        self._open("{")
        lead = self._spaces_and_lines()
        members = [self._member(taken, depth, " ")]
        while self._eat(","):
            members.append(self._member(taken, depth, self._spaces_and_lines()))
        self._close("','")
        return Block(tuple(members), lead=lead, position=place)

    def _member(self, taken: dict[str, Position], depth: int, before: str) -> Member:
        place = self._position(self._at)
        name = self._take(_NAME, "a member, written 'name: type'")
        self._note(taken, name, place, "member", "")
        self._eat(":")
        colon = self._spaces_and_lines()
        kind = self._type(depth)
        default: str | None = None
        comment: str | None = None
        hash_after = " "
        if self._eat("="):
            default = self._prose(_DEFAULT_END, "a default value")
        after = self._spaces_and_lines()
        hash_before = after or " "
        if after and self._eat("#"):
            hash_after = self._spaces_and_lines()
            comment = self._prose(_COMMENT_END, "the text of the comment")
            after = self._spaces_and_lines()
        return Member(
            name,
            kind,
            default,
            comment,
            gaps=(colon, hash_before, hash_after),
            before=before,
            after=after,
            position=place,
        )

    def _type(self, depth: int) -> Type:
        if depth > MAX_DEPTH:
            self._fail(self._at, f"nested more than {MAX_DEPTH} deep", "something less deep")
        place = self._position(self._at)
        if self._peek("["):
            self._open("[")
            item = self._type(depth + 1)
            self._close()
            return ListOf(item, nullable=self._eat("?"), position=place)
        at = self._at
        word = self._take(_TYPE_WORD, _A_TYPE)
        if word == "enum":
            values = tuple(self._parenthesised("the values of the enum").split("/"))
            return Enum(values, nullable=self._eat("?"), position=place)
        if word == "map":
            return self._map(place, depth)
        if word in SCALARS:
            return self._scalar(word, place)
        if not word[0].isupper():
            self._fail(at, f"unknown type {quoted(word)}", _A_TYPE)
        nullable = self._eat("?")
        gap, body = self._inline_body(depth)
        return Named(word, body, gap=gap, nullable=nullable, position=place)

    def _map(self, place: Position, depth: int) -> MapOf | Record | Scalar:
        if self._peek("<"):
            self._open("<")
            key = self._type(depth + 1)
            if not self._eat(","):
                self._fail_here("',' and the type of the values")
            gap = self._spaces_and_lines()
            value = self._type(depth + 1)
            self._close()
            return MapOf(key, value, gap=gap, nullable=self._eat("?"), position=place)
        nullable = self._eat("?")
        gap, body = self._inline_body(depth)
        if body:
            return Record(body, gap=gap, nullable=nullable, position=place)
        return Scalar("map", nullable=nullable, position=place)

    def _scalar(self, name: str, place: Position) -> Scalar:
        kind: str | None = None
        choices: tuple[str, ...] = ()
        if self._peek("("):
            inner = self._parenthesised("a format, or choices such as 'a/b'")
            if "/" in inner:
                choices = tuple(inner.split("/"))
            else:
                kind = inner
                if self._peek("("):
                    choices = tuple(self._parenthesised("choices such as 'a/b'").split("/"))
        return Scalar(name, kind, choices, nullable=self._eat("?"), position=place)

    def _parenthesised(self, expected: str) -> str:
        opener = self._at
        self._open("(")
        inner = self._try(_PARENTHESISED)
        if inner is None and self._peek(")"):
            self._fail_here(expected)
        if inner is None:
            self._fail_unclosed(opener)
        self._close()
        return inner

    def _inline_body(self, depth: int) -> tuple[str, Block | None]:
        start = self._at
        gap = self._spaces_and_lines()
        if self._peek("{"):
            return gap, self._block({}, depth + 1)
        self._at = start
        return "", None

    def _integer(self, expected: str) -> int:
        return int(self._take(_INTEGER, expected))

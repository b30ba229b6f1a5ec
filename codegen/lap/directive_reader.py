"""The reader of directives: each method reads one, and the beginning of the next one."""

from dataclasses import dataclass

from codegen.lap.directives import (
    Body,
    Count,
    Directive,
    EndpointLine,
    Errors,
    Layout,
    Params,
    Returns,
    Text,
    Toc,
    TypeDef,
    Unknown,
)
from codegen.lap.errors import LapWarning, quoted
from codegen.lap.grammar import (
    ANY_DIRECTIVE,
    CODE,
    COLON_AND_TYPE,
    DESCRIPTION_END,
    GROUP,
    KEYWORD,
    KNOWN,
    METHOD,
    METHODS,
    PATH,
    TRIVIA_LINE,
    TYPE_NAME,
    VERSION,
)
from codegen.lap.type_reader import TypeReader
from codegen.lap.types import Block, ErrorEntry, Position, TocEntry


@dataclass(frozen=True, slots=True)
class _Head:
    """The beginning of a directive, up to and including its keyword."""

    above: tuple[str, ...]
    indent: str
    name: str
    position: Position


class DirectiveReader(TypeReader):
    """Reads one directive at a time; `_next` is the beginning of the next one."""

    def __init__(self, text: str, file: str) -> None:
        """Start at the first directive of `text`."""
        super().__init__(text, file)
        self.warnings: list[LapWarning] = []
        self._next = self._head()

    # Lines.

    def _head(self, *, after_end: bool = False) -> _Head:
        """Read up to the next directive; its name is empty at the end of the text."""
        above: list[str] = []
        while self._at < len(self._text) and (line := TRIVIA_LINE.match(self._text, self._at)):
            above.append(line[0])
            self._at = line.end()
        indent = self._spaces()
        place = self._position(self._at)
        if self._at >= len(self._text):
            return _Head(tuple(above), indent, "", place)
        if after_end:
            self._fail(place, f"{self._found()} after '@end'", "nothing after '@end'")
        return _Head(tuple(above), indent, self._take(KEYWORD, ANY_DIRECTIVE)[1:], place)

    def _layout(self, gap: str = "") -> Layout:
        """Read the end of the line, where only spaces may remain, and up to the next directive."""
        head = self._next
        tail = self._spaces()
        newline = self._newline()
        self._next = self._head(after_end=head.name == "end")
        return Layout(above=head.above, indent=head.indent, gap=gap, tail=tail, newline=newline)

    # Directives.

    def _directive(self, parameters: dict[str, Position]) -> Directive:
        """Read one directive; `parameters` are those that its endpoint already has."""
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
            case name if name in KNOWN:
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
        value = self._take(VERSION, "a version such as 'v0.3'")
        if value[1 : value.index(".")].strip("0"):
            self._fail(at, f"unsupported version {quoted(value)}", "a version 'v0.*'")
        return Text(head.name, value, position=head.position, layout=self._layout(gap))

    def _group_line(self) -> Text:
        head = self._next
        gap = self._required_spaces("a space and the name of the group")
        value = self._take(GROUP, "the name of the group")
        return Text(head.name, value, position=head.position, layout=self._layout(gap))

    def _unknown(self) -> Unknown:
        head, place = self._next, self._next.position
        message = f"unknown directive {quoted('@' + head.name)} is kept but not understood"
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
            name = self._take(GROUP, "an entry such as 'group(3)'")
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
        name = self._take(TYPE_NAME, "a capitalised name")
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
        method = self._take(METHOD, f"one of {', '.join(METHODS)}")
        path_gap = self._spaces()
        path = self._take(PATH, "a path that begins with '/'")
        layout = self._layout(gap)
        return EndpointLine(method, path, gap=path_gap, position=head.position, layout=layout)

    def _body(self) -> Body:
        head = self._next
        gap = self._required_spaces("a space and an arrow")
        if not self._eat("\N{RIGHTWARDS ARROW}"):
            self._fail_here("an arrow (U+2192)")
        name_gap = self._required_spaces("a space and the name of the type")
        name = self._take(TYPE_NAME, "a capitalised name")
        layout = self._layout(gap)
        return Body(name, gap=name_gap, position=head.position, layout=layout)

    def _returns(self) -> Returns:
        head = self._next
        self._open("(")
        code = self._take(CODE, "a status code")
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
        code = self._take(CODE, "a status code")
        name = self._try(COLON_AND_TYPE)
        description: str | None = None
        gap = " "
        if self._eat(":"):
            gap = self._spaces_and_lines()
            if not gap:
                self._fail_here("a space and a description")
            description = self._prose(DESCRIPTION_END, "a description")
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

"""The reader of members and types, a recursive descent."""

from codegen.lap.errors import quoted
from codegen.lap.grammar import (
    ANY_TYPE,
    COMMENT_END,
    DEFAULT_END,
    INTEGER,
    MAX_DEPTH,
    NAME,
    PARENTHESISED,
    SCALARS,
    TYPE_WORD,
)
from codegen.lap.scanner import Scanner
from codegen.lap.types import (
    Block,
    Enum,
    ListOf,
    MapOf,
    Member,
    Named,
    Position,
    Record,
    Scalar,
    Type,
)


class TypeReader(Scanner):
    """Reads blocks in braces, their members and the types of these."""

    def _block(self, taken: dict[str, Position], depth: int) -> Block:
        """Read `{...}`; its members must not have a name in `taken`, which gets their names."""
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
        name = self._take(NAME, "a member, written 'name: type'")
        self._note(taken, name, place, "member", "")
        self._eat(":")
        colon = self._spaces_and_lines()
        kind = self._type(depth)
        default: str | None = None
        comment: str | None = None
        hash_after = " "
        if self._eat("="):
            default = self._prose(DEFAULT_END, "a default value")
        after = self._spaces_and_lines()
        hash_before = after or " "
        if after and self._eat("#"):
            hash_after = self._spaces_and_lines()
            comment = self._prose(COMMENT_END, "the text of the comment")
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
            self._fail(self._at, f"nested more than {MAX_DEPTH} deep", "at most that many levels")
        place = self._position(self._at)
        if self._peek("["):
            self._open("[")
            item = self._type(depth + 1)
            self._close()
            return ListOf(item, nullable=self._eat("?"), position=place)
        at = self._at
        word = self._take(TYPE_WORD, ANY_TYPE)
        if word == "enum":
            values = tuple(self._parenthesised("the values of the enum").split("/"))
            return Enum(values, nullable=self._eat("?"), position=place)
        if word == "map":
            return self._map(place, depth)
        if word in SCALARS:
            return self._scalar(word, place)
        if not word[0].isupper():
            self._fail(at, f"unknown type {quoted(word)}", ANY_TYPE)
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
        inner = self._try(PARENTHESISED)
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

    def _note(
        self, seen: dict[str, Position], name: str, place: Position, kind: str, where: str
    ) -> None:
        known = seen.setdefault(name, place)
        if known is not place:
            self._fail(
                place,
                f"duplicate {kind} {quoted(name)}{where}",
                f"it only once; the first is in line {known.line}, column {known.column}",
            )

    def _integer(self, expected: str) -> int:
        return int(self._take(INTEGER, expected))

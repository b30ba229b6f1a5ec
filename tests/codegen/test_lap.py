"""The LAP reader and printer: round trips, and the position of every mistake."""

import pickle
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.lap import (
    MAX_DEPTH,
    METHODS,
    SCALARS,
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
    LapSyntaxError,
    LapWarning,
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
    parse,
)

SPEC = Path(__file__).parents[2] / "codegen" / "spec" / "amazonaws-com-ecr.lap"
SPEC_TEXT = SPEC.read_bytes().decode("utf-8")

EVERYTHING = """\

# Machine-readable.
@lap v0.3
#no space
@api  Every Thing, {with} # what not
@base https://example.com/v1
@version 2024-01-01
@auth Bearer bearer
@common_fields {trace: str(uuid) # Sent along.}
@endpoints 4
@hint download_for_search
@toc keys(2) , odd-1(1),root(1)

@type Key {name: str, parts: [Part?]?, extra: map<str, [int(i64)]>}
@type Part {kind: enum(a/b c)?, data: bytes}

@group keys
@endpoint GET /keys/{key}:get?all=1
  @desc Get, with a smile :}   \n\
@auth none
@required { key: str # The key, e.g.: one of {a, b}, or none. , size: int=100 # How big}
@optional {
  sort: str(token)(up/down)=up # First, the order: any will do,
  mode: str(x/y)?,

  where: map{lat: num(f64), at: Point?{x: int , y: map? {z: any}}},
  header:trace: str, tags: str=a,b, more: any={"a":1}
}
@returns(200) {key: Key?{name: str}} # The key, {found}.
@returns(204)
@returns(301) # moved
@returns(302) → Key
@errors {400, 404:NoSuchKey, 409:Busy: Try again, or not, 500: Sorry, {it} broke, 503}
@example_request curl -d '{"a": 1}'
@endpoint PUT /keys
@body → Key

@endgroup
# Between.
@group odd-1
@endpoint DELETE /
@endgroup

@endpoint OPTIONS /

@end  \n\
# Below.
"""


def small(*lines: str, end: str = "\n@end\n") -> str:
    """Return a document with one endpoint that has these lines."""
    head = "@lap v0.3\n@api A\n@endpoints 1\n\n@endpoint POST /\n"
    return head + "\n".join(lines) + end


def marked(text: str) -> tuple[str, Position]:
    """Remove the mark from `text`; return the text and the position of the mark."""
    before, after = text.split("«")
    return before + after, Position(before.count("\n") + 1, len(before) - before.rfind("\n"))


# ----------------------------------------------------------------------------------- real files


def test_the_real_file_round_trips() -> None:
    document = parse(SPEC_TEXT, file=SPEC.name)
    assert document.to_text() == SPEC_TEXT
    assert document.file == SPEC.name
    assert len(document.endpoints) == 49
    assert (document.lap_version, document.version) == ("v0.3", "2015-09-21")
    assert (document.api, document.auth) == ("Amazon EC2 Container Registry", "AWS SigV4")
    assert document.types == {}
    assert {(e.method, e.path, e.group) for e in document.endpoints} == {("POST", "/", None)}
    assert sum(not e.returns for e in document.endpoints) == 2


def test_the_real_file_has_the_fields_of_12_of_its_30_types() -> None:
    document = parse(SPEC_TEXT)
    named = list(document.named_types())
    inline = document.inline_types()
    assert len({n.name for n in named}) == 30
    assert len(inline) == 12
    bodies = [(n.name, n.body.members) for n in named if n.body]
    assert len(bodies) == 26
    assert all(members == inline[name] for name, members in bodies)
    assert [m.to_text() for m in inline["ImageIdentifier"]] == [
        "imageDigest: str?",
        "imageTag: str?",
    ]


def test_types_of_the_real_file() -> None:
    document = parse(SPEC_TEXT)
    findings = {m.name: m.type for m in document.inline_types()["ImageScanFindings"]}
    assert findings["findingSeverityCounts"] == MapOf(Scalar("str"), Scalar("int"), nullable=True)
    assert findings["findings"] == ListOf(Named("ImageScanFinding"), nullable=True)
    assert findings["imageScanCompletedAt"] == Scalar("str", "timestamp", nullable=True)


# ----------------------------------------------------------------------------------- round trip


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_directive_round_trips(newline: str) -> None:
    text = EVERYTHING.replace("\n", newline)
    document = parse(text)
    assert document.to_text() == text
    assert document == parse(EVERYTHING)
    assert document.below == (f"# Below.{newline}",)


def test_every_directive_is_parsed() -> None:
    document = parse(EVERYTHING)
    get, put, delete, options = document.endpoints
    assert [e.group for e in document.endpoints] == ["keys", "keys", "odd-1", None]
    assert [g.name for g in document.groups] == ["keys", "odd-1"]
    assert document.api == "Every Thing, {with} # what not"
    assert (document.base, document.hint) == ("https://example.com/v1", "download_for_search")
    assert document.toc == (TocEntry("keys", 2), TocEntry("odd-1", 1), TocEntry("root", 1))
    assert document.common_fields == (Member("trace", Scalar("str", "uuid"), None, "Sent along."),)
    part = Named("Part", nullable=True)
    ints = ListOf(Scalar("int", "i64"))
    assert list(document.types) == ["Key", "Part"]
    assert document.types["Key"].block.members == (
        Member("name", Scalar("str")),
        Member("parts", ListOf(part, nullable=True)),
        Member("extra", MapOf(Scalar("str"), ints)),
    )
    assert document.types["Part"].block.members[0].type == Enum(("a", "b c"), nullable=True)
    assert (get.method, get.path) == ("GET", "/keys/{key}:get?all=1")
    assert (get.desc, get.auth) == ("Get, with a smile :}", "none")
    assert get.required == (
        Member("key", Scalar("str"), None, "The key, e.g.: one of {a, b}, or none."),
        Member("size", Scalar("int"), "100", "How big"),
    )
    sort, mode, where, trace, tags, more = get.optional
    assert sort.type == Scalar("str", "token", ("up", "down"))
    assert (sort.default, sort.comment) == ("up", "First, the order: any will do")
    assert mode.type == Scalar("str", None, ("x", "y"), nullable=True)
    inner = Record(Block((Member("z", Scalar("any")),)), nullable=True)
    point = Block((Member("x", Scalar("int")), Member("y", inner)))
    assert where.type == Record(
        Block(
            (
                Member("lat", Scalar("num", "f64")),
                Member("at", Named("Point", point, nullable=True)),
            )
        )
    )
    assert (trace.name, tags.default, more.default) == ("header:trace", "a,b", '{"a":1}')
    key = Named("Key", Block((Member("name", Scalar("str")),)), nullable=True)
    assert get.returns == (
        Returns("200", Block((Member("key", key),)), comment="The key, {found}."),
        Returns("204"),
        Returns("301", comment="moved"),
        Returns("302", text="→ Key"),
    )
    assert get.errors == (
        ErrorEntry("400"),
        ErrorEntry("404", "NoSuchKey"),
        ErrorEntry("409", "Busy", "Try again, or not"),
        ErrorEntry("500", None, "Sorry, {it} broke"),
        ErrorEntry("503"),
    )
    assert get.example_request == "curl -d '{\"a\": 1}'"
    assert (put.body, put.required, put.errors, put.desc) == ("Key", (), (), None)
    assert (delete.clauses, options.clauses) == ((), ())
    assert list(document.inline_types()) == ["Point", "Key"]


def test_positions() -> None:
    document = parse(EVERYTHING)
    lines = EVERYTHING.splitlines()
    get = document.endpoints[0]
    size = get.required[1]
    assert get.position == Position(lines.index("@endpoint GET /keys/{key}:get?all=1") + 1, 1)
    assert get.clauses[0].position == Position(get.position.line + 1, 3)
    line = lines[size.position.line - 1]
    assert line[size.position.column - 1 :].startswith("size: int=100")
    assert line[size.type.position.column - 1 :].startswith("int=100")


@pytest.mark.parametrize(
    "type_", ["str", "[A]", "map<str,A>", "map", "map{b: int}", "enum(a/b)", "A", "A{b: int}"]
)
def test_a_type_has_its_position(type_: str) -> None:
    document = parse(small(f"@required {{a: [{type_}]}}"))
    (params,) = document.endpoints[0].clauses
    assert isinstance(params, Params)
    outer = params.block.members[0].type
    assert isinstance(outer, ListOf)
    assert outer.position == Position(6, 15)
    assert outer.item.position == Position(6, 16)


@pytest.mark.parametrize("rest", ["", " {a}"])
def test_an_unknown_directive_has_its_position(rest: str) -> None:
    with pytest.warns(LapWarning):
        document = parse(small(f"  @later{rest}"))
    assert document.endpoints[0].clauses[0].position == Position(6, 3)


def test_a_changed_node_is_printed_changed() -> None:
    document = parse(small("@desc Old", "@required {a:  str , b: int}"))
    endpoint = document.endpoints[0]
    desc, params = endpoint.clauses
    assert isinstance(desc, Text)
    assert isinstance(params, Params)
    member = replace(params.block.members[0], name="c", comment="new")
    block = replace(params.block, members=(member, *params.block.members[1:]))
    clauses = (replace(desc, value="New"), replace(params, block=block))
    changed = replace(document, blocks=(replace(endpoint, clauses=clauses),))
    assert changed.to_text() == small("@desc New", "@required {c:  str # new , b: int}")


@pytest.mark.parametrize("text", [small(), small(end="\n@end"), small(end="\n\n@end \n\n # x")])
def test_a_document_may_end_in_several_ways(text: str) -> None:
    assert parse(text).to_text() == text


def test_a_body_member_may_have_the_name_of_a_path_parameter() -> None:
    text = small("@required {a: str}", "@optional {a: str}").replace("POST /", "POST /{a}")
    assert parse(text).to_text() == text


@pytest.mark.parametrize("around", ["{}", "[{}]", "map<str,{}>", "map{{d: {}}}", "[map<str,[{}]>]"])
def test_nested_bodies_may_be_omitted_where_a_type_recurs(around: str) -> None:
    whole, named = around.format("B{c: str}"), around.format("B")
    document = parse(
        small(f"@returns(200) {{a: A{{b: {whole}}}}}", f"@returns(201) {{a: A{{b: {named}}}}}")
    )
    assert list(document.inline_types()) == ["A", "B"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[str]", "[int]"),
        ("[B]", "[C]"),
        ("map<str,B>", "map<str,C>"),
        ("map<B,str>", "map<C,str>"),
        ("map{d: str}", "map{e: str}"),
        ("map{d: [B]}", "map{d: [C]}"),
        ("B", "B?"),
        ("str", "B"),
    ],
)
def test_differing_fields_of_a_recurring_type_are_refused(one: str, other: str) -> None:
    first, second = f"@returns(200) {{a: A{{b: {one}}}}}", f"@returns(201) {{a: A{{b: {other}}}}}"
    assert parse(small(first, first.replace("200", "201")))
    with pytest.raises(LapSyntaxError, match="the fields of 'A' differ"):
        parse(small(first, second))


# --------------------------------------------------------------------------------------- errors

HEAD = "@lap v0.3\n@api A\n"
MISTAKES = {
    "empty": ("«", "begins with '@lap'"),
    "no lap": ("\n«@api A\n@endpoints 0\n@end\n", "begins with '@lap'"),
    "no api": ("@lap v0.3\n@endpoints 0\n«@end\n", "no '@api'"),
    "no endpoints": (HEAD + "«@end\n", "no '@endpoints'"),
    "major version": ("@lap «v1.0\n@api A\n@endpoints 0\n@end\n", "unsupported version 'v1.0'"),
    "odd version": ("@lap «0.3\n@api A\n@endpoints 0\n@end\n", "unexpected '0.3'"),
    "no value": ("@lap v0.3\n@api« \n@endpoints 0\n@end\n".replace(" \n", "\n"), "end of line"),
    "count": (small().replace("endpoints 1", "endpoints «2"), "says 2, but the document has 1"),
    "huge count": (HEAD + f"@endpoints «{'9' * 5000}\n@end\n", "unexpected '999"),
    "padded count": (HEAD + "@endpoints «01\n@end\n", "unexpected '01'"),
    "toc sum": (small().replace("1\n\n", "1\n@toc «a(1), b(1)\n\n"), "adds up to 2"),
    "toc count": (
        HEAD + "@endpoints 1\n@toc «a(2)\n@group a\n@endpoint GET /\n@endgroup\n@end\n",
        "says 2 for 'a', which has 1",
    ),
    "toc twice": (small().replace("1\n\n", "1\n@toc a(1), «a(0)\n\n"), "duplicate entry 'a'"),
    "toc paren": (small().replace("1\n\n", "1\n@toc a(1«\n\n"), "unexpected end of line"),
    "no end": (small("@desc x", end="\n«"), "looks truncated"),
    "cut preamble": (HEAD + "«", "looks truncated"),
    "cut in braces": (small("@required {a: str, b: «[str", end=""), "looks truncated"),
    "after end": (small(end="\n@end\n\n«@api B\n"), "after '@end'"),
    "text after end": (small(end="\n@end\n«more\n"), "'more' after '@end'"),
    "beside end": (small(end="\n@end «x\n"), "unexpected 'x'"),
    "unknown type": (small("@required {a: «strr}"), "unknown type 'strr'"),
    "unknown type in list": (small("@returns(200) {a: [«number]?}"), "unknown type 'number'"),
    "no type": (small("@required {a: «, b: str}"), "unexpected ','"),
    "duplicate": (small("@required {a: str, «a: int}"), "duplicate member 'a'"),
    "nested duplicate": (small("@returns(200) {a: A{b: int, «b: int}}"), "duplicate member 'b'"),
    "duplicate across": (
        small("@required {a: str}", "@optional {b: str, «a: int}"),
        "duplicate member 'a'",
    ),
    "directive twice": (small("@desc a", "«@desc b"), "duplicate directive '@desc' in one"),
    "preamble twice": ("@lap v0.3\n@api A\n«@api B\n", "duplicate directive '@api' in the"),
    "type twice": (
        small().replace("1\n", "1\n@type A {a: str}\n«@type A {a: str}\n"),
        "duplicate type 'A'",
    ),
    "open brace": (small("@required «{a: str", "@optional {b: str}"), "'{' is never closed"),
    "open brace, comment": (
        small("@required «{a: str # b", "@optional {b: str}"),
        "'{' is never closed",
    ),
    "open brace in comment": (small("@required {a: str # b «{c"), "'{' is never closed"),
    "open brace beside comment": (small("@required «{a: str # {b}"), "'{' is never closed"),
    "open inner brace": (small("@returns(200) {a: A«{b: str", "@desc x"), "'{' is never closed"),
    "open bracket": (small("@required {a: [str«}"), "unexpected '}'"),
    "open angle": (small("@required {a: map<str,str«}"), "unexpected '}'"),
    "map without value": (small("@required {a: map<str«>}"), "unexpected '>'"),
    "open paren": (small("@required {a: str«(b, c: str}"), "'(' is never closed"),
    "empty paren": (small("@required {a: str(«)}"), "unexpected ')'"),
    "open status": (small("@returns(200« {a: str}"), "unexpected ' '"),
    "extra brace": (small("@required {a: str}«}"), "unexpected '}'"),
    "extra bracket": (small("@required {a: [str]«]}"), "unexpected ']'"),
    "extra paren": (small("@required {a: str(b)«)}"), "unexpected ')'"),
    "extra brace in comment": (small("@required {a: str # b} «}"), "unexpected '}'"),
    "empty braces": (small("@required {«}"), "unexpected '}'"),
    "trailing comma": (small("@required {a: str, «}"), "unexpected '}'"),
    "no comma": (small("@required {a: str «b: str}"), "unexpected 'b'"),
    "no space": (small("@required {«a:str}"), "unexpected 'a'"),
    "space in list": (small("@required {a: [« str]}"), "unexpected ' '"),
    "twice nullable": (small("@required {a: str?«?}"), "unexpected '?'"),
    "body of a scalar": (small("@required {a: str«{b: int}}"), "unexpected '{'"),
    "no default": (small("@required {a: str=«}"), "unexpected '}'"),
    "no comment": (small("@required {a: str # «}"), "unexpected '}'"),
    "no braces": (small("@required «a: str"), "unexpected 'a'"),
    "no gap": (small("@required«{a: str}"), "unexpected '{'"),
    "no status": (small("@returns(«OK)"), "unexpected 'OK'"),
    "beside returns": (small("@returns(200) {a: str} «b"), "unexpected 'b'"),
    "bad error": (small("@errors {404, «x}"), "unexpected 'x'"),
    "error without text": (small("@errors {404:«}"), "unexpected '}'"),
    "bad arrow": (small("@body «-> A"), "unexpected '-'"),
    "before endpoint": (HEAD + "@endpoints 0\n«@required {a: str}\n", "out of place"),
    "after endpoint": (small("«@api B"), "'@api' is out of place"),
    "type after endpoint": (small("«@type A {a: str}"), "'@type' is out of place"),
    "after group": (
        HEAD + "@endpoints 1\n@group a\n@endpoint GET /\n@endgroup\n«@desc x\n@end\n",
        "'@desc' is out of place",
    ),
    "nested group": (
        HEAD + "@endpoints 1\n@group a\n@endpoint GET /\n«@group b\n",
        "'@group' inside the group 'a'",
    ),
    "open group": (
        HEAD + "@endpoints 1\n@group a\n@endpoint GET /\n«@end\n",
        "'@end' inside the group 'a'",
    ),
    "cut group": (HEAD + "@endpoints 1\n@group a\n@endpoint GET /\n«", "looks truncated"),
    "empty group": (HEAD + "@endpoints 0\n«@group a\n@endgroup\n@end\n", "without endpoints"),
    "lone endgroup": (small("«@endgroup"), "'@endgroup' is out of place"),
    "bad method": (small().replace("POST", "«POUST"), "unexpected 'POUST'"),
    "method in small letters": (small().replace("POST", "«post"), "unexpected 'post'"),
    "no path": (small().replace("POST /", "POST«"), "unexpected end of line"),
    "bad path": (small().replace("POST /", "POST «x"), "unexpected 'x'"),
    "path brace": (small().replace("POST /", "POST /«{a"), "unexpected '{'"),
    "no directive": (small("«hello"), "unexpected 'hello'"),
    "tab": (small("@required {a:«\tstr}"), "a tab cannot separate"),
    "indented by tab": (small("«\t@desc x"), "a tab cannot separate"),
    "control character": (small("@desc a«\x1bb"), "control character (U+001B)"),
    "surrogate": (small("@desc a«\ud800b"), "half of a surrogate pair (U+D800)"),
    "carriage return": (small("@desc a«\rb"), "carriage return"),
    "byte order mark": ("«\ufeff" + small(), "byte order mark"),
    "differing bodies": (
        small("@returns(200) {a: A{b: str}}", "@returns(201) {a: [«A{b: int}]}"),
        "the fields of 'A' differ",
    ),
    "too deep a list": (small(f"@required {{a: {'[' * MAX_DEPTH}«[str"), "more than 64 deep"),
    "too deep a body": (
        small(f"@required {{a: {'map{a: ' * (MAX_DEPTH - 1)}map{{a: «str"),
        "more than 64 deep",
    ),
    "very deep": (small(f"@required {{a: {'[' * MAX_DEPTH}«{'[' * 100_000}"), "more than 64 deep"),
}


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_mistake(name: str, newline: str) -> None:
    text, message = MISTAKES[name]
    text, place = marked(text)
    with pytest.raises(LapSyntaxError) as caught:
        parse(text.replace("\n", newline), file="a.lap")
    error = caught.value
    assert (error.line, error.column) == (place.line, place.column)
    assert message in error.message
    assert error.source_line == text.split("\n")[place.line - 1].split("\r")[0]
    head, shown, caret, expected = str(error).split("\n")
    assert head == f"a.lap:{place.line}:{place.column}: {error.message}"
    assert expected == f"expected: {error.expected}"
    assert caret.strip(" ") == "^"
    assert len(shown) < 110
    assert len(head) < 200
    meant = error.source_line[place.column - 1 : place.column]
    under = shown[len(caret) - 1 : len(caret)]
    assert under == {"\t": " "}.get(
        meant, meant if meant.isprintable() else "\N{REPLACEMENT CHARACTER}"
    ) or (meant == "\ufeff")


def test_a_long_line_is_shortened_around_the_caret() -> None:
    line = "@required {" + ", ".join(f"m{i}: str" for i in range(10_000)) + ", a: x}"
    with pytest.raises(LapSyntaxError) as caught:
        parse(small(line))
    _, shown, caret, _ = str(caught.value).split("\n")
    assert shown.startswith("...")
    assert shown.endswith(": str, a: x}")
    assert shown[len(caret) - 1] == "x"


def test_errors_are_picklable() -> None:
    with pytest.raises(LapSyntaxError) as caught:
        parse("@lap", file="a.lap")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(copy, LapSyntaxError)
    assert isinstance(copy, ValueError)
    assert (str(copy), vars(copy)) == (str(caught.value), vars(caught.value))


def test_an_unknown_directive_is_kept_with_a_warning() -> None:
    text = small("@desc x", "@later {a: b,", "  c {d}}", "  @bare ", "@odd :{")
    with pytest.warns(LapWarning) as caught:
        document = parse(text, file="a.lap")
    assert [str(w.message).split(": ")[0] for w in caught] == [
        "a.lap:7:1",
        "a.lap:9:3",
        "a.lap:10:1",
    ]
    assert document.to_text() == text
    assert document.endpoints[0].clauses[1:] == (
        Unknown("later", "{a: b,\n  c {d}}"),
        Unknown("bare"),
        Unknown("odd", ":{"),
    )


def test_a_warning_points_at_the_caller() -> None:
    with pytest.warns(LapWarning) as caught:
        parse(small("@later"))
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("before", ["@end\n", "@endpoint", "@api", "@group a"])
def test_an_unknown_directive_may_appear_anywhere(before: str) -> None:
    text = f"{HEAD}@endpoints 1\n@group a\n@endpoint GET /\n@endgroup\n@end\n"
    text = text.replace(before, f"@x y\n{before}")
    with pytest.warns(LapWarning, match="unknown directive '@x'"):
        assert parse(text).to_text() == text


# ----------------------------------------------------------------------------------- properties

spaces = st.sampled_from(["", " ", "  "])
gaps = st.sampled_from([" ", "   "])
lines_ = st.sampled_from(["", " ", "\n", "\n  ", "\r\n "])
line_gaps = st.sampled_from([" ", "  ", "\n  ", "\r\n "])
names = st.from_regex(r"[A-Za-z_$][A-Za-z0-9_$.-]{0,4}(:[a-z]{1,3})?", fullmatch=True)
type_names = st.from_regex(r"[A-Z][A-Za-z0-9]{0,6}", fullmatch=True)
words = st.from_regex(r"[a-z0-9 _.-]{1,6}", fullmatch=True)
tokens = st.from_regex(r"[A-Za-z0-9_.+'/-]{1,6}", fullmatch=True)
prose = st.from_regex(r"[A-Za-z0-9(é→#](?:[A-Za-z0-9(:;@#=?. ]{0,12}[a-z0-9).])?", fullmatch=True)
plain = st.from_regex(
    r"[A-Za-z0-9@é}](?:[A-Za-z0-9{}(),:;@#=?.\t ]{0,20}[a-z{}).,])?", fullmatch=True
)
choices = st.lists(words, min_size=2, max_size=3).map(tuple)
codes = st.from_regex(r"[1-5][0-9]{2}", fullmatch=True)
layouts = st.builds(
    Layout,
    above=st.lists(st.sampled_from(["\n", "# x\r\n", "  \n", " #\n"]), max_size=2).map(tuple),
    indent=spaces,
    gap=gaps,
    tail=spaces,
    newline=st.sampled_from(["\n", "\r\n"]),
)


def blocks(types: st.SearchStrategy[Type], *, params: bool = False) -> st.SearchStrategy[Block]:
    texts = st.none() | prose
    members = st.builds(
        Member,
        names,
        types,
        st.none() | tokens if params else st.none(),
        texts if params else st.none(),
        gaps=st.tuples(line_gaps, line_gaps, lines_),
        before=lines_,
        after=lines_,
    )
    unique = st.lists(members, min_size=1, max_size=4, unique_by=lambda m: m.name)
    return st.builds(Block, unique.map(tuple), lead=lines_)


# All bodies of one name must agree, so these are not drawn at random.
TAG = Named("Tag", Block((Member("key", Scalar("str")),)))
TREE = Named("Tree", Block((Member("tags", ListOf(TAG)), Member("up", Named("Tree")))))


def spaced(named: Named, gap: str, nullable: bool) -> Named:
    return replace(named, gap=gap, nullable=nullable)


def wrapped(types: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    return st.one_of(
        st.builds(ListOf, types, nullable=st.booleans()),
        st.builds(MapOf, types, types, gap=lines_, nullable=st.booleans()),
        st.builds(Record, blocks(types), gap=lines_, nullable=st.booleans()),
        st.builds(spaced, st.sampled_from([TAG, TREE]), lines_, st.booleans()),
    )


simple: st.SearchStrategy[Type] = st.one_of(
    st.builds(Scalar, st.sampled_from(SCALARS), nullable=st.booleans()),
    st.builds(
        Scalar,
        st.sampled_from(["str", "int"]),
        st.none() | words,
        st.just(()) | choices,
        nullable=st.booleans(),
    ),
    st.builds(Enum, choices, nullable=st.booleans()),
    st.builds(Named, type_names, nullable=st.booleans()),
)
types = st.recursive(simple, wrapped, max_leaves=6)
errors = st.builds(
    ErrorEntry,
    codes,
    st.none() | type_names,
    st.none() | prose,
    gap=line_gaps,
    before=lines_,
    after=lines_,
)
returns = st.one_of(
    st.builds(
        Returns,
        codes,
        blocks(types, params=True),
        comment=st.none() | plain,
        gaps=st.tuples(gaps, spaces),
        layout=layouts,
    ),
    st.builds(Returns, codes, text=st.none() | plain, layout=layouts),
    st.builds(Returns, codes, comment=plain, gaps=st.just((" ", "  ")), layout=layouts),
)


def text_lines(*choice: str) -> st.SearchStrategy[Text]:
    return st.builds(Text, st.sampled_from(choice), plain, layout=layouts)


def without_clashes(found: Sequence[Directive]) -> tuple[Directive, ...]:
    """Drop directives that may not be repeated, and @optional beside @required."""
    kept: dict[object, Directive] = {}
    for item in found:
        if isinstance(item, Returns | TypeDef):
            kept[id(item)] = item
        else:
            kept.setdefault(getattr(item, "name", type(item)), item)
    if "required" in kept:
        kept.pop("optional", None)
    return tuple(kept.values())


clauses: st.SearchStrategy[tuple[Directive, ...]] = st.lists(
    st.one_of(
        text_lines("desc", "auth", "example_request"),
        st.builds(Body, type_names, gap=gaps, layout=layouts),
        st.builds(
            Params,
            st.sampled_from(["required", "optional"]),
            blocks(types, params=True),
            layout=layouts,
        ),
        returns,
        st.builds(
            Errors,
            st.lists(errors, min_size=1, max_size=3).map(tuple),
            lead=lines_,
            layout=layouts,
        ),
    ),
    max_size=5,
).map(without_clashes)
endpoint_lines = st.builds(
    EndpointLine,
    st.sampled_from(METHODS),
    st.sampled_from(["/", "/a/{b}/c", "/v1/{x}:go?y=#z"]),
    gap=gaps,
    layout=layouts,
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    group_names: list[str | None] = draw(st.lists(st.none() | tokens, max_size=3))
    found: list[Endpoint | Group | Unknown] = []
    total = 0
    for name in group_names:
        made = st.builds(Endpoint, endpoint_lines, clauses, group=st.just(name))
        some = draw(st.lists(made, min_size=1, max_size=2))
        total += len(some)
        if name is None:
            found += some
        else:
            opening = Text("group", name, layout=draw(layouts))
            found.append(Group(opening, tuple(some), Text("endgroup", layout=draw(layouts))))
    extra = draw(
        st.lists(
            st.one_of(
                text_lines("base", "version", "auth", "hint"),
                st.builds(
                    Params,
                    st.just("common_fields"),
                    blocks(types, params=True),
                    layout=layouts,
                ),
            ),
            max_size=4,
        )
    )
    definition = TypeDef(draw(type_names), draw(blocks(types)), layout=draw(layouts))
    preamble: list[Directive] = [
        Text("lap", "v0.3", layout=draw(layouts)),
        *without_clashes(extra),
        Text("api", draw(plain), layout=draw(layouts)),
        Count(total, layout=draw(layouts)),
        Toc((TocEntry("all~the~rest", total, before=" "),)),
        definition,
    ]
    return Document(tuple(preamble), tuple(found), below=draw(st.sampled_from([(), ("\n", "# x")])))


@given(documents())
@settings(deadline=None, max_examples=75)
def test_a_printed_document_is_parsed_to_the_same_document(document: Document) -> None:
    text = document.to_text()
    again = parse(text)
    assert again == document
    assert again.to_text() == text


def check_total(text: str) -> None:
    """Assert that `text` either round-trips or is refused with a valid error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LapWarning)
        try:
            document = parse(text)
        except LapSyntaxError as refusal:
            error = refusal
        else:
            assert document.to_text() == text
            return
    lines = text.split("\n")
    assert 1 <= error.line <= len(lines)
    assert 1 <= error.column <= len(lines[error.line - 1]) + 1
    assert len(str(error)) < 1000


@given(st.data(), st.sampled_from([SPEC_TEXT, EVERYTHING, EVERYTHING.replace("\n", "\r\n")]))
@settings(deadline=None, max_examples=300)
def test_damaged_text_round_trips_or_is_refused(data: st.DataObject, text: str) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        stop = min(len(text), start + data.draw(st.integers(0, 40)))
        piece = data.draw(
            st.sampled_from(
                ["", text[start:stop] * 2, "{", "}", "(", "]", "?", ",", "\n", "@end\n"]
            )
            | st.text(max_size=5)
        )
        text = text[:start] + piece + text[stop:]
    check_total(text)


@given(st.text(alphabet=st.sampled_from("@lapv0.3 {}[]()<>:,?#=/\r\n\tA→") | st.characters()))
def test_random_text_round_trips_or_is_refused(text: str) -> None:
    check_total(text)
    check_total(HEAD + text)
    check_total(small(text))


@given(st.text(alphabet="{}[]()<>:,?#= amp\nA", max_size=40))
def test_random_text_in_braces_round_trips_or_is_refused(text: str) -> None:
    check_total(small(f"@required {{a: {text}}}"))
    check_total(small(f"@errors {{404: {text}}}"))

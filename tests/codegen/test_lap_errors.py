"""What the LAP reader expected, and where texts and directives end."""

from __future__ import annotations

import pytest

from codegen.lap import LapSyntaxError, LapWarning, Layout, Params, Text, Unknown, parse
from tests.codegen.test_lap import HEAD, MISTAKES, marked, small

A_TYPE = (
    "one of any, bool, bytes, float, int, map, num, str, or '[T]', 'map<K,V>', 'enum(a/b)', or a"
    " capitalised name"
)
A_METHOD = "one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
A_MEMBER = "a member, written 'name: type' (inside the '{' of line 6, column 11)"
ONE_ENDPOINT = HEAD + "@endpoints 1\n@group a\n"

EXPECTED = {
    "no lap": "'@lap v0.3'",
    "no api": "'@api ...'",
    "no endpoints": "'@endpoints ...'",
    "major version": "a version 'v0.*'",
    "odd version": "a version such as 'v0.3'",
    "no value": "a space and a text",
    "count": "1",
    "huge count": "the number of endpoints",
    "toc sum": "counts that add up to 1",
    "toc count": "a(1)",
    "toc twice": "it only once; the first is in line 4, column 6",
    "toc paren": "')' (inside the '(' of line 4, column 7)",
    "no end": "'@end'",
    "cut in braces": "a matching ']'",
    "after end": "nothing after '@end'",
    "beside end": "the end of the line",
    "unknown type": A_TYPE,
    "no type": f"{A_TYPE} (inside the '{{' of line 6, column 11)",
    "nested duplicate": "it only once; the first is in line 6, column 21",
    "directive twice": "it only once; the first is in line 6, column 1",
    "preamble twice": "it only once; the first is in line 2, column 1",
    "type twice": "it only once; the first is in line 4, column 1",
    "open brace": "a matching '}'",
    "open bracket": "']' (inside the '[' of line 6, column 15)",
    "map without value": "',' and the type of the values (inside the '<' of line 6, column 18)",
    "empty paren": "a format, or choices such as 'a/b' (inside the '(' of line 6, column 18)",
    "extra bracket": "',' or '}' (inside the '{' of line 6, column 11)",
    "empty braces": A_MEMBER,
    "trailing comma": A_MEMBER,
    "no default": "a default value (inside the '{' of line 6, column 11)",
    "no comment": "the text of the comment (inside the '{' of line 6, column 11)",
    "no braces": "'{'",
    "no gap": "a space and '{'",
    "no status": "a status code (inside the '(' of line 6, column 9)",
    "beside returns": "a '#' comment or the end of the line",
    "bad error": "a status code (inside the '{' of line 6, column 9)",
    "error without text": "a space and a description (inside the '{' of line 6, column 9)",
    "bad arrow": "an arrow (U+2192)",
    "before endpoint": "'@required' only after an '@endpoint'",
    "after endpoint": "'@api' only before the first '@endpoint' or '@group'",
    "nested group": "'@endgroup'",
    "empty group": "'@endpoint' in the group",
    "lone endgroup": "'@endgroup' only after a '@group'",
    "bad method": A_METHOD,
    "bad path": "a path that begins with '/'",
    "no directive": "a directive such as '@endpoint', a '#' comment, or a blank line",
    "tab": "a space",
    "byte order mark": "UTF-8 text without control characters",
    "differing bodies": "the same fields as in line 6, column 19",
    "very deep": "at most that many levels",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_error_states_what_was_expected(name: str) -> None:
    text, _ = marked(MISTAKES[name][0])
    with pytest.raises(LapSyntaxError) as caught:
        parse(text)
    assert caught.value.expected == EXPECTED[name]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("@lap«", "a space and a version"),
        ("@lap v0.3\n@endpoints«", "a space and a number"),
        ("@lap v0.3\n@toc«", "a space and entries such as 'group(3)'"),
        ("@lap v0.3\n@toc «", "an entry such as 'group(3)'"),
        ("@lap v0.3\n@type«", "a space and the name of the type"),
        ("@lap v0.3\n@type «", "a capitalised name"),
        ("@lap v0.3\n@type A«", "a space and '{'"),
        ("@lap v0.3\n@common_fields«", "a space and '{'"),
        (f"{HEAD}@endpoints 1\n@group«", "a space and the name of the group"),
        (f"{HEAD}@endpoints 1\n@group «", "the name of the group"),
        (f"{ONE_ENDPOINT}@endpoint«", "a space and a method"),
        (f"{ONE_ENDPOINT}@endpoint «", A_METHOD),
        (small("@desc «", end=""), "a text"),
        (small("@body«", end=""), "a space and an arrow"),
        (small("@body →«", end=""), "a space and the name of the type"),
        (small("@body → «", end=""), "a capitalised name"),
        (small("@errors«", end=""), "a space and '{'"),
        (small("@returns(200) {a: A} #«", end=""), "the text of the comment"),
    ],
)
def test_an_incomplete_directive_is_refused_at_its_end(line: str, expected: str) -> None:
    text, place = marked(line)
    for message, rest in (("end of file", ""), ("end of line", "\n@end\n")):
        with pytest.raises(LapSyntaxError) as caught:
            parse(text + rest)
        error = caught.value
        assert (error.message, error.expected) == (f"unexpected {message}", expected)
        assert (error.line, error.column) == (place.line, place.column)


def test_a_comment_without_a_space_before_it_is_refused() -> None:
    text, place = marked(small("@returns(200) {a: A}«#b"))
    with pytest.raises(LapSyntaxError) as caught:
        parse(text)
    assert caught.value.expected == "a space and a '#' comment"
    assert caught.value.column == place.column


@pytest.mark.parametrize(
    ("value", "below"),
    [
        ("{a {b}", []),
        ("{a", ["@desc x"]),
        ("{a\n  b}", []),
        ("{a\n\n  b}", []),
        ("{a\n  {b}\n}", ["@desc x"]),
        ("{a\n}\N{NO-BREAK SPACE}", []),
    ],
)
def test_an_unknown_directive_ends_with_its_braces(value: str, below: list[str]) -> None:
    text = small(f"@later {value}", *below)
    with pytest.warns(LapWarning, match="unknown directive '@later'"):
        document = parse(text)
    assert document.endpoints[0].clauses[0] == Unknown("later", value)
    assert len(document.endpoints[0].clauses) == 1 + len(below)
    assert document.to_text() == text


def test_only_spaces_and_line_ends_are_stripped_from_a_text() -> None:
    text = small(
        "@desc XX  ",
        "@required {a: str # x\N{NO-BREAK SPACE}  ,\n  b: str=y\N{NO-BREAK SPACE}}",
    )
    document = parse(text)
    description, params = document.endpoints[0].clauses
    assert description == Text("desc", "XX", layout=Layout(gap=" ", tail="  "))
    assert isinstance(params, Params)
    a, b = params.block.members
    assert (a.comment, b.default) == ("x\N{NO-BREAK SPACE}", "y\N{NO-BREAK SPACE}")
    assert document.to_text() == text

"""The vocabulary check finds banned phrases in prose and names of tests, but not in code."""

from __future__ import annotations

import pytest

from docsite.vocabulary import (
    Prose,
    find_phrases,
    names_of_tests,
    prose_of_markdown,
    prose_of_python,
    read_phrases,
)


def found(prose: Prose) -> list[tuple[int, str]]:
    return [(finding.line, finding.phrase) for finding in find_phrases(prose, read_phrases())]


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("It tells the reader.", "tells"),  # vocabulary: allow
        ("The answer is empty.", "answer"),  # vocabulary: allow
        ("A str is no list.", "is no list"),  # vocabulary: allow
        ("Five at the most.", "at the most"),  # vocabulary: allow
        ("Whoever closes it.", "Whoever"),  # vocabulary: allow
    ],
)
def test_a_banned_phrase_is_found_in_markdown(text: str, phrase: str) -> None:
    assert found(prose_of_markdown(f"# Heading\n\n{text}\n")) == [(3, phrase)]


@pytest.mark.parametrize(
    "source",
    [
        'def f():\n    """It tells the time."""\n',  # vocabulary: allow
        "x = 1\n# It tells the time.\n",  # vocabulary: allow
        'x = 1\ny = "it tells the time"\n',  # vocabulary: allow
        'x = 1\ny = f"it tells {x}"\n',  # vocabulary: allow
    ],
)
def test_docstrings_comments_and_literals_are_prose(source: str) -> None:
    assert found(prose_of_python(source)) == [(2, "tells")]  # vocabulary: allow


def test_identifiers_and_code_are_not_prose() -> None:
    assert found(prose_of_python("answer = tell(shall)\n")) == []  # vocabulary: allow
    assert found(prose_of_markdown("Call `tell()`.\n\n```\nanswer\n```\n")) == []


def test_a_line_can_be_exempted() -> None:
    assert found(prose_of_python('x = "answers"  # vocabulary: allow\n')) == []


def test_there_is_no_such_thing_is_plain_english() -> None:
    assert found(prose_of_markdown("There is no limit; it is no longer used.\n")) == []


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("test_it_tells_the_time", "tells"),  # vocabulary: allow
        ("test_an_error_is_told", "told"),  # vocabulary: allow
        ("test_answers", "answers"),  # vocabulary: allow
        ("test_nobody_waits", "nobody"),  # vocabulary: allow
    ],
)
@pytest.mark.parametrize("definition", ["def {}() -> None:", "    async def {}(", "def {}(x):"])
def test_a_banned_word_is_found_in_the_name_of_a_test(
    definition: str, name: str, word: str
) -> None:
    source = f"x = 1\n{definition.format(name)}\n"
    findings = find_phrases(names_of_tests(source), read_phrases("test names"))
    assert [(finding.line, finding.phrase) for finding in findings] == [(2, word)]


@pytest.mark.parametrize(
    "line",
    [
        "def answer() -> None:",  # vocabulary: allow
        "def test_an_answering_machine() -> None:",
        "test_answers()",
        "def test_answers() -> None:  # vocabulary: allow",
    ],
)
def test_other_names_are_not_findings(line: str) -> None:
    assert [*find_phrases(names_of_tests(line), read_phrases("test names"))] == []

"""Any document keeps what a login does not concern."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecrclient.logins import LoginFileError
from ecrclient.logins.document import LoginDocument

PATH = Path("config.json")
HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.dictionaries(st.text(), st.dictionaries(st.text(), VALUES, max_size=2), max_size=3)
NAMES = st.text().filter(lambda name: name not in {"auths", "credHelpers", "credsStore"})


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    others = draw(st.dictionaries(NAMES, VALUES, max_size=4))
    special = st.fixed_dictionaries({}, optional={"auths": ENTRIES, "credHelpers": ENTRIES})
    return {**others, **draw(special)}


@given(documents(), st.sampled_from([None, "\t", 2, 4]), st.booleans())
def test_a_login_and_a_logout_keep_everything_else(
    members: dict[str, Any], indent: str | int | None, escaped: bool
) -> None:
    text = json.dumps(members, indent=indent, ensure_ascii=escaped).encode()
    document = LoginDocument(PATH, text)

    document.log_in(HOST, "QVdTOng=")
    written = json.loads(document.encode())
    again = LoginDocument(PATH, document.encode())
    again.log_out(HOST)
    restored = json.loads(again.encode())

    auths = {**members.get("auths", {}), HOST: {"auth": "QVdTOng="}}
    assert written == {**members, "auths": auths}
    assert [name for name in written if name in members] == list(members)
    assert restored == {"auths": {}, **members}


@given(st.binary())
def test_any_content_is_a_document_or_a_typed_error(content: bytes) -> None:
    try:
        document = LoginDocument(PATH, content)
    except LoginFileError:
        return
    assert isinstance(json.loads(document.encode()), dict)


@pytest.mark.parametrize("indent", ["\t", "  ", "    "])
def test_the_indentation_is_kept(indent: str) -> None:
    text = json.dumps({"auths": {"a": {}}}, indent=indent)
    document = LoginDocument(PATH, text.encode())
    assert document.encode().decode() == text

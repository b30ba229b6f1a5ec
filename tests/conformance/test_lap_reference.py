"""Our LAP parser reads what the format's own reads, on the public examples and on real APIs."""

from __future__ import annotations

import warnings
from pathlib import Path

import botocore
import pytest

from codegen import lap
from tests.conformance.effort import FULL
from tests.conformance.generated import lap_text, service_data
from tests.conformance.lap_view import Endpoint, Field, ours, theirs
from tests.conformance.tally import Judge

REFERENCE = Judge("lapsh's parser: endpoints")
EXAMPLES = Path(__file__).parent / "corpus"
# What the grammar in codegen/lap.py does not have, and why that is right for a client of HTTP.
REFUSED = {
    "github": "GraphQL, in a notation of its own that lapsh's parser skips over",
    "streetlights-mqtt": "SUB is no HTTP method",
    "user": "UNARY is no HTTP method",
}
MAP_IN_A_BODY = "lapsh takes the comma of a map<K,V> inside a body for the end of the member"
NO_DOCUMENTS = {
    "serverlessrepo": "lapsh's compiler breaks a description's line, and its parser skips the rest"
}
DATA = Path(botocore.__file__).parent / "data"
SERVICES = (
    sorted({path.parent.parent.name for path in DATA.glob("*/*/service-2*")})
    if FULL
    else ["dynamodb", "ecr", "iam", "s3", "serverlessrepo", "sqs"]
)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.lap")), ids=lambda path: path.stem)
def test_an_example_is_read_as_the_reference_reads_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.stem in REFUSED:
        with REFERENCE.differs(REFUSED[path.stem]), pytest.raises(lap.LapSyntaxError):
            ours(text, path.name)
        return
    assert lap.parse(text).to_text() == text
    compare(text, path.name)


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_spec_is_read_as_the_reference_reads_it(service: str, tmp_path: Path) -> None:
    text = lap_text(service_data(service), tmp_path, errors=True)
    if service in NO_DOCUMENTS:
        with REFERENCE.differs(NO_DOCUMENTS[service]), pytest.raises(lap.LapSyntaxError):
            ours(text, service)
        return
    assert lap.parse(text, file=service).to_text() == text
    compare(text, service)


def compare(text: str, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        our_endpoints = ours(text, name)
    for our, their in zip(our_endpoints, theirs(text), strict=True):
        if _misread(our):
            with REFERENCE.differs(MAP_IN_A_BODY):
                assert not _alike(_returned(our), _returned(their))
                assert (our.method, our.path, our.desc) == (their.method, their.path, their.desc)
                assert _alike(our.required, their.required)
                assert _alike(our.optional, their.optional)
                assert our.errors == their.errors
        else:
            with REFERENCE.case():
                _assert_alike(our, their)


def _misread(endpoint: Endpoint) -> bool:
    """Whether lapsh splits a member where it should not."""
    return any(
        "map<" in member.text
        for _, fields in endpoint.returns
        for field in fields
        for member in field.members
    )


def _returned(endpoint: Endpoint) -> tuple[Field, ...]:
    return tuple(field for _, fields in endpoint.returns for field in fields)


def _assert_alike(our: Endpoint, their: Endpoint) -> None:
    assert (our.method, our.path, our.desc) == (their.method, their.path, their.desc)
    assert our.errors == their.errors
    assert _alike(our.required, their.required)
    assert _alike(our.optional, their.optional)
    for (our_code, our_fields), (their_code, their_fields) in zip(
        our.returns, their.returns, strict=True
    ):
        assert our_code == their_code
        assert _alike(our_fields, their_fields)


def _alike(ours: tuple[Field, ...], theirs: tuple[Field, ...]) -> bool:
    return len(ours) == len(theirs) and all(map(Field.same, ours, theirs))

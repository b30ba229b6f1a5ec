"""This project's LAP parser and the format's own agree on public examples and real APIs."""

from __future__ import annotations

import warnings
from pathlib import Path

import botocore
import pytest

from codegen import lap
from tests.conformance.effort import FULL
from tests.conformance.generated import lap_text, service_data
from tests.conformance.lap_view import Endpoint, Field, ours, theirs
from tests.conformance.tally import Reference

REFERENCE = Reference("lapsh's parser: endpoints")
EXAMPLES = Path(__file__).parent / "corpus"
# Documents that codegen/lap refuses, because a client of HTTP does not need them.
REFUSED = {
    "github": "GraphQL in a separate notation, which lapsh's parser skips",
    "streetlights-mqtt": "SUB is not an HTTP method",
    "user": "UNARY is not an HTTP method",
}
MAP_IN_A_BODY = "lapsh reads the comma of a map<K,V> in a body as the end of the member"
TYPE_ALONE = "lapsh reads an error's type without a description as a description"
OPEN_PARENTHESIS = "lapsh drops the errors after an unclosed parenthesis"
NO_DOCUMENTS = {
    "serverlessrepo": "lapsh's compiler breaks a description's line, and its parser skips the rest",
    "rds": "', 128, ' in an error's description looks like a status code; lapsh reads it as errors",
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
        wrong = [reason for reason, is_met in REFERENCE_IS_WRONG.items() if is_met(our)]
        assert (our.method, our.path, our.desc) == (their.method, their.path, their.desc)
        assert _alike(our.required, their.required)
        assert _alike(our.optional, their.optional)
        same_returns, same_errors = _same_returns(our, their), our.errors == their.errors
        if wrong:
            with REFERENCE.differs(wrong[0]):
                assert same_returns == (MAP_IN_A_BODY not in wrong)
                assert same_errors == (not {TYPE_ALONE, OPEN_PARENTHESIS} & set(wrong))
        else:
            with REFERENCE.case():
                assert same_returns
                assert same_errors


def _has_map_in_a_body(endpoint: Endpoint) -> bool:
    return any(
        "map<" in member.text
        for _, fields in endpoint.returns
        for field in fields
        for member in field.members
    )


def _has_type_alone(endpoint: Endpoint) -> bool:
    return any(kind and not description for _, kind, description in endpoint.errors)


def _has_open_parenthesis(endpoint: Endpoint) -> bool:
    # After the last one there are no errors to drop.
    return any(text.count("(") > text.count(")") for _, _, text in endpoint.errors[:-1])


REFERENCE_IS_WRONG = {
    MAP_IN_A_BODY: _has_map_in_a_body,
    TYPE_ALONE: _has_type_alone,
    OPEN_PARENTHESIS: _has_open_parenthesis,
}


def _same_returns(our: Endpoint, their: Endpoint) -> bool:
    return len(our.returns) == len(their.returns) and all(
        our_code == their_code and _alike(our_fields, their_fields)
        for (our_code, our_fields), (their_code, their_fields) in zip(
            our.returns, their.returns, strict=True
        )
    )


def _alike(ours: tuple[Field, ...], theirs: tuple[Field, ...]) -> bool:
    return len(ours) == len(theirs) and all(map(Field.same, ours, theirs))

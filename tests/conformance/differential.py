"""One random call of one operation, put to botocore's client and to ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from ecrclient import ServiceError
from tests.conformance.clients import Clients, Theirs
from tests.conformance.loopback import Answer, Received
from tests.conformance.model_answers import SPELLINGS, Answers, written
from tests.conformance.model_inputs import Inputs
from tests.conformance.sameness import assert_same_value, python_name, strict_json
from tests.conformance.tally import Judge

__all__ = ["Differential"]

# What ends the waits, and is too new for all others.
_COMPLETE = b'{"status": "COMPLETE", "imageScanStatus": {"status": "COMPLETE"}}'
_SAME_HEADERS = ("content-type", "x-amz-target", "host")


class Differential:
    """The judge of one service's calls.

    Args:
        clients: Who is called.
        texts: Examples of texts whose pattern is too hard to meet by chance, by shape.
        label: What the table calls it.
    """

    def __init__(self, label: str, texts: Mapping[str, tuple[str, ...]]) -> None:
        self._inputs, self._answers = Inputs(texts), Answers()
        self._sent = Judge(f"{label}: requests")
        self._read = Judge(f"{label}: answers")
        self._refused = Judge(f"{label}: errors")

    def call(self, clients: Clients, name: str, data: st.DataObject) -> None:
        """A random valid input makes botocore's request; a random answer is read as it reads it.

        The answer is by the model, or newer than it.
        """
        operation = clients.operation(name)
        given = data.draw(self._inputs.of(operation.input_shape), "input")
        as_models = data.draw(st.booleans(), "nested members as models")
        answer = data.draw(self._answers.of(operation.output_shape), "answer")
        clients.server.answer = Answer(written(answer, data.draw(SPELLINGS)))
        theirs = clients.call_botocore(name, given)
        assert theirs.error is None
        their_request = clients.server.take()
        for backend in clients.backends:
            with self._sent.case():
                ours = clients.call_ours(backend, name, given, as_models=as_models)
                _assert_same_request(clients.server.take(), their_request)
            with self._read.case():
                _assert_same_answer(ours, theirs.parsed, operation.output_shape, answer)

    def handle(self, clients: Clients, method: str, name: str, given: Any, **more: object) -> None:
        """A repository handle's method sends what botocore sends, without the repository's name.

        What *more* it takes is none of the operation's.
        """
        clients.server.answer = Answer(_COMPLETE)
        clients.call_botocore(name, given)
        theirs = clients.server.take()
        for backend in clients.backends:
            with self._sent.case():
                clients.call_handle(backend, method, name, given, **more)
                _assert_same_request(clients.server.take(), theirs)

    def error(self, clients: Clients, name: str, given: Any, data: st.DataObject) -> None:
        """A random error, modelled or not, in an envelope that botocore knows, is read as by it."""
        shapes = {shape.error_code: shape for shape in clients.service.error_shapes}
        code = data.draw(st.sampled_from([*shapes, "BrandNewException"]), "code")
        shape = shapes.get(code)
        body = data.draw(self._answers.of(shape) | self._answers.of(None), "members")
        body = {name: value for name, value in body.items() if name.lower() != "message"}
        envelope = _envelope(data.draw(_TYPES).format(code), data.draw(_MESSAGES, "messages"))
        status = data.draw(st.sampled_from([400, 403, 404, 413, 429, 500, 503]), "status")
        clients.server.answer = Answer(written({**body, **envelope}, data.draw(SPELLINGS)), status)
        theirs = clients.call_botocore(name, given)
        clients.server.take()
        for backend in clients.backends:
            with self._refused.case():
                ours = clients.refuse_ours(backend, name, given)
                clients.server.take()
                _assert_same_error(ours, theirs, shape)


_TYPES = st.sampled_from(
    [
        "{}",
        "com.amazonaws.service.v20150921#{}",
        "{}:http://internal.amazon.com/coral/com.amazonaws.service/",
        "com.amazonaws.service#{}:http://internal.amazon.com/coral/com.amazonaws.service/",
        "another.name.space#{}",
    ]
)
_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_SAID = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
# Not an empty one beside another: there the two differ, see test_errors.py.
_MESSAGES = st.one_of(
    st.tuples(_SAID, st.none() | _WORDS),
    st.tuples(st.none(), st.none() | _SAID),
    st.just(("", "")),
)


def _envelope(name: str, messages: tuple[str | None, str | None]) -> dict[str, str]:
    members = {"__type": name, "message": messages[0], "Message": messages[1]}
    return {name: text for name, text in members.items() if text is not None}


def _assert_same_error(ours: ServiceError, theirs: Theirs, shape: Any) -> None:
    told = theirs.parsed["Error"]
    assert (ours.code, ours.message) == (told["Code"], told["Message"] or "")
    metadata = theirs.parsed["ResponseMetadata"]
    assert (ours.status, ours.request_id) == (metadata["HTTPStatusCode"], metadata["RequestId"])
    known = "ServiceError" if theirs.error == "ClientError" else theirs.error
    assert type(ours).__name__ == known
    members = shape.members.items() if shape else ()
    for wire_name, member in members:
        if wire_name.lower() == "message":
            continue
        value = getattr(ours, python_name(wire_name, vars(type(ours))))
        if wire_name in theirs.parsed:
            assert_same_value(value, theirs.parsed[wire_name], member)
        else:
            assert value is None


def _assert_same_request(ours: Received, theirs: Received) -> None:
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    for header in _SAME_HEADERS:
        assert ours.headers[header] == theirs.headers[header]
    assert strict_json(ours.body) == strict_json(theirs.body)


def _assert_same_answer(ours: Any, theirs: Any, shape: Any, sent: dict[str, Any]) -> None:
    if shape is not None:
        assert_same_value(ours, theirs, shape)
    known: Mapping[str, Any] = shape.members if shape is not None else {}
    unknown = {name: value for name, value in sent.items() if name not in known}
    assert unknown == (ours.model_extra or {}), "what is too new is kept"
    metadata = theirs["ResponseMetadata"]
    assert ours.response_metadata.request_id == metadata["RequestId"]
    assert ours.response_metadata.status == metadata["HTTPStatusCode"]

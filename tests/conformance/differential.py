"""Compare one random call of an operation between botocore's client and this project's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from ecrclient import ServiceError
from tests.conformance.clients import Clients, Theirs
from tests.conformance.loopback import Received, Response
from tests.conformance.model_inputs import Inputs
from tests.conformance.model_outputs import SPELLINGS, Outputs, written
from tests.conformance.sameness import assert_same_value, python_name, strict_json
from tests.conformance.tally import Reference

__all__ = ["Differential"]

# Ends the waits. To other operations these are unknown members.
_COMPLETE = b'{"status": "COMPLETE", "imageScanStatus": {"status": "COMPLETE"}}'
_SAME_HEADERS = ("content-type", "x-amz-target", "host")


class Differential:
    """Compares the calls of one service with botocore's.

    Args:
        label: The name in the table.
        texts: Examples by shape, for patterns that random text seldom matches.
    """

    def __init__(self, label: str, texts: Mapping[str, tuple[str, ...]]) -> None:
        self._inputs, self._outputs = Inputs(texts), Outputs()
        self._sent = Reference(f"{label}: requests")
        self._read = Reference(f"{label}: responses")
        self._refused = Reference(f"{label}: errors")

    def call(self, clients: Clients, name: str, data: st.DataObject) -> None:
        """Send a random valid input and read a random response, as botocore does.

        The response may have members that the model does not know.
        """
        operation = clients.operation(name)
        given = data.draw(self._inputs.of(operation.input_shape), "input")
        as_models = data.draw(st.booleans(), "nested members as models")
        response = data.draw(self._outputs.of(operation.output_shape), "response")
        clients.server.response = Response(written(response, data.draw(SPELLINGS)))
        theirs = clients.call_botocore(name, given)
        assert theirs.error is None
        their_request = clients.server.take()
        for backend in clients.backends:
            with self._sent.case():
                ours = clients.call_ours(backend, name, given, as_models=as_models)
                _assert_same_request(clients.server.take(), their_request)
            with self._read.case():
                _assert_same_response(ours, theirs.parsed, operation.output_shape, response)

    def handle(self, clients: Clients, method: str, name: str, given: Any, **more: object) -> None:
        """A repository handle's method sends what botocore sends, without the repository's name.

        The arguments *more* are the method's and are not sent.
        """
        clients.server.response = Response(_COMPLETE)
        clients.call_botocore(name, given)
        theirs = clients.server.take()
        for backend in clients.backends:
            with self._sent.case():
                clients.call_handle(backend, method, name, given, **more)
                _assert_same_request(clients.server.take(), theirs)

    def error(self, clients: Clients, name: str, given: Any, data: st.DataObject) -> None:
        """A random error in an envelope that botocore knows is read as botocore reads it."""
        shapes = {shape.error_code: shape for shape in clients.service.error_shapes}
        code = data.draw(st.sampled_from([*shapes, "BrandNewException"]), "code")
        shape = shapes.get(code)
        body = data.draw(self._outputs.of(shape) | self._outputs.of(None), "members")
        body = {name: value for name, value in body.items() if name.lower() != "message"}
        envelope = _envelope(data.draw(_TYPES).format(code), data.draw(_MESSAGES, "messages"))
        status = data.draw(st.sampled_from([400, 403, 404, 413, 429, 500, 503]), "status")
        clients.server.response = Response(
            written({**body, **envelope}, data.draw(SPELLINGS)), status
        )
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
# An empty message beside another is left out: there the two differ, see test_errors.py.
_MESSAGES = st.one_of(
    st.tuples(_SAID, st.none() | _WORDS),
    st.tuples(st.none(), st.none() | _SAID),
    st.just(("", "")),
)


def _envelope(name: str, messages: tuple[str | None, str | None]) -> dict[str, str]:
    members = {"__type": name, "message": messages[0], "Message": messages[1]}
    return {name: text for name, text in members.items() if text is not None}


def _assert_same_error(ours: ServiceError, theirs: Theirs, shape: Any) -> None:
    expected = theirs.parsed["Error"]
    assert (ours.code, ours.message) == (expected["Code"], expected["Message"] or "")
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


def _assert_same_response(ours: Any, theirs: Any, shape: Any, sent: dict[str, Any]) -> None:
    if shape is not None:
        assert_same_value(ours, theirs, shape)
    known: Mapping[str, Any] = shape.members if shape is not None else {}
    unknown = {name: value for name, value in sent.items() if name not in known}
    assert unknown == (ours.model_extra or {}), "unknown members are kept"
    metadata = theirs["ResponseMetadata"]
    assert ours.response_metadata.request_id == metadata["RequestId"]
    assert ours.response_metadata.status == metadata["HTTPStatusCode"]

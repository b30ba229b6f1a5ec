"""Random calls of one service, whose requests and responses are compared with botocore's."""

from __future__ import annotations

import re
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from ecrclient import ConfigurationError, ServiceError
from tests.conformance.model_inputs import Inputs
from tests.conformance.model_outputs import SPELLINGS, Outputs, written
from tests.conformance.sameness import assert_same_value, python_name, strict_json
from tests.services.clients import KEY, REGION, SECRET, Response, Sent, TwoClients
from tests.tools.botocore_calls import botocore, sigv4_headers_of

__all__ = ["Compared", "compare"]

# Texts on which the endpoint depends, with another account than the client's, and texts for
# patterns with a lookahead, which Hypothesis does not find.
_TABLE = "arn:aws:dynamodb:eu-west-1:210987654321:table/test"
_KINESIS = "arn:aws:kinesis:eu-west-1:210987654321"
_ONLY: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "dynamodb": {"TableArn": ("test", _TABLE)},
    "kinesis": {
        "ChannelARN": (f"{_KINESIS}:channel/test",),
        "ConsumerARN": (f"{_KINESIS}:stream/test/consumer/one:1",),
        "QueueARN": (f"{_KINESIS}:queue/test",),
        "ResourceARN": (f"{_KINESIS}:stream/test",),
        "StreamARN": (f"{_KINESIS}:stream/test",),
    },
    "partnercentral-selling": {
        "EngagementInvitationArnOrIdentifier": ("engi-0123456789abc",),
        "TaggableResourceArn": (
            "arn:aws:partnercentral:us-east-1:210987654321:catalog/AWS/engagement/eng-1",
        ),
    },
}

_HEADERS = ("content-type", "x-amz-target", "x-amzn-query-mode")
# The rules state no region to sign for, so it is the client's; botocore takes one from the older
# data of endpoints.json.
_SIGNED_FOR_OWN_REGION = {"health"}
_SIGV4A = "AWS4-ECDSA-P256-SHA256"
_SCOPE = re.compile(r"Credential=AKID/\d+/([^/]+)/([^/]+)/aws4_request")


@dataclass
class Compared:
    """The result for one service."""

    calls: int = 0
    errors: int = 0
    skipped: list[str] = field(default_factory=list[str])
    """The operations for which no input was found that matches the model's patterns."""
    wrong: dict[str, str] = field(default_factory=dict[str, str])
    """The first difference of each operation."""


def compare(clients: TwoClients, names: list[str], examples: int) -> Compared:
    """Compare *examples* random calls of each operation, and one to which the service objects."""
    compared = Compared()
    inputs, outputs = Inputs({}, only_texts(clients.model.service_name)), Outputs()

    def call(name: str, data: st.DataObject) -> None:
        _compare_call(clients, name, data, inputs, outputs)
        compared.calls += 1

    def error(name: str, data: st.DataObject) -> None:
        _compare_error(clients, name, data, inputs, outputs)
        compared.errors += 1

    for number, name in enumerate(names):
        for test, count in ((call, examples), (error, 1)):
            try:
                _run(test, name, count, number)
            except Unsatisfiable:
                compared.skipped.append(name)
                break
            except Exception as problem:  # noqa: BLE001
                compared.wrong.setdefault(name, _described(problem))
    return compared


def only_texts(service: str) -> Mapping[str, tuple[str, ...]]:
    """The only texts to draw for certain shapes of a service."""
    return _ONLY.get(service, {})


def _run(test: Callable[[str, st.DataObject], None], name: str, count: int, number: int) -> None:
    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
            HealthCheck.large_base_example,
        ],
    )
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        test(name, data)

    run()


def _described(problem: Exception) -> str:
    lines = [line for line in str(problem).splitlines() if line.strip()]
    text = " ".join(lines[:6])
    if isinstance(problem, AssertionError) and not text:
        *_, frame = traceback.extract_tb(problem.__traceback__)
        text = str(frame.line)
    return f"{type(problem).__name__}: {text}"[:600]


def _compare_call(
    clients: TwoClients, name: str, data: st.DataObject, inputs: Inputs, outputs: Outputs
) -> None:
    operation = clients.model.operation_model(name)
    given = data.draw(inputs.of(operation.input_shape))
    response = data.draw(outputs.of(operation.output_shape))
    clients.respond(Response(written(response, data.draw(SPELLINGS))))
    their_request, theirs = clients.call_botocore(name, given)
    as_models = data.draw(st.booleans())
    if _SIGV4A in their_request.headers.get("authorization", ""):
        _assert_refused(clients, name, given)
        return
    ours = clients.call_ours(name, given, as_models=as_models)
    tokens = _tokens(operation.input_shape, given)
    _assert_same_request(clients.sent, their_request, tokens)
    own = REGION if clients.model.service_name in _SIGNED_FOR_OWN_REGION else None
    _assert_signed(clients.sent, their_request, own)
    assert theirs.error is None, theirs.error
    if operation.output_shape is not None:
        assert_same_value(ours, theirs.parsed, operation.output_shape)
    metadata = theirs.parsed["ResponseMetadata"]
    assert ours.response_metadata.request_id == metadata["RequestId"]


def _assert_refused(clients: TwoClients, name: str, given: Mapping[str, Any]) -> None:
    """The generated client sends nothing, because it cannot sign the request."""
    try:
        clients.call_ours(name, given, as_models=False)
    except ConfigurationError as error:
        if "sigv4a" not in str(error):
            raise
    else:
        raise AssertionError("a request that needs SigV4a was not refused")


def _tokens(shape: Any, given: Any) -> set[str]:
    """The idempotency tokens that each client makes, since the caller does not pass them."""
    members: dict[str, Any] = {} if shape is None else shape.members
    return {
        name
        for name, member in members.items()
        if member.metadata.get("idempotencyToken") and name not in given
    }


def _assert_same_request(ours: Sent, theirs: Sent, tokens: set[str]) -> None:
    assert ours.url == theirs.url
    assert ours.headers["host"] == urlsplit(ours.url).netloc
    for header in _HEADERS:
        assert ours.headers.get(header) == theirs.headers.get(header), header
    our_body, their_body = strict_json(ours.body), strict_json(theirs.body)
    for token in tokens:
        their_body.pop(token)
        assert uuid.UUID(our_body.pop(token, "")), f"{token} is not a token"
    assert our_body == their_body


def _assert_signed(ours: Sent, theirs: Sent, region: str | None) -> None:
    """The request is signed as botocore signs it, for *region* or the one that botocore uses."""
    authorization = theirs.headers.get("authorization")
    if authorization is None:
        assert "authorization" not in ours.headers, "the operation needs no authentication"
        return
    scope = _SCOPE.search(authorization)
    assert scope, authorization
    assert "authorization" in ours.headers, "the request is not signed"
    at = datetime.strptime(ours.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    signed = sigv4_headers_of(
        botocore("credentials").Credentials(KEY, SECRET),
        *(scope[2], region or scope[1]),
        url=ours.url,
        headers={name: ours.headers[name] for name in ("content-type", "x-amz-target")},
        body=ours.body,
        now=at,
    )
    assert ours.headers["authorization"] == signed["authorization"]


def _compare_error(
    clients: TwoClients, name: str, data: st.DataObject, inputs: Inputs, outputs: Outputs
) -> None:
    operation = clients.model.operation_model(name)
    given = data.draw(inputs.of(operation.input_shape))
    shapes = operation.error_shapes
    shape = data.draw(st.sampled_from(shapes)) if shapes else None
    code = shape.error_code if shape is not None else "BrandNewException"
    members = {} if shape is None else data.draw(outputs.of(shape))
    body = {name: value for name, value in members.items() if name.lower() != "message"}
    envelope = {"__type": f"com.amazonaws.service#{code}", "message": "no"}
    clients.respond(Response(written({**body, **envelope}, data.draw(SPELLINGS)), 400))
    _, theirs = clients.call_botocore(name, given)
    try:
        clients.call_ours(name, given, as_models=False)
    except ServiceError as error:
        ours = error
    else:
        raise AssertionError("no error was raised")
    expected = theirs.parsed["Error"]
    assert (ours.code, ours.message) == (expected["Code"], expected["Message"])
    known = "ServiceError" if theirs.error == "ClientError" else theirs.error
    assert type(ours).__name__ == known
    modelled: dict[str, Any] = {} if shape is None else shape.members
    for wire_name, member in modelled.items():
        if wire_name.lower() != "message" and wire_name in theirs.parsed:
            value = getattr(ours, python_name(wire_name, vars(type(ours))))
            assert_same_value(value, theirs.parsed[wire_name], member)

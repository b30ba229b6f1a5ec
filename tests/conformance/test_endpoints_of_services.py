"""The endpoint rules of every AWS JSON service resolve as botocore's."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from codegen import aws_model
from codegen.ir import Service
from codegen.model_to_ir import Facts, build_service
from codegen.naming import snake_case
from codegen.overlay import Overlay
from codegen.render import endpoints
from ecrclient import ConfigurationError
from tests.conformance.effort import FULL
from tests.conformance.generated import json_services
from tests.conformance.tally import Reference
from tests.tools.botocore_calls import EndpointRules

RULES = Reference("botocore's endpoint engine: every AWS JSON service")
SERVICES = (
    json_services()
    if FULL
    else [
        *("acm", "arc-region-switch", "dynamodb", "dynamodbstreams", "ecr", "events", "kinesis"),
        *("memorydb", "opensearchmemory", "organizations", "support", "waf"),
    ]
)
SAMPLES = 4000 if FULL else 400
_TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/test"
_STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/test"
_ARNS = [
    _TABLE,
    _STREAM,
    f"{_TABLE}/stream/2026",
    f"{_STREAM}/consumer/one:1",
    "arn:aws:kinesis:us-east-1:123456789012:queue/test",
    "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/test",
    "arn:aws:dynamodb:us-east-1:not-a.label:table/test",
    "arn:aws:kinesis:-:123456789012:stream/test",
    "arn:aws:s3:::bucket",
    "arn:aws:kinesis:us-east-1:123456789012:",
    "not an ARN",
]
VALUES: Mapping[str, Sequence[Any]] = {
    "Region": ["us-east-1", "us-west-2", "cn-north-1", "us-gov-west-1", "us-iso-east-1"],
    "Endpoint": [
        *(None, "https://custom.example", "http://localhost:8000", "https://[::1]:8000"),
        *("https://kinesis-abcd.us-east-1.example", "http://kinesis.us-east-1.example"),
        *("https://dynamodb.us-east-1.api.aws", "https://10.0.0.1"),
    ],
    "AccountId": [None, "123456789012", "-"],
    "AccountIdEndpointMode": [None, "preferred", "disabled", "required"],
    "ServiceType": ["ACM", "ACM-ACME"],
    "OperationType": ["control", "data"],
    "ResourceType": ["", "queue"],
    "StreamId": [
        None,
        "aaaabbbbccccddddeeee-abc",
        "aaaabbbbccccddddeeee-f-abc",
        "stream",
        "ä" * 24,
    ],
    "SpaceId": [None, "space", "-space"],
    "EndpointId": [None, "abcde.veo", "-"],
}
_RARE = {"Region": ["me-south-1", "eu-west-99", "aws-global", "local", "us-gov-east-1"]}


@pytest.mark.parametrize("name", SERVICES)
def test_the_endpoints_of_a_service_are_botocores(name: str) -> None:
    service = service_of(name)
    rules = EndpointRules(name)
    module: dict[str, Any] = {}
    exec(endpoints.render(service), module)
    for parameters in combinations(service):
        given = {key: value for key, value in parameters.items() if value is not None}
        with RULES.case():
            expected = theirs(rules, given, service.signing_name)
            found = ours(module["resolve_endpoint"], parameters, service.signing_name)
            assert found == expected, given


@functools.cache
def service_of(name: str) -> Service:
    facts = Facts({}, frozenset(), {})
    return build_service(aws_model.load(name), Overlay(), facts, package="any")


def combinations(service: Service) -> Iterator[dict[str, Any]]:
    """Every combination of the parameters' values, or a random sample if there are too many."""
    parameters = service.endpoint_rules["parameters"]
    values = {name: list(_values(name, each["type"])) for name, each in parameters.items()}
    whole = itertools.product(*values.values())
    if functools.reduce(lambda count, each: count * len(each), values.values(), 1) <= SAMPLES:
        yield from (dict(zip(values, each, strict=True)) for each in whole)
        return
    chosen = random.Random(service.service_id)
    for _ in range(SAMPLES):
        yield {name: chosen.choice(each) for name, each in values.items()}


def _values(name: str, kind: str) -> Iterator[Any]:
    if name in VALUES:
        yield from (*VALUES[name], *_RARE.get(name, ()))
    elif kind == "boolean":
        yield from (True, False)
    elif kind == "stringArray":
        yield from (None, [], *([arn] for arn in _ARNS))
    else:
        yield from (None, *_ARNS)


Found = tuple[str, str, str] | None
"""The URL, and the region and the name to sign for; None: the rules have an error."""


def theirs(rules: EndpointRules, given: Mapping[str, Any], name: str) -> Found:
    found = rules.evaluate(given)
    if found is None:
        return None
    schemes = found.properties.get("authSchemes", [{}])
    scheme = next((each for each in schemes if each.get("name") != "sigv4a"), None)
    if scheme is None:
        return None  # only Signature Version 4A
    region = scheme.get("signingRegion", given["Region"])
    return str(found.url), region, scheme.get("signingName", name)


def ours(resolve: Any, parameters: Mapping[str, Any], name: str) -> Found:
    """The result of the generated function, which has all settings as parameters."""
    names = {"UseDualStack": "use_dualstack", "UseFIPS": "use_fips"}
    given = {names.get(key, snake_case(key)): value for key, value in parameters.items()}
    given.setdefault("use_dualstack", False)
    try:
        found = resolve(**given)
    except ConfigurationError:
        return None
    url, region, signing_name = (found, None, None) if isinstance(found, str) else found
    return url, region or parameters["Region"], signing_name or name

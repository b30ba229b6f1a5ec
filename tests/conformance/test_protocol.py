"""AWS's protocol tests, run on clients that the generator makes from the suites' models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import httpx
import pytest

from ecrclient import CallOptions, ConfigurationError, Credentials, RetryPolicy, ServiceError
from tests.conformance.downloads import botocore_tests
from tests.conformance.generated import build_package, lap_text
from tests.conformance.protocol_suite import Case, ProtocolSuite, service_model, values
from tests.conformance.sameness import (
    assert_same_value,
    members_spelled,
    python_name,
    strict_json,
)
from tests.conformance.tally import Reference

pytestmark = pytest.mark.anyio

REFERENCES = {
    ("json", "input"): Reference("AWS JSON 1.1 protocol tests: requests"),
    ("json", "output"): Reference("AWS JSON 1.1 protocol tests: responses"),
    ("json_1_0", "input"): Reference("AWS JSON 1.0 protocol tests: requests"),
    ("json_1_0", "output"): Reference("AWS JSON 1.0 protocol tests: responses"),
}
NOT_SERVED = {
    "HostWithPathOperation": (
        "the client refuses an endpoint with a path, since it signs for / alone; botocore leaves "
        "the case out too"
    ),
    "PutWithContentEncoding": (
        "requests are not compressed, which no operation of ECR asks for; botocore leaves the case "
        "out too"
    ),
}

EMPTY = httpx.Response(200, content=b"{}")


@dataclass(frozen=True)
class Made:
    """A generated client's package, and the suite that it was made from."""

    name: str
    suite: ProtocolSuite
    package: ModuleType
    service: Any

    def client(
        self, response: httpx.Response, sent: list[httpx.Request], endpoint: str | None = None
    ) -> Any:
        """A client that receives *response* to every request, and records its requests."""

        def handle(request: httpx.Request) -> httpx.Response:
            sent.append(request)
            return response

        (client,) = (name for name in vars(self.package) if name.endswith("Client"))
        return vars(self.package)[client](
            region="eu-west-1",
            credentials=Credentials("AKID", "secret"),
            endpoint_url=endpoint,
            transport=httpx.MockTransport(handle),
        )

    async def call(self, client: Any, case: Case, given: Mapping[str, Any]) -> Any:
        """Make the call of a case."""
        shape = self.service.operation_model(case.operation).input_shape
        models: Any = vars(self.package)["models"]
        request = getattr(models, f"{case.operation}Request")
        arguments = members_spelled(given, shape, request, models, as_models=False) if shape else {}
        return await getattr(client, python_name(case.operation, dir(client)))(**arguments)


@pytest.fixture(scope="module", params=["json", "json_1_0"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    suite = ProtocolSuite(botocore_tests(request.config) / "unit/protocols", request.param)
    service = f"protocol-{request.param.replace('_', '-')}"
    model = suite.model(service)
    work = tmp_path_factory.mktemp(service)
    package = build_package(service, lap_text(model, work), work, model=model)
    return Made(request.param, suite, package, service_model(model))


async def test_requests_match_the_suite(made: Made) -> None:
    reference = REFERENCES[made.name, "input"]
    cases = list(made.suite.cases("input"))
    assert len(cases) == {"json": 54, "json_1_0": 21}[made.name]
    for case in cases:
        if case.operation in NOT_SERVED:
            with reference.differs(NOT_SERVED[case.operation]):
                await assert_not_served(made, case)
            continue
        with reference.case():
            await assert_request(made, case)


async def assert_not_served(made: Made, case: Case) -> None:
    """Assert what happens instead of the case's request."""
    if case.operation == "HostWithPathOperation":
        client = made.client(EMPTY, [], case.endpoint)
        with pytest.raises(ConfigurationError, match="must be an endpoint"):
            await made.call(client, case, {})
    else:
        sent: list[httpx.Request] = []
        await made.call(made.client(EMPTY, sent), case, case.data["params"])
        assert "content-encoding" not in sent[0].headers
        assert json.loads(sent[0].content)["data"] == case.data["params"]["data"]


async def assert_request(made: Made, case: Case) -> None:
    shape = made.service.operation_model(case.operation).input_shape
    given: dict[str, Any] = values(case.data["params"], shape) if shape else {}
    sent: list[httpx.Request] = []
    await made.call(made.client(EMPTY, sent), case, given)
    (request,) = sent
    expected = case.data["serialized"]
    assert request.method == expected["method"]
    assert request.url.raw_path.decode() == expected["uri"]
    if "host" in expected:
        # The suite's endpoint is example.com, but a configured endpoint is used as it is.
        prefix = expected["host"].removesuffix("example.com")
        assert request.url.host == f"{prefix}api.ecr.eu-west-1.amazonaws.com"
    for name, value in expected.get("headers", {}).items():
        assert request.headers[name] == value, case.id
    for name in expected.get("requireHeaders", ()):
        assert name in request.headers
    for name in expected.get("forbidHeaders", ()):
        assert name not in request.headers
    if "body" in expected:
        assert strict_json(request.content) == strict_json(expected["body"].encode()), case.id


FOO: dict[str, Any] = {"errorCode": "FooError", "error": {}}
# Two of Smithy's cases that botocore's copy lacks.
MORE_ERRORS = [
    Case(
        "a namespace of another service",
        "GreetingWithErrors",
        {
            **FOO,
            "response": {
                "status_code": 500,
                "headers": {"Content-Type": "application/x-amz-json-1.1"},
                "body": json.dumps({"__type": "com.another.service.v1#FooError"}),
            },
        },
    ),
    Case(
        "a nested member has a type too",
        "GreetingWithErrors",
        {
            **FOO,
            "response": {
                "status_code": 500,
                "headers": {"Content-Type": "application/x-amz-json-1.1"},
                "body": json.dumps(
                    {
                        "details": [{"__type": "com.another#OtherError", "reason": "a"}],
                        "__type": "aws.protocoltests.json#FooError",
                    }
                ),
            },
        },
    ),
]


async def test_responses_are_read_as_the_suite_specifies(made: Made) -> None:
    reference = REFERENCES[made.name, "output"]
    cases = list(made.suite.cases("output"))
    assert len(cases) == {"json": 58, "json_1_0": 32}[made.name]
    for case in [*cases, *MORE_ERRORS]:
        with reference.case():
            await (assert_error if "errorCode" in case.data else assert_response)(made, case)


def response_of(case: Case) -> httpx.Response:
    response = case.data["response"]
    body = response.get("body", "").encode()
    return httpx.Response(response["status_code"], headers=response["headers"], content=body)


async def assert_response(made: Made, case: Case) -> None:
    shape = made.service.operation_model(case.operation).output_shape
    ours = await made.call(made.client(response_of(case), []), case, {})
    if shape:
        assert_same_value(ours, values(case.data["result"], shape), shape)
    request_id = case.data["response"]["headers"].get("X-Amzn-Requestid")
    assert ours.response_metadata.request_id == request_id


async def assert_error(made: Made, case: Case) -> None:
    client = made.client(response_of(case), [])
    once = client.with_options(CallOptions(retry=RetryPolicy(max_attempts=1)))
    with pytest.raises(ServiceError) as caught:
        await made.call(once, case, {})
    error = caught.value
    code = case.data["errorCode"]
    assert (error.code, type(error).__name__) == (code, code), case.id
    if "errorMessage" in case.data:
        assert error.message == case.data["errorMessage"]
    shape = made.service.shape_for(code)
    for name, value in values(case.data["error"], shape).items():
        if name.lower() != "message":
            ours = getattr(error, python_name(name, dir(error)))
            assert_same_value(ours, value, shape.members[name])

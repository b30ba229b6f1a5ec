"""Calls of a client: requests, errors, middleware, options and ``invoke``."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import pytest

from ecrclient import (
    CallNext,
    CallOptions,
    ClientClosedError,
    ConfigurationError,
    Credentials,
    CredentialsError,
    DeadlineExceeded,
    ECRClient,
    Middleware,
    RawResponse,
    RequestValidationError,
    ResponseDecodeError,
    RetryPolicy,
    ServiceError,
)
from ecrclient._awsjson.protocol.shapes import Request
from ecrclient.errors import RepositoryNotFoundException
from ecrclient.models import (
    DescribeRegistryRequest,
    DescribeRegistryResponse,
    ListImagesRequest,
    ListImagesResponse,
)
from tests.middleware import pass_on
from tests.paths import only_httpx
from tests.tools.scripted import KEY, MakeClient, Scripted, fail, ok

pytestmark = pytest.mark.anyio

MISSING = "RepositoryNotFoundException"


# -- one call ------------------------------------------------------------------------------------


async def test_a_call_sends_a_signed_request_and_parses_the_response(client: MakeClient) -> None:
    transport = Scripted(ok({"imageIds": [{"imageTag": "v1"}]}, **{"X-Amzn-RequestId": "id"}))

    page = await client(transport).list_images(repository_name="team/app")

    assert [image.image_tag for image in page.image_ids] == ["v1"]
    (request,) = transport.requests
    assert (request.method, str(request.url)) == (
        "POST",
        f"{transport.endpoint_url}/",
    )
    assert json.loads(request.content) == {"repositoryName": "team/app"}
    headers = request.headers
    assert headers["host"] == httpx.URL(transport.endpoint_url).netloc.decode()
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert headers["x-amz-target"] == "AmazonEC2ContainerRegistry_V20150921.ListImages"
    assert headers["content-length"] == str(len(request.content))
    assert headers["user-agent"].startswith("ecrclient/")
    assert f"Credential={KEY.access_key_id}/" in headers["authorization"]
    assert "/eu-west-1/ecr/aws4_request" in headers["authorization"]
    metadata = page.response_metadata
    assert (metadata.request_id, metadata.status, metadata.attempts) == ("id", 200, 1)
    assert metadata.headers["x-amzn-requestid"] == "id"
    assert metadata.elapsed >= 0


@pytest.mark.parametrize(
    "name", ["list_images", "create_repository", "put_image", "batch_get_image", "tag_resource"]
)
async def test_nothing_is_sent_for_an_invalid_argument(client: MakeClient, name: str) -> None:
    transport = Scripted()
    method = getattr(client(transport, middleware=[unreachable]), name)
    with pytest.raises(RequestValidationError) as caught:
        await method(**dict.fromkeys(REQUIRED[name], 5))

    assert {problem.member for problem in caught.value.problems} == set(REQUIRED[name])
    assert caught.value.operation == name
    assert transport.requests == []


REQUIRED = {
    "list_images": ["repository_name"],
    "create_repository": ["repository_name"],
    "put_image": ["repository_name", "image_manifest"],
    "batch_get_image": ["repository_name", "image_ids"],
    "tag_resource": ["resource_arn", "tags"],
}


async def unreachable(request: httpx.Request, call_next: CallNext) -> httpx.Response:
    raise AssertionError("nothing may be sent")


async def test_a_service_error_has_its_details(client: MakeClient) -> None:
    transport = Scripted(fail(400, MISSING, "none such", **{"x-amzn-RequestId": "id"}))
    with pytest.raises(RepositoryNotFoundException) as caught:
        await client(transport).list_images(repository_name="team/app")

    error = caught.value
    assert (error.code, error.message, error.status) == (MISSING, "none such", 400)
    assert (error.operation, error.request_id, error.attempts) == ("ListImages", "id", 1)


async def test_a_redirect_is_an_error_and_is_not_followed(client: MakeClient) -> None:
    transport = Scripted(httpx.Response(307, headers={"location": "https://elsewhere/"}))
    with pytest.raises(ServiceError) as caught:
        await client(transport).describe_registry()

    assert (caught.value.status, len(transport.requests)) == (307, 1)


async def test_a_response_that_is_not_json_is_retried_and_then_raised(client: MakeClient) -> None:
    responses = [
        httpx.Response(203, content=b"<html>", headers={"X-Amzn-RequestId": f"id {number}"})
        for number in range(3)
    ]
    transport = Scripted(*responses)
    with pytest.raises(ResponseDecodeError) as caught:
        await client(transport).describe_registry()

    assert transport.responses == []
    assert (caught.value.status, caught.value.request_id) == (203, "id 2")


# -- middleware ----------------------------------------------------------------------------------


async def test_middleware_runs_in_order_around_each_attempt_before_signing(
    client: MakeClient,
) -> None:
    transport = Scripted(fail(500, "ServerException"), ok())
    seen: list[str] = []

    def named(name: str) -> Any:
        async def layer(request: httpx.Request, call_next: CallNext) -> httpx.Response:
            assert "authorization" not in request.headers
            seen.append(f"{name} before")
            response = await call_next(request)
            seen.append(f"{name} after {response.status_code}")
            return response

        return layer

    await client(transport, middleware=[named("a"), named("b")]).describe_registry()

    assert seen == [
        step
        for status in (500, 200)
        for step in ("a before", "b before", f"b after {status}", f"a after {status}")
    ]


async def test_middleware_may_change_the_request(client: MakeClient) -> None:
    transport = Scripted(ok(), ok())

    async def change(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        request.headers["x-trace"] = "abc"
        request.headers["x-amz-target"] += "2"
        return await call_next(request)

    await client(transport).describe_registry()
    await client(transport, middleware=[change]).describe_registry()

    before, after = (request.headers for request in transport.requests)
    assert after["x-trace"] == "abc"
    assert after["x-amz-target"] == before["x-amz-target"] + "2"
    assert after["authorization"] != before["authorization"]


async def test_middleware_may_return_a_response_without_sending(client: MakeClient) -> None:
    async def cache(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        return httpx.Response(200, json={"registryId": "from the cache"})

    transport = Scripted()
    found = await client(transport, middleware=[cache]).describe_registry()

    assert found.registry_id == "from the cache"
    assert transport.requests == []


async def test_the_response_of_middleware_may_be_a_stream(client: MakeClient) -> None:
    class Stream(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b'{"registryId":'
            yield b' "streamed"}'

    async def stream(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        return httpx.Response(200, stream=Stream())

    found = await client(Scripted(), middleware=[stream]).describe_registry()

    assert found.registry_id == "streamed"


async def test_middleware_receives_the_complete_response_and_may_replace_it(
    client: MakeClient,
) -> None:
    transport = Scripted(fail(400, MISSING))

    async def replace(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        response = await call_next(request)
        assert response.json()["__type"] == MISSING
        assert response.request is request
        return httpx.Response(200, json={"registryId": "none"})

    found = await client(transport, middleware=[replace]).describe_registry()

    assert found.registry_id == "none"


async def test_an_error_of_middleware_is_not_translated(client: MakeClient) -> None:
    class UserError(Exception):
        pass

    async def fail(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        raise UserError

    transport = Scripted()
    with pytest.raises(UserError):
        await client(transport, middleware=[fail]).describe_registry()


# -- options -------------------------------------------------------------------------------------


async def test_middleware_must_return_a_response(client: MakeClient) -> None:
    def not_async(*_: object) -> int:
        return 5

    async def nothing(*_: object) -> None:
        """Return None, like middleware without a return statement."""

    for middleware in (not_async, nothing):
        layers: Any = [middleware]
        with pytest.raises(ConfigurationError, match="what middleware returns must be"):
            await client(Scripted(ok()), middleware=layers).describe_registry()


@only_httpx
async def test_a_transport_must_return_a_response(client: MakeClient) -> None:
    class Broken(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> Any:
            return request

    with pytest.raises(ConfigurationError, match="what the transport returns must be a response"):
        await client(Broken()).describe_registry()


@pytest.mark.parametrize("middleware", [(), (pass_on,)])
async def test_an_error_of_a_credentials_provider_is_a_credentials_error(
    middleware: tuple[Middleware, ...],
) -> None:
    class Vault:
        async def get(self) -> Credentials:
            raise httpx.ConnectError("refused by hunter2")

        async def invalidate(self) -> None: ...

    async with ECRClient(
        region="eu-west-1",
        endpoint_url="http://127.0.0.1:9",
        credentials=Vault(),
        middleware=middleware,
    ) as ecr:
        with pytest.raises(
            CredentialsError, match=r"^the provider Vault raised ConnectError$"
        ) as caught:
            await ecr.describe_registry()
    assert isinstance(caught.value.__cause__, httpx.ConnectError)


async def test_with_options_changes_options_and_shares_the_rest(client: MakeClient) -> None:
    transport = Scripted(fail(500, "ServerException"), fail(500, "ServerException"), ok())
    ecr = client(transport)
    once = ecr.with_options(CallOptions(timeout=7, retry=RetryPolicy(max_attempts=1)))

    with pytest.raises(ServiceError):
        await once.describe_registry()
    assert len(transport.requests) == 1
    await ecr.describe_registry()

    assert isinstance(once, ECRClient)
    await once.aclose()
    with pytest.raises(ClientClosedError):
        await ecr.describe_registry()


async def _hang(request: httpx.Request) -> httpx.Response:
    await anyio.sleep_forever()
    raise AssertionError


async def test_with_options_keeps_the_deadline_of_the_client(client: MakeClient) -> None:
    ecr = client(Scripted(_hang), options=CallOptions(deadline=0.05))
    with pytest.raises(DeadlineExceeded):
        await ecr.with_options(timeout=None).with_options().describe_registry()


async def test_with_options_takes_keywords_or_call_options(client: MakeClient) -> None:
    ecr = client(Scripted())
    with pytest.raises(ConfigurationError, match="not together with timeout"):
        ecr.with_options(CallOptions(deadline=3), timeout=3)


async def test_retry_none_restores_the_policy_of_the_constructor(client: MakeClient) -> None:
    transport = Scripted(fail(500, "ServerException"))
    ecr = client(transport, retry=RetryPolicy(max_attempts=1))
    patient = ecr.with_options(retry=RetryPolicy(max_attempts=5))
    with pytest.raises(ServiceError):
        await patient.with_options(retry=None).describe_registry()

    assert len(transport.requests) == 1


@only_httpx
async def test_the_timeout_of_a_call_is_that_of_its_attempts(client: MakeClient) -> None:
    transport = Scripted(*[ok()] * 3)
    ecr = client(transport)
    await ecr.with_options(CallOptions(timeout=7)).describe_registry()
    await ecr.describe_registry()

    timeouts = [request.extensions["timeout"]["read"] for request in transport.requests]
    assert timeouts == [7, 60]


async def test_the_clients_retry_policy_is_used_if_options_have_none(
    client: MakeClient,
) -> None:
    transport = Scripted(fail(500, "ServerException"))
    ecr = client(transport, retry=RetryPolicy(max_attempts=1))
    with pytest.raises(ServiceError):
        await ecr.with_options(CallOptions(timeout=5)).describe_registry()

    assert len(transport.requests) == 1


# -- invoke --------------------------------------------------------------------------------------


async def test_invoke_equals_the_method(client: MakeClient) -> None:
    transport = Scripted(ok({"nextToken": "t"}), ok({"nextToken": "t"}))
    ecr = client(transport)

    page: ListImagesResponse = await ecr.invoke(ListImagesRequest(repository_name="team/app"))

    assert page == await ecr.list_images(repository_name="team/app")
    assert page.next_token == "t"
    assert transport.bodies[0] == transport.bodies[1]


async def test_invoke_raw_returns_the_response_unchanged(client: MakeClient) -> None:
    content = b'{ "registryId" : "1" }'
    transport = Scripted(httpx.Response(200, content=content, headers={"X-Amzn-RequestId": "id"}))

    raw = await client(transport).invoke_raw(DescribeRegistryRequest())

    assert (raw.status, raw.content, raw.attempts, raw.is_error) == (200, content, 1, False)
    assert raw.headers["x-amzn-requestid"] == "id"
    parsed: DescribeRegistryResponse = raw.parse()
    assert parsed.registry_id == "1"
    assert parsed.response_metadata.request_id == "id"
    assert parsed.response_metadata.elapsed == raw.elapsed > 0
    assert raw.parse() == parsed


async def test_a_raw_error_is_raised_when_it_is_parsed(client: MakeClient) -> None:
    transport = Scripted(fail(500, "ServerException"), fail(400, MISSING))

    raw = await client(transport).invoke_raw(ListImagesRequest(repository_name="team/app"))

    assert (raw.status, raw.attempts, raw.is_error) == (400, 2, True)
    with pytest.raises(RepositoryNotFoundException) as caught:
        raw.parse()
    assert (caught.value.attempts, caught.value.operation) == (2, "ListImages")


async def test_the_repr_of_a_raw_response_has_no_content(client: MakeClient) -> None:
    transport = Scripted(ok({"authorizationData": [{"authorizationToken": "s3cret"}]}))
    raw: RawResponse[Any] = await client(transport).invoke_raw(DescribeRegistryRequest())

    assert "s3cret" not in repr(raw)


class Foreign(Request[DescribeRegistryResponse], frozen=True):
    """A request that does not belong to an operation."""


@pytest.mark.parametrize("wrong", [Foreign(), {"repository_name": "ab"}, None])
async def test_invoke_refuses_values_that_are_not_requests(client: MakeClient, wrong: Any) -> None:
    ecr = client(Scripted())
    with pytest.raises(RequestValidationError, match=f"(None|{type(wrong).__name__})"):
        await ecr.invoke(wrong)
    with pytest.raises(RequestValidationError, match="ECRClient"):
        await ecr.invoke_raw(wrong)

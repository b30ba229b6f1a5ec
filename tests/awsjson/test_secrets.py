"""No secret appears in logs, reprs, tracebacks or spans."""

from __future__ import annotations

import base64
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import anyio
import httpx
import opentelemetry.trace
import pytest
from aws_requests_auth.aws_auth import AWSRequestsAuth
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ecrclient import (
    BotocoreCredentials,
    CallNext,
    CallOptions,
    ConfigurationError,
    Credentials,
    CredentialsError,
    DeadlineExceeded,
    ECRClient,
    ECRClientError,
    EnvironmentCredentials,
    RefreshingCredentials,
    RequestsAuthCredentials,
    RequestValidationError,
    ResponseDecodeError,
    RetryPolicy,
    ServiceError,
    StaticCredentials,
    TransportError,
    WaiterFailureError,
    WaiterTimeoutError,
)
from ecrclient._awsjson.settings.shared_config import load_profile
from ecrclient.errors import LayersNotFoundException
from ecrclient.models import (
    AuthorizationData,
    GetAuthorizationTokenRequest,
    GetDownloadUrlForLayerRequest,
)
from ecrclient.references import ImageReference, ImageReferenceError, RegistryHost
from tests.awsjson.transport.server import Peer, http_response, serve
from tests.tools.scripted import NO_WAIT, Scripted, client, fail, ok

pytestmark = pytest.mark.anyio

SECRET_KEY = "CanarySecretKey0000000000000000000000000"
SESSION_TOKEN = "CanarySessionToken//////////wEaDGV1"
PASSWORD = "CanaryPassword"
AUTHORIZATION_TOKEN = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()
URL_SIGNATURE = "CanaryUrlSignature"
DOWNLOAD_URL = f"https://bucket.example/layer?X-Amz-Signature={URL_SIGNATURE}"

CANARIES = (SECRET_KEY, SESSION_TOKEN, PASSWORD, AUTHORIZATION_TOKEN, URL_SIGNATURE)
KEY = Credentials("AKIDEXAMPLE", SECRET_KEY, SESSION_TOKEN)

DIGEST = "sha256:" + "0" * 64
LAYER: dict[str, Any] = {"repository_name": "ab", "layer_digest": DIGEST}
TOKEN_BODY: dict[str, Any] = {
    "authorizationData": [
        {
            "authorizationToken": AUTHORIZATION_TOKEN,
            "expiresAt": 1_700_000_000,
            "proxyEndpoint": "https://1.dkr.ecr.eu-west-1.amazonaws.com",
        }
    ]
}
URL_BODY = {"downloadUrl": DOWNLOAD_URL, "layerDigest": DIGEST}


class Witness(logging.Handler):
    """Collects every text that a person could read, and searches them for secrets."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.texts: list[str] = []
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += record.name.startswith("ecrclient")
        self.texts += (record.getMessage(), repr(record.args), repr(record.__dict__))
        if record.exc_info:
            self.texts.append(logging.Formatter().formatException(record.exc_info))

    def sees(self, *things: object) -> None:
        """Collect the representations of any objects."""
        for thing in things:
            self.texts += (repr(thing), str(thing), f"{thing}", repr([thing]), repr({"it": thing}))

    def catches(self, error: BaseException) -> None:
        """Collect an exception as it is printed and logged, with its causes and contexts."""
        self.texts.append("".join(traceback.format_exception(error)))
        self.texts.append("".join(traceback.format_exception(error, chain=False)))
        seen: set[int] = set()
        chain: list[BaseException | None] = [error]
        while chain:
            link = chain.pop()
            if link is None or id(link) in seen:
                continue
            seen.add(id(link))
            self.sees(link, link.args)
            # A JSONDecodeError and a UnicodeDecodeError contain their input.
            self.sees(getattr(link, "doc", None), getattr(link, "object", None))
            self.texts += getattr(link, "__notes__", [])
            chain += (link.__cause__, link.__context__)

    @property
    def found(self) -> list[str]:
        """The texts that contain a secret."""
        return [text for text in self.texts if any(canary in text for canary in CANARIES)]


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    """Collect all logs at DEBUG and all spans; fail at the end if one contains a secret."""
    heard = Witness()
    for name, logger in logging.Logger.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and name != "concurrent.futures":
            monkeypatch.setattr(logger, "level", logging.DEBUG)
            monkeypatch.setattr(logger, "propagate", True)
            monkeypatch.setattr(logger, "disabled", False)
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(heard)

    exporter = InMemorySpanExporter()
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", opentelemetry.trace)
    monkeypatch.setattr(opentelemetry.trace, "get_tracer", tracers.get_tracer)
    # Loggers cache their levels, which must not outlive the test.
    _forget_levels()
    yield heard
    root.removeHandler(heard)
    root.setLevel(before)
    monkeypatch.undo()
    _forget_levels()
    heard.texts += [span.to_json() for span in exporter.get_finished_spans()]
    tracers.shutdown()
    assert heard.found == []


def _forget_levels() -> None:
    # setLevel clears the caches of all loggers.
    root = logging.getLogger()
    root.setLevel(root.level)


def watching(witness: Witness) -> Callable[[httpx.Request, CallNext], Any]:
    """Middleware that prints all objects it has access to, before and after the call."""

    def see(request: httpx.Request) -> None:
        witness.sees(request, request.headers, dict(request.headers), request.headers.raw)
        witness.sees(request.url, request.content, request.extensions, vars(request))

    async def middleware(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        see(request)
        try:
            response = await call_next(request)
        except Exception as error:
            see(request)
            witness.catches(error)
            raise
        see(request)
        see(response.request)
        witness.sees(response, response.headers, dict(response.headers))
        return response

    return middleware


def watched(witness: Witness, transport: httpx.AsyncBaseTransport, **arguments: Any) -> ECRClient:
    """A client whose credentials are canaries."""
    ecr = client(transport, **{"credentials": KEY, "middleware": [watching(witness)], **arguments})
    witness.sees(ecr)
    return ecr


# -- the witness -----------------------------------------------------------------------------------


def test_the_witness_finds_secrets() -> None:
    witness = Witness()
    for number, canary in enumerate(CANARIES, start=1):
        witness.sees({"secret": canary})
        assert len(witness.found) == 5 * number
    witness.texts.clear()
    record = logging.LogRecord("x", logging.DEBUG, "", 1, "a %s", (SECRET_KEY,), None)
    witness.handle(record)
    assert witness.found

    witness.texts.clear()
    try:
        try:
            raise ValueError(SECRET_KEY)
        except ValueError:
            raise KeyError("harmless") from None
    except KeyError as error:
        witness.catches(error)
    assert witness.found, "a suppressed context counts too: an error tracker may show it"


# -- responses -------------------------------------------------------------------------------------


async def test_a_success(witness: Witness) -> None:
    transport = Scripted(ok(TOKEN_BODY), ok(URL_BODY))
    async with watched(witness, transport) as ecr:
        token = await ecr.get_authorization_token()
        url = await ecr.get_download_url_for_layer(**LAYER)
        witness.sees(token, token.authorization_data, token.authorization_data[0], url)
        witness.sees(token.response_metadata, url.response_metadata)

    assert token.authorization_data[0].authorization_token == AUTHORIZATION_TOKEN
    assert url.download_url == DOWNLOAD_URL
    sent = transport.requests[0].headers
    assert sent["x-amz-security-token"] == SESSION_TOKEN, "the canary was sent"
    assert witness.lines == 2


async def test_raw_responses(witness: Witness) -> None:
    bodies = Scripted(ok(TOKEN_BODY), ok(URL_BODY), fail(400, "LayersNotFoundException"))
    ecr = watched(witness, bodies)
    token = await ecr.invoke_raw(GetAuthorizationTokenRequest())
    request = GetDownloadUrlForLayerRequest(**LAYER)
    url = await ecr.invoke_raw(request)
    witness.sees(request, token, token.operation, token.headers, url, url.headers)
    token.parse()
    url.parse()
    witness.sees(token, url)
    refused = await ecr.invoke_raw(request)
    witness.sees(refused, refused.error())


async def test_models_built_by_hand(witness: Witness) -> None:
    data = AuthorizationData.model_validate_json(
        httpx.Response(200, json=TOKEN_BODY["authorizationData"][0]).content,
        by_alias=True,
        by_name=False,
    )
    witness.sees(data, data.model_copy(), type(data))


async def test_a_service_error(witness: Witness) -> None:
    ecr = watched(witness, Scripted(fail(400, "LayersNotFoundException", "no such layer")))
    with pytest.raises(LayersNotFoundException) as caught:
        await ecr.get_download_url_for_layer(**LAYER)
    witness.catches(caught.value)


async def test_retries(witness: Witness) -> None:
    responses = (fail(500, "ServerException"), httpx.ReadError("gone"), ok(TOKEN_BODY))
    witness.sees(await watched(witness, Scripted(*responses)).get_authorization_token())

    with pytest.raises(ServiceError) as caught:
        await watched(
            witness, Scripted(*[fail(503, "ServerException")] * 3)
        ).get_authorization_token()
    witness.catches(caught.value)


async def test_refused_credentials(witness: Witness) -> None:
    given = [KEY, Credentials("AKIDSECOND", f"{SECRET_KEY}2", f"{SESSION_TOKEN}2")]
    provider = RefreshingCredentials(lambda: given.pop(0))
    transport = Scripted(fail(400, "ExpiredTokenException"), ok(TOKEN_BODY))
    ecr = watched(witness, transport, credentials=provider)
    witness.sees(await ecr.get_authorization_token(), provider)

    assert given == []
    assert len(transport.requests) == 2


@pytest.mark.parametrize(
    "content",
    [
        AUTHORIZATION_TOKEN.encode(),
        f'"{AUTHORIZATION_TOKEN}"'.encode(),
        f'["{AUTHORIZATION_TOKEN}"]'.encode(),
        f'{{"authorizationData": "{AUTHORIZATION_TOKEN}"}}'.encode(),
        f'{{"authorizationData": ["{AUTHORIZATION_TOKEN}"]}}'.encode(),
        f'{{"authorizationData": [{{"authorizationToken": ["{AUTHORIZATION_TOKEN}"]}}]}}'.encode(),
        f'{{"authorizationData": [{{"expiresAt": "{AUTHORIZATION_TOKEN}"}}]}}'.encode(),
        f'{{"authorizationData": [{{"authorizationToken": "{AUTHORIZATION_TOKEN}"'.encode(),
        f'{{"authorizationData": [{{"proxyEndpoint": {{"a": "{PASSWORD}"}}}}]}}'.encode(),
        f'{{"authorizationData": {{"{PASSWORD}": 1}}}}'.encode(),
        f'{{"authorizationData": "{AUTHORIZATION_TOKEN}\xff"}}'.encode("latin-1"),
        f"<html>{AUTHORIZATION_TOKEN}</html>".encode(),
    ],
)
async def test_an_invalid_response(witness: Witness, content: bytes) -> None:
    ecr = watched(witness, Scripted(*[httpx.Response(200, content=content) for _ in range(3)]))
    with pytest.raises(ResponseDecodeError) as caught:
        await ecr.get_authorization_token()
    witness.catches(caught.value)


@pytest.mark.parametrize("body", [{"downloadUrl": [DOWNLOAD_URL]}, {"layerDigest": [DOWNLOAD_URL]}])
async def test_an_invalid_url(witness: Witness, body: dict[str, Any]) -> None:
    with pytest.raises(ResponseDecodeError) as caught:
        await watched(witness, Scripted(ok(body))).get_download_url_for_layer(**LAYER)
    witness.catches(caught.value)


async def test_an_error_status_with_another_body(witness: Witness) -> None:
    bodies = [httpx.Response(400, json=TOKEN_BODY), httpx.Response(400, content=DOWNLOAD_URL)]
    for body in bodies:
        with pytest.raises(ServiceError) as caught:
            await watched(witness, Scripted(body)).get_authorization_token()
        witness.catches(caught.value)


# -- requests that are never sent ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "members"),
    [
        ("get_authorization_token", {"registry_ids": [SECRET_KEY]}),
        ("get_authorization_token", {"registry_ids": SECRET_KEY}),
        ("get_authorization_token", {"registry_ids": {SECRET_KEY: 1}}),
        ("get_download_url_for_layer", {"repository_name": DOWNLOAD_URL, "layer_digest": "a"}),
        ("get_download_url_for_layer", {**LAYER, "registry_id": {"a": SECRET_KEY}}),
        ("get_download_url_for_layer", {**LAYER, "layer_digest": SESSION_TOKEN.encode()}),
        ("tag_resource", {"resource_arn": "arn", "tags": [{"key": "a", "value": [SECRET_KEY]}]}),
        ("tag_resource", {"resource_arn": [SECRET_KEY], "tags": SECRET_KEY}),
    ],
)
async def test_an_invalid_request(witness: Witness, method: str, members: dict[str, Any]) -> None:
    with pytest.raises(RequestValidationError) as caught:
        await getattr(watched(witness, Scripted()), method)(**members)
    witness.catches(caught.value)


def test_an_invalid_request_model(witness: Witness) -> None:
    wrong: Any = [SECRET_KEY, 5]
    with pytest.raises(ValueError, match="registry") as caught:
        GetAuthorizationTokenRequest(registry_ids=wrong)
    witness.catches(caught.value)


# -- time and the network --------------------------------------------------------------------------


async def hang(_: httpx.Request) -> httpx.Response:
    await anyio.sleep_forever()
    raise AssertionError


@pytest.mark.parametrize("options", [CallOptions(timeout=0.05), CallOptions(deadline=0.05)])
async def test_a_timeout(witness: Witness, options: CallOptions) -> None:
    ecr = watched(witness, Scripted(hang), options=options, retry=RetryPolicy(max_attempts=1))
    with pytest.raises((TransportError, DeadlineExceeded)) as caught:
        await ecr.get_authorization_token()
    witness.catches(caught.value)


async def test_a_cancellation(witness: Witness) -> None:
    with anyio.move_on_after(0.05) as scope:
        await watched(witness, Scripted(hang)).get_authorization_token()
    assert scope.cancelled_caught


async def gone(peer: Peer) -> None:
    await peer.request()
    await peer.reset()


async def garbage(peer: Peer) -> None:
    await peer.request()
    await peer.send(b"what is this\r\n\r\n")


async def half(peer: Peer) -> None:
    await peer.request()
    await peer.send(http_response(f'"{AUTHORIZATION_TOKEN}"'.encode())[:-8])


async def token(peer: Peer) -> None:
    while True:
        await peer.request()
        await peer.send(http_response(httpx.Response(200, json=TOKEN_BODY).content))


@pytest.mark.parametrize("stock", [False, True], ids=["ours", "httpx"])
@pytest.mark.parametrize("script", [gone, garbage, half, token])
async def test_real_sockets(witness: Witness, script: Any, stock: bool) -> None:
    transport = httpx.AsyncHTTPTransport() if stock else None
    async with serve(script) as server:
        ecr = ECRClient(
            region="eu-west-1",
            credentials=KEY,
            retry=NO_WAIT,
            endpoint_url=server.url,
            transport=transport,
        )
        async with ecr:
            witness.sees(ecr)
            try:
                witness.sees(await ecr.get_authorization_token())
                assert script is token
            except ECRClientError as error:
                assert script is not token
                witness.catches(error)
        witness.sees(ecr)
        if transport is not None:
            await transport.aclose()


@pytest.mark.parametrize("script", [gone, garbage, half])
async def test_middleware_on_real_sockets(witness: Witness, script: Any) -> None:
    async with serve(script) as server:
        ecr = ECRClient(
            region="eu-west-1",
            credentials=KEY,
            retry=NO_WAIT,
            endpoint_url=server.url,
            middleware=[watching(witness)],
        )
        async with ecr:
            with pytest.raises(TransportError) as caught:
                await ecr.get_authorization_token()
    witness.catches(caught.value)


@pytest.mark.parametrize("script", [gone, garbage, half])
async def test_the_request_of_an_error_is_not_signed(witness: Witness, script: Any) -> None:
    """httpx's errors have a request, and middleware may print its headers."""

    async def print_request(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        try:
            return await call_next(request)
        except httpx.RequestError as error:
            witness.sees(error.request.headers, dict(error.request.headers))
            raise

    async with serve(script) as server:
        ecr = ECRClient(
            region="eu-west-1",
            credentials=KEY,
            retry=NO_WAIT,
            endpoint_url=server.url,
            middleware=[print_request],
        )
        async with ecr:
            with pytest.raises(TransportError):
                await ecr.get_authorization_token()


# -- waiters ---------------------------------------------------------------------------------------


async def test_waiters(witness: Witness) -> None:
    failed = {"imageScanStatus": {"status": "FAILED", "description": "no"}}
    image: dict[str, Any] = {"repository_name": "ab", "image_id": {"image_tag": "v1"}}
    with pytest.raises(WaiterFailureError) as failure:
        await watched(witness, Scripted(ok(failed))).wait_until_image_scan_complete(
            **image, max_wait=5
        )
    witness.catches(failure.value)
    witness.sees(failure.value.last_response)

    with pytest.raises(WaiterTimeoutError) as timeout:
        await watched(witness, Scripted(hang)).wait_until_image_scan_complete(
            **image, max_wait=0.05
        )
    witness.catches(timeout.value)


# -- credentials -----------------------------------------------------------------------------------


async def test_credentials_and_providers(witness: Witness) -> None:
    environ = {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SESSION_TOKEN": SESSION_TOKEN,
    }
    auth = AWSRequestsAuth("AKID", SECRET_KEY, "host", "eu-west-1", "ecr", SESSION_TOKEN)
    providers = (
        StaticCredentials(KEY),
        EnvironmentCredentials(environ),
        RefreshingCredentials(lambda: KEY),
        RequestsAuthCredentials(auth),
    )
    for provider in providers:
        found = await provider.get()
        assert found.secret_access_key == SECRET_KEY
        witness.sees(provider, found, KEY)
        await watched(witness, Scripted(ok()), credentials=provider).describe_registry()


@pytest.mark.parametrize(
    "arguments",
    [
        ("", SECRET_KEY, SESSION_TOKEN),
        ("AKID\n", SECRET_KEY, SESSION_TOKEN),
        ("AKID", f"{SECRET_KEY}\ud800", SESSION_TOKEN),
        ("AKID", SECRET_KEY, f"{SESSION_TOKEN}\n"),
        ("AKID", SECRET_KEY, f"{SESSION_TOKEN}\u00e9"),
        ("AKID", SECRET_KEY.encode(), SESSION_TOKEN),
        ("AKID", SECRET_KEY, SESSION_TOKEN.encode()),
    ],
)
def test_invalid_credentials(witness: Witness, arguments: Any) -> None:
    try:
        witness.sees(Credentials(*arguments))
    except Exception as error:  # noqa: BLE001 - no exception may contain a secret
        witness.catches(error)
    else:
        pytest.fail("the credentials were accepted")


@pytest.mark.parametrize("stock", [False, True], ids=["ours", "httpx"])
async def test_a_token_with_a_trailing_space(witness: Witness, stock: bool) -> None:
    """h11's message "Illegal header value" contains the value."""
    try:
        key = Credentials("AKID", SECRET_KEY, f"{SESSION_TOKEN} ")
    except CredentialsError as error:
        witness.catches(error)
        return
    transport = httpx.AsyncHTTPTransport() if stock else None
    async with serve(token) as server:
        ecr = ECRClient(
            region="eu-west-1",
            credentials=key,
            retry=NO_WAIT,
            endpoint_url=server.url,
            transport=transport,
        )
        async with ecr:
            try:
                await ecr.describe_registry()
            except ECRClientError as error:
                witness.catches(error)
        if transport is not None:
            await transport.aclose()


async def test_a_source_that_fails(witness: Witness) -> None:
    def source() -> Credentials:
        raise CredentialsError("no credentials")

    with pytest.raises(CredentialsError) as caught:
        await watched(
            witness, Scripted(), credentials=RefreshingCredentials(source)
        ).describe_registry()
    witness.catches(caught.value)


async def test_the_shared_credentials_file(witness: Witness, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = AKID\naws_secret_access_key = {SECRET_KEY}\n"
        f"aws_session_token = {SESSION_TOKEN}\n"
    )
    provider = BotocoreCredentials()
    ecr = watched(witness, Scripted(ok(TOKEN_BODY)), credentials=provider)
    witness.sees(await ecr.get_authorization_token(), provider)
    assert (await provider.get()).secret_access_key == SECRET_KEY


@pytest.mark.parametrize("given", [True, False], ids=["credentials=", "found"])
async def test_a_file_that_cannot_be_parsed(witness: Witness, tmp_path: Path, given: bool) -> None:
    """configparser's message contains the line that it cannot parse."""
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = AKID\naws_secret_access_key {SECRET_KEY}\n"
    )
    ecr = watched(witness, Scripted(), credentials=BotocoreCredentials() if given else None)
    with pytest.raises(ECRClientError) as caught:
        await ecr.describe_registry()
    witness.catches(caught.value)


async def test_a_process_with_an_invalid_result(witness: Witness, tmp_path: Path) -> None:
    output = tmp_path / "output"
    output.write_text(f'{{"Version": 1, "SecretAccessKey": "{SECRET_KEY}"}}')
    (tmp_path / "config").write_text(f"[default]\ncredential_process = cat {output}\n")
    with pytest.raises(CredentialsError) as caught:
        await watched(witness, Scripted(), credentials=BotocoreCredentials()).describe_registry()
    witness.catches(caught.value)


@pytest.mark.parametrize(
    "written",
    [f"{SECRET_KEY} is not JSON", f'{{"SecretAccessKey": "{SECRET_KEY}"', f'["{SECRET_KEY}"]'],
)
async def test_a_process_that_does_not_write_json(
    witness: Witness, tmp_path: Path, written: str
) -> None:
    """A JSONDecodeError contains its whole input."""
    output = tmp_path / "output"
    output.write_text(written)
    (tmp_path / "config").write_text(f"[default]\ncredential_process = cat {output}\n")
    with pytest.raises(CredentialsError) as caught:
        await watched(witness, Scripted(), credentials=BotocoreCredentials()).describe_registry()
    witness.catches(caught.value)


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("refreshing", [False, True])
async def test_a_source_that_cannot_parse_its_input(
    witness: Witness, *, refreshing: bool, wrapped: bool
) -> None:
    def fail() -> Credentials:
        try:
            json.loads(f"{SECRET_KEY} {SESSION_TOKEN}")
        except ValueError as error:
            if wrapped:
                raise LookupError("the vault is shut") from error
            raise
        raise AssertionError

    class Vault:
        async def get(self) -> Credentials:
            return fail()

        async def invalidate(self) -> None: ...

    provider = RefreshingCredentials(fail) if refreshing else Vault()
    with pytest.raises(CredentialsError) as caught:
        await watched(witness, Scripted(), credentials=provider).describe_registry()
    witness.catches(caught.value)


async def test_an_invalid_authorization_token(witness: Witness) -> None:
    for token in (
        base64.b64encode(f"{PASSWORD}\xff".encode("latin-1")).decode(),
        f"{AUTHORIZATION_TOKEN}\u00fc",
        f"{AUTHORIZATION_TOKEN}!",
    ):
        body = {
            "authorizationData": [
                {**TOKEN_BODY["authorizationData"][0], "authorizationToken": token}
            ]
        }
        with pytest.raises(ResponseDecodeError) as caught:
            await watched(witness, Scripted(ok(body))).registry_credentials()
        witness.catches(caught.value)


# -- user names and passwords in URLs ------------------------------------------------------------

_URLS = [
    f"http://user:{PASSWORD}@host.example:1",
    f"http://user:{PASSWORD}/@host.example:1",
    f"http://user:/{PASSWORD}@host.example:1",
    f"http://user:{PASSWORD}?@host.example:1",
    f"http://user:?{PASSWORD}@host.example:1",
    f"http://user:{PASSWORD}#@host.example:1",
    f"http://user:#{PASSWORD}@host.example:1",
    f"http://user:{PASSWORD}@@host.example:1",
    f"http://user:[{PASSWORD}@host.example:1",
    f"https://{PASSWORD}@host.example",
    f"gopher://user:{PASSWORD}@host.example",
    f"socks5://user:{PASSWORD}@host.example",
    f"user:{PASSWORD}@host.example:1",
]


@pytest.mark.parametrize("url", _URLS)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
async def test_a_proxy(
    witness: Witness, url: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, url)
    refused: list[ECRClientError] = []
    async with ECRClient(region="eu-west-1", credentials=KEY) as ecr:
        try:
            # Some of the URLs are valid.
            witness.sees(ecr, (await cast(Any, ecr)._state.resources()).senders)
        except ECRClientError as error:
            refused.append(error)
    for problem in refused:
        assert type(problem) is ConfigurationError
        assert "host.example" not in str(problem)
        witness.catches(problem)


@pytest.mark.parametrize("url", _URLS)
@pytest.mark.parametrize(
    "source", ["argument", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECR", "profile", "services"]
)
async def test_an_endpoint(
    witness: Witness, url: str, source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if source.startswith("AWS"):
        monkeypatch.setenv(source, url)
    elif source == "profile":
        (tmp_path / "config").write_text(f"[default]\nendpoint_url = {url}\n")
    elif source == "services":
        (tmp_path / "config").write_text(
            f"[default]\nservices = s\n[services s]\necr =\n  endpoint_url = {url}\n"
        )
        witness.sees(load_profile(None, os.environ))
    given = url if source == "argument" else None
    ecr = ECRClient(region="eu-west-1", credentials=KEY, endpoint_url=given)
    witness.sees(ecr)
    with pytest.raises(ConfigurationError) as caught:
        await ecr.describe_registry()
    witness.catches(caught.value)


@pytest.mark.parametrize(
    "host", ["123456789012.dkr.ecr.eu-west-1.amazonaws.com", "host.example", "x"]
)
@pytest.mark.parametrize("password", [PASSWORD, f"/{PASSWORD}", f"{PASSWORD}@", f"#{PASSWORD}/?"])
@pytest.mark.parametrize("scheme", ["https://", "http://", ""])
def test_a_reference_to_an_image(witness: Witness, scheme: str, password: str, host: str) -> None:
    text = f"{scheme}AWS:{password}@{host}"
    for parse, suffix in (
        (RegistryHost.parse, ""),
        (ImageReference.parse, "/team/app:v1"),
        (ImageReference.parse, f"/team/app@{DIGEST}"),
    ):
        with pytest.raises(ImageReferenceError) as caught:
            parse(f"{text}{suffix}")
        witness.catches(caught.value)

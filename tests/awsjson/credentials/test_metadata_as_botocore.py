"""Both services, read by botocore and by the providers: the same credentials, requests, errors."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import trustme
from botocore.utils import ContainerMetadataFetcher

from ecrclient import (
    BotocoreCredentials,
    ContainerCredentials,
    Credentials,
    CredentialsError,
    InstanceMetadataCredentials,
)
from ecrclient._awsjson.credentials import container, instance_metadata
from ecrclient._awsjson.credentials.native_chain import native_provider
from tests.awsjson.credentials.metadata_server import (
    CONTAINER_PATH,
    Reply,
    Service,
    document,
    serving,
)

pytestmark = [pytest.mark.anyio, pytest.mark.generator]
SECRETS = ("the-secret", "the-session-token", "an-imds-token", "the-bearer")
FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
AUTHORIZATION = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
IMDS = "AWS_EC2_METADATA_SERVICE_ENDPOINT"


@pytest.fixture(scope="module")
def shared_service() -> Generator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def service(shared_service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    shared_service.reset()
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setattr(container, "_PAUSE", 0)
    monkeypatch.setattr(ContainerMetadataFetcher, "SLEEP_TIME", 0)
    return shared_service


Outcome = tuple[Credentials | type[Exception], list[str]]


async def outcome(provider: Any, service: Service) -> Outcome:
    """The credentials or the type of the error, and the requests."""
    service.requests.clear()
    failure: CredentialsError | None = None
    try:
        found: Credentials | type[Exception] = await provider.get()
    except CredentialsError as error:
        found, failure = type(error), error
    if failure is not None and not isinstance(provider, BotocoreCredentials):
        # Some messages of botocore contain the body of the response.
        shown = f"{failure!r} {failure.__cause__!r} {failure.__context__!r}"
        assert not [secret for secret in SECRETS if secret in shown]
    return found, service.paths


async def both(service: Service, environ: Mapping[str, str]) -> Outcome:
    """The outcome of the client's chain, after a comparison with botocore's."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        native = native_provider(environ)
        assert isinstance(native, ContainerCredentials | InstanceMetadataCredentials)
        found = await outcome(native, service)
        assert found == await outcome(BotocoreCredentials(), service)
    return found


CONTAINER = [
    pytest.param(Reply(body=document()), 1, id="no account"),
    pytest.param(Reply(body=document(AccountId="123456789012")), 1, id="account"),
    pytest.param(Reply(body=document(Token="")), 1, id="no token"),
    pytest.param(Reply(body=document(Expiration="2099-01-01T00:00:00.25+02:00")), 1, id="offset"),
]


@pytest.mark.parametrize(("reply", "requests"), CONTAINER)
async def test_the_credentials_of_a_container(
    service: Service, reply: Reply, requests: int
) -> None:
    service.set("container", reply)
    found, paths = await both(service, {FULL: service.url + CONTAINER_PATH})
    assert isinstance(found, Credentials)
    assert found.access_key_id == "ASIAEXAMPLE"
    assert paths == [f"GET {CONTAINER_PATH}"] * requests


@pytest.mark.parametrize(
    ("reply", "requests"),
    [
        (Reply(400, "no"), 3),
        (Reply(500, document()), 3),
        (Reply(200, "not JSON: the-secret"), 3),
        (Reply(200, ""), 3),
        (Reply(cut=True), 3),
        (Reply(301, document(), {"Location": "/elsewhere"}), 3),
        (Reply(200, "[]"), 1),
        (Reply(200, document(SecretAccessKey=None)), 1),
        (Reply(200, document(Expiration=None)), 1),
        (Reply(200, document(Expiration="soon")), 1),
    ],
)
async def test_a_container_whose_endpoint_fails(
    service: Service, reply: Reply, requests: int
) -> None:
    service.set("container", reply)
    found, paths = await both(service, {FULL: service.url + CONTAINER_PATH})
    assert found is CredentialsError
    assert paths == [f"GET {CONTAINER_PATH}"] * requests


async def test_an_attempt_succeeds_after_two_failures(service: Service) -> None:
    replies = [Reply(500), Reply(cut=True), Reply(body=document())]
    service.set("container", lambda _: replies[(len(service.requests) - 1) % 3])
    found, paths = await both(service, {FULL: service.url + CONTAINER_PATH})
    assert isinstance(found, Credentials)
    assert len(paths) == 3


async def test_expired_credentials_of_a_container_are_an_error(service: Service) -> None:
    service.set("container", Reply(body=document(Expiration="2020-01-01T00:00:00Z")))
    provider = ContainerCredentials(environ={FULL: service.url + CONTAINER_PATH})
    with pytest.raises(CredentialsError, match="expired at 2020"):
        await provider.get()


@pytest.mark.parametrize("variable", [AUTHORIZATION, f"{AUTHORIZATION}_FILE"])
async def test_the_authorization_token_is_sent(
    service: Service, variable: str, tmp_path: Path
) -> None:
    seen: list[str | None] = []

    def reply(request: Any) -> Reply:
        seen.append(request.headers.get("authorization"))
        return Reply(body=document())

    service.set("container", reply)
    (tmp_path / "token").write_text("the-bearer")
    value = str(tmp_path / "token") if variable.endswith("FILE") else "the-bearer"
    environ = {FULL: service.url + CONTAINER_PATH, variable: value}
    found, _ = await both(service, environ)
    assert isinstance(found, Credentials)
    assert seen == ["the-bearer", "the-bearer"]


@pytest.mark.parametrize("value", ["the-bearer\n", "the-bearer\r\nX-Header: 1"])
async def test_a_token_with_a_line_break_is_refused(service: Service, value: str) -> None:
    environ = {FULL: service.url + CONTAINER_PATH, AUTHORIZATION: value}
    assert await both(service, environ) == (CredentialsError, [])


async def test_a_missing_token_file_is_an_error(service: Service, tmp_path: Path) -> None:
    environ = {FULL: service.url + CONTAINER_PATH, f"{AUTHORIZATION}_FILE": str(tmp_path / "none")}
    assert await both(service, environ) == (CredentialsError, [])


@pytest.mark.parametrize(
    "url",
    [
        "http://203.0.113.1/credentials",
        "http://example.com/credentials",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1@203.0.113.1/",
        "http://localhost:port/",
        "ftp://127.0.0.1/",
        "",
        "no-scheme",
    ],
)
async def test_other_hosts_are_not_asked_over_plain_http(service: Service, url: str) -> None:
    assert await both(service, {FULL: url}) == (CredentialsError, [])


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.170.2/x",
        "http://169.254.170.23/x",
        "http://[fd00:ec2::23]/x",
        "http://localhost/x",
        "http://127.1.2.3:80/x",
        "http://[::1]/x",
        "https://example.com/x",
    ],
)
def test_hosts_that_may_be_asked(url: str) -> None:
    assert container.endpoint({FULL: url}).target == "/x"
    fetcher: Any = ContainerMetadataFetcher(session=object())
    fetcher._validate_allowed_url(url)


@pytest.mark.parametrize("relative", ["@203.0.113.1/", "x", "/a b", "/a\\b", "/a\n"])
async def test_a_relative_uri_cannot_name_another_host(relative: str) -> None:
    provider = ContainerCredentials(environ={RELATIVE: relative})
    with pytest.raises(CredentialsError, match=RELATIVE):
        await provider.get()


def test_the_relative_uri_has_priority() -> None:
    environ = {RELATIVE: "/v2/credentials/guid?x=1", FULL: "http://localhost/"}
    url = container.endpoint(environ)
    assert (str(url.origin), url.target) == ("http://169.254.170.2", "/v2/credentials/guid?x=1")


# -- the instance ----------------------------------------------------------------------------------

V2 = [
    "PUT /latest/api/token",
    "GET /latest/meta-data/iam/security-credentials/",
    "GET /latest/meta-data/iam/security-credentials/deploy-role",
]
NONE = [V2[0], V2[1]]


async def test_the_role_of_an_instance(service: Service) -> None:
    found, paths = await both(service, {IMDS: service.url})
    assert isinstance(found, Credentials)
    assert (found.session_token, found.account_id) == ("the-session-token", None)
    assert paths == V2
    headers = [request.headers for request in service.requests]
    assert headers[0]["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
    assert [each.get("x-aws-ec2-metadata-token") for each in headers] == [None] + [
        "an-imds-token"
    ] * 2


async def test_an_endpoint_with_a_path(service: Service) -> None:
    service.replies = {f"/prefix{path}": reply for path, reply in service.replies.items()}
    found, paths = await both(service, {IMDS: f"{service.url}/prefix/"})
    assert isinstance(found, Credentials)
    assert paths == [line.replace(" /", " /prefix/") for line in V2]


@pytest.mark.parametrize("status", [403, 404, 405, 500, 200])
async def test_version_1_without_a_token(service: Service, status: int) -> None:
    service.set("token", Reply(status))
    found, paths = await both(service, {IMDS: service.url})
    assert isinstance(found, Credentials)
    assert paths == V2
    assert not any(each.headers.get("x-aws-ec2-metadata-token") for each in service.requests)


@pytest.mark.parametrize("disabled", ["true", "True"])
async def test_version_1_can_be_disabled(service: Service, disabled: str) -> None:
    service.set("token", Reply(404))
    environ = {IMDS: service.url, "AWS_EC2_METADATA_V1_DISABLED": disabled}
    assert await both(service, environ) == (CredentialsError, V2[:1])


@pytest.mark.parametrize(
    ("what", "reply", "paths"),
    [
        ("token", Reply(400), V2[:1]),
        ("roles", Reply(404), NONE),
        ("roles", Reply(200, ""), NONE),
        ("credentials", Reply(500), V2),
        ("credentials", Reply(200, "not JSON: the-secret"), V2),
        ("credentials", Reply(200, "[]"), V2),
        ("credentials", Reply(200, '{"Code": "AssumeRoleUnauthorizedAccess", "Message": ""}'), V2),
        ("credentials", Reply(200, document(Token=None)), V2),
        ("credentials", Reply(200, document(Expiration="soon")), V2),
        ("credentials", Reply(cut=True), V2),
        ("roles", Reply(302, "", {"Location": "/elsewhere"}), NONE),
    ],
)
async def test_an_instance_whose_service_fails(
    service: Service, what: str, reply: Reply, paths: list[str]
) -> None:
    service.set(what, reply)
    assert await both(service, {IMDS: service.url}) == (CredentialsError, paths)


async def test_the_configured_number_of_attempts(service: Service) -> None:
    service.set("roles", Reply(500))
    environ = {IMDS: service.url, "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "3"}
    assert await both(service, environ) == (CredentialsError, [V2[0]] + [V2[1]] * 3)
    service.set("token", Reply(500))
    found, paths = await both(service, environ)
    assert found is CredentialsError
    assert paths == [V2[0]] * 3 + [V2[1]] * 3


async def test_a_token_that_does_not_arrive(service: Service) -> None:
    service.set("token", Reply(hang=True))
    environ = {IMDS: service.url, "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "2"}
    found, paths = await both(service, environ)
    assert isinstance(found, Credentials)
    assert paths == V2, "the token is not asked for again"


@pytest.mark.parametrize(
    "environ",
    [
        {"AWS_EC2_METADATA_DISABLED": "True"},
        {"AWS_METADATA_SERVICE_TIMEOUT": "soon"},
        {"AWS_METADATA_SERVICE_TIMEOUT": "0"},
        {"AWS_METADATA_SERVICE_NUM_ATTEMPTS": ""},
        {"AWS_METADATA_SERVICE_NUM_ATTEMPTS": "0"},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv5"},
        {IMDS: "http://"},
    ],
)
async def test_settings_that_exclude_a_request(
    service: Service, environ: Mapping[str, str]
) -> None:
    assert await both(service, {IMDS: service.url, **environ}) == (CredentialsError, [])


@pytest.fixture(scope="module")
def untrusted() -> Generator[str]:
    """The URL of a server whose certificate nothing trusts; it accepts one connection at a time."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate: Any = trustme.CA().issue_cert("localhost")
    certificate.configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def accept() -> None:
            while not ended.is_set():
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"https://localhost:{listener.getsockname()[1]}"
        ended.set()
        socket.create_connection(listener.getsockname()).close()
        thread.join()


@pytest.mark.parametrize("variable", [FULL, IMDS])
async def test_an_invalid_certificate_is_not_asked_again(
    service: Service, untrusted: str, variable: str
) -> None:
    assert await both(service, {variable: untrusted}) == (CredentialsError, [])
    provider = native_provider({variable: untrusted})
    assert provider is not None
    with pytest.raises(CredentialsError, match=r"failed: .*certificate"):
        await provider.get()


@pytest.mark.parametrize("variable", [FULL, IMDS])
async def test_a_closed_port(service: Service, variable: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    environ = {variable: url, "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "2"}
    assert await both(service, environ) == (CredentialsError, [])


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "http://169.254.169.254/"),
        ({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}, "http://[fd00:ec2::254]/"),
        ({"AWS_IMDS_USE_IPV6": "true"}, "http://[fd00:ec2::254]/"),
        (
            {"AWS_IMDS_USE_IPV6": "true", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv4"},
            "http://169.254.169.254/",
        ),
        ({IMDS: "http://127.0.0.1:99", "AWS_IMDS_USE_IPV6": "true"}, "http://127.0.0.1:99"),
        ({IMDS: ""}, "http://169.254.169.254/"),
    ],
)
def test_the_endpoint_of_the_service(
    environ: Mapping[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert instance_metadata.metadata_endpoint(environ) == url
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    session: Any = botocore.session.Session()
    provider: Any = session.get_component("credential_provider").get_provider("iam-role")
    assert provider._role_fetcher.get_base_url() == url

"""The HTTP server over real sockets."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import AsyncIterator

import anyio
import anyio.to_thread
import httpx
import pytest

from ecrclient import ConnectError, Credentials, ECRClient, ReadError, RetryPolicy, ServiceError
from ecrclient.errors import RepositoryAlreadyExistsException
from ecrclient.testing import InMemoryECR, ServedECR
from ecrclient.testing.http_server import HttpServer

pytestmark = pytest.mark.anyio

ONCE = RetryPolicy(max_attempts=1)


def client_of(ecr: InMemoryECR, server: ServedECR) -> ECRClient:
    return ECRClient(
        region=ecr.region,
        credentials=ecr.credentials,
        endpoint_url=server.url,
        retry=ONCE,
    )


@pytest.fixture
async def server(ecr: InMemoryECR) -> AsyncIterator[ServedECR]:
    async with ecr.serve() as server:
        yield server


@pytest.fixture
async def client(ecr: InMemoryECR, server: ServedECR) -> AsyncIterator[ECRClient]:
    async with client_of(ecr, server) as client:
        yield client


async def test_client_calls_the_server(ecr: InMemoryECR, client: ECRClient) -> None:
    await client.create_repository(repository_name="team/app")
    with pytest.raises(RepositoryAlreadyExistsException) as caught:
        await client.create_repository(repository_name="team/app")
    assert caught.value.request_id is not None
    assert ecr.calls.operations == ["CreateRepository"] * 2


async def test_state_is_shared_with_clients_in_the_process(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    async with ecr.client() as inside, anyio.create_task_group() as group:
        for number in range(20):
            one = (client, inside)[number % 2]
            group.start_soon(create, one, f"app-{number}")
    assert len(await client.describe_repositories().collect()) == 20


async def create(client: ECRClient, name: str) -> None:
    await client.create_repository(repository_name=name)


async def test_signatures_are_checked(ecr: InMemoryECR, server: ServedECR) -> None:
    wrong = Credentials(ecr.credentials.access_key_id, "guess")
    async with ECRClient(region=ecr.region, credentials=wrong, endpoint_url=server.url) as client:
        with pytest.raises(ServiceError, match="does not match the signature"):
            await client.describe_registry()


async def test_response_headers(ecr: InMemoryECR, server: ServedECR) -> None:
    async with httpx.AsyncClient() as http:
        response = await http.post(server.url, content=b"{}")
    assert (response.status_code, response.json()["__type"]) == (400, "UnknownOperationException")
    assert set(response.headers) == {"x-amzn-requestid", "content-type", "date", "content-length"}
    assert ecr.calls.operations == ["POST /"]


# -- faults ---------------------------------------------------------------------------------------


async def test_a_dropped_connection_is_closed(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.drop()
    with pytest.raises(ReadError):
        await client.create_repository(repository_name="team/app")
    assert ecr.calls[-1].status is None
    await client.create_repository(repository_name="team/app")


async def test_request_with_a_lost_response_is_executed(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    ecr.faults.drop(executed=True)
    with pytest.raises(ReadError):
        await client.create_repository(repository_name="team/app")
    with pytest.raises(RepositoryAlreadyExistsException):
        await client.create_repository(repository_name="team/app")


async def test_truncated_body_is_a_read_error(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.truncate(10)
    with pytest.raises(ReadError, match="before the response was complete"):
        await client.describe_registry()


async def test_bytes_sent_before_the_connection_is_closed(
    ecr: InMemoryECR, server: ServedECR
) -> None:
    ecr.faults.drop()
    ecr.faults.truncate(3)

    def exchange() -> bytes:
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as raw:
            raw.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
            received = b""
            while piece := raw.recv(65536):
                received += piece
            return received

    assert await anyio.to_thread.run_sync(exchange) == b""
    head, _, body = (await anyio.to_thread.run_sync(exchange)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert body == b'{"_'


async def test_delayed_response_does_not_delay_the_stop(ecr: InMemoryECR) -> None:
    ecr.faults.latency(3600)
    failed: list[Exception] = []

    async def wait_for_it(client: ECRClient) -> None:
        try:
            await client.describe_registry()
        except ReadError as error:
            failed.append(error)

    async with (
        ecr.serve() as server,
        client_of(ecr, server) as client,
        anyio.create_task_group() as group,
    ):
        group.start_soon(wait_for_it, client)
        while not ecr.calls:
            await anyio.sleep(0.01)
        await anyio.to_thread.run_sync(server.stop)
    assert len(failed) == 1


# -- starting and stopping ------------------------------------------------------------------------


async def test_stopped_server_leaves_no_thread_and_no_listener(ecr: InMemoryECR) -> None:
    async with ecr.serve() as server, client_of(ecr, server) as client:
        await client.describe_registry()
        url = server.url
        assert repr(server) == f"<ServedECR {url}>"
    assert repr(server) == "<ServedECR not running>"
    with pytest.raises(RuntimeError, match="is not running"):
        _ = server.url
    assert [one.name for one in threading.enumerate() if one.name == "in-memory ECR"] == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))


def test_blocking_code_can_call_the_server(ecr: InMemoryECR) -> None:
    with ecr.serve() as server:
        request = urllib.request.Request(server.url, b"{}")
        with pytest.raises(urllib.request.HTTPError) as caught:
            urllib.request.urlopen(request)
        with caught.value as response:
            assert response.headers["content-type"] == "application/x-amz-json-1.1"
        with pytest.raises(RuntimeError, match="is already running"):
            server.start()
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), ecr.serve(port=port):
            pass
    server.stop()


async def test_server_can_be_restarted_on_the_same_port(
    ecr: InMemoryECR, server: ServedECR, client: ECRClient
) -> None:
    await client.create_repository(repository_name="team/app")
    url = server.url
    await anyio.to_thread.run_sync(server.stop)
    with pytest.raises(ConnectError):
        await client.describe_registry()
    await anyio.to_thread.run_sync(server.start)
    assert server.url == url
    assert len(await client.describe_repositories().collect()) == 1


def test_failure_to_start_is_reported(ecr: InMemoryECR) -> None:
    closed = socket.socket()
    closed.close()
    with pytest.raises(RuntimeError, match="did not start") as caught:
        HttpServer(ecr.asgi_app(), closed)
    assert isinstance(caught.value.__cause__, OSError)


def test_url_is_reachable_for_each_address(ecr: InMemoryECR) -> None:
    with ecr.serve("0.0.0.0") as server:
        assert server.url.startswith("http://127.0.0.1:")
    if socket.has_ipv6:
        with ecr.serve("::1") as server:
            assert server.url.startswith("http://[::1]:")


def test_environment_variables() -> None:
    temporary = Credentials("ASIATEMPORARY", "secret", "token")
    with InMemoryECR(region="eu-west-1", credentials=temporary).serve() as server:
        assert server.environment() == {
            "AWS_ENDPOINT_URL_ECR": server.url,
            "AWS_ACCESS_KEY_ID": "ASIATEMPORARY",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "token",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
        }

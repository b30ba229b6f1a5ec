"""Opening a connection: the order of the addresses, the errors, and the sockets that are closed."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, cast

import anyio
import pytest
import trustme

from ecrclient._awsjson.transport import connecting
from ecrclient._awsjson.transport.connecting import open_connection
from ecrclient._awsjson.transport.connection import Connection
from ecrclient._awsjson.transport.h11_parser import H11Parser
from tests.awsjson.transport.backends import anyio_backend as anyio_backend
from tests.awsjson.transport.conftest import trusting
from tests.awsjson.transport.server import http_response, respond_with, serve

pytestmark = pytest.mark.anyio
FOUR, SIX = socket.AF_INET, socket.AF_INET6
Sockets = set[socket.socket]


def resolve_to(monkeypatch: pytest.MonkeyPatch, *ports: int) -> list[dict[str, Any]]:
    """Have names resolve to these ports of 127.0.0.1; return the hints of each resolution."""
    asked: list[dict[str, Any]] = []

    async def getaddrinfo(host: str, port: int, **hints: Any) -> list[Any]:
        asked.append({"host": host, "port": port, **hints})
        return [(FOUR, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]

    monkeypatch.setattr(anyio, "getaddrinfo", getaddrinfo)
    return asked


def connect_with(
    monkeypatch: pytest.MonkeyPatch, connect: Callable[[int, Sockets], Awaitable[socket.socket]]
) -> None:
    """Replace the connection to one address, which is represented by its port."""

    async def connect_to(address: Any, sockets: Sockets) -> socket.socket:
        return await connect(address[1][1], sockets)

    monkeypatch.setattr(connecting, "_connect_to", connect_to)


def refused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port: int = unused.getsockname()[1]
        return port


async def open_plain(host: str, port: int, sockets: Sockets) -> Connection:
    return await open_connection(host, port, None, H11Parser(), sockets)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([(FOUR, 1), (FOUR, 2), (SIX, 3), (SIX, 4)], [3, 1, 4, 2]),
        ([(SIX, 1), (SIX, 2), (FOUR, 3)], [1, 3, 2]),
        ([(FOUR, 1), (FOUR, 2)], [1, 2]),
        ([(SIX, 1), (SIX, 2)], [1, 2]),
        ([], []),
    ],
)
def test_families_alternate(given: list[tuple[Any, int]], expected: list[int]) -> None:
    found = cast(Any, connecting)._alternating((family, ("host", port)) for family, port in given)
    assert [where[1] for _, where in found] == expected


async def test_the_socket_of_a_connection(anyio_backend: object) -> None:
    sockets: Sockets = set()
    async with serve(respond_with(http_response())) as server:
        port, parser = int(server.url.rpartition(":")[2]), H11Parser()
        connection = await open_connection("127.0.0.1", port, None, parser, sockets)
        assert connection.parser is parser
        (sock,) = sockets
        assert sock is cast(Any, connection)._socket
        assert not sock.getblocking()
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        connection.close()


async def test_sockets_of_a_tls_connection_are_closed_after_a_failed_handshake(
    anyio_backend: object, ca: trustme.CA, bad_contexts: dict[str, ssl.SSLContext]
) -> None:
    sockets: Sockets = set()
    context = bad_contexts["wrong name"]
    async with serve(respond_with(http_response()), context=context) as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(ssl.SSLCertVerificationError):
            await open_connection("localhost", port, trusting(ca), H11Parser(), sockets)
    # Two plain sockets if localhost has two addresses.
    assert {type(sock).__name__ for sock in sockets} == {"SSLSocket", "socket"}
    assert {sock.fileno() for sock in sockets} == {-1}


async def test_the_host_is_resolved_for_streams(
    anyio_backend: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve_to(monkeypatch)
    with pytest.raises(OSError, match=r"^two\.example has no addresses$"):
        await open_plain("two.example", 443, set())
    assert asked == [{"host": "two.example", "port": 443, "type": socket.SOCK_STREAM}]


async def test_the_error_has_each_reason_once(
    anyio_backend: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(port: int, _: Sockets) -> socket.socket:
        raise OSError(f"reason {port}")

    resolve_to(monkeypatch, 1, 2, 1)
    connect_with(monkeypatch, fail)
    with pytest.raises(OSError, match="any address") as caught:
        await open_plain("many.example", 443, set())
    assert str(caught.value) == (
        "cannot connect to any address of many.example: reason 1; reason 2"
    )
    assert str(caught.value.__cause__) == "reason 1"


async def test_a_refused_connection(anyio_backend: object, monkeypatch: pytest.MonkeyPatch) -> None:
    sockets: Sockets = set()
    resolve_to(monkeypatch, refused_port())
    with pytest.raises(OSError, match=r"\[Errno \d+\] Connection refused$") as caught:
        await open_plain("one.example", 443, sockets)
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    assert [sock.fileno() for sock in sockets] == [-1]


async def test_a_failure_starts_the_next_attempt_immediately(
    anyio_backend: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(respond_with(http_response())) as server:
        resolve_to(monkeypatch, refused_port(), int(server.url.rpartition(":")[2]))
        monkeypatch.setattr(connecting, "_NEXT_ATTEMPT_SECONDS", 1000)
        with anyio.fail_after(20):
            connection = await open_plain("two.example", 443, set())
        connection.close()


async def test_of_two_connections_one_is_closed(
    anyio_backend: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both succeed in the same iteration of the event loop."""
    near = [socket.socket(), socket.socket()]
    both = anyio.Event()
    tried: list[int] = []

    async def connect(port: int, _: Sockets) -> socket.socket:
        tried.append(port)
        with anyio.CancelScope(shield=True):
            if len(tried) == 2:
                both.set()
            await both.wait()
        return near[port]

    resolve_to(monkeypatch, 0, 1)
    connect_with(monkeypatch, connect)
    monkeypatch.setattr(connecting, "_NEXT_ATTEMPT_SECONDS", 0)
    connection = await open_plain("two.example", 443, set())
    (used,) = [sock for sock in near if sock.fileno() >= 0]
    assert cast(Any, connection)._socket is used
    connection.close()


async def test_a_cancelled_call_closes_the_connection(
    anyio_backend: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far = socket.socketpair()

    async def connect(_: int, __: Sockets) -> socket.socket:
        scope.cancel()
        return near

    resolve_to(monkeypatch, 1)
    connect_with(monkeypatch, connect)
    with far, anyio.CancelScope() as scope:
        await open_plain("one.example", 443, set())
    assert scope.cancelled_caught
    assert near.fileno() == -1


async def test_a_cancelled_attempt_closes_its_socket(anyio_backend: object) -> None:
    """A listener whose queue is full does not respond."""
    sockets: Sockets = set()
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(open_plain, "127.0.0.1", full.getsockname()[1], sockets)
            while not sockets:
                await anyio.sleep(0.001)
            tasks.cancel_scope.cancel()
        for other in others:
            other.close()
    assert [sock.fileno() for sock in sockets] == [-1]

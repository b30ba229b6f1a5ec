"""The constructor of a byte transport, forks, and interrupted connection attempts."""

from __future__ import annotations

import math
import os
import ssl
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
from anyio.from_thread import start_blocking_portal

from ecrclient._awsjson.protocol.errors import ClientClosedError, ConfigurationError
from ecrclient._awsjson.transport import byte_transport
from ecrclient._awsjson.transport.byte_transport import ByteTransport
from ecrclient._awsjson.transport.origin import Origin
from ecrclient._awsjson.transport.timer import AttemptTimer
from tests.awsjson.transport.server import http_response, respond_with, serve

HEAD = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n"


async def post(transport: ByteTransport, url: str) -> bytes:
    origin, timer = Origin.of(url), AttemptTimer(None, None)
    return (await transport.post(origin, HEAD, b"{}", 10, timer, resend=True)).content


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_connections": 0}, "max_connections must be at least 1, not 0"),
        (
            {"keepalive_expiry": -1},
            "keepalive_expiry must not be less than 0 seconds, not -1",
        ),
        (
            {"keepalive_expiry": "5"},
            "keepalive_expiry must be a number of seconds, not an object of type str",
        ),
        ({"verify": 5}, "verify must be a path or an SSLContext, not 5"),
        ({"max_response_bytes": 0}, "max_response_bytes must be at least 1, not 0"),
        ({"parser": "regex"}, "parser must be h11 or httptools, not 'regex'"),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cast(Any, ByteTransport)(**{"max_connections": 1, **arguments})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "arguments",
    [
        {"keepalive_expiry": 0},
        {"keepalive_expiry": math.inf},
        {"verify": None},
        {"verify": "ca.pem"},
        {"verify": Path("ca.pem")},
        {"verify": ssl.create_default_context()},
        {"max_response_bytes": 1},
        {"parser": "h11"},
    ],
)
def test_limits_of_the_arguments_are_accepted(arguments: dict[str, Any]) -> None:
    transport = ByteTransport(max_connections=1, **arguments)
    assert transport.max_response_bytes == arguments.get("max_response_bytes", 64 * 1024 * 1024)
    assert transport.origin is None


def test_a_forked_child_closes_its_copies_of_the_connections(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process becomes its own child; like a child, it does not continue the event loop."""
    with start_blocking_portal() as portal:
        manager = portal.wrap_async_context_manager(serve(respond_with(http_response(b"fine"))))
        with manager as server, closing(ByteTransport(max_connections=3)) as transport:

            def call() -> None:
                assert anyio.run(post, transport, server.url, backend=anyio_backend) == b"fine"

            call()
            parent, child = os.getpid(), os.getpid() + 1
            monkeypatch.setattr(os, "getpid", lambda: child)
            call()
            portal.call(server.wait_until_open, 1)
            stats = transport.stats()
            assert (stats.open, stats.created, stats.reused) == (1, 1, 0)
            call()
            assert (transport.stats().reused, server.connections) == (1, 2)
            monkeypatch.setattr(os, "getpid", lambda: parent)
            call()
            assert (transport.stats().reused, server.connections) == (0, 3)
            assert cast(Any, transport)._opening == []


@pytest.mark.anyio
async def test_a_transport_that_was_closed_before_a_fork_is_closed_in_the_child(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = ByteTransport(max_connections=3)
    transport.close()
    monkeypatch.setattr(os, "getpid", lambda: 1)
    for _ in range(2):
        with pytest.raises(ClientClosedError, match=r"^the transport is closed$"):
            await post(transport, "http://localhost:1")


@pytest.mark.anyio
async def test_a_cancelled_call_does_not_wait_until_certificates_are_read(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, release, ended = threading.Event(), threading.Event(), threading.Event()

    def read_slowly(_: str | None) -> ssl.SSLContext:
        begun.set()
        release.wait(10)
        ended.set()
        return ssl.create_default_context()

    monkeypatch.setattr(byte_transport, "shared_context", read_slowly)
    with closing(ByteTransport(max_connections=1)) as transport:
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(post, transport, "https://localhost:1")
                while not begun.is_set():
                    await anyio.sleep(0.001)
                tasks.cancel_scope.cancel()
            assert not ended.is_set()
        finally:
            release.set()
        assert transport.stats().in_use == 0

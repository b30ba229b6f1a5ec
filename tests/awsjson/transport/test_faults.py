"""Servers that misbehave: each fault raises one httpx error, and the next call succeeds."""

from __future__ import annotations

import gzip
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import trustme

from ecrclient._awsjson.over_httpx.messages import HttpxResponseTooLarge
from ecrclient._awsjson.over_httpx.pooled_transport import PooledTransport
from ecrclient._awsjson.protocol.errors import ConfigurationError
from ecrclient._awsjson.transport import tls
from ecrclient._awsjson.transport.errors import TransportError
from ecrclient._awsjson.transport.h11_parser import H11Parser
from ecrclient._awsjson.transport.parser_choice import find_parser
from ecrclient._awsjson.transport.tls import shared_context
from tests.awsjson.transport.conftest import request, send, trusting
from tests.awsjson.transport.server import (
    Peer,
    Script,
    http_response,
    respond_and_close,
    respond_with,
    serve,
)

pytestmark = pytest.mark.anyio
Make = Callable[..., PooledTransport]

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def reset_at_once(peer: Peer) -> None:
    await peer.reset()


async def reset_after_request(peer: Peer) -> None:
    await peer.request()
    await peer.reset()


async def reset_in_the_body(peer: Peer) -> None:
    await peer.request()
    await peer.send(http_response(b"x" * 1000)[:-500])
    await anyio.sleep(0.05)
    await peer.reset()


async def silence(peer: Peer) -> None:
    await peer.request()
    await peer.closed()


async def half_a_head_and_silence(peer: Peer) -> None:
    await peer.request()
    await peer.send(b"HTTP/1.1 200 OK\r\nConte")
    await peer.closed()


async def half_a_body_and_silence(peer: Peer) -> None:
    await peer.request()
    await peer.send(http_response(b"0123456789")[:-5])
    await peer.closed()


async def deaf(peer: Peer) -> None:
    await anyio.sleep_forever()


async def check(
    transport: PooledTransport, script: Script, error: type[httpx.TransportError], **arguments: Any
) -> httpx.TransportError:
    """Check that the call raises this error, and that the next one succeeds."""
    async with serve(script, respond_with(http_response(b"fine"))) as server:
        with anyio.fail_after(30), pytest.raises(error) as caught:
            await send(transport, server.url, **arguments)
        assert type(caught.value) is error
        assert caught.value.request.url == f"{server.url}/"
        assert str(caught.value)
        stats = transport.stats()
        assert (stats.open, stats.in_use, stats.created) == (0, 0, 1), "it was tried once"
        assert (await send(transport, server.url)).content == b"fine"
        return caught.value


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "before the head"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "before the head"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "before the head"),
        (http_response(b"0123456789")[:-3], ""),
        (CHUNKED + b"5\r\nhello\r\n", ""),
        (CHUNKED + b"5\r\nhel", ""),
        (CHUNKED + b"5\r\nhello\r\n0\r\n", ""),
        (CHUNKED + b"five\r\nhello\r\n0\r\n\r\n", ""),
        (CHUNKED + b"3\r\nhello\r\n0\r\n\r\n", ""),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", ""),
        (b"\x15\x03\x01\x00\x02\x02\x46 no TLS here\r\n\r\n", ""),
        (b"HTTP/1.1 abc OK\r\n\r\n", ""),
        (b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nabc", ""),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", ""),
    ],
)
async def test_incomplete_response(make: Make, data: bytes, said: str) -> None:
    error = await check(make(), respond_and_close(data), httpx.RemoteProtocolError)
    assert said in str(error)
    assert error.__cause__ is not None


def origin(error: BaseException) -> BaseException | None:
    """The cause of the client's error, which is the cause of the httpx error."""
    assert isinstance(error.__cause__, TransportError)
    return error.__cause__.__cause__


@pytest.mark.parametrize("script", [reset_after_request, reset_in_the_body])
async def test_a_reset_while_reading(make: Make, script: Script) -> None:
    error = await check(make(), script, httpx.ReadError)
    assert isinstance(origin(error), ConnectionError)


async def test_immediate_reset(make: Make) -> None:
    async with serve(reset_at_once) as server:
        transport = make()
        with pytest.raises((httpx.ReadError, httpx.WriteError)):
            await send(transport, server.url)
        assert transport.stats().in_use == 0


async def test_a_reset_while_sending(make: Make) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.reset()

    await check(make(), script, httpx.WriteError, body=b"x" * 30_000_000)


async def test_response_before_the_request_is_complete(make: Make) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(http_response(b"too large", status="413 Content Too Large"))
        await anyio.sleep(0.2)

    async with serve(script) as server:
        transport = make()
        try:
            response = await send(transport, server.url, body=b"x" * 30_000_000)
        except httpx.WriteError:
            pass  # the reset that follows may arrive before the response
        else:
            assert response.status_code == 413
        assert transport.stats().in_use == 0


@pytest.mark.parametrize("script", [silence, half_a_head_and_silence, half_a_body_and_silence])
async def test_server_that_sends_nothing(make: Make, script: Script) -> None:
    error = await check(make(), script, httpx.ReadTimeout, read=0.1)
    assert "0.1 s" in str(error)
    assert isinstance(origin(error), TimeoutError)


async def test_server_that_reads_nothing(make: Make) -> None:
    with socket.create_server(
        ("127.0.0.1", 0)
    ) as server:  # it accepts the connection and does not read
        transport = make()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(httpx.WriteTimeout, match=r"0\.2 s") as caught:
            await send(transport, url, body=b"x" * 30_000_000, write=0.2)
        assert isinstance(origin(caught.value), TimeoutError)
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)


async def test_timeout_ends_a_slow_response(make: Make) -> None:
    async def drip(peer: Peer) -> None:
        await peer.request()
        for byte in http_response(b"x" * 10_000):
            await peer.send(bytes([byte]))
            await anyio.sleep(0.01)

    async with serve(drip, respond_with(http_response())) as server:
        transport = make()
        with anyio.move_on_after(0.3) as scope:
            await send(transport, server.url, read=5)
        assert scope.cancelled_caught
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)
        assert (await send(transport, server.url)).status_code == 200


# -- size ------------------------------------------------------------------------------------


def never_ending(start: bytes, piece: bytes) -> Script:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(start)
        while True:
            await peer.send(piece)

    return script


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        (CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"),
        (http_response(b"")[:-6].replace(b" 0", b" ") + b"99999999\r\n\r\n", b"x" * 4096),
    ],
    ids=["until EOF", "chunked", "announced"],
)
async def test_endless_body(make: Make, start: bytes, piece: bytes) -> None:
    transport = make(max_response_bytes=3_000_000)
    error = await check(transport, never_ending(start, piece), HttpxResponseTooLarge)
    assert "3000000 bytes" in str(error)


@pytest.mark.parametrize(
    "head", [http_response(b"x" * 200), CHUNKED + b"c8\r\n" + b"x" * 200 + b"\r\n0\r\n\r\n"]
)
async def test_body_that_is_too_large_and_arrives_together(make: Make, head: bytes) -> None:
    async with serve(respond_with(head)) as server:
        transport = make(max_response_bytes=100)
        with pytest.raises(HttpxResponseTooLarge):
            await send(transport, server.url)
        assert transport.stats().in_use == 0


async def test_body_of_100_megabytes(make: Make, good_context: ssl.SSLContext) -> None:
    body = memoryview(bytes(100_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head)
        for start in range(0, len(body), 1_000_000):
            await peer.send(bytes(body[start : start + 1_000_000]))

    async with serve(script) as server:
        with pytest.raises(HttpxResponseTooLarge):
            await send(make(), server.url)
        large = make(max_response_bytes=100_000_000)
        assert len((await send(large, server.url)).content) == 100_000_000


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 4096),
        (b"HTTP/1.1 200 OK\r\n", b"X-Header: some value\r\n" * 100),
        (b"HTTP/1.1 200 ", b"O" * 4096),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        (CHUNKED + b"1\r\nx\r\n0\r\n", b"X-Trailer: some value\r\n" * 100),
        (CHUNKED + b"1;ext=", b"x" * 4096),
    ],
    ids=["value", "headers", "reason", "informational", "trailers", "chunk extension"],
)
async def test_endless_head(make: Make, start: bytes, piece: bytes) -> None:
    await check(make(), never_ending(start, piece), httpx.RemoteProtocolError)


async def test_a_large_head_is_read(make: Make) -> None:
    large = http_response(b"{}", "X: " + "x" * 30_000, "Y: " + "y" * 30_000)
    async with serve(respond_with(large)) as server:
        assert len((await send(make(), server.url)).headers["y"]) == 30_000


@pytest.mark.parametrize("whole", [True, False])
async def test_gzip_bomb(make: Make, whole: bool) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    data = http_response(bomb, "Content-Encoding: gzip")
    if not whole:
        data = CHUNKED[:-2] + b"Content-Encoding: gzip\r\n\r\n%x\r\n%b\r\n" % (len(bomb), bomb)
        data += b"0\r\n\r\n"
    async with serve(respond_with(data, http_response(b"next"))) as server:
        transport = make(max_response_bytes=1_000_000)
        with pytest.raises(HttpxResponseTooLarge):
            await send(transport, server.url)
        assert transport.stats().in_use == 0
        assert (await send(transport, server.url)).content == b"next"


async def test_invalid_gzip(make: Make) -> None:
    async with serve(
        respond_with(http_response(b"plain", "Content-Encoding: gzip"), http_response(b"next"))
    ) as server:
        transport = make()
        with pytest.raises(httpx.DecodingError):
            await send(transport, server.url)
        assert transport.stats().in_use == 0
        assert (await send(transport, server.url)).content == b"next"


# -- no connection -------------------------------------------------------------------------------


async def test_connection_refused(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    transport = make()
    with pytest.raises(httpx.ConnectError) as caught:
        await send(transport, f"http://127.0.0.1:{port}")
    assert isinstance(origin(caught.value), OSError)
    assert transport.stats().in_use == 0


async def test_unknown_host(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(httpx.ConnectError, match="not known"):
        await send(make(), "http://api.ecr.nowhere.invalid")


async def test_address_that_does_not_respond_is_skipped(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first address refuses, the second does not respond, the third accepts."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(silent.getsockname())
        async with serve(respond_with(http_response(b"fine"))) as server:
            port = int(server.url.rpartition(":")[2])
            tcp = (socket.SOCK_STREAM, 6, "")

            def getaddrinfo(*_: object, **__: object) -> list[Any]:
                return [
                    (socket.AF_INET, *tcp, silent.getsockname()),
                    (socket.AF_INET, *tcp, ("127.0.0.1", port)),
                    (socket.AF_INET6, *tcp, ("::1", 1, 0, 0)),
                ]

            monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
            transport = make(max_connections=1)
            assert (await send(transport, "http://three.example")).content == b"fine"
            assert transport.stats().open == 1
            monkeypatch.undo()
        for other in others:
            other.close()


async def test_no_address_accepts(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: object, **__: object) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", 1)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(httpx.ConnectError, match=r"any address of two\.example: .*refused"):
        await send(make(), "http://two.example")


async def test_invalid_host_name(make: Make) -> None:
    with pytest.raises(httpx.ConnectError):
        await send(make(), f"http://{'a' * 70}.example")


async def test_connect_timeout(make: Make) -> None:
    """A listener whose queue is full does not respond."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        transport = make()
        with pytest.raises(httpx.ConnectTimeout, match=r"0\.2 s") as caught:
            await send(transport, f"http://127.0.0.1:{full.getsockname()[1]}", connect=0.2)
        assert isinstance(origin(caught.value), TimeoutError)
        assert transport.stats().in_use == 0
        for other in others:
            other.close()


async def test_handshake_timeout(make: Make) -> None:
    async with serve(deaf) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        transport = make()
        with pytest.raises(httpx.ConnectTimeout):
            await send(transport, url, connect=0.2)
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)


# -- TLS -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("unknown", "verify failed"),
        ("expired", "expired"),
        ("wrong name", "not valid for 'localhost'"),
    ],
)
async def test_invalid_certificate(
    make: Make, bad_contexts: dict[str, ssl.SSLContext], kind: str, said: str
) -> None:
    async with serve(respond_with(http_response()), context=bad_contexts[kind]) as server:
        transport = make()
        with pytest.raises(httpx.ConnectError, match=said) as caught:
            await send(transport, server.url)
        assert isinstance(origin(caught.value), ssl.SSLCertVerificationError)
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)


async def test_server_without_tls(make: Make) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serve(script) as server:
        with pytest.raises(httpx.ConnectError):
            await send(make(), server.url.replace("http://127.0.0.1", "https://localhost"))


async def test_old_tls_is_refused(make: Make, good_context: ssl.SSLContext) -> None:
    assert shared_context().minimum_version >= ssl.TLSVersion.TLSv1_2
    assert shared_context().check_hostname
    assert shared_context().verify_mode is ssl.CERT_REQUIRED


async def test_truncated_tls_connection_is_an_error(
    make: Make, ca: trustme.CA, good_context: ssl.SSLContext
) -> None:
    """Without a length, only TLS's closing message distinguishes an end from a truncation."""
    context = trusting(ca)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    assert not shared_context().options & ssl.OP_IGNORE_UNEXPECTED_EOF
    data = b"HTTP/1.1 200 OK\r\n\r\nhalf of it"
    async with serve(respond_and_close(data), context=good_context) as server:
        with pytest.raises(httpx.RemoteProtocolError, match="before the response was complete"):
            await send(make(verify=context), server.url)


@pytest.fixture
def lax_context(ca: trustme.CA) -> ssl.SSLContext:
    """Like the default context of some interpreters, such as Debian's Python 3.11."""
    context = trusting(ca)
    context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


@pytest.mark.parametrize("body", [b"half of it", b""])
async def test_a_context_that_hides_cuts_must_not_end_a_response(
    make: Make, good_context: ssl.SSLContext, lax_context: ssl.SSLContext, body: bytes
) -> None:
    options = lax_context.options
    data = b"HTTP/1.1 200 OK\r\n\r\n" + body
    async with serve(respond_and_close(data), context=good_context) as server:
        transport = make(verify=lax_context)
        with pytest.raises(httpx.RemoteProtocolError, match="OP_IGNORE_UNEXPECTED_EOF"):
            await send(transport, server.url)
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)
    assert lax_context.options == options


@pytest.mark.parametrize(
    "data", [http_response(b"hello", "Connection: close"), CHUNKED + b"5\r\nhello\r\n0\r\n\r\n"]
)
async def test_a_context_that_hides_cuts_is_accepted(
    make: Make, good_context: ssl.SSLContext, lax_context: ssl.SSLContext, data: bytes
) -> None:
    async with serve(respond_and_close(data), context=good_context) as server:
        assert (await send(make(verify=lax_context), server.url)).content == b"hello"


@pytest.mark.parametrize(
    "data", [http_response(b"hello")[:-2], CHUNKED + b"5\r\nhello\r\n0\r\n", CHUNKED[:-2]]
)
async def test_a_context_that_hides_cuts_leaves_truncation_an_error(
    make: Make, good_context: ssl.SSLContext, lax_context: ssl.SSLContext, data: bytes
) -> None:
    async with serve(respond_and_close(data), context=good_context) as server:
        with pytest.raises(httpx.RemoteProtocolError, match=r"closed|incomplete"):
            await send(make(verify=lax_context), server.url)


def test_a_context_is_shared() -> None:
    assert shared_context() is shared_context(None)


def test_unreadable_bundle(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.pem"):
        shared_context(str(tmp_path / "missing.pem"))
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate")
    with pytest.raises(ConfigurationError, match=r"empty\.pem"):
        shared_context(str(empty))


async def test_bundle(
    make: Make, ca: trustme.CA, good_context: ssl.SSLContext, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(bundle))
    async with serve(respond_with(http_response(b"fine")), context=good_context) as server:
        for path in (bundle, str(bundle)):
            assert (await send(make(verify=path), server.url)).content == b"fine"
        assert shared_context(str(bundle)) is shared_context(str(bundle))
        with pytest.raises(httpx.ConnectError):
            await send(make(verify=None), server.url)


@pytest.fixture
def no_contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No context has been created yet, and the environment configures none."""
    monkeypatch.setattr(tls, "_contexts", {})
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.usefixtures("no_contexts")
def test_certificates_of_the_environment(
    ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in httpx and OpenSSL: a file, or directories, which OpenSSL reads when needed."""
    many = len(tls.shared_context().get_ca_certs())
    monkeypatch.setenv("SSL_CERT_DIR", f"/nowhere:{tmp_path}")
    monkeypatch.setattr(tls, "_contexts", {})
    assert tls.shared_context().get_ca_certs() == []
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setattr(tls, "_contexts", {})
    assert len(tls.shared_context().get_ca_certs()) == 1 < many


@pytest.mark.usefixtures("no_contexts")
async def test_missing_certificates(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(ConfigurationError, match=r"certificates of SSL_CERT_FILE /nowhere/ca\.pem"):
        await send(make(verify=None), "https://localhost:1")


# -- misuse --------------------------------------------------------------------------------------


async def test_another_origin(make: Make) -> None:
    async with (
        serve(respond_with(http_response())) as server,
        serve(respond_with(http_response())) as other,
    ):
        transport = make()
        await send(transport, server.url)
        with pytest.raises(httpx.LocalProtocolError, match="one origin only"):
            await send(transport, other.url)


async def test_other_schemes_are_refused(make: Make) -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        await send(make(), "ftp://localhost")


def test_without_httptools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httptools", None)
    monkeypatch.delitem(sys.modules, "ecrclient._awsjson.transport.httptools_parser", raising=False)
    assert find_parser() is H11Parser
    with pytest.raises(ConfigurationError, match="httptools, which is not installed"):
        PooledTransport(parser="httptools")


def test_arguments() -> None:
    with pytest.raises(ConfigurationError, match="max_connections"):
        PooledTransport(max_connections=0)
    with pytest.raises(ConfigurationError, match="parser"):
        PooledTransport(parser="regex")
    assert request("http://localhost").extensions

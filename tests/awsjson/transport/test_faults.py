"""Servers that misbehave: each fault is one error of httpx's, and takes nothing with it."""

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

from ecrclient._awsjson.over_httpx.messages import AnswerTooLarge
from ecrclient._awsjson.over_httpx.pooled_transport import PooledTransport
from ecrclient._awsjson.protocol.errors import ConfigurationError
from ecrclient._awsjson.transport import tls
from ecrclient._awsjson.transport.errors import TransportError
from ecrclient._awsjson.transport.h11_parser import H11Parser
from ecrclient._awsjson.transport.parser_choice import find_parser
from ecrclient._awsjson.transport.tls import shared_context
from tests.awsjson.transport.conftest import request, send, trusting
from tests.awsjson.transport.server import Peer, Script, answer, says, says_and_closes, serve

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
    await peer.send(answer(b"x" * 1000)[:-500])
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
    await peer.send(answer(b"0123456789")[:-5])
    await peer.closed()


async def deaf(peer: Peer) -> None:
    await anyio.sleep_forever()


async def check(
    transport: PooledTransport, script: Script, error: type[httpx.TransportError], **arguments: Any
) -> httpx.TransportError:
    """The call fails so, and the next one, to a server that has come to its senses, works."""
    async with serve(script, says(answer(b"fine"))) as server:
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
        (answer(b"0123456789")[:-3], ""),
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
async def test_no_whole_answer(make: Make, data: bytes, said: str) -> None:
    error = await check(make(), says_and_closes(data), httpx.RemoteProtocolError)
    assert said in str(error)
    assert error.__cause__ is not None


def origin(error: BaseException) -> BaseException | None:
    """What the client's own error, which is the cause of httpx's, comes from."""
    assert isinstance(error.__cause__, TransportError)
    return error.__cause__.__cause__


@pytest.mark.parametrize("script", [reset_after_request, reset_in_the_body])
async def test_a_reset_while_reading(make: Make, script: Script) -> None:
    error = await check(make(), script, httpx.ReadError)
    assert isinstance(origin(error), ConnectionError)


async def test_a_reset_at_once(make: Make) -> None:
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


async def test_an_answer_before_the_request_is_through(make: Make) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(answer(b"too large", status="413 Content Too Large"))
        await anyio.sleep(0.2)

    async with serve(script) as server:
        transport = make()
        try:
            response = await send(transport, server.url, body=b"x" * 30_000_000)
        except httpx.WriteError:
            pass  # the reset that follows may overtake the answer
        else:
            assert response.status_code == 413
        assert transport.stats().in_use == 0


@pytest.mark.parametrize("script", [silence, half_a_head_and_silence, half_a_body_and_silence])
async def test_silence(make: Make, script: Script) -> None:
    error = await check(make(), script, httpx.ReadTimeout, read=0.1)
    assert "0.1 s" in str(error)
    assert isinstance(origin(error), TimeoutError)


async def test_a_server_that_takes_nothing(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # it connects, and nobody reads
        transport = make()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(httpx.WriteTimeout, match=r"0\.2 s") as caught:
            await send(transport, url, body=b"x" * 30_000_000, write=0.2)
        assert isinstance(origin(caught.value), TimeoutError)
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)


async def test_a_drip_ends_when_the_caller_has_had_enough(make: Make) -> None:
    async def drip(peer: Peer) -> None:
        await peer.request()
        for byte in answer(b"x" * 10_000):
            await peer.send(bytes([byte]))
            await anyio.sleep(0.01)

    async with serve(drip, says(answer())) as server:
        transport = make()
        with anyio.move_on_after(0.3) as scope:
            await send(transport, server.url, read=5)
        assert scope.cancelled_caught
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)
        assert (await send(transport, server.url)).status_code == 200


# -- too much ------------------------------------------------------------------------------------


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
        (answer(b"")[:-6].replace(b" 0", b" ") + b"99999999\r\n\r\n", b"x" * 4096),
    ],
    ids=["until EOF", "chunked", "announced"],
)
async def test_a_body_without_end(make: Make, start: bytes, piece: bytes) -> None:
    transport = make(max_response_bytes=3_000_000)
    error = await check(transport, never_ending(start, piece), AnswerTooLarge)
    assert "3000000 bytes" in str(error)


@pytest.mark.parametrize(
    "head", [answer(b"x" * 200), CHUNKED + b"c8\r\n" + b"x" * 200 + b"\r\n0\r\n\r\n"]
)
async def test_a_body_that_is_too_large_and_there_at_once(make: Make, head: bytes) -> None:
    async with serve(says(head)) as server:
        transport = make(max_response_bytes=100)
        with pytest.raises(AnswerTooLarge):
            await send(transport, server.url)
        assert transport.stats().in_use == 0


async def test_a_hundred_megabytes(make: Make, good_context: ssl.SSLContext) -> None:
    body = memoryview(bytes(100_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head)
        for start in range(0, len(body), 1_000_000):
            await peer.send(bytes(body[start : start + 1_000_000]))

    async with serve(script) as server:
        with pytest.raises(AnswerTooLarge):
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
async def test_a_head_without_end(make: Make, start: bytes, piece: bytes) -> None:
    await check(make(), never_ending(start, piece), httpx.RemoteProtocolError)


async def test_a_large_head_is_read(make: Make) -> None:
    large = answer(b"{}", "X: " + "x" * 30_000, "Y: " + "y" * 30_000)
    async with serve(says(large)) as server:
        assert len((await send(make(), server.url)).headers["y"]) == 30_000


@pytest.mark.parametrize("whole", [True, False])
async def test_a_bomb_of_gzip(make: Make, whole: bool) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    data = answer(bomb, "Content-Encoding: gzip")
    if not whole:
        data = CHUNKED[:-2] + b"Content-Encoding: gzip\r\n\r\n%x\r\n%b\r\n" % (len(bomb), bomb)
        data += b"0\r\n\r\n"
    async with serve(says(data, answer(b"next"))) as server:
        transport = make(max_response_bytes=1_000_000)
        with pytest.raises(AnswerTooLarge):
            await send(transport, server.url)
        assert transport.stats().in_use == 0
        assert (await send(transport, server.url)).content == b"next"


async def test_no_gzip_at_all(make: Make) -> None:
    async with serve(says(answer(b"plain", "Content-Encoding: gzip"), answer(b"next"))) as server:
        transport = make()
        with pytest.raises(httpx.DecodingError):
            await send(transport, server.url)
        assert transport.stats().in_use == 0
        assert (await send(transport, server.url)).content == b"next"


# -- no connection -------------------------------------------------------------------------------


async def test_refused(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    transport = make()
    with pytest.raises(httpx.ConnectError) as caught:
        await send(transport, f"http://127.0.0.1:{port}")
    assert isinstance(origin(caught.value), OSError)
    assert transport.stats().in_use == 0


async def test_no_such_host(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(httpx.ConnectError, match="not known"):
        await send(make(), "http://api.ecr.nowhere.invalid")


async def test_an_address_that_does_not_answer_is_passed_over(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first refuses, the second is silent, the third answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(silent.getsockname())
        async with serve(says(answer(b"fine"))) as server:
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


async def test_no_address_answers(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: object, **__: object) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", 1)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(httpx.ConnectError, match=r"two\.example answers: .*refused"):
        await send(make(), "http://two.example")


async def test_no_host_name(make: Make) -> None:
    with pytest.raises(httpx.ConnectError):
        await send(make(), f"http://{'a' * 70}.example")


async def test_not_connected_in_time(make: Make) -> None:
    """A listener whose queue is full answers nothing."""
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


async def test_no_handshake_in_time(make: Make) -> None:
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
async def test_a_bad_certificate(
    make: Make, bad_contexts: dict[str, ssl.SSLContext], kind: str, said: str
) -> None:
    async with serve(says(answer()), context=bad_contexts[kind]) as server:
        transport = make()
        with pytest.raises(httpx.ConnectError, match=said) as caught:
            await send(transport, server.url)
        assert isinstance(origin(caught.value), ssl.SSLCertVerificationError)
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)


async def test_no_tls_at_all(make: Make) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serve(script) as server:
        with pytest.raises(httpx.ConnectError):
            await send(make(), server.url.replace("http://127.0.0.1", "https://localhost"))


async def test_old_tls_is_refused(make: Make, good_context: ssl.SSLContext) -> None:
    assert shared_context().minimum_version >= ssl.TLSVersion.TLSv1_2
    assert shared_context().check_hostname
    assert shared_context().verify_mode is ssl.CERT_REQUIRED


async def test_a_cut_tls_connection_is_no_end(
    make: Make, ca: trustme.CA, good_context: ssl.SSLContext
) -> None:
    """Without a length, only TLS's own goodbye tells an end from an attacker's cut."""
    context = trusting(ca)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    assert not shared_context().options & ssl.OP_IGNORE_UNEXPECTED_EOF
    data = b"HTTP/1.1 200 OK\r\n\r\nhalf of it"
    async with serve(says_and_closes(data), context=good_context) as server:
        with pytest.raises(httpx.RemoteProtocolError, match="before the response was complete"):
            await send(make(verify=context), server.url)


@pytest.fixture
def lax_context(ca: trustme.CA) -> ssl.SSLContext:
    """The default context of some interpreters, such as Debian's Python 3.11."""
    context = trusting(ca)
    context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


@pytest.mark.parametrize("body", [b"half of it", b""])
async def test_a_context_that_hides_cuts_must_not_end_a_response(
    make: Make, good_context: ssl.SSLContext, lax_context: ssl.SSLContext, body: bytes
) -> None:
    options = lax_context.options
    data = b"HTTP/1.1 200 OK\r\n\r\n" + body
    async with serve(says_and_closes(data), context=good_context) as server:
        transport = make(verify=lax_context)
        with pytest.raises(httpx.RemoteProtocolError, match="OP_IGNORE_UNEXPECTED_EOF"):
            await send(transport, server.url)
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)
    assert lax_context.options == options


@pytest.mark.parametrize(
    "data", [answer(b"hello", "Connection: close"), CHUNKED + b"5\r\nhello\r\n0\r\n\r\n"]
)
async def test_a_context_that_hides_cuts_is_accepted(
    make: Make, good_context: ssl.SSLContext, lax_context: ssl.SSLContext, data: bytes
) -> None:
    async with serve(says_and_closes(data), context=good_context) as server:
        assert (await send(make(verify=lax_context), server.url)).content == b"hello"


@pytest.mark.parametrize(
    "data", [answer(b"hello")[:-2], CHUNKED + b"5\r\nhello\r\n0\r\n", CHUNKED[:-2]]
)
async def test_a_context_that_hides_cuts_leaves_truncation_an_error(
    make: Make, good_context: ssl.SSLContext, lax_context: ssl.SSLContext, data: bytes
) -> None:
    async with serve(says_and_closes(data), context=good_context) as server:
        with pytest.raises(httpx.RemoteProtocolError, match=r"closed|incomplete"):
            await send(make(verify=lax_context), server.url)


def test_a_context_is_shared() -> None:
    assert shared_context() is shared_context(None)


def test_a_bundle_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.pem"):
        shared_context(str(tmp_path / "missing.pem"))
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate")
    with pytest.raises(ConfigurationError, match=r"empty\.pem"):
        shared_context(str(empty))


async def test_a_bundle(
    make: Make, ca: trustme.CA, good_context: ssl.SSLContext, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(bundle))
    async with serve(says(answer(b"fine")), context=good_context) as server:
        for path in (bundle, str(bundle)):
            assert (await send(make(verify=path), server.url)).content == b"fine"
        assert shared_context(str(bundle)) is shared_context(str(bundle))
        with pytest.raises(httpx.ConnectError):
            await send(make(verify=None), server.url)


@pytest.fixture
def no_contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    """None has been made yet, and the environment says nothing."""
    monkeypatch.setattr(tls, "_contexts", {})
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.usefixtures("no_contexts")
def test_the_environments_certificates(
    ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As httpx and OpenSSL read it: a file, or else folders, which are looked into as needed."""
    many = len(tls.shared_context().get_ca_certs())
    monkeypatch.setenv("SSL_CERT_DIR", f"/nowhere:{tmp_path}")
    monkeypatch.setattr(tls, "_contexts", {})
    assert tls.shared_context().get_ca_certs() == []
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setattr(tls, "_contexts", {})
    assert len(tls.shared_context().get_ca_certs()) == 1 < many


@pytest.mark.usefixtures("no_contexts")
async def test_certificates_that_are_not_there(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(ConfigurationError, match=r"certificates of SSL_CERT_FILE /nowhere/ca\.pem"):
        await send(make(verify=None), "https://localhost:1")


# -- misuse --------------------------------------------------------------------------------------


async def test_another_origin(make: Make) -> None:
    async with serve(says(answer())) as server, serve(says(answer())) as other:
        transport = make()
        await send(transport, server.url)
        with pytest.raises(httpx.LocalProtocolError, match="one origin only"):
            await send(transport, other.url)


async def test_no_http(make: Make) -> None:
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

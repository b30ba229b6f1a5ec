"""What a response may cost: memory for its body, and bytes outside it."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest

from ecrclient._awsjson.over_httpx.pooled_transport import PooledTransport
from ecrclient._awsjson.transport.parser import ParseError, ResponseParser
from ecrclient._awsjson.transport.parser_choice import find_parser
from tests.awsjson.transport.conftest import send
from tests.awsjson.transport.loops import post
from tests.awsjson.transport.server import Peer, Script, serve
from tests.bounded import run_bounded

Make = Callable[..., PooledTransport]

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunks(count: int) -> Script:
    """Respond with chunks of two bytes each."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        for _ in range(count // 10_000):
            await peer.send(b"2\r\nxx\r\n" * 10_000)
        await peer.send(b"0\r\n\r\n")

    return script


def post_and_get_chunks(backend: str, parser: str, count: int) -> tuple[int, str]:
    return post(backend, parser, chunks(count))


@pytest.mark.parametrize(
    ("parser", "count", "memory_mib"), [("httptools", 1_500_000, 32), ("h11", 200_000, 20)]
)
def test_tiny_chunks_are_coalesced(
    anyio_backend: str, parser: str, count: int, memory_mib: int
) -> None:
    result = run_bounded(post_and_get_chunks, anyio_backend, parser, count, memory_mib=memory_mib)
    assert result == [2 * count, ""]


# -- bytes outside the body ------------------------------------------------------------------------


@pytest.fixture
def reading(parser: str) -> ResponseParser:
    """A parser that has the head of a chunked response."""
    reading = find_parser(parser)()
    reading.start("POST")
    reading.feed(CHUNKED)
    return reading


def feed(reading: ResponseParser, *pieces: bytes, times: int = 1) -> int:
    """Feed the pieces over and over; return the size of the body."""
    size = 0
    for _ in range(times):
        for piece in pieces:
            reading.feed(piece)
            size += sum(map(len, reading.pieces))
            reading.pieces = []
    return size


def test_chunk_headers_of_a_large_body_do_not_add_up(reading: ResponseParser) -> None:
    size = feed(reading, b"400\r\n", b"x" * 1024, b"\r\n", times=14_000)
    size += feed(reading, b"0\r\n\r\n")
    assert (size, reading.done, reading.reusable) == (14_000 * 1024, True, True)


@pytest.mark.parametrize("chunk", [b"1\r\nx\r\n", b"1;a=bcdefghi\r\nx\r\n"])
def test_chunks_of_one_byte_are_read(reading: ResponseParser, chunk: bytes) -> None:
    assert feed(reading, chunk, times=20_000) == 20_000


def test_chunk_extensions_are_bounded(reading: ResponseParser) -> None:
    with pytest.raises(ParseError, match="chunk headers or trailers"):
        feed(reading, b"1;a=%b\r\nx\r\n" % (b"b" * 100), times=1_000)


def test_trailers_after_a_large_body_are_bounded(reading: ResponseParser) -> None:
    feed(reading, b"100000\r\n", b"x" * 0x100000, b"\r\n0\r\n")
    with pytest.raises(ParseError, match=r"chunk headers or trailers|too long"):
        feed(reading, b"X-Trailer: some value\r\n", times=5_000)


@pytest.mark.anyio
async def test_many_chunks_over_tls(make: Make, good_context: ssl.SSLContext) -> None:
    """Each chunk header arrives as a TLS record without any of the body."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        for _ in range(14_000):
            await peer.send(b"400\r\n")
            await peer.send(b"x" * 1024 + b"\r\n")
        await peer.send(b"0\r\n\r\n")

    async with serve(script, context=good_context) as server:
        response = await send(make(), server.url)
        assert len(response.content) == 14_000 * 1024

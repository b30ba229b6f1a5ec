"""The limits of a response: the memory for its body, its chunks, and the bytes outside its body."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest

from ecrclient._awsjson.over_httpx.pooled_transport import PooledTransport
from ecrclient._awsjson.transport.parser import MAX_CHUNKS, ParseError, ResponseParser
from ecrclient._awsjson.transport.parser_choice import find_parser
from tests.awsjson.transport.conftest import send
from tests.awsjson.transport.loops import post
from tests.awsjson.transport.server import Peer, Script, serve
from tests.bounded import run_bounded

Make = Callable[..., PooledTransport]

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunks(count: int, size: int) -> Script:
    """Respond with chunks of *size* bytes each."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        chunk = b"%x\r\n%b\r\n" % (size, b"x" * size)
        at_a_time = 4096
        for sent in range(0, count, at_a_time):
            await peer.send(chunk * min(at_a_time, count - sent))
        await peer.send(b"0\r\n\r\n")

    return script


def post_and_get_chunks(backend: str, parser: str, count: int, size: int) -> tuple[int, str]:
    return post(backend, parser, chunks(count, size))


@pytest.mark.anyio
async def test_tiny_chunks_are_coalesced(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    feed = ResponseParser.feed

    def counting(self: ResponseParser, data: bytes) -> None:
        feed(self, data)
        kept.append(len(self.pieces))

    monkeypatch.setattr(ResponseParser, "feed", counting)
    async with serve(chunks(MAX_CHUNKS, 2)) as server:
        response = await send(make(), server.url)
    assert len(response.content) == 2 * MAX_CHUNKS
    # 4,096 before the last read of at most 64 KiB, which has at most 9,362 chunks of 7 bytes.
    assert max(kept) < 4096 + 9363


def test_a_response_has_at_most_65536_chunks(anyio_backend: str, parser: str) -> None:
    whole = run_bounded(post_and_get_chunks, anyio_backend, parser, 65_536, 1024, memory_mib=256)
    assert whole == [64 * 1024 * 1024, ""]
    refused = run_bounded(post_and_get_chunks, anyio_backend, parser, 65_537, 1, memory_mib=64)
    assert refused == [-1, "the response has more than 65536 chunks"]


def test_chunks_beyond_the_limit_are_not_parsed(reading: ResponseParser) -> None:
    """Also if they arrive together."""
    with pytest.raises(ParseError, match="more than 65536 chunks"):
        reading.feed(b"1\r\nx\r\n" * 400_000)
    assert len(reading.pieces) == MAX_CHUNKS


def test_chunks_are_counted_for_each_response(reading: ResponseParser) -> None:
    feed(reading, b"1\r\nx\r\n", times=MAX_CHUNKS)
    feed(reading, b"0\r\n\r\n")
    reading.start("POST")
    assert feed(reading, CHUNKED, b"1\r\nx\r\n0\r\n\r\n") == 1
    assert reading.done


def test_a_chunk_that_arrives_in_pieces_is_counted_once(reading: ResponseParser) -> None:
    feed(reading, b"%x\r\n" % (MAX_CHUNKS + 1))
    assert feed(reading, b"x", times=MAX_CHUNKS + 1) == MAX_CHUNKS + 1


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


@pytest.mark.parametrize("parser", ["h11"])  # httptools does not quote what it refuses
def test_the_text_of_a_parse_error_is_bounded(reading: ResponseParser) -> None:
    with pytest.raises(ParseError, match="illegal chunk header") as raised:
        feed(reading, b"0" * 5000 + b"5\r\n{   }\r\n0\r\n\r\n")
    assert len(str(raised.value)) < 300


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

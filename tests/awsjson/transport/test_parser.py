"""Both parsers, without a connection: what they read, and when a connection may be used again."""

from __future__ import annotations

import sys

import pytest

from ecrclient._awsjson.protocol.errors import ConfigurationError
from ecrclient._awsjson.transport import parser as parser_module
from ecrclient._awsjson.transport.h11_parser import H11Parser
from ecrclient._awsjson.transport.httptools_parser import HttptoolsParser
from ecrclient._awsjson.transport.parser import MAX_HEAD_BYTES, ParseError, ResponseParser
from ecrclient._awsjson.transport.parser_choice import find_parser

HEAD = b"HTTP/1.1 200 OK\r\n"
EMPTY = HEAD + b"Content-Length: 0\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CUT_HEAD = "the server closed the connection before the head of the response was complete"
CUT_BODY = "the server closed the connection before the response was complete"


@pytest.fixture
def reading(parser: str) -> ResponseParser:
    """A parser that waits for the response to a POST request."""
    reading = find_parser(parser)()
    reading.start("POST")
    return reading


def state(reading: ResponseParser) -> tuple[bool, bool, bool]:
    return reading.head_done, reading.done, reading.reusable


def body(reading: ResponseParser) -> bytes:
    return b"".join(reading.pieces)


def test_the_choice_of_a_parser() -> None:
    assert find_parser() is HttptoolsParser
    assert find_parser("httptools") is HttptoolsParser
    assert find_parser("h11") is H11Parser
    with pytest.raises(ConfigurationError) as caught:
        find_parser("regex")
    assert str(caught.value) == "parser must be h11 or httptools, not 'regex'"


def test_without_httptools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, HttptoolsParser.__module__, None)
    assert find_parser() is H11Parser
    assert find_parser("h11") is H11Parser
    with pytest.raises(ConfigurationError) as caught:
        find_parser("httptools")
    assert str(caught.value) == "parser cannot be httptools, which is not installed"


# -- complete responses ----------------------------------------------------------------------------


def test_a_response_in_one_piece(reading: ResponseParser) -> None:
    assert state(reading) == (False, False, False)
    reading.feed(b"HTTP/1.1 201 Made up\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 5\r\n\r\nhello")
    assert state(reading) == (True, True, True)
    assert (reading.status, reading.reason, reading.version) == (201, b"Made up", b"HTTP/1.1")
    names = [(b"X-One", b"1"), (b"x-one", b"2"), (b"Content-Length", b"5")]
    assert reading.headers == names
    assert body(reading) == b"hello"


def test_a_response_byte_by_byte(reading: ResponseParser) -> None:
    data = b"HTTP/1.1 200 Fine\r\nA: b\r\nContent-Length: 5\r\n\r\nhello"
    for number in range(len(data)):
        assert not reading.done
        reading.feed(data[number : number + 1])
    assert state(reading) == (True, True, True)
    assert (reading.status, reading.reason) == (200, b"Fine")
    assert reading.headers == [(b"A", b"b"), (b"Content-Length", b"5")]
    assert body(reading) == b"hello"


def test_chunks_and_trailers(reading: ResponseParser) -> None:
    reading.feed(CHUNKED + b"5\r\nhello\r\n")
    assert state(reading) == (True, False, False)
    reading.feed(b"1\r\n!\r\n0\r\nX-Trailer: 1\r\n\r\n")
    assert state(reading) == (True, True, True)
    assert body(reading) == b"hello!"
    assert reading.headers == [(b"Transfer-Encoding", b"chunked")]


@pytest.mark.parametrize("number", [100, 103])
def test_informational_responses_are_skipped(reading: ResponseParser, number: int) -> None:
    reading.feed(b"HTTP/1.1 %d Wait\r\nX-Early: 1\r\n\r\n" % number)
    assert state(reading) == (False, False, False)
    reading.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
    assert state(reading) == (True, True, True)
    assert (reading.status, reading.reason) == (200, b"OK")
    assert reading.headers == [(b"Content-Length", b"1")]


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("status", [200, 204, 304])
def test_responses_without_a_body(parser: str, method: str, status: int) -> None:
    """The length is that of the body which a GET request would get."""
    reading = find_parser(parser)()
    for _ in range(2):  # the same connection again
        reading.start(method)
        reading.feed(b"HTTP/1.1 %d OK\r\nContent-Length: 5\r\n\r\n" % status)
        assert reading.status == status
        if (method, status) == ("GET", 200):
            assert state(reading) == (True, False, False)
            reading.feed(b"hello")
            assert body(reading) == b"hello"
        assert state(reading) == (True, True, True)
        assert reading.pieces in ([], [b"hello"])


def test_a_parser_reads_one_response_after_another(reading: ResponseParser) -> None:
    for text in (b"one", b"three"):
        reading.feed(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text))
        assert state(reading) == (True, True, True)
        assert body(reading) == text
        assert (reading.reason, len(reading.headers)) == (b"OK", 1)
        reading.start("POST")
        assert state(reading) == (False, False, False)
        assert (reading.pieces, reading.headers, reading.reason) == ([], [], b"")


# -- whether the connection can be used again ------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "version", "reusable"),
    [
        (HEAD + b"Content-Length: 1\r\nConnection: close\r\n\r\nx", b"HTTP/1.1", False),
        (HEAD + b"Content-Length: 1\r\nConnection: keep-alive\r\n\r\nx", b"HTTP/1.1", True),
        (CHUNKED[:-2] + b"Connection: close\r\n\r\n1\r\nx\r\n0\r\n\r\n", b"HTTP/1.1", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", b"HTTP/1.0", False),
    ],
)
def test_the_connection_header_and_the_version(
    reading: ResponseParser, data: bytes, version: bytes, reusable: bool
) -> None:
    reading.feed(data)
    assert state(reading) == (True, True, reusable)
    assert (body(reading), reading.version) == (b"x", version)


@pytest.mark.parametrize("extra", [b"x", b"HTTP/1.1 200 OK\r\n", EMPTY, b"\0\0"])
def test_bytes_after_the_response(reading: ResponseParser, extra: bytes) -> None:
    reading.feed(b"HTTP/1.1 201 First\r\nContent-Length: 5\r\n\r\nhello" + extra)
    assert state(reading) == (True, True, False)
    assert (reading.status, reading.reason, body(reading)) == (201, b"First", b"hello")
    assert reading.headers == [(b"Content-Length", b"5")]


def test_another_body_after_the_response(reading: ResponseParser) -> None:
    reading.feed(EMPTY + b"HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad")
    assert state(reading) == (True, True, False)
    assert (reading.status, reading.pieces) == (200, [])


# -- the end of the connection ---------------------------------------------------------------------


def test_a_body_that_ends_with_the_connection(reading: ResponseParser) -> None:
    reading.feed(HEAD + b"A: b\r\n\r\nhello")
    assert state(reading) == (True, False, False)
    reading.feed_eof(cut=False)
    assert state(reading) == (True, True, False)
    assert body(reading) == b"hello"


@pytest.mark.parametrize(
    ("data", "cut", "message"),
    [
        (b"", False, CUT_HEAD),
        (b"HTTP/1.1 200 OK\r\nConte", False, CUT_HEAD),
        (b"HTTP/1.1 100 Continue\r\n\r\n", False, CUT_HEAD),
        (HEAD + b"A: b\r\n\r\nhello", True, CUT_BODY),
    ],
)
def test_a_connection_that_ends_too_early(
    reading: ResponseParser, data: bytes, cut: bool, message: str
) -> None:
    if data:
        reading.feed(data)
    with pytest.raises(ParseError) as caught:
        reading.feed_eof(cut=cut)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 5\r\n\r\nhell",
        CHUNKED + b"5\r\nhello\r\n",
        HEAD + b"Connection: close\r\nContent-Length: 5\r\n\r\nhell",
        HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ],
)
def test_a_body_of_known_length_that_ends_too_early(reading: ResponseParser, data: bytes) -> None:
    reading.feed(data)
    with pytest.raises(ParseError, match=r"^(the server closed|peer closed) "):
        reading.feed_eof(cut=False)
    assert not reading.done


# -- refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("parser", ["httptools"])
def test_a_switch_of_protocols_is_refused(reading: ResponseParser) -> None:
    with pytest.raises(ParseError) as caught:
        reading.feed(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
    assert str(caught.value) == "the server switched protocols without being asked"


@pytest.mark.parametrize(
    "data", [b"SSH-2.0\r\n\r\n", HEAD + b"no colon\r\n\r\n", HEAD + b": x\r\n\r\n"]
)
def test_what_is_not_http_is_refused(reading: ResponseParser, data: bytes) -> None:
    with pytest.raises(ParseError, match=r"^.{8,}$"):
        reading.feed(data)
    assert not reading.done


def line(size: int) -> bytes:
    return b"X: %b\r\n" % (b"x" * (size - 5))


@pytest.mark.parametrize("parser", ["httptools"])  # h11 has its own limit, for each event
def test_the_limit_of_a_head(reading: ResponseParser) -> None:
    reading.feed(HEAD)
    reading.feed(line(MAX_HEAD_BYTES - len(HEAD)))
    with pytest.raises(ParseError) as caught:
        reading.feed(b"X")
    assert str(caught.value) == "the head of the response is longer than 65536 bytes"


def test_a_head_that_is_too_long(reading: ResponseParser) -> None:
    reading.feed(HEAD + line(40_000))
    with pytest.raises(ParseError, match=r"too (big|long)|longer than 65536"):
        reading.feed(line(40_000))


def test_the_limit_of_chunk_headers(reading: ResponseParser) -> None:
    reading.feed(CHUNKED)
    message = "the chunk headers or trailers of the response are longer than 65536 bytes"
    with pytest.raises(ParseError) as caught:
        for _ in range(70):
            reading.feed(b"1;a=%b\r\nx\r\n" % (b"b" * 1000))
    assert str(caught.value) == message


def test_each_byte_of_a_body_allows_16_more(reading: ResponseParser) -> None:
    """A chunk has 22 bytes besides its byte of the body, which allows 16 of them."""
    chunk = b"1;%b\r\nx\r\n" % (b"b" * 16)
    reading.feed(CHUNKED)
    for _ in range((MAX_HEAD_BYTES - len(CHUNKED) - 22) // 6 + 1):
        reading.feed(chunk)
    with pytest.raises(ParseError, match="chunk headers"):
        reading.feed(chunk)


def test_chunks_are_counted_when_their_body_begins(
    reading: ResponseParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parser_module, "MAX_CHUNKS", 3)
    for data in (CHUNKED, b"4\r\n", b"a", b"b", b"c", b"d\r\n", b"1\r\ne\r\n1\r\nf\r\n"):
        reading.feed(data)
    assert body(reading) == b"abcdef"
    with pytest.raises(ParseError, match=r"^the response has more than 65536 chunks$"):
        reading.feed(b"1\r\ng\r\n")
    reading = type(reading)()
    reading.start("POST")
    reading.feed(CHUNKED + b"1\r\na\r\n" * 3 + b"0\r\n\r\n")
    assert state(reading) == (True, True, True)

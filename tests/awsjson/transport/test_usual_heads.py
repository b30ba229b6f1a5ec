"""Usual responses, which `H11Parser` reads itself, compared with h11 and with httptools."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable

import pytest

from ecrclient._awsjson.transport.h11_parser import H11Parser, load_h11
from ecrclient._awsjson.transport.httptools_parser import HttptoolsParser
from ecrclient._awsjson.transport.parser import ParseError, ResponseParser

USUAL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nx-amzn-RequestId: 1\r\n\r\n"

Observed = tuple[object, ...]


def read(make: Callable[[], ResponseParser], pieces: list[bytes], method: str) -> Observed:
    """Everything that a parser makes of a response, an error included."""
    parser = make()
    parser.start(method)
    error = None
    try:
        for piece in pieces:
            parser.feed(piece)
        if not parser.done:
            parser.feed_eof(cut=False)
    except ParseError:
        error = ParseError
    if not parser.head_done:
        return (error,)
    return (
        *(parser.status, bytes(parser.reason), parser.version, parser.headers),
        *(b"".join(parser.pieces), parser.done, parser.reusable, error),
    )


class WithH11(H11Parser):
    """Reads every response with h11."""

    def _read_head(self, data: bytes) -> int:
        return 0


STATUS_LINES = [
    *(b"HTTP/1.1 %d x" % status for status in (199, 200, 204, 205, 299, 304, 400, 503, 599, 600)),
    b"HTTP/1.1 200",
    b"HTTP/1.1 200 ",
    b"HTTP/1.1 200 Two words\t",
    b"HTTP/1.1 200 caf\xe9",
    b"HTTP/1.0 200 OK",
    b"HTTP/1.1  200 OK",
    b"HTTP/1.1 2000 OK",
    b"http/1.1 200 OK",
]
HEADERS = [
    b"",
    b"A:\r\n",
    b"A: \t b c \t\r\n",
    b"A:b:c\r\n",
    b"a: 1\r\nA: 2\r\n",
    b"A : b\r\n",
    b"A: b\r\n c\r\n",
    b"A: b\n",
    b"A: b\r\r\n",
    b"A: caf\xe9\r\n",
    b"A: b\x00\r\n",
    b"A\xe9: b\r\n",
    b": b\r\n",
    b"no colon\r\n",
    b"Connection: close\r\n",
    b"Connection: Keep-Alive\r\n",
    b"Connection: keep-alive, x\r\n",
    b"Connection: close\r\nConnection: keep-alive\r\n",
    b"Content-Length: 4\r\n",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Upgrade: h2c\r\n",
]
LENGTHS = [b"Content-Length: 4\r\n", b"content-length:0\r\n", b""]


@pytest.mark.parametrize("method", ["POST", "HEAD"])
def test_every_response_is_read_as_h11_reads_it(method: str) -> None:
    for status, header, length in itertools.product(STATUS_LINES, HEADERS, LENGTHS):
        response = b"%b\r\n%b%b\r\nbody" % (status, length, header)
        expected = read(WithH11, [response], method)
        assert read(H11Parser, [response], method) == expected, response


@pytest.mark.parametrize("size", range(1, len(USUAL) + 6))
def test_a_response_may_arrive_in_any_two_pieces(size: int) -> None:
    response = USUAL + b"bodyX"
    pieces = [response[:size], response[size:]]
    expected = read(WithH11, [response], "POST")
    assert read(H11Parser, pieces, "POST") == expected


@pytest.mark.parametrize(
    "length", [b"-1", b"+4", b"4, 4", b"0x4", b"4 4", b"", b"9" * 15, b"9" * 16, b"9" * 30]
)
def test_unusual_lengths(length: bytes) -> None:
    response = b"HTTP/1.1 200 OK\r\nContent-Length: %b\r\n\r\nbody" % length
    assert read(H11Parser, [response], "POST") == read(WithH11, [response], "POST")


def test_a_usual_response_is_read_as_httptools_reads_it() -> None:
    for response in (USUAL + b"body", USUAL + b"body!", USUAL.replace(b"4", b"0")):
        assert read(H11Parser, [response], "POST") == read(HttptoolsParser, [response], "POST")


def test_a_usual_response_needs_no_h11(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h11", None)
    load_h11.cache_clear()
    parser = H11Parser()
    for _ in range(2):
        parser.start("POST")
        parser.feed(USUAL)
        parser.feed(b"bo")
        assert not parser.done
        parser.feed(b"dy")
        assert (parser.done, parser.reusable, parser.pieces) == (True, True, [b"bo", b"dy"])
    parser.start("HEAD")
    with pytest.raises(ImportError):
        parser.feed(USUAL)
    parser.start("POST")
    parser.feed(USUAL)
    with pytest.raises(ParseError, match="closed the connection before the response was complete"):
        parser.feed_eof(cut=False)

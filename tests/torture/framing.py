"""Chunks, lengths, and how a connection ends."""

from __future__ import annotations

from collections.abc import Iterator

from tests.torture.reply import PIECE, VALID, Draw, End, Make, Reply, dumped, head, sized

CHUNKED = b"Transfer-Encoding: chunked"
BODY = dumped(VALID)


def tiny_chunks(draw: Draw) -> Reply:
    length, size = draw.random.randint(1, 3), draw.size(1_000, 100_000, 2_000_000)
    chunk = b"%x\r\n%b\r\n" % (length, b" " * length)

    def pieces() -> Iterator[bytes]:
        yield head(CHUNKED)
        left, at_once = size // length, PIECE // len(chunk)
        while left > 0:
            yield chunk * min(left, at_once)
            left -= at_once
        yield b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)

    return Reply(f"{size} bytes by {length}", pieces(), "keep")


def many_chunks(draw: Draw) -> Reply:
    length = draw.random.choice([100, 1024, 5000])
    count = draw.size(1 << 20, 14 << 20, 40 << 20) // length
    chunk = b"%x\r\n%b\r\n" % (length, b" " * length)

    def pieces() -> Iterator[bytes]:
        yield head(CHUNKED)
        for _ in range(count):
            yield chunk
        yield b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)

    return Reply(f"{count} chunks of {length}", pieces(), "keep")


SIZES = [
    *(b"ffffffffffffffff", b"FFFFFFFFFFFFFFFFFFFF", b"7fffffffffffffff", b"-5", b"+5", b"0x5"),
    *(b" 5", b"5 ", b"", b"five", b"5\t", b"0" * 5000 + b"5", b"0" * 15 + b"5", b"\xff", b"5_0"),
    *(
        b"ffffffff",
        b"80000000",
        b"5\x00",
        b"\r\n",
        b"5;",
        b"5;a",
        b'5;a="b',
        b"5;" + b"e" * 100_000,
    ),
]


def sizes(draw: Draw) -> Reply:
    size = draw.random.choice(SIZES)
    data = head(CHUNKED) + size + b"\r\n" + b"{   }" + b"\r\n0\r\n\r\n"
    return Reply(f"a chunk of size {size[:20]!r}", [data])


def extensions(draw: Draw) -> Reply:
    extension = b";" + b"x" * draw.random.choice([10, 1000, 60_000])
    count = draw.random.choice([1, 10, 1000, 3000])
    chunk = b"1%b\r\n \r\n" % extension

    def pieces() -> Iterator[bytes]:
        yield head(CHUNKED)
        for _ in range(min(count, 30_000_000 // len(chunk))):
            yield chunk
        yield b"2\r\n{}\r\n0\r\n\r\n"

    return Reply(f"{count} extensions of {len(extension)} bytes", pieces(), "keep")


def trailers(draw: Draw) -> Reply:
    field = draw.random.choice([b"a: b\r\n", b"a\r\n", b" a: b\r\n", b"Content-Length: 5\r\n"])
    count = draw.random.choice([1, 10, 100, 10_000, 100_000])
    data = head(CHUNKED) + b"2\r\n{}\r\n0\r\n" + field * count + b"\r\n"
    return Reply(f"{count} trailers {field!r}", [data])


CODINGS = [
    *(b"gzip, chunked", b"chunked, chunked", b"identity", b"chunked, identity", b"CHUNKED", b""),
    *(b"chunked;q=1", b" chunked", b"xchunked", b"chunked\x00", b"\x0bchunked"),
]


def codings(draw: Draw) -> Reply:
    coding = draw.random.choice(CODINGS)
    extra = draw.random.choice([[], [b"Content-Length: 2"], [CHUNKED]])
    body = draw.random.choice([b"2\r\n{}\r\n0\r\n\r\n", b"{}"])
    fields = [b"Transfer-Encoding: " + coding, *extra]
    return Reply(f"coded {coding!r}, {len(extra)} more", [head(*fields) + body])


LENGTHS = [
    *(b"-1", b"+2", b"2, 2", b"2,3", b"", b"0x2", b"2.0", b"two", b"1_0", b" 2", b"2 2", b"\xb2"),
    *(b"9" * 18, b"9" * 19, b"9" * 30, b"9" * 4999, b"9" * 60_000, b"0" * 1000 + b"2"),
    *(b"67108864", b"67108865", b"18446744073709551616", b"18446744073709551618"),
]


def lengths(draw: Draw) -> Reply:
    length = draw.random.choice(LENGTHS)
    others = draw.random.choice([[], [b"Content-Length: 2"], [b"Content-Length: 3"]])
    data = head(b"Content-Length: " + length, *others) + b"{}"
    return Reply(f"length {length[:20]!r}, {len(others)} more", [data])


def cut(draw: Draw) -> Reply:
    """Ends a connection at any position, in any framing."""
    framed = draw.random.choice(
        [
            head(b"Content-Length: %d" % len(BODY)) + BODY,
            head(CHUNKED) + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
            head(b"Connection: close") + BODY,
        ]
    )
    at = draw.random.randrange(len(framed) + 1)
    end: End = draw.random.choice(["close", "reset"])
    return Reply(f"{end} after {at} of {len(framed)} bytes", [framed[:at]], end)


def more(draw: Draw) -> Reply:
    whole = sized("", BODY)
    extra = draw.random.choice(
        [b"x", b"\r\n", b"\0" * 100_000, b"".join(whole.pieces), head() * 100, b"HTTP/1.1 "]
    )
    end: End = draw.random.choice(["keep", "close", "reset"])
    return Reply(f"{len(extra)} bytes more, {end}", [b"".join(whole.pieces) + extra], end)


def in_drops(draw: Draw) -> Reply:
    """A byte at a time, as far as the socket keeps them separate."""
    data = head(b"Content-Length: %d" % len(BODY)) + BODY
    return Reply("bytes one by one", [data[i : i + 1] for i in range(len(data))], "keep")


def endless(draw: Draw) -> Reply:
    """More than the limit, in each framing."""
    size = min(80 << 20, draw.max_bytes + (16 << 20))
    how = draw.random.choice(["announced", "chunked", "until the end"])

    def pieces() -> Iterator[bytes]:
        fields = {"announced": b"Content-Length: %d" % size, "chunked": CHUNKED}
        yield head(fields.get(how, b"Connection: close"))
        piece = b" " * PIECE
        for _ in range(size // PIECE):
            yield b"%x\r\n%b\r\n" % (PIECE, piece) if how == "chunked" else piece
        yield b"0\r\n\r\n" if how == "chunked" else b""

    return Reply(f"{size} bytes, {how}", pieces())


CHUNKS: list[Make] = [
    *(tiny_chunks, many_chunks, sizes, sizes, extensions, trailers, codings, codings),
]
ENDS: list[Make] = [lengths, lengths, cut, cut, cut, more, in_drops, endless]

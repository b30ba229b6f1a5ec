"""Status lines and header fields."""

from __future__ import annotations

from tests.torture.reply import VALID, Draw, Make, Reply, dumped, head, sized

BODY = dumped(VALID)

LINES = [
    *(b"HTTP/0.9 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.2 200 OK", b"HTTP/2.0 200 OK", b"HTTP/3"),
    *(b"http/1.1 200 OK", b"HTTP/1.1  200  OK", b"HTTP/1.1 200", b"HTTP/1.1 200 ", b"HTTP/1.1"),
    *(b"HTTP/1.1 OK", b"HTTP/1.1 0 OK", b"HTTP/1.1 99 OK", b"HTTP/1.1 999 OK", b"HTTP/1.1 1000 O"),
    *(b"HTTP/1.1 -200 OK", b"HTTP/1.1 2e2 OK", b"HTTP/1.1 0200 OK", b"HTTP/1.1 \xb2\xb0\xb0 OK"),
    *(b"HTTP/1.1 " + b"9" * 5000 + b" OK", b"HTTP/1.1 200 " + b"r" * 70_000, b"", b"\r\n" * 1000),
    *(
        b"HTTP/1.1 200 \xff\xfe",
        b"HTTP/1.1 200 O\0K",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"ICY 200 OK",
    ),
    *(b"HTTP/1.1\t200\tOK", b"HTTP/11 200 OK", b"HTTP/1.1 200 OK\r", b" HTTP/1.1 200 OK", b"{}"),
]


def lines(draw: Draw) -> Reply:
    line = draw.random.choice(LINES)
    data = line + b"\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
    return Reply(f"line {line[:30]!r}", [data])


def statuses(draw: Draw) -> Reply:
    status = draw.random.choice([*range(200, 210), *range(300, 310), *range(400, 600), 599, 600])
    body = draw.random.choice([BODY, b"", b"<html>", b"{}"])
    return sized(f"status {status}", body, status=b"%d Odd" % status, end="close")


def noise(draw: Draw) -> Reply:
    size = draw.random.choice([1, 10, 1000, 70_000, 1_000_000])
    return Reply(f"{size} random bytes", [draw.random.randbytes(size)])


def informational(draw: Draw) -> Reply:
    status = draw.random.choice([b"100 Continue", b"102 P", b"103 Early Hints", b"101 Switching"])
    count = draw.random.choice([1, 10, 1000, 20_000])
    one = b"HTTP/1.1 %b\r\nLink: %b\r\n\r\n" % (status, b"x" * draw.random.choice([0, 1000]))
    count = min(count, 8_000_000 // len(one))
    return Reply(f"{count} times {status!r}", [one * count, *sized("", BODY).pieces], "keep")


def long_heads(draw: Draw) -> Reply:
    count, size = draw.random.choice(
        [(1, 1000), (1, 60_000), (1, 70_000), (1, 5_000_000), (100, 100), (5000, 5), (50_000, 5)]
    )
    fields = [b"X-%d: %b" % (number, b"v" * size) for number in range(count)]
    return sized(f"{count} fields of {size}", BODY, *fields)


FIELDS = [
    *(b"no colon", b": no name", b"a b: c", b"a : b", b"a\t: b", b"\xff: b", b"a: \xff\xfe", b"a:"),
    *(b"a: b\0c", b"a: b\rc", b"a: b\n c", b"a: b\r\n folded", b" folded: first", b"a: \x7f\x01"),
    *(b"a\0: b", b"a: b\nc: d", b"(a): b", b"a: " + b" " * 50_000, b"X: b\r\nX: c", b"\t"),
    *(b"Connection: keep-alive, close", b"Connection: \xff", b"Upgrade: h2c", b"Location: //\xff"),
    *(b"Keep-Alive: timeout=-1", b"Keep-Alive: timeout=" + b"9" * 400, b"Content-Type: \xff"),
    *(b"Content-Type: text/html; charset=utf-7", b"Content-Type: a; charset=" + b"x" * 1000),
    *(b"Content-Type: application/json; charset=rot13", b"Set-Cookie: a=b", b"Trailer: x"),
]


def fields(draw: Draw) -> Reply:
    chosen = draw.random.sample(FIELDS, draw.random.randint(1, 3))
    return sized(f"fields {[field[:20] for field in chosen]}", BODY, *chosen)


DATES = [
    *(b"Fri, 31 Dec 9999 23:59:59 GMT", b"Fri, 31 Dec 9999 23:59:59 -2359", b"soon", b"", b"0"),
    *(b"Mon, 01 Jan 0001 00:00:00 +2359", b"Mon, 01 Jan 0000 00:00:00 GMT", b"\xff", b"-1"),
    *(b"Sun, 41 Mar 2026 12:20:00 GMT", b"Sun, 01 Mar 99999 12:20:00 GMT", b"9" * 5000),
    *(b"Sun, 01 Mar 2026 12:20:00 +9999999999", b"Sun, 01 Mar 2026 99:99:99 GMT", b"Sun, 01 Mar"),
    *(b"Sun, 29 Feb 2025 12:20:00 GMT", b"1 1 1 1 1 1 1", b"Sun, 01 Mar -2026 12:20:00 GMT"),
]
CODES = [b"RequestTimeTooSkewed", b"InvalidSignatureException", b"RequestExpired", b"Throttling"]
AFTERS = [
    *(b"0", b"-0", b"-1", b"1e3", b"nan", b"inf", b"-inf", b"", b" ", b"5,5", b"\xb2", b"1_0"),
    *(b"0x10", b"9" * 20, b"9" * 400, b"9" * 5000, b"1.5", b"soon", b"+1", b"\xd9\xa1"),
]


def dates(draw: Draw) -> Reply:
    date, code = draw.random.choice(DATES), draw.random.choice(CODES)
    body = dumped({"__type": code.decode(), "message": "no"})
    return sized(f"{code!r} at {date[:35]!r}", body, b"Date: " + date, status=b"403 No")


def retry_afters(draw: Draw) -> Reply:
    after = draw.random.choice(AFTERS)
    name = draw.random.choice([b"x-amz-retry-after", b"Retry-After"])
    status = draw.random.choice([b"400 No", b"429 No", b"503 No"])
    body = dumped({"__type": "ThrottlingException"})
    return sized(f"{name!r} {after[:20]!r}", body, name + b": " + after, status=status)


KINDS = [
    *(b"", b":", b"#", b"a#", b"a#b#c:d", b"\xff\xfe", b"x" * 50_000, b"None", b"../..", b"a b"),
    *(b"ServerException:http://x", b"ns#RepositoryNotFoundException", b"Throttling\x01", b"{}"),
]


def error_types(draw: Draw) -> Reply:
    kind, number = draw.random.choice(KINDS), draw.random.choice(KINDS)
    status = draw.random.choice([b"200 OK", b"400 No", b"500 No"])
    fields = [b"x-amzn-errortype: " + kind, b"x-amzn-requestid: " + number]
    return sized(
        f"type {kind[:20]!r}", draw.random.choice([b"", b"{}", BODY]), *fields, status=status
    )


def no_body(draw: Draw) -> Reply:
    status = draw.random.choice([b"204 No Content", b"304 Not Modified", b"205 Reset"])
    fields = draw.random.choice([[b"Content-Length: 500"], [b"Transfer-Encoding: chunked"], []])
    return Reply(f"{status!r} with a body", [head(*fields, status=status) + BODY])


LINE_MAKES: list[Make] = [lines, lines, statuses, statuses, noise, no_body]
FIELD_MAKES: list[Make] = [
    *(informational, long_heads, fields, fields, dates, dates, retry_afters, error_types),
]

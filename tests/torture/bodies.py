"""JSON: wrong shapes, sizes up to the limit, and errors."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, cast

from tests.torture.reply import PIECE, VALID, Draw, Make, Reply, dumped, head, repeated, sized

VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, -(10**400), 1e308, float("nan"), float("inf"), "", "x"),
    *([], {}, [[]], [None], [{}], {"": None}, "\ud800", "\0", "9" * 5000, "1e999", ["x"] * 100),
    *({"__type": "x"}, -62135596801, 253402300800, 1e20, "2026-03-01T12:00:00Z", [1, "a", None]),
]
RAW = [
    *(
        b"",
        b" ",
        b"null",
        b"true",
        b"0",
        b'"x"',
        b"[]",
        b"[{}]",
        b"{",
        b"}",
        b"{}{}",
        b"{} x",
        b"{]",
    ),
    *(
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\0}\0",
        b"\0\0\0{",
        b"{}\0",
        b"<html></html>",
        b'{"a":}',
        b"{,}",
    ),
    *(b'{"a":1,}', b"{'a':1}", b'{"a":\x01}', b'{"a":"\x01"}', b'{"a":"\\u12"}', b'{"a":"\\x"}'),
    *(
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"nextToken":"\\ud800"}',
        b'{"a":01}',
        b'{"a":+1}',
    ),
    *(
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e}',
        b"/**/{}",
        b'{"a":"',
        b'{"imageIds":[',
        b"nul",
    ),
    *(b'{"nextToken":NaN}', b'{"imageSizeInBytes":1e999999999}', b'{"a":' + b"9" * 100_000 + b"}"),
    *(b'{"a":1e' + b"9" * 5000 + b"}", b'{"a":0.' + b"0" * 100_000 + b"1}", b"{" * 100_000),
    *(b"[" * 200_000, b"[" * 5000 + b"]" * 5000, b'{"a":' * 50_000, b"\n" * 1_000_000 + b"{}"),
    *(
        b'{"nextToken":"a","nextToken":"b"}',
        b'{"imageIds":[],"imageIds":5}',
        b'"' + b"\\" * 100_001,
    ),
]


def raw(draw: Draw) -> Reply:
    body = draw.random.choice(RAW)
    return sized(f"{len(body)} bytes {body[:30]!r}", body)


def _members(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in *value*."""
    if at:
        yield at
    items: Any = []
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
    elif isinstance(value, list):
        items = enumerate(cast("Sequence[Any]", value))
    for name, member in items:
        yield from _members(member, (*at, name))


PATHS = list(_members(VALID))


def replaced(draw: Draw) -> Reply:
    """A good response with one to four values replaced."""
    body = copy.deepcopy(VALID)
    changes: list[str] = []
    for path in draw.random.sample(PATHS, draw.random.randint(1, 4)):
        value = draw.random.choice(VALUES)
        target: Any = body
        try:
            for name in path[:-1]:
                target = target[name]
            target[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # inside a value that has just been replaced
        changes.append(f"{'.'.join(map(str, path))} {str(value)[:10]!a}")
    return sized(", ".join(changes), dumped(body))


EMPTY: list[Any] = [None, {}, [], [{}, {}], [None]]


def removed(draw: Draw) -> Reply:
    body = copy.deepcopy(VALID)
    for name in draw.random.sample(sorted(body), 3):
        body[name] = draw.random.choice(EMPTY)
    return sized("members omitted", dumped(body))


def deep(draw: Draw) -> Reply:
    levels = draw.random.choice([50, 100, 200, 250, 1000, 2000, 10_000, 1_000_000])
    levels = min(levels, draw.max_bytes // 20)
    start, stop = draw.random.choice([(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
    inner = start * levels + b"1" + stop * levels
    name = draw.random.choice([b"imageIds", b"unknown", b"imageScanFindings", b"message"])
    return sized(f"{levels} levels of {start!r} in {name!r}", b'{"%b":%b}' % (name, inner))


def deep_members(draw: Draw) -> Reply:
    """Nested as the models are, beside members of unknown names."""
    levels = draw.random.choice([2, 20, 200])
    value: Any = 5
    for _ in range(levels):
        value = (
            {"imageScanFindings": value, "findings": [value], "attributes": 1}
            if levels < 9
            else [value]
        )
    return sized(f"{levels} levels of members", dumped({"imageScanFindings": value}))


SHAPES: list[Make] = [raw, raw, replaced, replaced, replaced, removed, deep, deep_members]

ITEMS = [
    *(b"{}", b"[]", b"1", b"null", b'""', b"true", b'{"a":1}', b'{"imageTag":5}', b"[[]]", b"1e9"),
    b'{"imageDigest":"sha256:%b","imageTag":"v1"}' % (b"0" * 64),
    b'{"imageTags":["v1",5,null],"imageSizeInBytes":"x","imagePushedAt":"now"}',
    *(b'"\\ud800"', b"123456789012345678901234567890", b'{"imageTag":"v1","imageTag":"v2"}'),
]
LISTS = [b"imageIds", b"imageDetails", b"images", b"failures", b"repositories", b"unknown"]
MIB = 1 << 20


def lists(draw: Draw) -> Reply:
    name, item = draw.random.choice(LISTS), draw.random.choice(ITEMS)
    size = draw.size(2 * MIB, 3 * MIB, 16 * MIB, 63 * MIB)
    return repeated(
        f"{name!r} of {item[:12]!r}", b'{"%b":[' % name + item, b"," + item, b"]}", size
    )


def maps(draw: Draw) -> Reply:
    """Many members, each with a unique name."""
    inside = draw.random.choice(
        [b"", b'"imageScanFindings":{"findingSeverityCounts":{', b'"imageScanFindings":{']
    )
    value = draw.random.choice([b"1", b"null", b'"x"', b"{}"])
    count = draw.size(2 * MIB, 16 * MIB, 60 * MIB) // (12 + len(value))

    def pieces() -> Iterator[bytes]:
        yield head(b"Connection: close") + b"{" + inside
        for start in range(0, count, 4000):
            some = range(start, min(start + 4000, count))
            yield b"".join([b'"k%08d":%b,' % (number, value) for number in some])
        yield b'"z":1' + b"}" * (1 + inside.count(b"{"))

    return Reply(f"{count} members {inside[:30]!r} of {value!r}", pieces())


def same_names(draw: Draw) -> Reply:
    name = draw.random.choice([b"nextToken", b"unknown", b"imageIds"])
    item = b',"%b":%b' % (name, draw.random.choice([b'"x"', b"[]", b"1"]))
    size = draw.size(2 * MIB, 16 * MIB, 60 * MIB)
    return repeated(f"{name!r} again", b"{" + item[1:], item, b"}", size)


def strings(draw: Draw) -> Reply:
    name = draw.random.choice([b"nextToken", b"unknown", b"registryId", b"lifecyclePolicyText"])
    item = draw.random.choice(
        [b"x", b"\\u0000", b"\\n", b"\\ud83d\\ude00", b"\xf0\x9f\x98\x80", b"\\"]
    )
    size = draw.size(1 * MIB, 16 * MIB, 60 * MIB)
    return repeated(f"{name!r} of {item!r}", b'{"%b":"' % name, item, b'"}', size)


def numbers(draw: Draw) -> Reply:
    start = draw.random.choice(
        [b'{"registryId":', b'{"imageIds":', b'{"unknown":', b'{"unknown":0.']
    )
    size = draw.size(1 * MIB, 16 * MIB, 60 * MIB)
    return repeated(f"digits after {start!r}", start, b"7", b"}", size)


def blanks(draw: Draw) -> Reply:
    size = draw.size(1 * MIB, 63 * MIB)
    return repeated("blanks", b"", b" \n", dumped(VALID), size)


def not_json(draw: Draw) -> Reply:
    item = draw.random.choice([b"\0", b"<p>", b"\xff", b"[", b'{"a":', b"[{}],", b"-", b'"'])
    size = draw.size(1 * MIB, 63 * MIB)
    status = draw.random.choice([b"200 OK", b"500 No"])
    return repeated(f"{item!r}", b"", item, b"", size, status)


def beyond(draw: Draw) -> Reply:
    """Sizes around the limit."""
    size = draw.max_bytes + draw.random.choice([-1, 0, 1])
    body = b'{"nextToken":"%b"}'
    filled = size - len(body) + 2

    def pieces() -> Iterator[bytes]:
        yield head(b"Content-Length: %d" % size) + body[:14]
        for done in range(0, filled, PIECE):
            yield b"x" * min(PIECE, filled - done)
        yield b'"}'

    return Reply(f"{size} bytes", pieces(), "keep")


BIG: list[Make] = [
    lists,
    lists,
    lists,
    maps,
    same_names,
    strings,
    numbers,
    blanks,
    not_json,
    beyond,
]

ERROR_CODES: list[Any] = [
    *("RepositoryNotFoundException", "ServerException", "ThrottlingException", "ExpiredToken"),
    *("a.b#SlowDown:http://c/d", "", "#", None, 5, [], {}, "\ud800", "x" * 100_000, "a\nb", "\0"),
    *("__init__", "ECRClientError", "Exception", "None", "ExpiredTokenException", "x:y#z"),
]
STATUSES = [b"200 OK", b"299 Odd", b"400 No", b"403 No", b"404 No", b"413 No", b"429 No", b"503 No"]


def errors(draw: Draw) -> Reply:
    body: dict[str, Any] = {}
    for name in draw.random.sample(["__type", "code", "Code", "message", "Message", "errors"], 3):
        body[name] = draw.random.choice([*ERROR_CODES, *VALUES])
    status = draw.random.choice(STATUSES)
    return sized(f"{status!r} {str(body)[:60]!a}", dumped(body), status=status)


def big_errors(draw: Draw) -> Reply:
    member = draw.random.choice([b"message", b"__type", b"Message", b"unknown"])
    size = draw.size(100_000, 2 * MIB, 30 * MIB)
    status = draw.random.choice(STATUSES)
    start = b'{"__type":"ServerException","%b":' % member
    if draw.random.random() < 0.5:
        return repeated(f"{member!r} text", start + b'"', b"m", b'"}', size, status)
    return repeated(f"{member!r} list", start + b"[1", b",{}", b"]}", size, status)


ERRORS: list[Make] = [errors, errors, errors, errors, errors, big_errors]

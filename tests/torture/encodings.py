"""Content encodings: stacked, bombs, wrong, truncated."""

from __future__ import annotations

import functools
import gzip
import zlib

from tests.torture.reply import VALID, Draw, Make, Reply, dumped, sized

BODY = dumped(VALID)


def compressed(data: bytes) -> bytes:
    """Compress with a fixed timestamp, so that the bytes are reproducible."""
    return gzip.compress(data, mtime=0)


@functools.cache
def bomb(size: int, layers: int) -> bytes:
    """Spaces, then an object, compressed again and again: a valid JSON text."""
    compress = zlib.compressobj(9, zlib.DEFLATED, 31)
    pieces = [compress.compress(b" " * (1 << 20)) for _ in range(size >> 20)]
    data = b"".join([*pieces, compress.compress(BODY), compress.flush()])
    for _ in range(layers - 1):
        data = compressed(data)
    return data


def bombs(draw: Draw) -> Reply:
    size, layers = draw.size(1 << 20, 100 << 20, 256 << 20), draw.random.randint(1, 4)
    names = b", ".join([b"gzip"] * layers)
    field = b"Content-Encoding: " + names
    return sized(f"{size} bytes in {layers} layers", bomb(size, layers), field)


def members(draw: Draw) -> Reply:
    times = draw.random.choice([2, 50, 400])
    data = bomb(draw.size(1 << 20, 16 << 20), 1) * times
    return sized(f"{times} gzip members", data, b"Content-Encoding: gzip")


def stacked(draw: Draw) -> Reply:
    layers = draw.random.choice([1, 2, 3, 10, 100, 1000])
    data = BODY
    names: list[bytes] = []
    for _ in range(layers):
        name = draw.random.choice([b"gzip", b"deflate", b"identity"])
        names.append(name)
        if name != b"identity":
            data = compressed(data) if name == b"gzip" else zlib.compress(data)
    field = b"Content-Encoding: " + b", ".join(names)
    return sized(f"{layers} layers", data, field)


def damaged(draw: Draw) -> Reply:
    data = bytearray(bomb(draw.size(0, 1 << 20), 1))
    how = draw.random.choice(["cut off", "changed", "longer", "empty"])
    if how == "cut off":
        del data[draw.random.randrange(1, len(data)) :]
    elif how == "changed":
        for _ in range(3):
            data[draw.random.randrange(len(data))] = draw.random.randrange(256)
    elif how == "longer":
        data += draw.random.randbytes(5000)
    else:
        data.clear()
    return sized(f"gzip that is {how}", bytes(data), b"Content-Encoding: gzip")


NAMES = [
    *(b"gzip", b"deflate", b"br", b"zstd", b"compress", b"x-gzip", b"identity", b"", b"none"),
    *(b"GZIP", b"gzip, , gzip", b"gzip;q=1", b"identity, gzip", b"br, gzip", b"\xff\xfe"),
    b", ".join([b"gzip"] * 1000),
    b"a" * 5000,
]


def mislabelled(draw: Draw) -> Reply:
    name = draw.random.choice(NAMES)
    data = draw.random.choice([BODY, compressed(BODY), zlib.compress(BODY), zlib.compress(b"")])
    return sized(f"named {name[:20]!r}", data, b"Content-Encoding: " + name)


def repeated_field(draw: Draw) -> Reply:
    times = draw.random.choice([2, 3, 20])
    data = BODY
    for _ in range(times):
        data = compressed(data)
    return sized(f"{times} fields", data, *[b"Content-Encoding: gzip"] * times)


MAKES: list[Make] = [bombs, members, stacked, damaged, mislabelled, repeated_field]

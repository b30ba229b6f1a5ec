"""Content encodings: at most one, decoded in bounded steps."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import anyio
import anyio.lowlevel
import pytest

from ecrclient._awsjson.transport.body import Body
from ecrclient._awsjson.transport.content_encoding import (
    ContentDecodingError,
    Decoder,
    UnsupportedEncodingError,
    find_encoding,
    is_encoded,
    supported_encodings,
)
from ecrclient._awsjson.transport.errors import ResponseTooLarge

TEXT = b"".join(b"line %d of a text\n" % number for number in range(5_000))


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def members(data: bytes) -> bytes:
    return gzip.compress(data[:100]) + gzip.compress(b"") + gzip.compress(data[100:])


Encode = Callable[[bytes], bytes]
ENCODINGS: list[tuple[bytes, Encode]] = [
    (b"gzip", gzip.compress),
    (b"x-gzip", gzip.compress),
    (b"gzip", members),
    (b"deflate", zlib.compress),
    (b"deflate", raw_deflate),
]
every_encoding = pytest.mark.parametrize(("encoding", "encode"), ENCODINGS)


def decode(encoding: bytes, *pieces: bytes) -> bytes:
    decoder = Decoder(encoding)
    decoded = b"".join(step for piece in pieces for step in decoder.decode(piece))
    decoder.finish()
    return decoded


# -- the decoder -----------------------------------------------------------------------------------


@every_encoding
def test_a_body_is_decoded(encoding: bytes, encode: Encode) -> None:
    encoded = encode(TEXT)
    assert decode(encoding, encoded) == TEXT
    assert decode(encoding, *(encoded[i : i + 1] for i in range(len(encoded)))) == TEXT


@every_encoding
def test_an_empty_body_is_complete(encoding: bytes, encode: Encode) -> None:
    assert decode(encoding) == b""
    assert decode(encoding, b"") == b""
    assert decode(encoding, encode(b"")) == b""


@every_encoding
@pytest.mark.parametrize("size", [256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 10_000_000])
def test_a_step_yields_at_most_256_kib(encoding: bytes, encode: Encode, size: int) -> None:
    sizes = [len(step) for step in Decoder(encoding).decode(encode(bytes(size)))]
    assert sum(sizes) == size
    assert max(sizes) <= 256 * 1024


@every_encoding
def test_a_truncated_body_is_an_error(encoding: bytes, encode: Encode) -> None:
    text = TEXT[:300]
    encoded = encode(text)
    ends = {len(gzip.compress(text[:100])), len(gzip.compress(text[:100]) + gzip.compress(b""))}
    for length in range(1, len(encoded)):
        if encode is members and length in ends:
            continue  # between two members: a complete gzip file
        with pytest.raises(ContentDecodingError, match=r"before its .* data is complete"):
            decode(encoding, encoded[:length])


@every_encoding
@pytest.mark.parametrize("garbage", [b"\0", b"x", b"garbage"])
def test_data_after_the_end_is_an_error(encoding: bytes, encode: Encode, garbage: bytes) -> None:
    encoded = encode(TEXT)
    for pieces in ([encoded + garbage], [encoded, garbage]):
        with pytest.raises(ContentDecodingError):
            decode(encoding, *pieces)


@pytest.mark.parametrize(("encoding", "encode"), [(b"gzip", gzip.compress), ENCODINGS[3]])
def test_a_wrong_checksum_is_an_error(encoding: bytes, encode: Encode) -> None:
    encoded = bytearray(encode(TEXT))
    encoded[-5 if encoding == b"gzip" else -1] ^= 1
    with pytest.raises(ContentDecodingError, match=f"cannot be decoded as {encoding.decode()}"):
        decode(encoding, bytes(encoded))


def test_the_number_of_gzip_members_is_bounded() -> None:
    member = gzip.compress(b"")
    assert decode(b"gzip", member * 4096) == b""
    with pytest.raises(ContentDecodingError, match="more than 4096 gzip members"):
        decode(b"gzip", member * 4097)


# -- headers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "encoding"),
    [
        ([], None),
        ([b""], None),
        ([b"identity"], None),
        ([b"GZip"], b"gzip"),
        ([b" deflate , identity"], b"deflate"),
        ([b"identity", b"x-gzip"], b"x-gzip"),
    ],
)
def test_supported_content_encodings(values: list[bytes], encoding: bytes | None) -> None:
    headers = [(b"Content-Type", b"br"), *((b"Content-Encoding", value) for value in values)]
    assert find_encoding(headers) == encoding


@pytest.mark.parametrize(
    "values",
    [
        [b"br"],
        [b"zstd"],
        [b"compress"],
        [b"unknown\xff"],
        [b"gzip, gzip"],
        [b"gzip", b"gzip"],
        [b"gzip, br"],
        [b"gzip;q=1"],
        [b"gzip, " * 10_000],
    ],
)
def test_other_content_encodings_are_refused(values: list[bytes]) -> None:
    with pytest.raises(UnsupportedEncodingError) as caught:
        find_encoding([(b"content-encoding", value) for value in values])
    assert not caught.value.is_retryable
    assert len(str(caught.value)) < 300


def test_the_message_names_the_encodings() -> None:
    headers = [(b"content-encoding", b"gzip, br"), (b"Content-Encoding", b"zstd")]
    with pytest.raises(UnsupportedEncodingError) as caught:
        find_encoding(headers)
    assert str(caught.value) == (
        "the response has the content encoding 'gzip, br, zstd'; supported is one of gzip and "
        "deflate"
    )


@pytest.mark.parametrize(
    ("headers", "encoded"),
    [
        ([], False),
        ([(b"Content-Type", b"gzip")], False),
        ([(b"X-A", b""), (b"Content-Encoding", b"")], True),
        ([(b"content-encoding", b"br")], True),
    ],
)
def test_encoded_bodies(headers: list[tuple[bytes, bytes]], encoded: bool) -> None:
    assert is_encoded(headers) is encoded


@pytest.mark.parametrize(
    ("encoding", "data", "message"),
    [
        (b"deflate", b"\x78x", "cannot be decoded as deflate: Error -3 "),
        (b"x-gzip", b"text", "cannot be decoded as x-gzip: Error -3 "),
        (b"gzip", gzip.compress(b"", mtime=0) * 4097, "has more than 4096 gzip members"),
        (b"deflate", zlib.compress(b"") + b"x", "continues after the end of its deflate stream"),
        (b"gzip", gzip.compress(b"x", mtime=0)[:-1], "ends before its gzip data is complete"),
    ],
)
def test_the_message_for_a_wrong_body(encoding: bytes, data: bytes, message: str) -> None:
    with pytest.raises(ContentDecodingError) as caught:
        decode(encoding, data)
    assert str(caught.value).startswith(f"the body of the response {message}")


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        (b"gzip, deflate, br, zstd", b"gzip, deflate"),
        (b"br;q=1.0, GZIP;q=0.8, *;q=0.1", b"GZIP;q=0.8"),
        (b"identity", b"identity"),
        (b"br", b"identity"),
        (b"*", b"identity"),
        (b"", b"identity"),
    ],
)
def test_only_supported_encodings_are_accepted(accepted: bytes, sent: bytes) -> None:
    assert supported_encodings(accepted) == sent


# -- a body ----------------------------------------------------------------------------------------


GZIPPED = [(b"Content-Encoding", b"gzip")]


@pytest.mark.anyio
async def test_the_limit_is_for_the_decoded_body() -> None:
    body = Body(GZIPPED, 100_000)
    await body.add(gzip.compress(bytes(100_000)))
    assert body.finish() == bytes(100_000)
    body = Body(GZIPPED, 100_000)
    with pytest.raises(ResponseTooLarge, match="100000 bytes"):
        await body.add(gzip.compress(bytes(100_001)))


@pytest.mark.anyio
async def test_a_body_that_is_not_encoded_may_end_anywhere() -> None:
    body = Body([], 5)
    await body.add(b"12")
    assert body.finish() == b"12"
    body = Body(GZIPPED, 100)
    await body.add(gzip.compress(b"text")[:-1])
    with pytest.raises(ContentDecodingError):
        body.finish()


@pytest.mark.anyio
async def test_the_limit_is_for_the_received_body() -> None:
    body = Body([], 5)
    await body.add(b"12345")
    with pytest.raises(ResponseTooLarge):
        await body.add(b"6")


@pytest.mark.anyio
async def test_other_tasks_run_while_a_body_is_decoded() -> None:
    turns = 0
    body = Body(GZIPPED, 50_000_000)

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count)
        await body.add(gzip.compress(bytes(50_000_000)))
        tasks.cancel_scope.cancel()
    assert turns >= 50_000_000 // (256 * 1024)


@pytest.mark.anyio
async def test_decoding_is_cancelled() -> None:
    body = Body(GZIPPED, 50_000_000)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await body.add(gzip.compress(bytes(50_000_000)))
    assert scope.cancelled_caught

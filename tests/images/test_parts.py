"""The parts of an upload: their encoding, their length, and the buffers that they reuse."""

from __future__ import annotations

import base64
import itertools
import json
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from ecrclient.images import ContentMismatchError, Descriptor, parts
from ecrclient.images.digests import sha256
from ecrclient.images.parts import Part, Parts
from ecrclient.images.stores import UploadRecord

pytestmark = pytest.mark.anyio

MEMBERS = {"repositoryName": "team/äpp", "uploadId": "an id"}


class Stream(AsyncIterator[bytes]):
    """Pieces; unlike a generator it need not be closed."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = iter(pieces)

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration


def parts_of(
    pieces: Sequence[bytes], part_size: int, *, position: int = 0, content: bytes | None = None
) -> Parts:
    """The parts of a stream whose descriptor is that of *content*."""
    content = b"".join(pieces) if content is None else content

    blob = Descriptor(media_type="layer", digest=sha256(content), size=len(content))
    return Parts(Stream(pieces), blob, UploadRecord("an id", part_size, position), MEMBERS)


def cut(content: bytes, lengths: Sequence[int]) -> list[bytes]:
    """The content in pieces of some lengths, which are repeated."""
    pieces: list[bytes] = []
    position = 0
    for length in itertools.cycle(lengths):
        if position >= len(content):
            return pieces
        pieces.append(content[position : position + length])
        position += length
    raise AssertionError


def decoded(part: Part) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(part.body)
    return members


@pytest.mark.parametrize("encoder", ["base64", "pybase64"])
@pytest.mark.parametrize("part_size", [1, 2, 3, 7, 1000, 100_000, 200_001])
@pytest.mark.parametrize("lengths", [[1], [2], [3], [5, 1, 1], [4096], [70_001, 3], [300_000]])
async def test_the_parts_are_the_content(
    monkeypatch: pytest.MonkeyPatch, encoder: str, part_size: int, lengths: list[int]
) -> None:
    monkeypatch.setattr(parts, "_base64", pytest.importorskip(encoder).b64encode)
    size = min(200_003, 40 * part_size + 1, 400 * min(lengths))
    content = random.Random(size).randbytes(size)
    made = parts_of(cut(content, lengths), part_size)
    position = 0
    async for part in made:
        members = decoded(part)
        assert (part.start, part.end) == (position, min(position + part_size, size))
        blob = base64.b64decode(members.pop("layerPartBlob"), validate=True)
        assert blob == content[part.start : part.end]
        assert members == {
            **MEMBERS,
            "partFirstByte": part.start,
            "partLastByte": part.end - 1,
        }
        position = part.end
        made.reuse(part)
    assert position == size


async def test_buffers_of_sent_parts_are_reused() -> None:
    content = bytes(range(256)) * 500
    made = parts_of(cut(content, [999]), 10_000)
    first = await anext(made)
    second = await anext(made)
    assert first.body is not second.body
    assert len(first.body) == len(second.body)  # despite the digits of the positions
    made.reuse(first)
    third = await anext(made)
    assert third.body is first.body
    sent = base64.b64decode(decoded(third)["layerPartBlob"])
    assert sent == content[20_000:30_000]


@pytest.mark.parametrize("size", [0, 1, 9_999, 10_000, 15_000])
async def test_a_stream_that_ends_early_is_an_error(size: int) -> None:
    content = bytes(range(256)) * 80
    made = parts_of([content[:size]], 10_000, content=content)
    with pytest.raises(ContentMismatchError, match=f"ends after {size} of 20480 bytes"):
        async for _ in made:
            pass


@pytest.mark.parametrize("position", [0, 10_000])
async def test_a_stream_that_is_too_long_is_an_error(position: int) -> None:
    content = bytes(range(256)) * 80
    for pieces in ([content[position:], b"!"], [content[position:] + b"!"]):
        made = parts_of(pieces, 10_000, position=position, content=content)
        with pytest.raises(ContentMismatchError, match="longer than its 20480 bytes"):
            async for part in made:
                assert part.end < len(content), "the last part is not sent"


async def test_wrong_content_is_found_before_the_last_part() -> None:
    content = bytes(range(256)) * 80
    made = parts_of([content[:-1] + b"!"], 10_000, content=content)
    with pytest.raises(ContentMismatchError, match="the content has the digest"):
        async for part in made:
            assert part.end < len(content), "the last part is not sent"


async def test_a_continued_upload_is_not_hashed() -> None:
    content = bytes(range(256)) * 80
    made = parts_of([b"?" * 10_480], 10_000, position=10_000, content=content)
    assert [(part.start, part.end) async for part in made] == [(10_000, 20_000), (20_000, 20_480)]

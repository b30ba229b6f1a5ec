"""Saving blobs in files: in one stream, and in several ranges at the same time."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from ecrclient.images import ContentMismatchError, Descriptor, DownloadError, saving
from ecrclient.images.digests import sha256
from ecrclient.images.file_places import FilePlace
from ecrclient.images.saving import save

pytestmark = pytest.mark.anyio

RANGE = 2048
CONTENT = bytes(n % 251 for n in range(10 * RANGE + 77))


@pytest.fixture(autouse=True)
def short_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "RANGE_BYTES", RANGE)
    monkeypatch.setattr(saving, "PIECE_BYTES", 512)


class Source:
    """A blob whose ranges arrive in any order, and that counts its open ranges."""

    def __init__(self, content: bytes = CONTENT, ranges: int = 4) -> None:
        self.descriptor = Descriptor(media_type="m", digest=sha256(CONTENT), size=len(CONTENT))
        self.ranges = ranges
        self.fails_at: int | None = None
        self.open_ranges = 0
        self.most = 0
        self.opened: list[tuple[int, int | None]] = []
        self._content = content

    @asynccontextmanager
    async def open(
        self, start: int = 0, stop: int | None = None, *, piece_bytes: int = 0
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        assert piece_bytes >= 0
        self.opened.append((start, stop))
        self.open_ranges += 1
        self.most = max(self.most, self.open_ranges)
        pieces = self._pieces(start, stop)
        try:
            yield pieces
        finally:
            await pieces.aclose()
            self.open_ranges -= 1

    async def _pieces(self, start: int, stop: int | None) -> AsyncGenerator[bytes]:
        content = self._content[start:stop]
        for at in range(0, len(content), 300):
            for _ in range((start // RANGE * 7) % 5):
                await anyio.lowlevel.checkpoint()
            if self.fails_at is not None and start + at >= self.fails_at:
                raise DownloadError(self.descriptor.digest, start + at, "broken")
            yield content[at : at + 300]


class Meter:
    """Counts bytes."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, count: int) -> None:
        self.count += count

    def restart(self, position: int) -> None:
        raise AssertionError(position)

    def retried(self) -> None:
        raise AssertionError


async def save_in(folder: Path, source: Source, start: int = 0) -> tuple[bytes, Meter]:
    meter = Meter()
    path = folder / "file"
    with path.open("x+b", buffering=0) as file:
        await save(source, FilePlace(file, start), meter)
    return path.read_bytes()[start:], meter


@pytest.mark.parametrize("ranges", [1, 2, 4, 100])
@pytest.mark.parametrize("start", [0, 1536])
async def test_the_content_is_written_and_counted(ranges: int, start: int, tmp_path: Path) -> None:
    source = Source(ranges=ranges)
    content, meter = await save_in(tmp_path, source, start)
    assert content == CONTENT
    assert meter.count == len(CONTENT)
    assert source.open_ranges == 0
    assert source.most == min(ranges, 11)
    assert len(source.opened) == (1 if ranges == 1 else 11)


@pytest.mark.parametrize("ranges", [1, 4])
@pytest.mark.parametrize("position", [0, RANGE - 1, RANGE, 5 * RANGE, len(CONTENT) - 1])
async def test_one_flipped_byte_is_caught(ranges: int, position: int, tmp_path: Path) -> None:
    flipped = bytearray(CONTENT)
    flipped[position] ^= 1
    source = Source(bytes(flipped), ranges)
    with pytest.raises(ContentMismatchError, match="the content has the digest"):
        await save_in(tmp_path, source)
    assert source.open_ranges == 0


@pytest.mark.parametrize("ranges", [1, 4])
@pytest.mark.parametrize("change", [-1, -RANGE, -len(CONTENT), 1])
async def test_another_length_is_caught(ranges: int, change: int, tmp_path: Path) -> None:
    content = CONTENT[:change] if change < 0 else CONTENT + b"x" * change
    if change > 0 and ranges > 1:
        return  # a range ends where it was asked to end
    with pytest.raises(ContentMismatchError):
        await save_in(tmp_path, Source(content, ranges))


@pytest.mark.parametrize("fails_at", [0, 1000, 5 * RANGE, 10 * RANGE])
async def test_a_failure_of_a_range_cancels_and_closes_the_others(
    fails_at: int, tmp_path: Path
) -> None:
    source = Source()
    source.fails_at = fails_at
    with pytest.raises(DownloadError, match="broken"):
        await save_in(tmp_path, source)
    assert source.open_ranges == 0


async def test_a_cancelled_save_closes_all_ranges(tmp_path: Path) -> None:
    source = Source()
    with anyio.CancelScope() as scope:

        class Cancelling(Meter):
            def add(self, count: int) -> None:
                super().add(count)
                if self.count > 4 * RANGE:
                    scope.cancel()

        with (tmp_path / "file").open("x+b", buffering=0) as file:
            await save(source, FilePlace(file), Cancelling())
    assert scope.cancelled_caught
    assert source.open_ranges == 0


async def test_a_size_that_no_content_has_does_not_fill_the_memory(tmp_path: Path) -> None:
    source = Source()
    source.descriptor = source.descriptor.model_copy(update={"size": 2**62})
    source.fails_at = 6 * RANGE
    with pytest.raises((DownloadError, ContentMismatchError)):
        await save_in(tmp_path, source)
    assert len(source.opened) < 20


def test_a_place_does_not_change_what_is_around_it(tmp_path: Path) -> None:
    with (tmp_path / "file").open("x+b", buffering=0) as file:
        file.write(b"." * 10)
        place = FilePlace(file, 3)
        place.write(1, [b"ab", b"", b"c"])
        assert place.read(0, 5) == b".abc."
        file.seek(0, io.SEEK_SET)
        assert file.read() == b"....abc..."

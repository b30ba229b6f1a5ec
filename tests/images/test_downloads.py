"""Downloads of blobs: broken connections, expired URLs, wrong ranges and wrong content."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from ecrclient.images import ContentMismatchError, Descriptor, DownloadError, downloads
from ecrclient.images.content import BlobStream
from ecrclient.images.digests import sha256
from ecrclient.images.downloads import DownloadBlob, Downloads

pytestmark = pytest.mark.anyio

CONTENT = bytes(range(256)) * 40
BLOB = Descriptor(media_type="layer", digest=sha256(CONTENT), size=len(CONTENT))
SECRET = "X-Amz-Signature=0123456789abcdef"


@pytest.fixture(autouse=True)
def no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "_FIRST_DELAY", 0.0)


class Body(httpx.AsyncByteStream):
    """Some pieces, and then the end or an error."""

    def __init__(self, pieces: list[bytes], error: Exception | None = None) -> None:
        self._pieces, self._error = pieces, error
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        if self._error is not None:
            raise self._error

    async def aclose(self) -> None:
        self.closed = True


class Server(httpx.AsyncBaseTransport):
    """Serves the content; a script changes the responses, one after the other."""

    def __init__(self, *script: Callable[[httpx.Request], httpx.Response]) -> None:
        self._script = list(script)
        self.requests: list[httpx.Request] = []
        self.bodies: list[Body] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        response = self._script.pop(0)(request) if self._script else self.normal(request)
        if isinstance(response.stream, Body):
            self.bodies.append(response.stream)
        return response

    @staticmethod
    def normal(request: httpx.Request) -> httpx.Response:
        start, stop = requested(request)
        return partial(start, stop) if "range" in request.headers else whole()

    @property
    def ranges(self) -> list[str | None]:
        return [request.headers.get("range") for request in self.requests]


def requested(request: httpx.Request) -> tuple[int, int]:
    first, _, last = request.headers.get("range", "bytes=0-")[len("bytes=") :].partition("-")
    return int(first), int(last or len(CONTENT) - 1) + 1


def whole(content: bytes = CONTENT, error: Exception | None = None) -> httpx.Response:
    return httpx.Response(200, stream=Body([content[:5000], content[5000:]], error))


def partial(start: int, stop: int, content_range: str | None = None) -> httpx.Response:
    text = content_range or f"bytes {start}-{stop - 1}/{len(CONTENT)}"
    return httpx.Response(206, headers={"content-range": text}, stream=Body([CONTENT[start:stop]]))


def status(code: int, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(code, headers=headers, stream=Body([b"<Error/>"]))


def cut(at: int, error: Exception | None = None) -> Callable[[httpx.Request], httpx.Response]:
    def respond(request: httpx.Request) -> httpx.Response:
        start, stop = requested(request)
        response = Server.normal(request)
        response.stream = Body([CONTENT[start : min(at, stop)]], error)
        return response

    return respond


class Download:
    """A download from a server, and how often it was resumed."""

    def __init__(self, server: Server) -> None:
        self.urls = 0
        self.retries = 0

        async def transport_to(_: str) -> httpx.AsyncBaseTransport:
            return server

        async def new_url() -> str:
            self.urls += 1
            return f"https://bucket.test/layer?{SECRET}&n={self.urls}"

        self.blob = DownloadBlob(BLOB, Downloads(transport_to, {}), new_url, self._count)

    def _count(self) -> None:
        self.retries += 1

    async def read(self, start: int = 0, stop: int | None = None) -> bytes:
        async with self.blob.open(start, stop) as pieces:
            return b"".join([piece async for piece in pieces])


BREAKS = (
    None,
    httpx.ReadError("reset"),
    httpx.ReadTimeout("too slow"),
    httpx.RemoteProtocolError("cut"),
)


@pytest.mark.parametrize("error", BREAKS, ids=repr)
async def test_a_broken_download_continues_where_it_broke(error: Exception | None) -> None:
    server = Server(cut(1000, error), cut(1001, error))
    download = Download(server)
    assert await download.read() == CONTENT
    assert server.ranges == [None, "bytes=1000-", "bytes=1001-"]
    assert (download.urls, download.retries) == (3, 2)
    assert all(body.closed for body in server.bodies)


@pytest.mark.parametrize("at", range(0, len(CONTENT), 1024))
async def test_a_download_can_break_anywhere(at: int) -> None:
    download = Download(Server(cut(at)))
    assert await download.read() == CONTENT


@pytest.mark.parametrize("code", [401, 403, 408, 429, 500, 503])
async def test_an_expired_url_or_a_busy_server_gets_a_new_url(code: int) -> None:
    server = Server(cut(300), status(code), status(code))
    download = Download(server)
    assert await download.read() == CONTENT
    assert server.ranges == [None, *["bytes=300-"] * 3]
    assert len({str(request.url) for request in server.requests}) == 4


@pytest.mark.parametrize("code", [204, 400, 404, 416])
async def test_other_statuses_end_the_download(code: int) -> None:
    server = Server(cut(300), status(code))
    with pytest.raises(DownloadError) as caught:
        await Download(server).read()
    assert caught.value.position == 300
    assert str(caught.value) == f"{BLOB.digest}: HTTP status {code} (after 300 bytes)"
    assert all(body.closed for body in server.bodies)


async def test_a_download_without_progress_is_given_up() -> None:
    server = Server(cut(300), *[status(503)] * 100)
    with pytest.raises(DownloadError, match="HTTP status 503") as caught:
        await Download(server).read()
    assert len(server.requests) == 6
    assert SECRET not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"


async def test_progress_resets_the_count_of_failures() -> None:
    server = Server(*[cut(at) for at in range(100, 2100, 100)])
    assert await Download(server).read() == CONTENT


async def test_a_server_without_ranges_is_read_again_from_the_start() -> None:
    server = Server(cut(6000), lambda _: whole())
    assert await Download(server).read() == CONTENT
    assert await Download(Server(lambda _: whole())).read(7000) == CONTENT[7000:]
    assert await Download(Server(lambda _: whole())).read(100, 200) == CONTENT[100:200]


@pytest.mark.parametrize(("start", "stop"), [(0, None), (1, None), (0, 1), (5000, 5001), (9, 9000)])
async def test_a_range_is_read(start: int, stop: int | None) -> None:
    assert await Download(Server()).read(start, stop) == CONTENT[start:stop]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bytes 0-10239/10240",
        f"bytes 300-{len(CONTENT)}/{len(CONTENT)}",
        f"bytes 300-{len(CONTENT) - 1}/99999",
        "bytes */10240",
        "items 300-10239/10240",
    ],
)
async def test_a_wrong_content_range_ends_the_download(text: str) -> None:
    server = Server(cut(300), lambda _: partial(300, len(CONTENT), text or " "))
    with pytest.raises(DownloadError, match="Content-Range"):
        await Download(server).read()


async def test_an_unknown_total_length_is_accepted() -> None:
    text = f"bytes 300-{len(CONTENT) - 1}/*"
    assert await Download(Server(cut(300), lambda _: partial(300, 10240, text))).read() == CONTENT


async def test_a_longer_response_is_refused() -> None:
    with pytest.raises(ContentMismatchError, match="longer than its 10240 bytes"):
        await Download(Server(lambda _: whole(CONTENT + b"x"))).read()
    longer = httpx.Response(
        206,
        headers={"content-range": f"bytes 1-{len(CONTENT) - 1}/{len(CONTENT)}"},
        stream=Body([CONTENT]),
    )
    with pytest.raises(ContentMismatchError):
        await Download(Server(lambda _: longer)).read(1)


async def test_redirects_are_followed() -> None:
    server = Server(status(307, location="/elsewhere"), status(302, location="https://b.test/x"))
    assert await Download(server).read() == CONTENT
    assert [request.url.host for request in server.requests] == ["bucket.test"] * 2 + ["b.test"]
    assert server.requests[2].headers["host"] == "b.test"


async def test_endless_redirects_are_refused() -> None:
    server = Server(*[status(307, location="/again")] * 100)
    with pytest.raises(DownloadError, match="redirects"):
        await Download(server).read()


@pytest.mark.parametrize("location", ["http://bucket.test/x", "ftp://b.test/x", "//[", "mailto:x"])
async def test_a_redirect_to_something_else_than_https_is_refused(location: str) -> None:
    server = Server(status(307, location=location))
    with pytest.raises(DownloadError, match=r"https://|invalid"):
        await Download(server).read()
    assert len(server.requests) == 1
    assert server.bodies[0].closed


async def test_an_empty_piece_is_not_the_end() -> None:
    response = httpx.Response(200, stream=Body([b"", CONTENT[:9], b"", CONTENT[9:]]))
    download = Download(Server(lambda _: response))
    async with download.blob.open() as pieces:
        assert await BlobStream(BLOB, 0, pieces).read() == CONTENT
    assert download.retries == 0


async def test_no_encoding_is_accepted_and_no_credentials_are_sent() -> None:
    server = Server()
    await Download(server).read()
    assert server.requests[0].headers["accept-encoding"] == "identity"
    assert "authorization" not in server.requests[0].headers


async def test_an_abandoned_download_closes_its_response() -> None:
    server = Server()
    async with Download(server).blob.open() as pieces:
        await anext(pieces)
    assert server.bodies[0].closed


@pytest.mark.parametrize("position", [0, 1, 5000, len(CONTENT) - 1])
async def test_one_flipped_byte_is_caught(position: int) -> None:
    flipped = bytearray(CONTENT)
    flipped[position] ^= 1
    async with Download(Server(lambda _: whole(bytes(flipped)))).blob.open() as pieces:
        stream = BlobStream(BLOB, 0, pieces)
        with pytest.raises(ContentMismatchError, match="the content has the digest sha256:"):
            await stream.read()


async def test_a_stream_reports_its_position() -> None:
    async with Download(Server()).blob.open(100) as pieces:
        stream = BlobStream(BLOB, 100, pieces)
        assert stream.position == 100
        assert await stream.read() == CONTENT[100:]
        assert stream.position == len(CONTENT)

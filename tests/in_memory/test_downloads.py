"""Downloads of layers: ranges, HEAD and expiry, from memory and files, with both transports."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import HandClock, digest_of

pytestmark = pytest.mark.anyio

# Longer than the pieces in which files are sent.
CONTENT = bytes(range(256)) * 10_000
SIZE = len(CONTENT)


@pytest.fixture(params=["memory", "files"])
def ecr(request: pytest.FixtureRequest, clock: HandClock, tmp_path: Path) -> InMemoryECR:
    layers_dir = tmp_path / "layers" if request.param == "files" else None
    ecr = InMemoryECR(clock=clock, layers_dir=layers_dir)
    ecr.add_image("team/app", [CONTENT], tags=["v1"])
    return ecr


async def url_of(client: ECRClient) -> str:
    response = await client.get_download_url_for_layer(
        repository_name="team/app", layer_digest=digest_of(CONTENT)
    )
    return response.download_url


@pytest.fixture(params=["in the process", "over HTTP"])
async def downloads(
    request: pytest.FixtureRequest, ecr: InMemoryECR
) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """An HTTP client, and the URL of a layer."""
    if request.param == "in the process":
        async with ecr.client() as client, httpx.AsyncClient(transport=ecr.transport()) as http:
            yield http, await url_of(client)
        return
    async with ecr.serve() as server, httpx.AsyncClient() as http:
        client = ECRClient(region=ecr.region, credentials=ecr.credentials, endpoint_url=server.url)
        async with client:
            url = await url_of(client)
        yield http, url


Downloads = tuple[httpx.AsyncClient, str]


async def test_whole_layer(downloads: Downloads) -> None:
    http, url = downloads
    response = await http.get(url)
    assert (response.status_code, response.content) == (200, CONTENT)
    assert response.headers["content-length"] == str(SIZE)
    assert response.headers["accept-ranges"] == "bytes"
    assert "content-range" not in response.headers


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=1048570-1048580", 1048570, 1048580),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
        ("bytes=-5", SIZE - 5, SIZE - 1),
        ("bytes=5-99999999", 5, SIZE - 1),
        ("bytes=0-", 0, SIZE - 1),
    ],
)
async def test_range_is_returned(downloads: Downloads, wanted: str, first: int, last: int) -> None:
    http, url = downloads
    response = await http.get(url, headers={"range": wanted})
    assert (response.status_code, response.content) == (206, CONTENT[first : last + 1])
    assert response.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert response.headers["content-length"] == str(last - first + 1)


async def test_interrupted_download_can_be_resumed(ecr: InMemoryECR, downloads: Downloads) -> None:
    http, url = downloads
    ecr.faults.truncate(1_500_000)
    received = b""
    with pytest.raises(httpx.RemoteProtocolError):
        async with http.stream("GET", url) as response:
            async for piece in response.aiter_bytes():
                received += piece
    assert received == CONTENT[: len(received)]
    rest = await http.get(url, headers={"range": f"bytes={len(received)}-"})
    assert received + rest.content == CONTENT


async def test_unsatisfiable_range_is_refused(downloads: Downloads) -> None:
    http, url = downloads
    response = await http.get(url, headers={"range": f"bytes={SIZE}-"})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{SIZE}"
    assert "<Code>InvalidRange</Code>" in response.text
    assert f"<RangeRequested>bytes={SIZE}-</RangeRequested>" in response.text
    assert f"<ActualObjectSize>{SIZE}</ActualObjectSize>" in response.text


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "bytes=5-4", "lines=1-2", "nonsense"])
async def test_malformed_and_multiple_ranges_are_ignored(downloads: Downloads, wanted: str) -> None:
    http, url = downloads
    response = await http.get(url, headers={"range": wanted})
    assert (response.status_code, response.content) == (200, CONTENT)


@pytest.mark.parametrize("validator", ['"an-etag"', "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_if_range_is_ignored(downloads: Downloads, validator: str) -> None:
    http, url = downloads
    response = await http.get(url, headers={"range": "bytes=0-1", "if-range": validator})
    assert (response.status_code, response.content) == (206, CONTENT[:2])


async def test_head_has_the_headers_of_get(downloads: Downloads) -> None:
    http, url = downloads
    whole = await http.head(url)
    assert (whole.status_code, whole.content) == (200, b"")
    assert whole.headers["content-length"] == str(SIZE)
    part = await http.head(url, headers={"range": "bytes=-5"})
    assert (part.status_code, part.headers["content-length"]) == (206, "5")
    missing = await http.head(url, headers={"range": f"bytes={SIZE}-"})
    assert (missing.status_code, missing.content) == (416, b"")
    unsigned = await http.head(url.partition("?")[0])
    assert (unsigned.status_code, unsigned.content) == (403, b"")
    assert int(unsigned.headers["content-length"]) > 0
    assert (await http.get(url)).content == CONTENT


async def test_url_expires_after_one_hour(ecr: InMemoryECR, downloads: Downloads) -> None:
    http, url = downloads
    issued = ecr.clock()
    ecr.clock.advance(minutes=59, seconds=59)
    assert (await http.get(url)).status_code == 200
    ecr.clock.advance(seconds=1)
    response = await http.get(url, headers={"range": "bytes=0-1"})
    assert response.status_code == 403
    assert re.search(
        "<Code>AccessDenied</Code><Message>Request has expired</Message>", response.text
    )
    assert "<X-Amz-Expires>3600</X-Amz-Expires>" in response.text
    assert f"<Expires>{ecr.clock():%Y-%m-%dT%H:%M:%SZ}</Expires>" in response.text
    assert (await http.head(url)).status_code == 403
    ecr.clock.set(issued)
    assert (await http.get(url)).status_code == 200


async def test_other_methods_are_not_downloads(downloads: Downloads) -> None:
    http, url = downloads
    for method in ("PUT", "DELETE", "POST"):
        response = await http.request(method, url)
        assert response.json()["__type"] == "UnknownOperationException"


async def test_download_can_be_abandoned(downloads: Downloads) -> None:
    http, url = downloads
    async with http.stream("GET", url) as response:
        assert response.status_code == 200
    assert (await http.get(url, headers={"range": "bytes=0-0"})).content == CONTENT[:1]


async def test_file_of_an_abandoned_download_is_closed(clock: HandClock, tmp_path: Path) -> None:
    ecr = InMemoryECR(clock=clock, layers_dir=tmp_path)
    ecr.add_image("team/app", [CONTENT], tags=["v1"])
    async with ecr.client() as client:
        request = httpx.Request("GET", await url_of(client))
    response = await ecr.transport().handle_async_request(request)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    pieces = aiter(response.stream)
    assert await anext(pieces) == CONTENT[: 1024 * 1024]
    # A file that is not closed causes a ResourceWarning, which fails the test.
    await response.aclose()
    assert [piece async for piece in pieces] == []


async def test_missing_or_short_file_breaks_the_download(clock: HandClock, tmp_path: Path) -> None:
    ecr = InMemoryECR(clock=clock, layers_dir=tmp_path)
    ecr.add_image("team/app", [CONTENT], tags=["v1"])
    file = tmp_path / "sha256" / digest_of(CONTENT).removeprefix("sha256:")
    async with ecr.client() as client, httpx.AsyncClient(transport=ecr.transport()) as http:
        url = await url_of(client)
        file.write_bytes(CONTENT[:-1])
        with pytest.raises(httpx.RemoteProtocolError, match="is 1 bytes too short"):
            await http.get(url)
        file.unlink()
        with pytest.raises(httpx.RemoteProtocolError, match="cannot read the body"):
            await http.get(url)

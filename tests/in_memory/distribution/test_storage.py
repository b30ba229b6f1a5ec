"""The bytes of uploads: where they are stored, and how many are in memory."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import AsyncIterator, Callable, MutableMapping
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR
from ecrclient.testing.layer_stores import LayerFolder
from tests.in_memory.builders import HandClock
from tests.in_memory.distribution.registry_client import (
    APP,
    BLOB,
    BLOB_DIGEST,
    OTHER_DIGEST,
    create,
    login,
    open_http,
    start,
)

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024
DIGEST = {"digest": BLOB_DIGEST}


@pytest.fixture
def ecr(clock: HandClock, tmp_path: Path) -> InMemoryECR:
    return InMemoryECR(clock=clock, layers_dir=tmp_path)


def names(folder: Path, kind: str) -> list[str]:
    return sorted(file.name for file in (folder / kind).iterdir())


async def test_a_blob_is_a_file(any_http: httpx.AsyncClient, tmp_path: Path) -> None:
    location = await start(any_http)
    await any_http.patch(location, content=BLOB[:50])
    await any_http.patch(location, content=BLOB[50:60])
    upload_id = location.rpartition("/")[2]
    assert names(tmp_path, "uploads") == [upload_id]
    assert (tmp_path / "uploads" / upload_id).read_bytes() == BLOB[:60]
    await any_http.put(location, params=DIGEST, content=BLOB[60:])
    hexadecimal = BLOB_DIGEST.removeprefix("sha256:")
    assert names(tmp_path, "uploads") == []
    assert (tmp_path / "sha256" / hexadecimal).read_bytes() == BLOB


async def test_refused_requests_leave_no_file(
    ecr: InMemoryECR, any_http: httpx.AsyncClient, tmp_path: Path
) -> None:
    location = await start(any_http)
    await any_http.put(location, params={"digest": "wrong"}, content=BLOB)
    await any_http.put(location, params={"digest": OTHER_DIGEST}, content=BLOB)
    await any_http.patch(location, content=BLOB)
    await any_http.patch(await start(any_http), content=BLOB, headers={"content-range": "7-8"})
    await any_http.post(f"{APP}/blobs/uploads/", content=BLOB)
    with ecr.deny("ecr:UploadLayerPart"):
        await any_http.patch(await start(any_http), content=BLOB)
    await any_http.post("/v2/team/missing/blobs/uploads/", params=DIGEST, content=BLOB)
    ecr.faults.throttle()
    await any_http.post(f"{APP}/blobs/uploads/", params=DIGEST, content=BLOB)
    await any_http.post(f"{APP}/blobs/uploads/", params=DIGEST, content=BLOB)
    await any_http.post(f"{APP}/blobs/uploads/", params=DIGEST, content=BLOB)
    assert names(tmp_path, "uploads") == []
    assert len(names(tmp_path, "sha256")) == 1


async def test_content_without_a_login_is_not_stored(
    ecr: InMemoryECR, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the content was stored")

    monkeypatch.setattr(LayerFolder, "append", refuse)
    for way in ("process", "asgi", "served"):
        async with open_http(ecr, way, auth=("AWS", "wrong")) as http:
            response = await http.post(f"{APP}/blobs/uploads/", content=BLOB)
            assert response.status_code == 401


@pytest.mark.parametrize("way", ["process", "asgi"])
async def test_an_upload_is_not_held_in_memory(
    ecr: InMemoryECR, client: ECRClient, way: str
) -> None:
    await create(client, "team/app")
    piece, count = bytes(64 * 1024), 512

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(count):
            yield piece

    digest = f"sha256:{hashlib.sha256(piece * count).hexdigest()}"
    async with open_http(ecr, way) as http:
        location = await start(http)
        tracemalloc.start()
        try:
            assert (await http.patch(location, content=pieces())).status_code == 202
            done = await http.put(location, params={"digest": digest})
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert done.status_code == 201
    # The blob has 32 MiB.
    assert peak < 6 * MIB


async def test_an_incomplete_request_changes_nothing(
    ecr: InMemoryECR, client: ECRClient, tmp_path: Path
) -> None:
    await create(client, "team/app")
    async with open_http(ecr) as http:
        location = await start(http)
        request = http.build_request("PATCH", location)
        auth = httpx.BasicAuth(*await login(ecr))
        request = next(auth.auth_flow(request))
        messages: list[MutableMapping[str, Any]] = [
            {"type": "http.request", "body": bytes(2 * MIB), "more_body": True},
            {"type": "http.disconnect"},
        ]

        async def receive() -> MutableMapping[str, Any]:
            if len(messages) == 1:
                assert len(names(tmp_path, "uploads")) == 1
            return messages.pop(0)

        async def send(message: MutableMapping[str, Any]) -> None:
            raise AssertionError(message)

        scope = {
            "type": "http",
            "method": "PATCH",
            "path": location,
            "query_string": b"",
            "headers": request.headers.raw,
        }
        await ecr.asgi_app()(scope, receive, send)
        assert names(tmp_path, "uploads") == []
        assert (await http.get(location)).headers["range"] == "0-0"


async def test_a_cancelled_request_changes_nothing(http: httpx.AsyncClient, tmp_path: Path) -> None:
    location = await start(http)

    async def pieces(cancel: Callable[[], None]) -> AsyncIterator[bytes]:
        yield bytes(2 * MIB)
        assert len(names(tmp_path, "uploads")) == 1
        cancel()
        await anyio.lowlevel.checkpoint()
        yield b""

    with anyio.CancelScope() as scope:
        await http.patch(location, content=pieces(scope.cancel))
    assert scope.cancelled_caught
    assert names(tmp_path, "uploads") == []
    assert (await http.get(location)).headers["range"] == "0-0"


async def test_uploads_are_part_of_the_state(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock, tmp_path: Path
) -> None:
    await create(client, "team/app")
    async with open_http(ecr) as http:
        location = await start(http)
        await http.patch(location, content=BLOB[:10])
    state = tmp_path / "state.json"
    ecr.save(state)
    loaded = InMemoryECR.load(state, clock=clock, layers_dir=tmp_path)
    async with open_http(loaded) as http:
        done = await http.put(location, params=DIGEST, content=BLOB[10:])
        assert done.status_code == 201

"""No presigned URL and no password of a registry appears in errors, reprs, logs or warnings."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.images import (
    CopyError,
    ImageError,
    Layout,
    OCIArchive,
    StateFile,
    downloads,
)
from ecrclient.testing import Call, InMemoryECR
from tests.awsjson.test_secrets import Witness
from tests.awsjson.test_secrets import witness as witness
from tests.images.graphs import Graph

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "_FIRST_DELAY", 0.0)


class Recorder(httpx.AsyncBaseTransport):
    """Passes requests on, and collects the secrets in the responses."""

    def __init__(self, ecr: InMemoryECR) -> None:
        self._transport = ecr.transport()
        self.secrets: set[str] = set()
        self.download: httpx.Response | Exception | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and self.download is not None:
            if isinstance(self.download, Exception):
                raise self.download
            return self.download
        if request.url.path.startswith("/v2/"):
            return httpx.Response(403, content=b"{}")
        response = await self._transport.handle_async_request(request)
        if request.method == "POST":
            document = json.loads(await response.aread())
            url = document.get("downloadUrl")
            if url is not None:
                self.secrets.add(httpx.URL(url).params["X-Amz-Signature"])
            for data in document.get("authorizationData", ()):
                self.secrets.add(data["authorizationToken"])
                decoded = base64.b64decode(data["authorizationToken"]).decode()
                self.secrets.add(decoded.partition(":")[2])
        return response


@pytest.fixture
async def recorder(ecr: InMemoryECR, client: ECRClient) -> Recorder:
    graph = Graph()
    graph.add_image([b"layer"], tag="v1")
    await graph.push(client, "team/app")
    await client.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    return Recorder(ecr)


def check(witness: Witness, recorder: Recorder, *, count: int = 1) -> None:
    assert len(recorder.secrets) >= count
    assert not [text for text in witness.texts if any(one in text for one in recorder.secrets)]


def is_download(call: Call) -> bool:
    return call.operation.startswith("GET /layers/")


async def test_a_copy(
    ecr: InMemoryECR, recorder: Recorder, witness: Witness, tmp_path: Path
) -> None:
    async with ECRClient(
        region=ecr.region, credentials=ecr.credentials, transport=recorder
    ) as client:
        source, target = client.images("team/app"), client.images("team/copy")
        plan = await source.plan_copy("v1", to=target)
        witness.sees(source, plan, vars(source), StateFile(tmp_path / "state"))
        witness.sees(await source.copy("v1", to=target, on_progress=witness.sees))
        manifest = await source.manifest("v1")
        async with source.open_blob(manifest.config) as blob:  # type: ignore[union-attr]
            witness.sees(blob, vars(blob), await blob.read())
    check(witness, recorder, count=4)


RESPONSES = [
    httpx.Response(404, content=b"<Error/>"),
    httpx.Response(503),
    httpx.Response(307, headers={"location": "http://["}),
    httpx.Response(307, headers={"location": "ftp://example.com/?X-Amz-Signature=x"}),
    httpx.Response(206, headers={"content-range": "bytes 1-2/3"}, content=b"x"),
    httpx.ReadError("broken"),
    httpx.ConnectTimeout("slow"),
]


@pytest.mark.parametrize("download", RESPONSES, ids=repr)
async def test_a_download_that_fails(
    ecr: InMemoryECR,
    recorder: Recorder,
    witness: Witness,
    download: httpx.Response | Exception,
    tmp_path: Path,
) -> None:
    recorder.download = download
    async with ECRClient(
        region=ecr.region, credentials=ecr.credentials, transport=recorder
    ) as client:
        images = client.images("team/app")
        for target in (Layout(tmp_path / "l"), OCIArchive(tmp_path / "a")):
            with pytest.raises(ImageError) as caught:
                await images.pull("v1", target)
            witness.catches(caught.value)
        with pytest.raises(CopyError) as failures:
            await images.copy_all(to=client.images("team/copy"))
        witness.catches(failures.value)
        witness.sees(failures.value.report, *failures.value.exceptions)
    check(witness, recorder)


@pytest.mark.parametrize("url", ["ftp://x/?secret", "https://[/?secret", "", "no url", "file:///x"])
async def test_a_url_that_is_none(
    ecr: InMemoryECR, recorder: Recorder, url: str, tmp_path: Path
) -> None:
    class Nonsense(Recorder):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await super().handle_async_request(request)
            if b"GetDownloadUrl" in request.headers.get("x-amz-target", "").encode():
                body = {**json.loads(await response.aread()), "downloadUrl": url}
                return httpx.Response(200, content=json.dumps(body))
            return response

    assert recorder
    async with ECRClient(
        region=ecr.region, credentials=ecr.credentials, transport=Nonsense(ecr)
    ) as client:
        with pytest.raises(ImageError, match="the URL of the blob") as caught:
            await client.images("team/app").pull("v1", Layout(tmp_path))
    assert "secret" not in str(caught.value)

"""Measure transfers of layers: CPU time, memory and the longest pause of the event loop.

::

    python -m benchmarks.transfer [--gib 1] [--copy-gib 5]

Every case runs in a separate process against a server in another one, which accepts uploads and
serves layers of zeros. Both clients send the same parts of 10 MiB and compute the same hashes.
``--copy-gib 5`` copies a layer of that size from one repository to another.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

from benchmarks.server import pin

_GIB = 1024**3
_PART = 10 * 1024 * 1024
_PIECE = 1024 * 1024
_START = 2048
"""The first bytes of a body, which contain the repository's name."""
_WARM_UP = 32 * 1024 * 1024
_UPLOAD_ID = "01234567-89ab-cdef-0123-456789abcdef"
_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


# -- the server ------------------------------------------------------------------------------------


class _Registry(asyncio.Protocol):
    """Responds to the operations of an upload or a download, and serves the layer."""

    def __init__(self, port: Callable[[], int]) -> None:
        self._port = port
        self._head = self._body = b""
        self._missing = 0
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            head, found, body = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            self._head, self._body = head, body[:_START]
            self._missing = _length(head) - len(body)
        if self._missing:
            return
        head, self._head = self._head, b""
        if head.startswith(b"GET"):
            asyncio.ensure_future(self._serve(head))  # noqa: RUF006 - ends with the connection
        else:
            self._respond(head)

    def _respond(self, head: bytes) -> None:
        operation = head.partition(b"_V20150921.")[2].partition(b"\r\n")[0].decode()
        # The repository's name contains the size of the layer.
        size = self._body.partition(b"size-")[2].partition(b'"')[0].decode()
        url = f"http://127.0.0.1:{self._port()}/{size}"
        documents: dict[str, Any] = {
            "InitiateLayerUpload": {"uploadId": _UPLOAD_ID, "partSize": _PART},
            "GetDownloadUrlForLayer": {"downloadUrl": url},
        }
        body = json.dumps(documents.get(operation, {})).encode()
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )

    async def _serve(self, head: bytes) -> None:
        first, _, last = (
            head.lower().partition(b"range: bytes=")[2].partition(b"\r\n")[0].partition(b"-")
        )
        size = int(head.split(maxsplit=2)[1].removeprefix(b"/"))
        start, stop = int(first or 0), int(last or size - 1) + 1
        status = b"206 Partial Content" if first else b"200 OK"
        content_range = b"Content-Range: bytes %d-%d/%d\r\n" % (start, stop - 1, size)
        self._transport.write(
            b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n"
            % (status, stop - start, content_range if first else b"")
        )
        left, zeros = stop - start, bytes(_PIECE)
        while left and not self._transport.is_closing():
            await self._writable.wait()
            self._transport.write(zeros[:left])
            left -= min(left, _PIECE)


def _length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    return int(head[at + 17 :].partition(b"\r\n")[0]) if at >= 0 else 0


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Registry(lambda: port), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


# -- the cases, each in a separate process ---------------------------------------------------------


class _Zeros:
    """A sparse file of zeros, its digest, and a repository that has it as a layer."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = folder, size
        self.path = folder / f"layer-{size}"
        with self.path.open("wb") as file:
            file.truncate(size)
        self.digest = _zeros_digest(size)
        self.repository = f"size-{size}"


def _zeros_digest(size: int) -> str:
    digest, zeros = hashlib.sha256(), bytes(_PIECE)
    for _ in range(size // _PIECE):
        digest.update(zeros)
    return f"sha256:{digest.hexdigest()}"


def _push_boto3(url: str, layer: _Zeros) -> None:
    import boto3

    client: Any = cast("Any", boto3).client("ecr", region_name="eu-west-1", endpoint_url=url)
    upload = client.initiate_layer_upload(repositoryName=layer.repository)["uploadId"]
    digest, first = hashlib.sha256(), 0
    with layer.path.open("rb") as file:
        while part := file.read(_PART):
            digest.update(part)
            client.upload_layer_part(
                repositoryName=layer.repository,
                uploadId=upload,
                partFirstByte=first,
                partLastByte=first + len(part) - 1,
                layerPartBlob=part,
            )
            first += len(part)
    assert f"sha256:{digest.hexdigest()}" == layer.digest
    client.complete_layer_upload(
        repositoryName=layer.repository, uploadId=upload, layerDigests=[layer.digest]
    )


def _store(url: str) -> Any:
    from ecrclient import ECRClient

    return ECRClient(region="eu-west-1", endpoint_url=url)


async def _push_ours(url: str, layer: _Zeros) -> None:
    from ecrclient.images.files import FileBlob, FileTree, Region
    from ecrclient.images.manifests import Descriptor
    from ecrclient.images.stores import TransferContext

    blob = Descriptor(media_type="layer", digest=layer.digest, size=layer.size)

    class OneFile(FileTree):
        def find(self, name: str) -> Region | None:  # noqa: ARG002
            return Region(layer.path, 0, layer.size)

    source = FileBlob("the layer", blob, OneFile())
    async with (
        _store(url) as client,
        client.images(layer.repository).writing(TransferContext()) as writer,
    ):
        await writer.write_blob(source, _Meter())


async def _pull_ours(url: str, layer: _Zeros) -> None:
    from ecrclient.images.layout import Layout
    from ecrclient.images.manifests import Descriptor
    from ecrclient.images.stores import TransferContext

    blob = Descriptor(media_type="layer", digest=layer.digest, size=layer.size)
    with tempfile.TemporaryDirectory(dir=layer.folder) as folder:
        async with (
            _store(url) as client,
            client.images(layer.repository).reading(TransferContext()) as reader,
            Layout(folder).writing(TransferContext()) as writer,
        ):
            await writer.prepare()
            await writer.write_blob(reader.blob(blob), _Meter())


async def _copy_ours(url: str, layer: _Zeros) -> None:
    from ecrclient.images.manifests import Descriptor
    from ecrclient.images.stores import TransferContext

    blob = Descriptor(media_type="layer", digest=layer.digest, size=layer.size)
    async with (
        _store(url) as client,
        client.images(layer.repository).reading(TransferContext()) as reader,
        client.images("team/copy").writing(TransferContext()) as writer,
    ):
        await writer.write_blob(reader.blob(blob), _Meter())


class _Meter:
    """Does nothing with what is written."""

    def add(self, count: int) -> None: ...

    def restart(self, position: int) -> None: ...

    def retried(self) -> None: ...


async def _with_gap(work: Awaitable[None]) -> float:
    """Await *work*; return the longest pause of the event loop in seconds."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            longest = max(longest, now - last - 0.001)
            last = now

    watcher = asyncio.create_task(watch())
    try:
        await work
    finally:
        watcher.cancel()
    return longest


def _hash_only(_: str, layer: _Zeros) -> None:
    assert _zeros_digest(layer.size) == layer.digest


_CASES: dict[str, Callable[[str, _Zeros], Any]] = {
    "sha256": _hash_only,
    "push boto3": _push_boto3,
    "push ecrclient": _push_ours,
    "push ecrclient[fast]": _push_ours,
    "pull ecrclient": _pull_ours,
    "pull ecrclient[fast]": _pull_ours,
    "copy ecrclient": _copy_ours,
}


def _run_case(name: str, url: str, folder: Path, size: int) -> dict[str, float]:
    """Transfer a short layer, to import everything, and then the layer that is measured."""
    if "[fast]" not in name:
        sys.modules["pybase64"] = sys.modules["httptools"] = None  # type: ignore[assignment]
    os.environ.update(_ENVIRONMENT)
    _transfer(name, url, _Zeros(folder, _WARM_UP))
    layer = _Zeros(folder, size)
    started, cpu = time.perf_counter(), time.process_time()
    gap = _transfer(name, url, layer)
    return {
        "cpu": time.process_time() - cpu,
        "seconds": time.perf_counter() - started,
        "gap": gap,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _transfer(name: str, url: str, layer: _Zeros) -> float:
    work = _CASES[name](url, layer)
    return asyncio.run(_with_gap(work)) if work is not None else 0.0


# -- the report ------------------------------------------------------------------------------------


def _measure(name: str, url: str, folder: str, size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.transfer", "--case", name, url, folder, str(size)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603
    measured: dict[str, float] = json.loads(output)
    return measured


def _report(gib: float, copy_gib: float) -> None:
    print(f"{'case':24} {'CPU s/GiB':>10} {'s/GiB':>7} {'MiB resident':>13} {'loop gap ms':>12}")
    cpu: dict[str, float] = {}
    command = [sys.executable, "-m", "benchmarks.transfer", "--serve"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        try:
            for name in _CASES:
                size = int((copy_gib if name.startswith("copy") else gib) * _GIB)
                result = _measure(name, url, folder, size // _PIECE * _PIECE)
                cpu[name] = result["cpu"] * _GIB / size
                print(
                    f"{name:24} {cpu[name]:10.2f} {result['seconds'] * _GIB / size:7.2f} "
                    f"{result['memory']:13.0f} {result['gap'] * 1000:12.1f}",
                    flush=True,
                )
        finally:
            server.kill()
    for name in ("push ecrclient", "push ecrclient[fast]"):
        print(f"{name}: {cpu[name] / cpu['push boto3']:.2f} of boto3's CPU time")
    for name in ("pull ecrclient", "pull ecrclient[fast]"):
        print(f"{name}: {cpu['sha256'] / cpu[name]:.2f} of the speed of SHA-256")


def main() -> None:
    """Run one case, the server, or the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=1.0, help="size of the layer")
    parser.add_argument("--copy-gib", type=float, default=1.0, help="size of the copied layer")
    parser.add_argument("--case", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    pin(server=options.serve)
    if options.serve:
        asyncio.run(_serve())
    elif options.case:
        name, url, folder, size = options.case
        print(json.dumps(_run_case(name, url, Path(folder), int(size))))
    else:
        _report(options.gib, options.copy_gib)


if __name__ == "__main__":
    main()

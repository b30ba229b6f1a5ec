"""The cases of the transfer benchmark: each transfers one layer, a sparse file of zeros."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from benchmarks.transfer_servers import PART_BYTES

__all__ = ["CASES", "Zeros", "prepare"]

_PIECE = 1024 * 1024
_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


class Zeros:
    """A sparse file of zeros, its digest, and a repository that has it as a layer."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = folder, size
        self.path = folder / f"layer-{size}"
        with self.path.open("wb") as file:
            file.truncate(size)
        self.digest = _zeros_digest(size)
        self.repository = f"size-{size}"
        # The first read of a sparse file maps its pages, which costs more than a transfer.
        with self.path.open("rb", buffering=0) as file:
            while file.read(_PIECE):
                pass


def _zeros_digest(size: int) -> str:
    digest, zeros = hashlib.sha256(), bytes(_PIECE)
    for _ in range(size // _PIECE):
        digest.update(zeros)
    return f"sha256:{digest.hexdigest()}"


def _push_boto3(url: str, layer: Zeros) -> None:
    import boto3

    client: Any = cast("Any", boto3).client("ecr", region_name="eu-west-1", endpoint_url=url)
    upload = client.initiate_layer_upload(repositoryName=layer.repository)["uploadId"]
    digest, first = hashlib.sha256(), 0
    with layer.path.open("rb") as file:
        while part := file.read(PART_BYTES):
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


async def _push_ours(url: str, layer: Zeros) -> None:
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


async def _pull_ours(url: str, layer: Zeros) -> None:
    """Pull into a folder that is deleted with that of the layer, since that blocks for long."""
    from ecrclient.images.layout import Layout
    from ecrclient.images.manifests import Descriptor
    from ecrclient.images.stores import TransferContext

    blob = Descriptor(media_type="layer", digest=layer.digest, size=layer.size)
    async with (
        _store(url) as client,
        client.images(layer.repository).reading(TransferContext()) as reader,
        Layout(tempfile.mkdtemp(dir=layer.folder)).writing(TransferContext()) as writer,
    ):
        await writer.prepare()
        await writer.write_blob(reader.blob(blob), _Meter())


async def _copy_ours(url: str, layer: Zeros) -> None:
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


# -- what the work costs without a client ----------------------------------------------------------


def _hash_only(_: str, layer: Zeros) -> None:
    assert _zeros_digest(layer.size) == layer.digest


def _pull_plainly(url: str, layer: Zeros) -> None:
    """Receive, write and hash, with one thread, one socket and one buffer."""
    host, _, port = url.rpartition("//")[2].partition(":")
    digest, buffer, left = hashlib.sha256(), bytearray(_PIECE), layer.size
    with (
        socket.create_connection((host, int(port))) as connection,
        tempfile.TemporaryFile(dir=layer.folder, buffering=0) as file,
    ):
        connection.sendall(b"GET /%d HTTP/1.1\r\n\r\n" % layer.size)
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1)
        while left:
            size, view = 0, memoryview(buffer)
            while size < min(_PIECE, left):
                size += connection.recv_into(view[size:], min(_PIECE, left) - size)
            digest.update(view[:size])
            file.write(view[:size])
            left -= size
    assert f"sha256:{digest.hexdigest()}" == layer.digest


def _push_plainly(url: str, layer: Zeros) -> None:
    """Read, hash and encode parts, hash them again for the signature, and send them."""
    try:
        from pybase64 import b64encode
    except ImportError:
        from base64 import b64encode  # type: ignore[assignment]
    host, _, port = url.rpartition("//")[2].partition(":")
    digest = hashlib.sha256()
    with (
        socket.create_connection((host, int(port))) as connection,
        layer.path.open("rb", buffering=0) as file,
    ):
        while part := file.read(PART_BYTES):
            digest.update(part)
            body = b64encode(part)
            hashlib.sha256(body).hexdigest()
            connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body))
            connection.sendall(body)
            connection.recv(_PIECE)
    assert f"sha256:{digest.hexdigest()}" == layer.digest


CASES: dict[str, Callable[[str, Zeros], Any]] = {
    "SHA-256": _hash_only,
    "push plain": _push_plainly,
    "push plain[fast]": _push_plainly,
    "push boto3": _push_boto3,
    "push ecrclient": _push_ours,
    "push ecrclient[fast]": _push_ours,
    "pull plain": _pull_plainly,
    "pull ecrclient": _pull_ours,
    "pull ecrclient[fast]": _pull_ours,
    "copy ecrclient": _copy_ours,
}


def prepare(name: str) -> None:
    """Set the environment of a case."""
    if "[fast]" not in name:
        sys.modules["pybase64"] = sys.modules["httptools"] = None  # type: ignore[assignment]
    os.environ.update(_ENVIRONMENT)

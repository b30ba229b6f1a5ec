"""The stores of the tests, and what they contain, read without the code under test."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from ecrclient.images.digests import is_digest, sha256
from ecrclient.testing import InMemoryECR

_REF_NAME = "org.opencontainers.image.ref.name"


class Contents(NamedTuple):
    """Everything in a store: contents by digest, and digests by tag."""

    blobs: dict[str, bytes]
    tags: dict[str, str]

    def check(self) -> None:
        """Assert that everything has its digest, and that every manifest is complete."""
        for digest, content in self.blobs.items():
            assert sha256(content) == digest
        pending = list(self.tags.values())
        seen: set[str] = set()
        while pending:
            digest = pending.pop()
            if digest in seen:
                continue
            seen.add(digest)
            assert digest in self.blobs, f"{digest} is missing"
            document = json.loads(self.blobs[digest])
            pending += [child["digest"] for child in document.get("manifests", ())]
            for blob in [document["config"]] if "config" in document else []:
                assert blob["digest"] in self.blobs
            for layer in document.get("layers", ()):
                assert layer["digest"] in self.blobs


async def repository_contents(ecr: InMemoryECR, repository: str) -> Contents:
    """Everything in a repository of the in-memory ECR that its images refer to."""
    blobs: dict[str, bytes] = {}
    tags: dict[str, str] = {}
    async with ecr.client() as client, httpx.AsyncClient(transport=ecr.transport()) as http:
        async for image in client.describe_images(repository_name=repository):
            digest = image.image_digest
            tags |= dict.fromkeys(image.image_tags or [digest], digest)
            response = await client.batch_get_image(
                repository_name=repository, image_ids=[{"image_digest": digest}]
            )
            blobs[digest] = response.images[0].image_manifest.encode()
            document = json.loads(blobs[digest])
            for blob in [*document.get("layers", ()), *[document.get("config")]]:
                if blob is not None and blob["digest"] not in blobs:
                    url = await client.get_download_url_for_layer(
                        repository_name=repository, layer_digest=blob["digest"]
                    )
                    blobs[blob["digest"]] = (await http.get(url.download_url)).content
    return Contents(blobs, tags)


def layout_contents(path: Path) -> Contents:
    """Everything in a layout directory."""
    files = {
        str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()
    }
    return _contents(files)


def archive_contents(path: Path) -> Contents:
    """Everything in an archive that is a tar file of a layout."""
    files: dict[str, bytes] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                files[member.name] = file.read()
    return _contents(files)


def _contents(files: Mapping[str, bytes]) -> Contents:
    blobs = {
        digest: content
        for name, content in files.items()
        if is_digest(digest := name.removeprefix("blobs/").replace("/", ":"))
    }
    tags: dict[str, str] = {}
    index: dict[str, Any] = json.loads(files.get("index.json", b'{"manifests": []}'))
    for entry in index["manifests"]:
        tag = entry.get("annotations", {}).get(_REF_NAME)
        tags[tag if tag is not None else entry["digest"]] = entry["digest"]
    extra = set(files) - {"oci-layout", "index.json", "manifest.json"}
    assert {f"blobs/{digest.replace(':', '/')}" for digest in blobs} == extra, "stray files"
    return Contents(blobs, tags)

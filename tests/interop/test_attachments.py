"""Tools see what this client attaches, promotes and deletes, and it sees what they attach."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecrclient import ECRClient
from ecrclient.images import ArtifactTypes, Attachment, Layout
from tests.interop.combinations import LAYOUT, Combination
from tests.interop.conftest import Start
from tests.interop.files import write
from tests.interop.registry import Registry
from tests.interop.tools import Cosign, Oras, ToolError

IMAGES = ("image", "index")


def push(registry: Registry, tmp_path: Path, image: str) -> str:
    """Push an image as ``team/app:v1``, and return its digest."""
    written = write(tmp_path / "written", LAYOUT, image)
    registry.push(Layout(written.layout), "team/app")
    return written.digest


@pytest.mark.parametrize(
    "combination",
    [Combination("oras", "pulls an attachment", "-", image) for image in IMAGES],
    ids=str,
)
def test_oras_pulls_an_attachment(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    oras = start(Oras)
    push(registry, tmp_path, combination.image)
    files = {"sbom.json": b'{"packages": []}', "sbom.sig": b"signature"}

    async def attach(client: ECRClient) -> str:
        contents = [Attachment(content, title=name) for name, content in files.items()]
        images = client.images("team/app")
        return (await images.attach("v1", *contents, artifact_type=ArtifactTypes.SPDX_JSON)).digest

    digest = registry.run(attach)
    found = oras.discover(registry.address("team/app:v1"))
    assert ArtifactTypes.SPDX_JSON in found
    assert digest in found
    oras.pull_files(registry.address(f"team/app@{digest}"), tmp_path / "pulled")
    pulled = {path.name: path.read_bytes() for path in (tmp_path / "pulled").iterdir()}
    assert pulled == files


@pytest.mark.parametrize(
    "combination",
    [Combination("oras", "ecrclient reads its attachment", "-", image) for image in IMAGES],
    ids=str,
)
def test_an_attachment_of_oras_is_read_and_deleted(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    oras = start(Oras)
    push(registry, tmp_path, combination.image)
    (oras.home / "sbom.json").write_text('{"packages": []}')
    oras.attach(registry.address("team/app:v1"), ArtifactTypes.SPDX_JSON, "sbom.json")

    async def read(client: ECRClient) -> list[bytes]:
        contents: list[bytes] = []
        images = client.images("team/app")
        async for referrer in images.referrers("v1", artifact_type=ArtifactTypes.SPDX_JSON):
            async with images.open_referrer(referrer, title="sbom.json") as stream:
                contents.append(await stream.read())
        assert (await images.verify(deep=True)).ok
        assert len((await images.delete_referrers("v1")).deleted) == 1
        return contents

    assert registry.run(read) == [b'{"packages": []}']
    assert ArtifactTypes.SPDX_JSON not in oras.discover(registry.address("team/app:v1"))


@pytest.mark.parametrize(
    "combination",
    [Combination("cosign", "ecrclient promotes the signature", "-", image) for image in IMAGES],
    ids=str,
)
def test_a_promoted_image_is_signed_until_it_is_deleted(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    cosign = start(Cosign)
    digest = push(registry, tmp_path, combination.image)
    cosign.sign(registry.address(f"team/app@{digest}"))

    async def promote(client: ECRClient) -> None:
        await client.images("team/app").promote("v1", to=client.images("team/copy"), tags=["1.0"])

    registry.run(promote)
    copy = registry.address(f"team/copy@{digest}")
    assert digest in cosign.verify(copy)

    async def delete(client: ECRClient) -> tuple[str, ...]:
        return (await client.images("team/copy").delete("1.0")).deleted

    assert len(registry.run(delete)) == 2
    with pytest.raises(ToolError):
        cosign.verify(copy)

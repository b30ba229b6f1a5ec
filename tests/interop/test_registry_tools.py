"""skopeo, crane, oras and cosign with the in-memory ECR's ``/v2/`` API."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from ecrclient.models import Image
from ecrclient.testing import InMemoryECR, ServedECR
from tests.interop.layouts import blobs_of, root_of, write_image, write_index
from tests.interop.tools import Cosign, Oras, Tool, ToolError

KINDS = pytest.mark.parametrize("write", [write_image, write_index], ids=["image", "index"])
# oras 1.2 panics when two requests fail concurrently, each with another type of error.
UNKNOWN = re.compile(
    "name.unknown|does not exist in the registry|inconsistently typed", re.IGNORECASE
)
UNAUTHORIZED = re.compile("unauthorized|401|no basic auth|authentication", re.IGNORECASE)
Write = Callable[[Path], str]


def image_of(ecr: InMemoryECR, repository: str, tag: str) -> Image:
    """Return an image by the ECR API."""

    async def get() -> Image:
        async with ecr.client() as client:
            page = await client.batch_get_image(
                repository_name=repository, image_ids=[{"image_tag": tag}]
            )
        (image,) = page.images
        return image

    return anyio.run(get)


@KINDS
def test_push_copy_and_pull(
    ecr: InMemoryECR, server: ServedECR, tool: Tool, tmp_path: Path, write: Write
) -> None:
    layout, back = tmp_path / "layout", tmp_path / "back"
    digest = write(layout)
    app, copy = f"{server.registry}/team/app:v1", f"{server.registry}/team/copy:v2"
    tool.push(layout, app)
    assert image_of(ecr, "team/app", "v1").image_id.image_digest == digest
    tool.copy(app, copy)
    assert image_of(ecr, "team/copy", "v2").image_id.image_digest == digest
    tool.pull(copy, back)
    assert (root_of(back), blobs_of(back)) == (digest, blobs_of(layout))


@KINDS
def test_a_push_is_repeated(
    ecr: InMemoryECR, server: ServedECR, tool: Tool, tmp_path: Path, write: Write
) -> None:
    write(tmp_path / "layout")
    for _ in range(2):
        tool.push(tmp_path / "layout", f"{server.registry}/team/app:v1")


def test_blobs_are_mounted(ecr: InMemoryECR, server: ServedECR, tool: Tool, tmp_path: Path) -> None:
    write_image(tmp_path / "layout")
    tool.push(tmp_path / "layout", f"{server.registry}/team/app:v1")
    ecr.calls.clear()
    tool.copy(f"{server.registry}/team/app:v1", f"{server.registry}/team/copy:v1")
    starts = [call for call in ecr.calls if call.operation == "POST /v2/team/copy/blobs/uploads/"]
    # skopeo does not mount the configuration.
    assert [call.status for call in starts].count(201) >= 2


def test_tags_and_deletion(ecr: InMemoryECR, server: ServedECR, tool: Tool, tmp_path: Path) -> None:
    digest = write_image(tmp_path / "layout")
    repository = f"{server.registry}/team/app"
    for tag in ("v1", "v2"):
        tool.push(tmp_path / "layout", f"{repository}:{tag}")
    listed = tool.tags(repository)
    assert "v1" in listed
    assert "v2" in listed
    tool.delete(f"{repository}@{digest}" if tool.name != "skopeo" else f"{repository}:v1")
    assert "v1" not in tool.tags(repository)


def test_errors_are_shown(ecr: InMemoryECR, server: ServedECR, tool: Tool, tmp_path: Path) -> None:
    write_image(tmp_path / "layout")
    with pytest.raises(ToolError, match=UNKNOWN):
        tool.push(tmp_path / "layout", f"{server.registry}/team/missing:v1")
    with ecr.deny("ecr:PutImage"), pytest.raises(ToolError, match="not authorized to perform"):
        tool.push(tmp_path / "layout", f"{server.registry}/team/app:v1")
    (tool.home / "config.json").write_text("{}")
    with pytest.raises(ToolError, match=UNAUTHORIZED):
        tool.tags(f"{server.registry}/team/app")


def test_signatures(
    ecr: InMemoryECR, server: ServedECR, oras: Oras, cosign: Cosign, tmp_path: Path
) -> None:
    digest = write_index(tmp_path / "layout")
    oras.push(tmp_path / "layout", f"{server.registry}/team/app:v1")
    image = f"{server.registry}/team/app@{digest}"
    cosign.sign(image)
    assert digest in cosign.verify(image)
    signed = image_of(ecr, "team/app", f"{digest.replace(':', '-')}.sig")
    assert "dev.cosignproject.cosign/signature" in signed.image_manifest


def test_artifacts_and_referrers(
    ecr: InMemoryECR, server: ServedECR, oras: Oras, tmp_path: Path
) -> None:
    write_index(tmp_path / "layout")
    app, copy = f"{server.registry}/team/app:v1", f"{server.registry}/team/copy:v1"
    oras.push(tmp_path / "layout", app)
    (oras.home / "sbom.json").write_text("{}")
    kinds = ("application/vnd.test.sbom", "application/vnd.test.signature;version=1")
    for kind in kinds:
        oras.attach(app, kind, "sbom.json")
    oras.run("cp", "--recursive", "--from-plain-http", "--to-plain-http", app, copy)
    found = oras.discover(copy)
    assert all(kind in found for kind in kinds)
    found = oras.discover(copy, "--artifact-type", kinds[0])
    assert kinds[0] in found
    assert kinds[1] not in found

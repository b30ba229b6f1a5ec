"""Kinds of images beyond the usual one, by a tool to ECR, by this client, and back by the tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecrclient.images import Layout
from tests.interop.combinations import LAYOUT, Combination
from tests.interop.conftest import Start
from tests.interop.files import assert_same_image, write
from tests.interop.layouts import WRITERS
from tests.interop.registry import Registry
from tests.interop.tools import TOOLS

BY_NAME = {tool.name: tool for tool in TOOLS}
KINDS = [kind for kind in WRITERS if kind not in {"image", "index"}]
# It reads only OCI images from layouts, and no nested indexes.
NOT_SKOPEO = {"docker image", "docker list", "nested index", "foreign layer"}
DIRECTION = "the tool pushes, ecrclient copies, the tool pulls"


def combinations(form: str) -> list[Combination]:
    return [
        Combination(tool.name, DIRECTION, form, kind)
        for kind in KINDS
        for tool in TOOLS
        if tool.name != "skopeo" or kind not in NOT_SKOPEO
    ]


@pytest.mark.parametrize("combination", combinations(LAYOUT), ids=str)
def test_kinds(registry: Registry, start: Start, tmp_path: Path, combination: Combination) -> None:
    tool = start(BY_NAME[combination.tool])
    written = write(tmp_path / "written", LAYOUT, combination.image)
    tool.push(written.layout, registry.address("team/app:v1"))
    assert registry.digest("team/app") == written.digest
    registry.pull("team/app", Layout(tmp_path / "pulled"))
    assert_same_image(tmp_path / "pulled", written.layout)
    registry.push(Layout(tmp_path / "pulled"), "team/copy")
    if combination.image == "foreign layer":
        # crane downloads such a layer from its URL for a layout, but does not copy it.
        tool.copy(registry.address("team/copy:v1"), registry.address("team/app:v2"))
    else:
        tool.pull(registry.address("team/copy:v1"), tmp_path / "back")
        assert_same_image(tmp_path / "back", written.layout)


@pytest.mark.parametrize(
    "combination",
    [
        Combination(tool.name, "ecrclient pushes, the tool copies, ecrclient pulls", LAYOUT, kind)
        for kind in ("docker image", "docker list", "zstd index", "artifact")
        for tool in TOOLS
    ],
    ids=str,
)
def test_copies(registry: Registry, start: Start, tmp_path: Path, combination: Combination) -> None:
    tool = start(BY_NAME[combination.tool])
    written = write(tmp_path / "written", LAYOUT, combination.image)
    registry.push(Layout(written.layout), "team/app")
    tool.copy(registry.address("team/app:v1"), registry.address("team/copy:v1"))
    registry.pull("team/copy", Layout(tmp_path / "pulled"))
    assert_same_image(tmp_path / "pulled", written.layout)

"""Copies of all images of a repository: common blobs, failures, archives and layouts."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from ecrclient import ECRClient, RequestValidationError
from ecrclient.images import BlobDone, CopyError, Layout, OCIArchive, ProgressEvent
from ecrclient.testing import InMemoryECR
from tests.images.calls import Calls
from tests.images.graphs import Graph, two_platforms
from tests.images.stores import archive_contents, layout_contents, repository_contents

pytestmark = pytest.mark.anyio


@pytest.fixture
def graph() -> Graph:
    """An index of two images with a common layer."""
    return two_platforms()


@pytest.fixture
def many() -> Graph:
    """Six images with a common layer."""
    graph = Graph()
    for number in range(6):
        graph.add_image([b"common" * 1000, str(number).encode()], tag=f"v{number}")
    return graph


async def test_all_tags_that_match_are_copied(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    graph.add_image([b"two"], tag="v2")
    graph.add_image([b"other"], tag="w1")
    graph.tags["v1-alias"] = graph.tags["v1"]
    await graph.push(client, "team/app")
    images, target = client.images("team/app"), client.images("team/copy")
    report = await images.copy_all(to=target, tag_pattern="v*")
    contents = await repository_contents(ecr, "team/copy")
    contents.check()
    named = {tag: digest for tag, digest in contents.tags.items() if tag != digest}
    assert named == {tag: graph.tags[tag] for tag in ("v1", "v1-alias", "v2")}
    assert set(report.copied) == {graph.tags["v1"], graph.tags["v2"]}
    again = await images.copy_all(to=target, tag_pattern="v*")
    assert (again.bytes_copied, report.bytes_copied > 0) == (0, True)


async def test_failures_do_not_stop_the_other_copies(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    graph.add_image([b"two"], tag="v2")
    await graph.push(client, "team/app")
    bad = graph.tags["v2"].encode()
    ecr.faults.error(
        "AccessDeniedException",
        operation="PutImage",
        times=None,
        when=lambda call: bad in call.body,
    )
    with pytest.raises(CopyError, match="1 image could not be copied") as caught:
        await client.images("team/app").copy_all(to=client.images("team/copy"))
    report = caught.value.report
    assert (set(report.copied), set(report.failed)) == ({graph.tags["v1"]}, {graph.tags["v2"]})
    matching, rest = caught.value.split(ValueError)
    assert matching is None
    assert isinstance(rest, CopyError)
    assert rest.report is report


async def test_blobs_that_images_share_are_uploaded_once(
    ecr: InMemoryECR, client: ECRClient, many: Graph
) -> None:
    await many.push(client, "team/app")
    calls = Calls(ecr)
    done: list[ProgressEvent] = []
    report = await client.images("team/app").copy_all(
        to=client.images("team/copy"), max_concurrency=6, on_progress=done.append
    )
    assert calls.new()["CompleteLayerUpload"] == len(many.blobs)
    assert report.bytes_copied == sum(map(len, many.blobs.values()))
    how = [event.how for event in done if isinstance(event, BlobDone)]
    assert (how.count("copied"), how.count("present")) == (len(many.blobs), 5)


async def test_a_blob_that_fails_for_one_image_is_transferred_for_the_others(
    ecr: InMemoryECR, client: ECRClient, many: Graph
) -> None:
    await many.push(client, "team/app")
    ecr.faults.error("AccessDeniedException", operation="UploadLayerPart", times=1)
    with pytest.raises(CopyError) as caught:
        await client.images("team/app").copy_all(to=client.images("team/copy"), max_concurrency=6)
    assert (len(caught.value.report.failed), len(caught.value.report.copied)) == (1, 5)
    (await repository_contents(ecr, "team/copy")).check()


async def test_all_images_are_in_the_archive(
    client: ECRClient, many: Graph, tmp_path: Path
) -> None:
    await many.push(client, "team/app")
    path = tmp_path / "all.tar"
    await client.images("team/app").copy_all(to=OCIArchive(path))
    contents = archive_contents(path)
    contents.check()
    assert contents.tags == many.tags
    assert contents.blobs == {**many.blobs, **many.manifests}


async def test_an_archive_with_a_failure_does_not_appear(
    ecr: InMemoryECR, client: ECRClient, many: Graph, tmp_path: Path
) -> None:
    await many.push(client, "team/app")
    ecr.faults.error("AccessDeniedException", operation="GetDownloadUrlForLayer", times=1)
    with pytest.raises(CopyError):
        await client.images("team/app").copy_all(to=OCIArchive(tmp_path / "all.tar"))
    assert not os.listdir(tmp_path)


async def test_all_images_are_in_the_index_of_a_layout(
    client: ECRClient, many: Graph, tmp_path: Path
) -> None:
    await many.push(client, "team/app")
    await client.images("team/app").copy_all(to=Layout(tmp_path), max_concurrency=6)
    contents = layout_contents(tmp_path)
    contents.check()
    assert contents.tags == many.tags


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"to": "team/copy"}, "copy_all: to: must be a repository"),
        ({"max_concurrency": 0}, "copy_all: max_concurrency: must be at least 1"),
        ({"platforms": ["linux"]}, "copy_all: platform: must be a Platform"),
    ],
)
async def test_a_wrong_argument_is_not_a_failure_of_each_image(
    ecr: InMemoryECR, client: ECRClient, many: Graph, arguments: dict[str, object], problem: str
) -> None:
    await many.push(client, "team/app")
    calls = Calls(ecr)
    with pytest.raises(RequestValidationError, match=problem):
        await client.images("team/app").copy_all(
            **{"to": client.images("team/copy"), **arguments}  # type: ignore[arg-type]
        )
    assert not calls.new()


async def test_the_error_can_be_pickled_with_its_report(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    await graph.push(client, "team/app")
    ecr.faults.error("AccessDeniedException", operation="PutImage", times=None)
    with pytest.raises(CopyError) as caught:
        await client.images("team/app").copy_all(to=client.images("team/copy"))
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert set(copy.report.failed) == {graph.tags["v1"]}

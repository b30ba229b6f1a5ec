"""What an error of a transfer reports as written, compared with what the destination contains."""

from __future__ import annotations

import copy
import errno
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from ecrclient import ECRClient
from ecrclient.errors import ECRClientError, InvalidParameterException
from ecrclient.images import (
    ArchiveError,
    BlobDone,
    CopyError,
    ImageNotFoundError,
    Layout,
    OCIArchive,
    ProgressEvent,
    partial_report,
)
from ecrclient.testing import Call, InMemoryECR
from tests.images.graphs import Graph, two_platforms
from tests.images.stores import layout_contents, repository_contents

pytestmark = pytest.mark.anyio


@pytest.fixture
def graph() -> Graph:
    """An index of two images with a common layer."""
    return two_platforms()


@pytest.fixture
async def filled(ecr: InMemoryECR, client: ECRClient, graph: Graph) -> InMemoryECR:
    await graph.push(client, "team/app")
    return ecr


def number(wanted: int) -> Callable[[Call], bool]:
    """Match the n-th call."""
    seen = 0

    def is_it(_: Call) -> bool:
        nonlocal seen
        seen += 1
        return seen == wanted

    return is_it


@pytest.mark.parametrize(
    ("operation", "call"),
    [("CompleteLayerUpload", n) for n in range(1, 6)] + [("PutImage", n) for n in range(1, 6)],
)
async def test_the_report_is_what_the_repository_got(
    filled: InMemoryECR, client: ECRClient, graph: Graph, operation: str, call: int
) -> None:
    """There are five blobs, two images, and three tags of their index."""
    filled.faults.error(InvalidParameterException, operation=operation, when=number(call))
    to = client.images("team/copy")
    with pytest.raises(InvalidParameterException) as caught:
        await client.images("team/app").copy("v1", to=to, tags=["a", "b", "c"], max_concurrency=1)
    report = partial_report(caught.value)
    assert report is not None
    contents = await repository_contents(filled, "team/copy")
    manifests = {digest for digest in contents.blobs if digest in graph.manifests}
    assert set(report.written_manifests) == manifests
    tags = {tag: digest for tag, digest in contents.tags.items() if tag != digest}
    assert report.written_tags == tags
    digests = list(graph.blobs)
    available = await client.batch_check_layer_availability(
        repository_name="team/copy", layer_digests=digests
    )
    assert set(report.written_blobs) == {
        layer.layer_digest for layer in available.layers if layer.layer_availability == "AVAILABLE"
    }
    assert report.blobs_copied == len(report.written_blobs)
    counts = map(len, (report.written_blobs, report.written_manifests, report.written_tags))
    numbers = tuple(counts)
    notes = getattr(caught.value, "__notes__", [])
    assert len(notes) == (1 if any(numbers) else 0)
    for count, noun in zip(numbers, ("blob", "manifest", "tag"), strict=True):
        assert all(f"{count} {noun}" in note for note in notes)


async def test_mounted_blobs_are_in_the_report(filled: InMemoryECR, client: ECRClient) -> None:
    await client.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    filled.faults.error(InvalidParameterException, operation="PutImage")
    with pytest.raises(InvalidParameterException) as caught:
        await client.images("team/app").copy("v1", to=client.images("team/copy"))
    report = partial_report(caught.value)
    assert report is not None
    assert list(report.written_blobs.values()) == ["mounted"] * 5


async def test_the_report_of_a_pull_is_what_the_layout_has(
    filled: InMemoryECR, client: ECRClient, graph: Graph, tmp_path: Path
) -> None:
    filled.faults.error(
        InvalidParameterException, operation="GetDownloadUrlForLayer", when=number(3)
    )
    with pytest.raises(InvalidParameterException) as caught:
        await client.images("team/app").pull("v1", Layout(tmp_path / "out"), max_concurrency=1)
    report = partial_report(caught.value)
    assert report is not None
    assert set(report.written_blobs) == set(layout_contents(tmp_path / "out").blobs)
    assert len(report.written_blobs) == 2
    assert report.written_blobs.keys() < graph.blobs.keys()
    assert (report.written_manifests, report.written_tags) == ([], {})


async def test_nothing_is_written_to_an_archive_that_does_not_appear(
    filled: InMemoryECR, client: ECRClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "app.tar"

    def replace(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(ArchiveError, match="No space") as caught:
        await client.images("team/app").pull("v1", OCIArchive(path))
    assert not path.exists()
    report = partial_report(caught.value)
    assert report is not None
    assert (report.blobs_copied, report.written_blobs, report.written_tags) == (5, {}, {})
    assert not hasattr(caught.value, "__notes__")


async def test_a_failure_of_the_plan_has_written_nothing(client: ECRClient) -> None:
    with pytest.raises(ImageNotFoundError) as caught:
        await client.images("team/app").copy("absent", to=client.images("team/copy"))
    report = partial_report(caught.value)
    assert report is not None
    assert (report.written_blobs, report.written_manifests, report.written_tags) == ({}, [], {})
    assert not hasattr(caught.value, "__notes__")


async def test_each_error_of_many_copies_has_a_report(
    filled: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    filled.faults.error(InvalidParameterException, operation="PutImage", when=number(2))
    with pytest.raises(CopyError) as caught:
        await client.images("team/app").copy_all(to=client.images("team/copy"), max_concurrency=1)
    (error,) = caught.value.exceptions
    report = partial_report(error)
    assert report is not None
    assert set(report.written_blobs) == set(graph.blobs)
    assert len(report.written_manifests) == 1


@pytest.mark.usefixtures("filled")
async def test_an_exception_of_the_caller_has_a_report(client: ECRClient, graph: Graph) -> None:
    refusal = RuntimeError("enough")

    def refuse(event: ProgressEvent) -> None:
        if isinstance(event, BlobDone):
            raise refusal

    with pytest.raises(RuntimeError, match="enough") as caught:
        await client.images("team/app").copy(
            "v1", to=client.images("team/copy"), on_progress=refuse, max_concurrency=1
        )
    report = partial_report(caught.value)
    assert report is not None
    assert len(report.written_blobs) == 1
    assert report.written_blobs.keys() < graph.blobs.keys()


async def test_the_report_is_copied_with_its_error(filled: InMemoryECR, client: ECRClient) -> None:
    filled.faults.error(InvalidParameterException, operation="PutImage", when=number(2))
    with pytest.raises(ECRClientError) as caught:
        await client.images("team/app").copy("v1", to=client.images("team/copy"))
    report = partial_report(caught.value)
    for same in (copy.copy(caught.value), pickle.loads(pickle.dumps(caught.value))):
        assert partial_report(same) == report is not None


def test_other_errors_have_no_report() -> None:
    assert partial_report(ValueError("unrelated")) is None

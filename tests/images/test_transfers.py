"""Pull, push and copy: plans, idempotence, races, tags, platforms, mounts and progress."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import pytest

from ecrclient import ECRClient, RequestValidationError
from ecrclient.errors import (
    ImageAlreadyExistsException,
    ImageTagAlreadyExistsException,
    LayersNotFoundException,
    RepositoryNotFoundException,
    ServerException,
)
from ecrclient.images import (
    BlobDone,
    BlobStarted,
    ImageNotFoundError,
    Layout,
    ManifestError,
    ManifestWritten,
    PlatformNotFoundError,
    ProgressEvent,
    ResumeError,
    StateFile,
    TagConflictError,
    TagWritten,
)
from ecrclient.images.digests import sha256
from ecrclient.testing import InMemoryECR
from ecrclient.testing.store import Registry
from tests.images.calls import WRITES, Calls
from tests.images.graphs import PLATFORMS, Graph, two_platforms
from tests.images.stores import Contents, layout_contents, repository_contents

pytestmark = pytest.mark.anyio


@pytest.fixture
def graph() -> Graph:
    """An index of two images with a common layer."""
    return two_platforms()


# -- plans and idempotence -------------------------------------------------------------------------


async def test_a_plan_says_what_is_missing_and_writes_nothing(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    await graph.push(client, "team/app")
    calls = Calls(ecr)
    source, destination = client.images("team/app"), client.images("team/copy")
    plan = await source.plan_copy("v1", to=destination, tags=["a", "b"])
    assert not WRITES & set(calls.new())
    assert plan.bytes == sum(map(len, graph.blobs.values()))
    assert {blob.digest for blob in plan.blobs} == set(graph.blobs)
    assert [planned.manifest.digest for planned in plan.manifests] == list(graph.manifests)
    assert plan.manifests[-1].tags == ("a", "b")
    assert (plan.image.digest, plan.manifests_present) == (graph.tags["v1"], 0)
    report = await source.copy("v1", to=destination, tags=["a", "b"])
    made = calls.new()
    assert sum(count for name, count in made.items() if name in WRITES) == plan.calls
    assert (report.bytes_copied, report.tags_written) == (plan.bytes, 2)
    assert await source.plan_copy("v1", to=destination, tags=["a", "b"]) != plan


async def test_a_repeated_copy_of_an_unchanged_image_takes_two_calls(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    await graph.push(client, "team/app")
    source, destination = client.images("team/app"), client.images("team/copy")
    await source.copy("v1", to=destination)
    calls = Calls(ecr)
    report = await source.copy("v1", to=destination)
    assert calls.new() == {"BatchGetImage": 1, "DescribeImages": 1}
    assert report.digest == graph.tags["v1"]
    assert (report.bytes_copied, report.manifests_written, report.tags_written) == (0, 0, 0)


async def test_a_new_tag_of_a_known_image_transfers_nothing(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    await graph.push(client, "team/app")
    source, destination = client.images("team/app"), client.images("team/copy")
    await source.copy("v1", to=destination)
    calls = Calls(ecr)
    report = await source.copy("v1", to=destination, tags=["v1", "stable"])
    made = calls.new()
    assert {name: made[name] for name in WRITES if made[name]} == {"PutImage": 1}
    assert (report.tags, report.tags_written) == (("v1", "stable"), 1)


async def test_common_blobs_are_transferred_once(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    await graph.push(client, "team/app")
    calls = Calls(ecr)
    await client.images("team/app").copy("v1", to=client.images("team/copy"))
    assert calls.new()["CompleteLayerUpload"] == len(graph.blobs) == 5


async def test_the_tag_is_written_last(client: ECRClient, graph: Graph) -> None:
    await graph.push(client, "team/app")
    events: list[ProgressEvent] = []
    await client.images("team/app").copy(
        "v1", to=client.images("team/copy"), on_progress=events.append
    )
    kinds = [type(event) for event in events]
    assert kinds[-2:] == [ManifestWritten, TagWritten]
    assert kinds.index(ManifestWritten) > max(
        number for number, kind in enumerate(kinds) if kind is BlobDone
    )
    written = [event.digest for event in events if isinstance(event, ManifestWritten)]
    assert written[-1] == graph.tags["v1"]
    started = [event.digest for event in events if isinstance(event, BlobStarted)]
    assert sorted(started) == sorted(graph.blobs)


async def test_progress_that_fails_ends_the_transfer(client: ECRClient, graph: Graph) -> None:
    def fail(event: ProgressEvent) -> None:
        raise ZeroDivisionError(event)

    await graph.push(client, "team/app")
    with pytest.raises(ZeroDivisionError):
        await client.images("team/app").copy("v1", to=client.images("team/copy"), on_progress=fail)


# -- races -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ImageAlreadyExistsException, ImageTagAlreadyExistsException])
async def test_an_image_that_another_client_has_just_pushed(
    ecr: InMemoryECR, client: ECRClient, error: type[ImageAlreadyExistsException]
) -> None:
    graph = Graph()
    graph.add_image([b"layer"], tag="v1")
    await graph.push(client, "team/app")
    ecr.faults.drop(executed=True, operation="PutImage", times=1)
    ecr.faults.error(error, operation="PutImage")
    report = await client.images("team/app").copy("v1", to=client.images("team/copy"))
    assert report.digest == graph.tags["v1"]
    (await repository_contents(ecr, "team/copy")).check()


async def test_layers_that_vanish_before_the_manifest_arrives_are_uploaded_again(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    graph = Graph()
    graph.add_image([b"layer"], tag="v1")
    await graph.push(client, "team/app")
    vanished = False

    def forget(_: object) -> bool:
        nonlocal vanished
        if not vanished:
            vanished = True
            registry: Registry = vars(ecr)["_registry"]
            registry.repositories["team/copy"].layers.clear()
        return False

    ecr.faults.error(ServerException, operation="PutImage", when=forget, times=None)
    report = await client.images("team/app").copy("v1", to=client.images("team/copy"))
    assert report.blobs_copied == 4
    (await repository_contents(ecr, "team/copy")).check()


async def test_layers_that_are_never_found_are_an_error(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    await graph.push(client, "team/app")
    ecr.faults.error(LayersNotFoundException, operation="PutImage", times=None)
    with pytest.raises(LayersNotFoundException):
        await client.images("team/app").copy("v1", to=client.images("team/copy"))


OPERATIONS = (
    "BatchGetImage",
    "DescribeImages",
    "BatchCheckLayerAvailability",
    "GetDownloadUrlForLayer",
    "InitiateLayerUpload",
    "UploadLayerPart",
    "CompleteLayerUpload",
    "PutImage",
)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_each_operation_may_fail_twice(
    ecr: InMemoryECR, client: ECRClient, graph: Graph, operation: str
) -> None:
    await graph.push(client, "team/app")
    ecr.faults.error(ServerException, operation=operation, times=1)
    ecr.faults.throttle(operation=operation)
    await client.images("team/app").copy("v1", to=client.images("team/copy"))
    contents = await repository_contents(ecr, "team/copy")
    contents.check()
    assert contents.blobs == {**graph.blobs, **graph.manifests}


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_copy_that_failed_can_be_run_again(
    ecr: InMemoryECR, client: ECRClient, graph: Graph, operation: str
) -> None:
    await graph.push(client, "team/app")
    source, destination = client.images("team/app"), client.images("team/copy")
    with ecr.faults.error("AccessDeniedException", operation=operation, times=None):
        with pytest.raises(Exception, match="AccessDenied"):
            await source.copy("v1", to=destination)
        (await repository_contents_without_faults(ecr)).check()
    await source.copy("v1", to=destination)
    contents = await repository_contents(ecr, "team/copy")
    assert contents.blobs == {**graph.blobs, **graph.manifests}


async def repository_contents_without_faults(ecr: InMemoryECR) -> Contents:
    ecr.faults.clear()
    return await repository_contents(ecr, "team/copy")


# -- tags ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mutability", "filters", "conflict"),
    [
        ("MUTABLE", [], False),
        ("IMMUTABLE", [], True),
        ("IMMUTABLE_WITH_EXCLUSION", ["v*"], False),
        ("IMMUTABLE_WITH_EXCLUSION", ["w*"], True),
        ("MUTABLE_WITH_EXCLUSION", ["v*"], True),
        ("MUTABLE_WITH_EXCLUSION", ["w*"], False),
    ],
)
async def test_an_immutable_tag_of_another_image_is_an_error_before_anything_is_written(
    ecr: InMemoryECR,
    client: ECRClient,
    graph: Graph,
    mutability: str,
    filters: list[str],
    conflict: bool,
) -> None:
    other = Graph()
    other.add_image([b"other"], tag="v1")
    await graph.push(client, "team/app")
    await other.push(client, "team/copy")
    await client.put_image_tag_mutability(
        repository_name="team/copy",
        image_tag_mutability=mutability,
        image_tag_mutability_exclusion_filters=[
            {"filter": one, "filter_type": "WILDCARD"} for one in filters
        ]
        or None,
    )
    calls = Calls(ecr)
    source, destination = client.images("team/app"), client.images("team/copy")
    if not conflict:
        await source.copy("v1", to=destination)
        assert (await destination.resolve("v1")).digest == graph.tags["v1"]
        return
    with pytest.raises(TagConflictError) as caught:
        await source.copy("v1", to=destination, tags=["new", "v1"])
    assert not WRITES & set(calls.new())
    error = caught.value
    assert (error.tag, error.existing, error.wanted) == ("v1", other.tags["v1"], graph.tags["v1"])
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    await source.copy("v1", to=destination, tags=["new"])


async def test_a_tag_that_becomes_immutable_meanwhile(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    other = Graph()
    other.add_image([b"other"], tag="v1")
    await graph.push(client, "team/app")
    await other.push(client, "team/copy")
    ecr.faults.error(
        ImageTagAlreadyExistsException,
        operation="PutImage",
        times=None,
        when=lambda call: b'"imageTag"' in call.body,
    )
    with pytest.raises(TagConflictError):
        await client.images("team/app").copy("v1", to=client.images("team/copy"))


async def test_a_digest_gets_no_tag_unless_one_is_passed(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    await graph.push(client, "team/app")
    digest = graph.tags["v1"]
    report = await client.images("team/app").copy(digest, to=client.images("team/copy"))
    assert report.tags == ()
    assert digest in (await repository_contents(ecr, "team/copy")).blobs


# -- platforms and foreign layers ------------------------------------------------------------------


async def test_one_platform_is_its_image_alone(
    client: ECRClient, graph: Graph, tmp_path: Path
) -> None:
    await graph.push(client, "team/app")
    images = client.images("team/app")
    report = await images.pull("v1", Layout(tmp_path / "one"), platforms=["linux/arm64"])
    contents = layout_contents(tmp_path / "one")
    contents.check()
    assert contents.tags == {"v1": report.digest}
    assert report.digest == (await images.resolve("v1", platform="linux/arm64")).digest
    assert len(contents.blobs) == 4


async def test_several_platforms_are_a_new_index(
    client: ECRClient, graph: Graph, tmp_path: Path
) -> None:
    children = [graph.add_image([one[1].encode()], platform=one) for one in PLATFORMS]
    attestation = graph.add_image([b"attestation"])
    subject = {"vnd.docker.reference.digest": children[2]["digest"]}
    graph.add_index([*children, {**attestation, "annotations": subject}], tag="v2")
    await graph.push(client, "team/app")
    report = await client.images("team/app").pull(
        "v2", Layout(tmp_path / "two"), platforms=["linux/arm64", "linux/arm/v7"]
    )
    contents = layout_contents(tmp_path / "two")
    contents.check()
    index = json.loads(contents.blobs[report.digest])
    kept = [*children[1:], attestation]
    assert [item["digest"] for item in index["manifests"]] == [one["digest"] for one in kept]


async def test_an_unknown_platform_lists_those_there_are(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    await graph.push(client, "team/app")
    calls = Calls(ecr)
    images = client.images("team/app")
    with pytest.raises(PlatformNotFoundError, match=r"it has: linux/amd64, linux/arm64/v8"):
        await images.copy("v1", to=client.images("team/copy"), platforms=["linux/s390x"])
    assert not WRITES & set(calls.new())


async def test_foreign_layers_are_skipped_unless_asked(
    ecr: InMemoryECR, client: ECRClient, tmp_path: Path
) -> None:
    graph = Graph()
    foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    layers = [graph.add_blob(b"base", foreign, urls=["https://example.com/base"])]
    config = graph.add_blob(b"{}", "application/vnd.oci.image.config.v1+json")
    media_type = "application/vnd.docker.distribution.manifest.v2+json"
    document = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers}
    graph.add_manifest(document, tag="v1")
    graph.write_layout(tmp_path / "layout")
    source, calls = Layout(tmp_path / "layout"), Calls(ecr)
    report = await client.images("team/app").push(source)
    assert (report.foreign_layers_skipped, report.blobs_copied) == (1, 1)
    assert calls.new()["UploadLayerPart"] == 1
    report = await client.images("team/copy").push(source, foreign_layers=True)
    assert (report.foreign_layers_skipped, report.blobs_copied) == (0, 2)


# -- repositories ----------------------------------------------------------------------------------


async def test_a_missing_repository_is_created_only_on_request(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    await graph.push(client, "team/app")
    images, new = client.images("team/app"), client.images("team/new")
    plan = await images.plan_copy("v1", to=new)
    assert len(plan.blobs) == len(graph.blobs)
    with pytest.raises(RepositoryNotFoundException):
        await images.copy("v1", to=new)
    await images.copy("v1", to=new, create_repository="if missing")
    (await repository_contents(ecr, "team/new")).check()


async def test_a_missing_repository_gets_the_settings_of_its_template(
    client: ECRClient, graph: Graph
) -> None:
    await graph.push(client, "team/app")
    await client.create_repository_creation_template(
        prefix="team", applied_for=["CREATE_ON_PUSH"], image_tag_mutability="IMMUTABLE"
    )
    await client.images("team/app").copy(
        "v1", to=client.images("team/new"), create_repository="if missing"
    )
    repositories = await client.describe_repositories(repository_names=["team/new"])
    assert repositories.repositories[0].image_tag_mutability == "IMMUTABLE"


async def test_an_image_whose_layers_are_not_known_is_tagged_but_not_copied(
    client: ECRClient, tmp_path: Path
) -> None:
    await Graph.push_blob(client, "team/app", b"layer")
    media_type = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    manifest = {"schemaVersion": 1, "fsLayers": [{"blobSum": sha256(b"layer")}], "signatures": []}
    raw = json.dumps(manifest)
    await client.put_image(
        repository_name="team/app",
        image_manifest=raw,
        image_manifest_media_type=media_type,
        image_tag="v1",
    )
    images = client.images("team/app")
    kind = re.escape(media_type)
    problem = f"{sha256(raw.encode())}: images of the type {kind} cannot be copied"
    for target in (Layout(tmp_path / "layout"), client.images("team/copy")):
        with pytest.raises(ManifestError, match=problem):
            await images.pull("v1", target)
    assert not (tmp_path / "layout").exists()
    await images.copy("v1", to=images, tags=["v2"])
    assert (await images.resolve("v2")).digest == sha256(raw.encode())


async def test_a_missing_source(client: ECRClient) -> None:
    images = client.images("team/app")
    with pytest.raises(ImageNotFoundError, match="repository team/app has no image v9"):
        await images.copy("v9", to=client.images("team/copy"))
    with pytest.raises(RepositoryNotFoundException):
        await client.images("team/none").copy("v1", to=client.images("team/copy"))


async def test_between_accounts_and_regions(graph: Graph) -> None:
    near = InMemoryECR(region="eu-west-1", account_id="111111111111")
    far = InMemoryECR(region="us-east-1", account_id="222222222222")
    async with near.client() as here, far.client() as there:
        await here.create_repository(repository_name="team/app")
        await graph.push(here, "team/app")
        await there.create_repository(repository_name="mirror/app")
        await here.images("team/app").copy("v1", to=there.images("mirror/app"))
    contents = await repository_contents(far, "mirror/app")
    contents.check()
    assert contents.blobs == {**graph.blobs, **graph.manifests}


# -- mounts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "mount", "mounted"),
    [("ENABLED", "auto", 5), ("DISABLED", "auto", 0), ("ENABLED", "never", 0)],
)
async def test_blobs_are_mounted_where_the_account_allows_it(
    ecr: InMemoryECR, client: ECRClient, graph: Graph, setting: str, mount: str, mounted: int
) -> None:
    await graph.push(client, "team/app")
    await client.put_account_setting(name="BLOB_MOUNTING", value=setting)
    calls = Calls(ecr)
    report = await client.images("team/app").copy(
        "v1",
        to=client.images("team/copy"),
        mount=mount,  # type: ignore[arg-type]
    )
    assert report.blobs_mounted == mounted
    assert calls.new()["UploadLayerPart"] == report.blobs_copied == 5 - mounted
    (await repository_contents(ecr, "team/copy")).check()


# -- arguments -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"to": "team/copy"}, "copy: to: must be a repository"),
        ({"tags": "v1"}, "copy: tags: must be a list"),
        ({"tags": ["v 1"]}, r"copy: tags\[0\]: is not a tag"),
        ({"platforms": "linux/amd64"}, "copy: platforms: must be a list"),
        ({"platforms": ["linux"]}, "copy: platform: must be a Platform"),
        ({"max_concurrency": 0}, "copy: max_concurrency: must be at least 1"),
        ({"mount": "always"}, "copy: mount: must be"),
        ({"create_repository": True}, "copy: create_repository: must be"),
        ({"resume": "state.json"}, "copy: resume: must be a StateFile"),
    ],
)
async def test_a_wrong_argument_is_named_and_nothing_is_sent(
    ecr: InMemoryECR, client: ECRClient, arguments: dict[str, object], problem: str
) -> None:
    calls = Calls(ecr)
    with pytest.raises(RequestValidationError, match=problem):
        await client.images("team/app").copy(
            "v1",
            **{"to": client.images("team/copy"), **arguments},  # type: ignore[arg-type]
        )
    assert not calls.new()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 2, "uploads": {}}',
        '{"version": 1}',
        '{"version": 1, "uploads": []}',
        '{"version": 1, "uploads": {"r": {"d": [1, 2, 3]}}}',
        '{"version": 1, "uploads": {"r": {"d": ["u", 0, 3]}}}',
        '{"version": 1, "uploads": {"r": {"d": ["u", 1]}}}',
    ],
)
async def test_a_damaged_state_file_is_an_error_before_anything_is_sent(
    ecr: InMemoryECR, client: ECRClient, graph: Graph, text: str, tmp_path: Path
) -> None:
    await graph.push(client, "team/app")
    (tmp_path / "state.json").write_text(text)
    calls = Calls(ecr)
    with pytest.raises(ResumeError, match=r"state\.json: not a state file"):
        await client.images("team/app").copy(
            "v1", to=client.images("team/copy"), resume=StateFile(tmp_path / "state.json")
        )
    assert not calls.new()

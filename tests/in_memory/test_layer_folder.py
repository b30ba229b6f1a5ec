"""Layers in the files of a folder."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from pathlib import Path

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.errors import InvalidLayerException, LayerAlreadyExistsException
from ecrclient.testing import InMemoryECR, StateError
from tests.in_memory.builders import REPOSITORY, HandClock, digest_of, upload, upload_part

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "new" / "layers"


@pytest.fixture
def ecr(clock: HandClock, folder: Path) -> InMemoryECR:
    ecr = InMemoryECR(clock=clock, layers_dir=folder, part_size=4)
    ecr.add_layer(REPOSITORY, b"there")
    return ecr


def files(folder: Path, kind: str) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (folder / kind).iterdir()}


def name_of(content: bytes) -> str:
    return digest_of(content).removeprefix("sha256:")


THERE = {name_of(b"there"): b"there"}


async def begin(client: ECRClient) -> str:
    return (await client.initiate_layer_upload(repository_name=REPOSITORY)).upload_id


async def complete(client: ECRClient, upload_id: str, content: bytes) -> None:
    await client.complete_layer_upload(
        repository_name=REPOSITORY, upload_id=upload_id, layer_digests=[digest_of(content)]
    )


class TestUploads:
    async def test_layer_file_appears_after_its_digest_is_verified(
        self, client: ECRClient, folder: Path
    ) -> None:
        upload_id = await begin(client)
        assert files(folder, "uploads") == {}
        await upload_part(client, REPOSITORY, upload_id, 0, b"abcd")
        await upload_part(client, REPOSITORY, upload_id, 4, b"ef")
        assert files(folder, "uploads") == {upload_id: b"abcdef"}
        with pytest.raises(InvalidLayerException):
            await complete(client, upload_id, b"other")
        assert (files(folder, "sha256"), len(files(folder, "uploads"))) == (THERE, 1)

        await complete(client, upload_id, b"abcdef")
        assert files(folder, "uploads") == {}
        assert files(folder, "sha256") == THERE | {name_of(b"abcdef"): b"abcdef"}

    async def test_existing_layer_leaves_no_upload_file(
        self, client: ECRClient, folder: Path
    ) -> None:
        with pytest.raises(LayerAlreadyExistsException):
            await upload(client, REPOSITORY, b"there")
        assert (files(folder, "sha256"), files(folder, "uploads")) == (THERE, {})

    async def test_repositories_share_a_layer_file(self, client: ECRClient, folder: Path) -> None:
        await client.create_repository(repository_name="other")
        await upload(client, "other", b"there")
        assert files(folder, "sha256") == THERE

    async def test_file_of_an_expired_upload_is_removed(
        self, ecr: InMemoryECR, client: ECRClient, folder: Path
    ) -> None:
        upload_id = await begin(client)
        await upload_part(client, REPOSITORY, upload_id, 0, b"abcd")
        ecr.clock.advance(hours=24)
        another = await begin(client)
        assert files(folder, "uploads") == {}
        await upload_part(client, REPOSITORY, another, 0, b"abcd")
        await client.delete_repository(repository_name=REPOSITORY)
        assert (files(folder, "sha256"), files(folder, "uploads")) == ({}, {})

    async def test_layer_of_an_archived_image_can_be_uploaded_again(
        self, ecr: InMemoryECR, client: ECRClient, folder: Path
    ) -> None:
        ecr.add_image(REPOSITORY, [b"there"], tags=["v1"])
        await client.update_image_storage_class(
            repository_name=REPOSITORY,
            image_id={"image_tag": "v1"},
            target_storage_class="ARCHIVE",
        )
        await upload(client, REPOSITORY, b"there")
        assert files(folder, "uploads") == {}
        assert files(folder, "sha256").items() >= THERE.items()


async def test_large_layer_is_not_held_in_memory(clock: HandClock, folder: Path) -> None:
    part, parts = bytes(5 * MIB), 12
    size = len(part) * parts
    digest = f"sha256:{hashlib.sha256(part * parts).hexdigest()}"
    ecr = InMemoryECR(clock=clock, layers_dir=folder)
    ecr.calls.keep(0)  # calls remember their bodies
    async with ecr.client() as client, httpx.AsyncClient(transport=ecr.transport()) as http:
        await client.create_repository(repository_name=REPOSITORY)
        upload_id = await begin(client)
        tracemalloc.start()
        try:
            for number in range(parts):
                await upload_part(client, REPOSITORY, upload_id, number * len(part), part)
            await client.complete_layer_upload(
                repository_name=REPOSITORY, upload_id=upload_id, layer_digests=[digest]
            )
            config = ecr.add_layer(REPOSITORY, b"{}")
            await client.put_image(
                repository_name=REPOSITORY, image_manifest=manifest_of(config, digest, size)
            )
            url = (
                await client.get_download_url_for_layer(
                    repository_name=REPOSITORY, layer_digest=digest
                )
            ).download_url
            uploading = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
            received = hashlib.sha256()
            async with http.stream("GET", url) as response:
                async for piece in response.aiter_bytes():
                    received.update(piece)
            downloading = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert f"sha256:{received.hexdigest()}" == digest
    # A part is in memory several times, as base64, JSON and bytes. The whole layer never is.
    assert uploading < size
    assert downloading < 12 * MIB


def manifest_of(config: str, layer: str, size: int) -> str:
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "text/plain", "digest": config, "size": 2},
            "layers": [{"mediaType": "text/plain", "digest": layer, "size": size}],
        }
    )


class TestStates:
    async def test_saved_state_references_the_files(
        self, ecr: InMemoryECR, client: ECRClient, folder: Path, tmp_path: Path
    ) -> None:
        state = tmp_path / "state.json"
        ecr.add_image(REPOSITORY, [b"there"], tags=["v1"])
        upload_id = await begin(client)
        await upload_part(client, REPOSITORY, upload_id, 0, b"abcd")
        ecr.save(state)
        assert str(folder) not in state.read_text(encoding="utf-8")
        # A part that arrives after the state is saved.
        await upload_part(client, REPOSITORY, upload_id, 4, b"lost")

        restored = InMemoryECR.load(state, clock=ecr.clock, layers_dir=folder, part_size=4)
        async with (
            restored.client() as client,
            httpx.AsyncClient(transport=restored.transport()) as http,
        ):
            await upload_part(client, REPOSITORY, upload_id, 4, b"ef")
            await complete(client, upload_id, b"abcdef")
            url = (
                await client.get_download_url_for_layer(
                    repository_name=REPOSITORY, layer_digest=digest_of(b"there")
                )
            ).download_url
            assert (await http.get(url)).content == b"there"
        assert files(folder, "uploads") == {}
        assert files(folder, "sha256").items() >= (THERE | {name_of(b"abcdef"): b"abcdef"}).items()

    async def test_layers_of_a_state_are_moved_to_the_folder(
        self, clock: HandClock, folder: Path, tmp_path: Path
    ) -> None:
        state = tmp_path / "state.json"
        memory = InMemoryECR(clock=clock, part_size=4)
        memory.add_image(REPOSITORY, [b"there"], tags=["v1"])
        async with memory.client() as client:
            upload_id = await begin(client)
            await upload_part(client, REPOSITORY, upload_id, 0, b"abcd")
            await upload_part(client, REPOSITORY, upload_id, 4, b"ef")
        memory.save(state)

        ecr = InMemoryECR.load(state, clock=clock, layers_dir=folder, part_size=4)
        assert files(folder, "sha256").items() >= THERE.items()
        assert files(folder, "uploads") == {upload_id: b"abcdef"}
        async with ecr.client() as client:
            await complete(client, upload_id, b"abcdef")
            layers = (
                await client.batch_check_layer_availability(
                    repository_name=REPOSITORY, layer_digests=[digest_of(b"there")]
                )
            ).layers
        assert layers[0].media_type == "application/vnd.oci.image.layer.v1.tar"
        ecr.save(state)
        with pytest.raises(StateError, match="is stored in a file: pass the layers_dir"):
            InMemoryECR.load(state, clock=clock)

    @pytest.mark.parametrize(
        ("content", "message"),
        [(None, "is missing; it must have 5 bytes"), (b"the", "has 3 bytes; it must have 5")],
    )
    def test_damaged_layer_file_is_refused(
        self, ecr: InMemoryECR, folder: Path, tmp_path: Path, content: bytes | None, message: str
    ) -> None:
        state = tmp_path / "state.json"
        ecr.save(state)
        file = folder / "sha256" / name_of(b"there")
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(StateError) as caught:
            InMemoryECR.load(state, layers_dir=folder)
        place = f"{state}: repositories.{REPOSITORY}.layers.{digest_of(b'there')}: "
        assert str(caught.value).startswith(place)
        assert message in str(caught.value)

    async def test_damaged_upload_file_is_refused(
        self, ecr: InMemoryECR, client: ECRClient, folder: Path, tmp_path: Path
    ) -> None:
        state = tmp_path / "state.json"
        upload_id = await begin(client)
        await upload_part(client, REPOSITORY, upload_id, 0, b"abcd")
        ecr.save(state)
        (folder / "uploads" / upload_id).write_bytes(b"abc")
        with pytest.raises(StateError, match=rf"uploads\.{upload_id}: .* must have 4 bytes"):
            InMemoryECR.load(state, layers_dir=folder)

        (folder / "sha256" / name_of(b"there")).rename(tmp_path / "there")
        document = json.loads(state.read_text(encoding="utf-8"))
        layers = document["repositories"][REPOSITORY]["layers"]
        del layers[digest_of(b"there")]
        state.write_text(json.dumps(document), encoding="utf-8")
        with pytest.raises(StateError, match="is stored in a file"):
            InMemoryECR.load(state)

    @pytest.mark.parametrize("digest", ["sha256:../../x", "sha512:00", digest_of(b"other")])
    def test_layers_with_wrong_digests_are_refused(
        self, clock: HandClock, folder: Path, tmp_path: Path, digest: str
    ) -> None:
        state = tmp_path / "state.json"
        memory = InMemoryECR(clock=clock)
        memory.add_layer(REPOSITORY, b"there")
        memory.save(state)
        text = state.read_text(encoding="utf-8").replace(digest_of(b"there"), digest)
        state.write_text(text, encoding="utf-8")
        with pytest.raises(StateError, match="has bytes with a different digest"):
            InMemoryECR.load(state, layers_dir=folder)
        assert sorted(tmp_path.iterdir()) == [tmp_path / "new", state]

    @pytest.mark.parametrize("digest", ["sha256:../../x", "sha512:00"])
    async def test_names_outside_the_folder_are_refused(
        self, ecr: InMemoryECR, client: ECRClient, folder: Path, tmp_path: Path, digest: str
    ) -> None:
        state = tmp_path / "state.json"
        upload_id = await begin(client)
        await upload_part(client, REPOSITORY, upload_id, 0, b"abcd")
        ecr.save(state)
        text = state.read_text(encoding="utf-8")
        state.write_text(text.replace(digest_of(b"there"), digest), encoding="utf-8")
        with pytest.raises(StateError, match="is not a sha256 digest"):
            InMemoryECR.load(state, layers_dir=folder)
        state.write_text(text.replace(upload_id, "../../x"), encoding="utf-8")
        with pytest.raises(StateError, match="is not an upload ID"):
            InMemoryECR.load(state, layers_dir=folder)

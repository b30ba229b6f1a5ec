"""Layers that no image references."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecrclient import ECRClient
from ecrclient.errors import LayersNotFoundException
from ecrclient.lifecycle import LifecyclePolicy, expire_after
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import (
    CONFIG,
    LAYERS,
    HandClock,
    digest_of,
    image_manifest,
    push,
    upload,
)

pytestmark = pytest.mark.anyio

LAYER = digest_of(LAYERS[1])


async def is_available(client: ECRClient, repository: str, digest: str = LAYER) -> bool:
    response = await client.batch_check_layer_availability(
        repository_name=repository, layer_digests=[digest]
    )
    return response.layers[0].layer_availability == "AVAILABLE"


async def test_a_layer_without_an_image_is_removed(
    client: ECRClient, clock: HandClock, repository: str
) -> None:
    await push(client, repository)
    unused = await upload(client, repository, b"unused")
    clock.advance(hours=23, minutes=59)
    assert await is_available(client, repository, unused)
    clock.advance(minutes=1)
    assert not await is_available(client, repository, unused)
    assert await is_available(client, repository)
    assert await upload(client, repository, b"unused") == unused


async def test_a_push_after_the_layers_were_removed(
    client: ECRClient, clock: HandClock, repository: str
) -> None:
    clock.advance(hours=24)
    with pytest.raises(LayersNotFoundException, match=LAYER):
        await push(client, repository)


async def test_layers_of_a_deleted_image_are_removed(
    client: ECRClient, clock: HandClock, repository: str
) -> None:
    await push(client, repository)
    clock.advance(days=100)
    await client.batch_delete_image(repository_name=repository, image_ids=[{"image_tag": "v1"}])
    clock.advance(hours=23)
    assert await is_available(client, repository)
    clock.advance(hours=1)
    assert not await is_available(client, repository)


async def test_layers_of_another_image_are_kept(
    client: ECRClient, clock: HandClock, repository: str
) -> None:
    await push(client, repository, "v1")
    await push(client, repository, "v2", image_manifest("other"))
    await client.batch_delete_image(repository_name=repository, image_ids=[{"image_tag": "v1"}])
    clock.advance(days=2)
    assert await is_available(client, repository)
    await client.batch_delete_image(repository_name=repository, image_ids=[{"image_tag": "v2"}])
    clock.advance(hours=23)
    assert await is_available(client, repository)
    clock.advance(hours=1)
    assert not await is_available(client, repository)


async def test_layers_of_an_image_pushed_again_are_kept(
    client: ECRClient, clock: HandClock, repository: str
) -> None:
    await push(client, repository)
    await client.batch_delete_image(repository_name=repository, image_ids=[{"image_tag": "v1"}])
    clock.advance(hours=23)
    await push(client, repository)
    clock.advance(days=2)
    assert await is_available(client, repository)


async def test_archived_images_keep_their_layers(
    client: ECRClient, clock: HandClock, repository: str
) -> None:
    await push(client, repository)
    await client.update_image_storage_class(
        repository_name=repository, image_id={"image_tag": "v1"}, target_storage_class="ARCHIVE"
    )
    clock.advance(days=100)
    response = await client.batch_check_layer_availability(
        repository_name=repository, layer_digests=[LAYER]
    )
    assert response.layers[0].layer_availability == "ARCHIVED"


async def test_layers_of_an_expired_image_are_removed(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock, repository: str
) -> None:
    await push(client, repository)
    policy = LifecyclePolicy.of(expire_after(30, tags="any"))
    await client.put_lifecycle_policy(
        repository_name=repository, lifecycle_policy_text=policy.to_json()
    )
    clock.advance(days=31)
    assert len(ecr.lifecycle.apply()[repository]) == 1
    assert await is_available(client, repository)
    clock.advance(hours=24)
    assert not await is_available(client, repository)


async def test_layers_of_a_recreated_repository_are_kept(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock, repository: str
) -> None:
    clock.advance(hours=23)
    await client.delete_repository(repository_name=repository)
    ecr.add_layer(repository, LAYERS[1])
    clock.advance(hours=1)
    assert await is_available(client, repository)


async def test_unused_layers_are_saved_in_a_state(
    ecr: InMemoryECR, clock: HandClock, repository: str, tmp_path: Path
) -> None:
    ecr.save(tmp_path / "state.json")
    restored = InMemoryECR.load(tmp_path / "state.json", clock=clock)
    clock.advance(hours=23)
    async with restored.client() as client:
        assert await is_available(client, repository)
        clock.advance(hours=1)
        assert not await is_available(client, repository, digest_of(CONFIG))


async def test_a_state_lists_the_layers_without_an_image(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock, repository: str, tmp_path: Path
) -> None:
    def unused_layers() -> dict[str, str]:
        ecr.save(tmp_path / "state.json")
        document = json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))
        names: dict[str, str] = document["unused_layers"]
        return names

    assert len(unused_layers()) == 3
    await push(client, repository)
    assert unused_layers() == {}
    clock.advance(hours=1)
    await client.batch_delete_image(repository_name=repository, image_ids=[{"image_tag": "v1"}])
    assert set(unused_layers().values()) == {f"{clock():%Y-%m-%dT%H:%M:%SZ}"}


async def test_a_file_is_removed_with_the_last_repository_of_its_layer(
    clock: HandClock, tmp_path: Path
) -> None:
    ecr = InMemoryECR(clock=clock, layers_dir=tmp_path)
    for name in ("one", "two", "three"):
        ecr.add_layer(name, b"unused")
    ecr.add_image("two", [b"kept"])
    file = tmp_path / "sha256" / digest_of(b"unused").removeprefix("sha256:")
    async with ecr.client() as client:
        await client.delete_repository(repository_name="one")
        assert file.exists()
        clock.advance(hours=24)
        assert not await is_available(client, "two", digest_of(b"unused"))
        assert not file.exists()
        assert await is_available(client, "two", digest_of(b"kept"))
        await client.delete_repository(repository_name="two", force=True)
    assert list((tmp_path / "sha256").iterdir()) == []

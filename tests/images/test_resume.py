"""State files: what is kept, by whom, and what happens to damaged ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from ecrclient.images import ResumeError, StateFile
from ecrclient.images.stores import UploadRecord

pytestmark = pytest.mark.anyio

NEAR = "arn:aws:ecr:eu-west-1:111111111111:repository/app"
FAR = "arn:aws:ecr:us-east-1:111111111111:repository/app"


async def loaded(path: Path) -> StateFile:
    state = StateFile(path)
    await state.load()
    return state


async def test_records_are_kept_by_repository_and_digest(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = await loaded(path)
    records = {
        (repository, digest): UploadRecord(f"{repository} {digest}", 5, 10)
        for repository in (NEAR, FAR)
        for digest in ("sha256:a", "sha256:b")
    }
    for (repository, digest), record in records.items():
        await state.record(repository, digest, record)
    again = await loaded(path)
    for (repository, digest), record in records.items():
        assert again.find(repository, digest) == record
        await again.record(repository, digest, None)
        assert again.find(repository, digest) is None
    assert os.listdir(tmp_path) == []


async def test_concurrent_records_are_all_kept(tmp_path: Path) -> None:
    state = await loaded(tmp_path / "state.json")
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(state.record, NEAR, str(number), UploadRecord("u", 1, number))
    again = await loaded(state.path)
    assert [again.find(NEAR, str(number)) for number in range(20)] == [
        UploadRecord("u", 1, number) for number in range(20)
    ]


async def test_a_cancelled_record_leaves_a_valid_file(tmp_path: Path) -> None:
    state = await loaded(tmp_path / "state.json")
    await state.record(NEAR, "a", UploadRecord("u", 1, 0))
    for number in range(10):
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(state.record, NEAR, "a", UploadRecord("u", 1, number))
                await anyio.lowlevel.checkpoint()
                scope.cancel()
        found = (await loaded(state.path)).find(NEAR, "a")
        assert found is not None
        assert found.position <= number
    assert os.listdir(tmp_path) == ["state.json"]


async def test_the_file_contains_only_uploads(tmp_path: Path) -> None:
    state = await loaded(tmp_path / "state.json")
    await state.record(NEAR, "sha256:a", UploadRecord("u", 5, 10))
    assert json.loads(state.path.read_text()) == {
        "version": 1,
        "uploads": {NEAR: {"sha256:a": ["u", 5, 10]}},
    }


async def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    state = await loaded(tmp_path / "none" / "state.json")
    with pytest.raises(ResumeError, match=r"state\.json: No such file or directory"):
        await state.record(NEAR, "a", UploadRecord("u", 1, 0))


async def test_a_directory_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ResumeError):
        await loaded(tmp_path)
    state = StateFile(tmp_path)
    with pytest.raises(ResumeError):
        await state.record(NEAR, "a", None)


def test_a_state_file_may_be_used_in_several_loops_in_turn(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state.json")
    for number in range(3):
        anyio.run(state.record, NEAR, "a", UploadRecord("u", 1, number))
    anyio.run(state.record, NEAR, "a", None, backend="trio")
    assert not state.path.exists()

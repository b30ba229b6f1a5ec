"""The latest images, and the handle of a repository."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from ecrclient import ECRClient, RequestValidationError
from ecrclient.errors import RepositoryNotFoundException
from ecrclient.handles import RepositoryHandle
from ecrclient.operations import OPERATIONS
from ecrclient.testing import InMemoryECR
from tests.tools.scripted import Scripted, client, ok

pytestmark = pytest.mark.anyio


def details(*images: tuple[str, float, list[str]], token: str | None = None) -> Any:
    page = {
        "imageDetails": [
            {"imageDigest": digest, "imagePushedAt": pushed, "imageTags": tags}
            for digest, pushed, tags in images
        ]
    }
    return ok(page | ({} if token is None else {"nextToken": token}))


PAGES: tuple[list[tuple[str, float, list[str]]], ...] = (
    [("a", 30.0, ["v1", "old"]), ("b", 50.0, [])],
    [],
    [("c", 40.0, ["v2"]), ("a", 30.0, ["v1", "old"]), ("d", 10.0, ["v3"]), ("e", 40.0, ["w"])],
)


def pages() -> Scripted:
    first, second, third = PAGES
    return Scripted(details(*first, token="1"), details(*second, token="2"), details(*third))


@pytest.mark.parametrize(
    ("n", "pattern", "expected"),
    [
        (1, None, "b"),
        (3, None, "bec"),
        (9, None, "becad"),
        (2, "v*", "ca"),
        (9, "*", "ecad"),
        (9, "v1", "a"),
        (9, "*1", "a"),
        (9, "v.", ""),
        (9, "v?", ""),
    ],
)
async def test_the_latest_images(n: int, pattern: str | None, expected: str) -> None:
    transport = pages()

    images = await client(transport).latest_images("team/app", n, tag_pattern=pattern)

    assert "".join(image.image_digest for image in images) == expected
    filtered = {} if pattern is None else {"filter": {"tagStatus": "TAGGED"}}
    assert transport.bodies[0] == {"repositoryName": "team/app", **filtered}


@pytest.mark.parametrize(("arguments", "member"), [(("ab", 0), "n"), (("A",), "repository_name")])
async def test_a_wrong_argument_is_named_and_nothing_is_sent(
    arguments: tuple[Any, ...], member: str
) -> None:
    with pytest.raises(RequestValidationError) as refused:
        await client(Scripted()).latest_images(*arguments)
    assert [problem.member for problem in refused.value.problems] == [member]


async def test_a_handle_fills_in_the_repository_and_the_registry() -> None:
    transport = Scripted(*[ok()] * 4, details(("a", 1.0, [])))
    repository = client(transport).repository("team/app", "123456789012")

    await repository.put_image(image_manifest="{}", image_tag="v1")
    await repository.describe_images(image_ids=[{"image_tag": "v1"}])
    await repository.set_repository_policy(policy_text="{}")
    await repository.create_repository()
    assert [image.image_digest for image in await repository.latest_images()] == ["a"]

    named = {"repositoryName": "team/app", "registryId": "123456789012"}
    assert transport.bodies == [
        {**named, "imageManifest": "{}", "imageTag": "v1"},
        {**named, "imageIds": [{"imageTag": "v1"}]},
        {**named, "policyText": "{}"},
        named,
        named,
    ]
    assert repr(repository) == "RepositoryHandle('team/app', '123456789012')"


async def test_a_handle_waits_and_pages() -> None:
    scan = {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {}}
    transport = Scripted(ok(scan), details(("a", 1.0, [])))
    repository = client(transport).repository("team/app")

    await repository.wait_until_image_scan_complete(image_id={"image_tag": "v1"}, max_wait=1)
    assert [image.image_digest async for image in repository.describe_images()] == ["a"]

    assert transport.bodies == [
        {"repositoryName": "team/app", "imageId": {"imageTag": "v1"}},
        {"repositoryName": "team/app"},
    ]


async def test_a_handle_of_a_missing_repository() -> None:
    async with InMemoryECR().client() as ecr:
        with pytest.raises(RepositoryNotFoundException):
            await ecr.repository("gone").describe_images()


def test_a_handle_has_every_operation_on_a_repository() -> None:
    """The expected operations come from the client's signatures, not from the generator."""
    filled = {"repository_name", "registry_id"}
    for operation in OPERATIONS.values():
        of_client = inspect.signature(getattr(ECRClient, operation.method)).parameters
        method = getattr(RepositoryHandle, operation.method, None)
        assert (method is not None) == ("repository_name" in of_client), operation.method
        if method is not None:
            of_handle = inspect.signature(method).parameters
            assert [*of_handle] == [name for name in of_client if name not in filled]
            for name, parameter in of_handle.items():
                assert parameter == of_client[name], (operation.method, name)

"""Pagination: awaiting, iterating, collecting and resuming."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from ecrclient import ECRClient, PaginationError, Paginator, RequestValidationError
from ecrclient._awsjson.protocol.operation import Operation
from ecrclient.errors import KmsException, RepositoryNotFoundException
from ecrclient.models import (
    EnhancedImageScanFinding,
    ImageScanFinding,
)
from tests.tools.botocore_calls import service_model
from tests.tools.operation_examples import EVERY_OPERATION, wire_input, wire_output
from tests.tools.scripted import Scripted, ScriptedResponse, client, fail, ok

pytestmark = pytest.mark.anyio


def page(*tags: str, token: str | None = None) -> ScriptedResponse:
    return ok({"imageIds": [{"imageTag": tag} for tag in tags], "nextToken": token})


def three_pages() -> list[ScriptedResponse]:
    return [page("a", "b", token="2"), page("c", "d", token="3"), page("e")]


def tokens(transport: Scripted) -> list[str | None]:
    return [body.get("nextToken") for body in transport.bodies]


async def tags(images: Any, found: list[str] | None = None) -> list[str]:
    """The images' tags; *found* keeps those that come before an error."""
    found = [] if found is None else found
    async for image in images:
        found.append(image.image_tag)
    return found


async def test_await_returns_one_page() -> None:
    transport = Scripted(*three_pages())
    found = await client(transport).list_images(repository_name="ab", max_results=2)

    assert [image.image_tag for image in found.image_ids] == ["a", "b"]
    assert found.next_token == "2"
    assert transport.bodies == [{"repositoryName": "ab", "maxResults": 2}]


async def test_iteration_yields_every_item_and_sends_the_other_members() -> None:
    transport = Scripted(*three_pages())
    images = client(transport).list_images(
        repository_name="ab", max_results=2, filter={"tag_status": "TAGGED"}
    )

    assert await tags(images) == ["a", "b", "c", "d", "e"]
    assert tokens(transport) == [None, "2", "3"]
    same = {"repositoryName": "ab", "maxResults": 2, "filter": {"tagStatus": "TAGGED"}}
    assert [{**body, "nextToken": None} for body in transport.bodies] == [
        {**same, "nextToken": None}
    ] * 3


async def test_pages_yields_every_page_with_its_metadata() -> None:
    transport = Scripted(*three_pages())
    pages = [found async for found in client(transport).list_images(repository_name="ab").pages()]

    assert [[image.image_tag for image in found.image_ids] for found in pages] == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
    ]
    assert [found.next_token for found in pages] == ["2", "3", None]
    assert {found.response_metadata.status for found in pages} == {200}


async def test_nothing_is_sent_before_the_first_use() -> None:
    transport = Scripted(*three_pages())
    paginator = client(transport).list_images(repository_name="ab")
    pages: Any = paginator.pages()
    assert transport.requests == []

    await anext(pages)
    assert len(transport.requests) == 1, "no page is fetched ahead"
    assert "list_images" in repr(paginator)


async def test_an_invalid_argument_is_reported_at_the_first_use() -> None:
    paginator = client(Scripted()).list_images(repository_name="ab", max_results=0)

    with pytest.raises(RequestValidationError, match="max_results"):
        await paginator
    with pytest.raises(RequestValidationError, match="max_results"):
        await paginator.collect()


async def test_collect_returns_all_items() -> None:
    images = client(Scripted(*three_pages())).list_images(repository_name="ab")

    assert [image.image_tag for image in await images.collect()] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("limit", "expected", "requests"),
    [(0, "", 0), (1, "a", 1), (2, "ab", 1), (3, "abc", 2), (5, "abcde", 3), (9, "abcde", 3)],
)
async def test_collect_fetches_only_the_pages_that_it_needs(
    limit: int, expected: str, requests: int
) -> None:
    transport = Scripted(*three_pages())
    images = await client(transport).list_images(repository_name="ab").collect(limit=limit)

    assert [image.image_tag for image in images] == list(expected)
    assert len(transport.requests) == requests


async def test_first() -> None:
    transport = Scripted(page(token="2"), page("b", "c", token="3"))
    found = await client(transport).list_images(repository_name="ab").first()
    nothing = await client(Scripted(page())).list_images(repository_name="ab").first()

    assert found is not None
    assert (found.image_tag, nothing) == ("b", None)
    assert transport.responses == []


async def test_an_iteration_that_stops_early_leaves_nothing_suspended() -> None:
    # trio warns about an async generator that was not closed, and warnings are errors here.
    transport = Scripted(*three_pages()[:1], *three_pages()[:1])
    images = client(transport).list_images(repository_name="ab")
    async for _ in images:
        break
    async for _ in images.pages():
        break
    gc.collect()

    assert len(transport.requests) == 2


async def test_iteration_can_continue_after_an_error() -> None:
    transport = Scripted(page("a", token="2"), fail(400, "KmsException"), page("b"))
    pages = client(transport).list_images(repository_name="ab").pages()

    await anext(pages)
    with pytest.raises(KmsException):
        await anext(pages)
    assert [image.image_tag for image in (await anext(pages)).image_ids] == ["b"]
    assert tokens(transport) == [None, "2", "2"]
    for _ in range(2):
        with pytest.raises(StopAsyncIteration):
            await anext(pages)


async def test_an_empty_page_does_not_end_the_iteration() -> None:
    transport = Scripted(page("a", token="2"), page(token="3"), ok({"nextToken": "4"}), page("e"))

    assert await tags(client(transport).list_images(repository_name="ab")) == ["a", "e"]


@pytest.mark.parametrize("last", [None, ""])
async def test_an_absent_or_empty_token_ends_the_iteration(last: str | None) -> None:
    transport = Scripted(page("a", token="2"), page("b", token=last), page("never"))

    assert await tags(client(transport).list_images(repository_name="ab")) == ["a", "b"]
    assert len(transport.requests) == 2


@pytest.mark.parametrize(
    ("start", "given", "sent"),
    [
        (None, ["2", "2"], [None, "2"]),
        (None, ["2", "3", "2"], [None, "2", "3"]),
        ("1", ["1"], ["1"]),
        ("1", ["2", "1"], ["1", "2"]),
    ],
)
async def test_a_repeated_token_is_an_error_after_its_page(
    start: str | None, given: list[str], sent: list[str | None]
) -> None:
    transport = Scripted(*[page(f"of {token}", token=token) for token in given], page("never"))
    images = client(transport).list_images(repository_name="ab", next_token=start)
    found: list[str] = []
    with pytest.raises(PaginationError, match="ListImages"):
        await tags(images, found)

    assert found == [f"of {token}" for token in given]
    assert tokens(transport) == sent


async def test_a_repeated_token_ends_the_iteration() -> None:
    transport = Scripted(page("a", token="2"), page("b", token="2"), page("never"))
    pages = client(transport).list_images(repository_name="ab").pages()
    with pytest.raises(PaginationError):
        async for _ in pages:
            pass

    with pytest.raises(StopAsyncIteration):
        await anext(pages)
    assert tokens(transport) == [None, "2"]


async def test_a_later_run_resumes() -> None:
    transport = Scripted(*three_pages()[1:])
    images = client(transport).list_images(repository_name="ab", next_token="2")

    assert await tags(images) == ["c", "d", "e"]
    assert tokens(transport) == ["2", "3"]


async def test_each_use_starts_with_the_first_page() -> None:
    transport = Scripted(*three_pages(), *three_pages(), page("x"), page("y"))
    images = client(transport).list_images(repository_name="ab")

    assert await tags(images) == await tags(images) == ["a", "b", "c", "d", "e"]
    assert [(await images).image_ids[0].image_tag for _ in range(2)] == ["x", "y"]
    assert tokens(transport) == [None, "2", "3", None, "2", "3", None, None]


async def test_concurrent_iterations_are_independent() -> None:
    transport = Scripted(page("a", token="2"), page("x", token="9"), page("b"), page("y"))
    images = client(transport).list_images(repository_name="ab")
    one: Any = images.pages()
    two: Any = images.pages()
    order = [one, two, one, two]

    assert [(await anext(found)).image_ids[0].image_tag for found in order] == list("axby")
    assert tokens(transport) == [None, None, "2", "9"]


async def test_an_error_is_raised_after_the_pages_before_it() -> None:
    transport = Scripted(*three_pages()[:2], fail(400, "RepositoryNotFoundException"))
    found: list[str] = []
    with pytest.raises(RepositoryNotFoundException):
        await tags(client(transport).list_images(repository_name="ab"), found)

    assert found == ["a", "b", "c", "d"]


async def test_scan_findings_are_of_both_kinds() -> None:
    basic = {"name": "CVE-1", "severity": "HIGH"}
    enhanced = {"title": "CVE-2"}
    transport = Scripted(
        ok({"imageScanFindings": {"findings": [basic]}, "nextToken": "2"}),
        ok({"imageScanFindings": None, "nextToken": "3"}),
        ok({"imageScanFindings": {"findings": [basic], "enhancedFindings": [enhanced] * 2}}),
    )
    found = (
        await client(transport)
        .describe_image_scan_findings(repository_name="ab", image_id={"image_tag": "v1"})
        .collect()
    )

    kinds = [ImageScanFinding] * 2 + [EnhancedImageScanFinding] * 2
    assert [type(item) for item in found] == kinds


# -- the paginated operations --------------------------------------------------------------------


def pages_by_the_model(name: str) -> bool:
    """Whether both the input and the output have a nextToken."""
    model = service_model()
    sides = (model["operations"][name].get(side) for side in ("input", "output"))
    return all(side and "nextToken" in model["shapes"][side["shape"]]["members"] for side in sides)


@pytest.mark.generator
def test_the_paginated_operations_are_those_of_the_model() -> None:
    paged = {found.name for found in EVERY_OPERATION if found.pagination}

    assert paged == {found.name for found in EVERY_OPERATION if pages_by_the_model(found.name)}
    assert len(paged) > 10


@pytest.mark.generator
@pytest.mark.parametrize(
    "operation", [found for found in EVERY_OPERATION if found.pagination], ids=lambda it: it.name
)
async def test_every_paginated_operation_yields_the_items_of_every_page(
    operation: Operation[Any],
) -> None:
    body = {**wire_output(operation), "nextToken": None}
    transport = Scripted(ok({**body, "nextToken": "2"}), ok(body))
    ecr = client(transport)
    paginator = getattr(ecr, operation.method)(**arguments(operation))

    items = await paginator.collect()

    assert isinstance(paginator, Paginator)
    assert operation.pagination is not None
    assert len(items) == 2 * len(operation.pagination.items), "each list of an example has one item"
    assert tokens(transport) == [None, "2"]


def arguments(operation: Operation[Any]) -> dict[str, Any]:
    """The required members of the operation, with valid values."""
    known = {
        "repository_name": "ab",
        "image_id": {"image_tag": "v1"},
        "subject_id": {"image_digest": "sha256:" + 64 * "0"},
        "replication_backfill_id": "0123abcd-0123-4567-89ab-0123456789ab",
        "backfill_id": "0123abcd-0123-4567-89ab-0123456789ab",
    }
    return {
        name: known[name]
        for name, field in operation.request.model_fields.items()
        if field.is_required()
    }


@pytest.mark.generator
def test_the_limit_is_a_member_of_the_model() -> None:
    for operation in EVERY_OPERATION:
        if operation.pagination and operation.pagination.limit:
            assert operation.pagination.limit == "max_results"
            assert "maxResults" in wire_input(operation)
            assert hasattr(ECRClient, operation.method)

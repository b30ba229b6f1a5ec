"""Prepared responses of the stub transport."""

from __future__ import annotations

from typing import Any, cast

import httpx
import pytest

from ecrclient import ReadError, RetryPolicy, ServiceError
from ecrclient.errors import RepositoryNotFoundException, ServerException
from ecrclient.models import (
    DescribeImagesResponse,
    ImageIdentifier,
    ListImagesRequest,
    ListImagesResponse,
)
from ecrclient.operations import DESCRIBE_IMAGES, LIST_IMAGES
from ecrclient.testing import StubTransport

pytestmark = pytest.mark.anyio

ONE = ListImagesResponse(image_ids=[ImageIdentifier(image_tag="one")], next_token="more")
TWO = ListImagesResponse(image_ids=[ImageIdentifier(image_tag="two")])


async def test_responses_are_returned_in_order() -> None:
    with StubTransport() as stub:
        stub.respond(LIST_IMAGES, ONE)
        stub.respond(LIST_IMAGES, TWO)
        async with stub.client() as client:
            images = await client.list_images(repository_name="team/app").collect()
    assert [one.image_tag for one in images] == ["one", "two"]
    assert stub.calls[1].request == ListImagesRequest(
        repository_name="team/app", max_results=1000, next_token="more"
    )


@pytest.mark.parametrize("error", [RepositoryNotFoundException, "RepositoryNotFoundException"])
async def test_modelled_error_is_raised(error: Any) -> None:
    with StubTransport() as stub:
        stub.fail(error, "gone")
        async with stub.client() as client:
            with pytest.raises(RepositoryNotFoundException, match="gone"):
                await client.list_images(repository_name="team/app")
    assert (stub.calls[0].status, stub.calls[0].error) == (400, "RepositoryNotFoundException")


async def test_each_attempt_uses_one_response() -> None:
    with StubTransport() as stub:
        stub.fail(ServerException)
        stub.fail(httpx.ConnectError("no network"), operation="ListImages")
        stub.respond(LIST_IMAGES, TWO)
        async with stub.client(retry=RetryPolicy(max_attempts=3)) as client:
            page = await client.list_images(repository_name="team/app")
    assert page.response_metadata.attempts == 3
    assert [call.status for call in stub.calls] == [500, None, 200]


async def test_transport_error_is_raised() -> None:
    with StubTransport() as stub:
        stub.fail(httpx.ReadError("cut"))
        async with stub.client(retry=RetryPolicy(max_attempts=1)) as client:
            with pytest.raises(ReadError, match="cut"):
                await client.list_images(repository_name="team/app")


async def test_call_of_another_operation_fails() -> None:
    stub = StubTransport()
    stub.respond(DESCRIBE_IMAGES, DescribeImagesResponse(image_details=[]))
    async with stub.client() as client:
        with pytest.raises(
            AssertionError, match="unexpected call of ListImages: expected DescribeImages"
        ):
            await client.list_images(repository_name="team/app")


async def test_call_without_a_prepared_response_fails() -> None:
    stub = StubTransport()
    async with stub.client() as client:
        with pytest.raises(
            AssertionError, match="unexpected call of ListImages: all prepared responses"
        ):
            await client.list_images(repository_name="team/app")


async def test_caught_assertion_is_raised_again_at_the_end() -> None:
    with (
        pytest.raises(AssertionError, match="all prepared responses have been used"),
        StubTransport() as stub,
    ):
        async with stub.client() as client:
            with pytest.raises(AssertionError):
                await client.list_images(repository_name="team/app")


def test_unused_response_fails() -> None:
    message = "not called: ListImages, any operation"
    with pytest.raises(AssertionError, match=message), StubTransport() as stub:
        stub.respond(LIST_IMAGES, ONE)
        stub.fail("SlowDown")
        assert repr(stub) == "<StubTransport: 2 responses unused>"


def test_exception_in_the_block_is_not_replaced() -> None:
    with pytest.raises(KeyError), StubTransport() as stub:
        stub.respond(LIST_IMAGES, ONE)
        raise KeyError


def test_invalid_responses_are_refused() -> None:
    stub = StubTransport()
    with pytest.raises(TypeError, match="must be ListImagesResponse, not DescribeImagesResponse"):
        stub.respond(LIST_IMAGES, cast("Any", DescribeImagesResponse(image_details=[])))
    with pytest.raises(TypeError, match=r"operation must be an object .* not 'ListImages'"):
        stub.respond(cast("Any", "ListImages"), ONE)
    with pytest.raises(ValueError, match="no operation 'Nothing'"):
        stub.fail("SlowDown", operation="Nothing")
    with pytest.raises(TypeError, match="no code"):
        stub.fail(ServiceError)
    stub.assert_done()

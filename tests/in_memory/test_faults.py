"""Injected faults, within the process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from ecrclient import (
    Credentials,
    ECRClient,
    ReadError,
    RefreshingCredentials,
    RetryPolicy,
    ServiceError,
)
from ecrclient.errors import (
    InvalidLayerPartException,
    LimitExceededException,
    RepositoryAlreadyExistsException,
    RepositoryNotFoundException,
    ServerException,
)
from ecrclient.operations import DESCRIBE_REPOSITORIES
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import HandClock, post

pytestmark = pytest.mark.anyio

ONCE = RetryPolicy(max_attempts=1)


@pytest.fixture
async def client(ecr: InMemoryECR) -> AsyncIterator[ECRClient]:
    """A client that does not retry."""
    async with ecr.client(retry=ONCE) as client:
        yield client


async def code_of(client: ECRClient) -> str | None:
    """Return the error code of DescribeRegistry, or None if the call succeeds."""
    try:
        await client.describe_registry()
    except ServiceError as error:
        return error.code
    return None


# -- errors ---------------------------------------------------------------------------------------


async def test_modelled_error_is_raised_once(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.error(ServerException, "not today")
    with pytest.raises(ServerException, match="not today") as caught:
        await client.describe_registry()
    assert (caught.value.status, caught.value.is_retryable) == (500, True)
    assert caught.value.request_id is not None
    await client.describe_registry()


@pytest.mark.parametrize(
    ("code", "status", "sent"),
    [
        ("RepositoryNotFoundException", None, 400),
        ("ServerException", None, 500),
        ("InternalFailure", None, 500),
        ("ServiceUnavailable", None, 503),
        ("AccessDeniedException", 403, 403),
        ("UnknownException", None, 400),
    ],
)
async def test_any_error_code_can_be_sent(
    ecr: InMemoryECR, client: ECRClient, code: str, status: int | None, sent: int
) -> None:
    ecr.faults.error(code, status=status)
    with pytest.raises(ServiceError) as caught:
        await client.describe_registry()
    assert (caught.value.code, caught.value.status) == (code, sent)


async def test_modelled_code_raises_its_class(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.error("LimitExceededException", operation="CreateRepository")
    with pytest.raises(LimitExceededException):
        await client.create_repository(repository_name="team/app")


async def test_error_instance_is_sent_with_its_details(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.error(
        InvalidLayerPartException(
            "InvalidLayerPartException", details={"lastValidByteReceived": 9}, retry_after=1.5
        )
    )
    with pytest.raises(InvalidLayerPartException) as caught:
        await client.upload_layer_part(
            repository_name="team/app",
            upload_id="0e3b7f2c-5ba8-4e49-8bd2-2a2e1d0f9a11",
            part_first_byte=0,
            part_last_byte=1,
            layer_part_blob=b"ab",
        )
    assert (caught.value.last_valid_byte_received, caught.value.retry_after) == (9, 1.5)


def test_error_without_a_code_is_refused(ecr: InMemoryECR) -> None:
    with pytest.raises(TypeError, match="no code"):
        ecr.faults.error(ServiceError)
    with pytest.raises(TypeError, match="error instance"):
        ecr.faults.error(ServiceError("SlowDown"), status=503)


async def test_error_prevents_execution(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.error(ServerException)
    with pytest.raises(ServerException):
        await client.create_repository(repository_name="team/app")
    await client.create_repository(repository_name="team/app")


async def test_client_retries(ecr: InMemoryECR) -> None:
    ecr.faults.error(ServerException, times=2)
    async with ecr.client(retry=RetryPolicy(max_attempts=3)) as client:
        response = await client.describe_registry()
    assert response.response_metadata.attempts == 3
    assert [call.error for call in ecr.calls] == ["ServerException", "ServerException", None]


# -- which calls ----------------------------------------------------------------------------------


async def test_fault_of_one_operation(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.throttle(operation=DESCRIBE_REPOSITORIES)
    assert await code_of(client) is None
    with pytest.raises(ServiceError) as caught:
        await client.describe_repositories()
    assert (caught.value.code, caught.value.is_throttling) == ("ThrottlingException", True)


async def test_fault_with_a_predicate(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.error(
        RepositoryNotFoundException, when=lambda call: b"team/b" in call.body, times=None
    )
    await client.create_repository(repository_name="team/a")
    for _ in range(2):
        with pytest.raises(RepositoryNotFoundException):
            await client.create_repository(repository_name="team/b")


async def test_predicate_can_read_the_request_model(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.throttle(
        when=lambda call: getattr(call.request, "repository_name", None) == "team/b"
    )
    await client.create_repository(repository_name="team/a")
    with pytest.raises(ServiceError, match="ThrottlingException"):
        await client.create_repository(repository_name="team/b")


@pytest.mark.parametrize("times", [1, 3])
async def test_fault_applies_to_times_calls(
    ecr: InMemoryECR, client: ECRClient, times: int
) -> None:
    ecr.faults.throttle(times=times)
    codes = [await code_of(client) for _ in range(times + 1)]
    assert codes == ["ThrottlingException"] * times + [None]


async def test_fault_applies_until_it_is_removed(ecr: InMemoryECR, client: ECRClient) -> None:
    fault = ecr.faults.throttle(times=None)
    assert [await code_of(client) for _ in range(5)] == ["ThrottlingException"] * 5
    fault.remove()
    fault.remove()
    assert await code_of(client) is None


async def test_fault_applies_within_a_with_block(ecr: InMemoryECR, client: ECRClient) -> None:
    with ecr.faults.throttle(times=None) as fault:
        assert repr(fault) == "<Scripted for all calls of any operation>"
        assert await code_of(client) == "ThrottlingException"
    assert await code_of(client) is None


async def test_faults_apply_in_order(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.error("First")
    ecr.faults.error("Second", operation="ListImages")
    ecr.faults.error("Third", times=2)
    assert [await code_of(client) for _ in range(4)] == ["First", "Third", "Third", None]
    ecr.faults.clear()
    assert repr(ecr.faults) == "<Faults: none>"


def test_invalid_faults_are_refused(ecr: InMemoryECR) -> None:
    with pytest.raises(ValueError, match="times must be at least 1, not 0"):
        ecr.faults.throttle(times=0)
    with pytest.raises(ValueError, match=r"seconds must be at least 0, not -0\.5"):
        ecr.faults.latency(-0.5)
    with pytest.raises(ValueError, match="keep must be at least 0, not -1"):
        ecr.faults.truncate(-1)
    with pytest.raises(ValueError, match="no operation 'listImages'"):
        ecr.faults.drop(operation="listImages")
    for rate, burst in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="rate must be positive, and burst at least 1"):
            ecr.faults.rate_limit(rate, burst=burst)


# -- the rate -------------------------------------------------------------------------------------


async def test_rate_limit_is_a_token_bucket(
    ecr: InMemoryECR, client: ECRClient, clock: HandClock
) -> None:
    limit = ecr.faults.rate_limit(2, burst=3)
    throttled = "ThrottlingException"
    assert [await code_of(client) for _ in range(5)] == [None] * 3 + [throttled] * 2
    clock.advance(seconds=0.5)
    assert [await code_of(client) for _ in range(2)] == [None, throttled]
    clock.advance(hours=1)
    assert [await code_of(client) for _ in range(4)] == [None] * 3 + [throttled]
    limit.remove()
    assert await code_of(client) is None


async def test_rate_limit_has_a_bucket_per_operation(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.rate_limit(1)
    assert await code_of(client) is None
    await client.describe_repositories()
    assert await code_of(client) == "ThrottlingException"


# -- the connection -------------------------------------------------------------------------------


async def test_dropped_request_is_not_executed(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.drop()
    with pytest.raises(ReadError, match="without a response"):
        await client.create_repository(repository_name="team/app")
    assert (ecr.calls[-1].status, ecr.calls[-1].error) == (None, None)
    await client.create_repository(repository_name="team/app")


async def test_request_with_a_lost_response_is_executed(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    ecr.faults.drop(executed=True)
    with pytest.raises(ReadError, match="without a response"):
        await client.create_repository(repository_name="team/app")
    assert ecr.calls[-1].status is None
    with pytest.raises(RepositoryAlreadyExistsException):
        await client.create_repository(repository_name="team/app")


@pytest.mark.parametrize("keep", [0, 5, 1_000_000])
async def test_request_with_a_truncated_response_is_executed(
    ecr: InMemoryECR, client: ECRClient, keep: int
) -> None:
    ecr.faults.truncate(keep)
    with pytest.raises(ReadError, match="within the body"):
        await client.create_repository(repository_name="team/app")
    with pytest.raises(RepositoryAlreadyExistsException):
        await client.create_repository(repository_name="team/app")


# -- credentials and clocks -----------------------------------------------------------------------


async def test_credentials_can_be_expired(ecr: InMemoryECR, client: ECRClient) -> None:
    with ecr.faults.expire_credentials():
        assert await code_of(client) == "ExpiredTokenException"
        assert await code_of(client) == "ExpiredTokenException"
    assert await code_of(client) is None


async def test_client_continues_with_new_credentials(ecr: InMemoryECR) -> None:
    old, new = ecr.credentials, Credentials("ASIANEW", "another", "token")
    given = [old, new]

    async def source() -> Credentials:
        return given.pop(0)

    ecr.accept(new)
    async with ecr.client(credentials=RefreshingCredentials(source)) as client:
        await client.describe_registry()
        ecr.faults.expire_credentials(old)
        await client.describe_registry()
    assert [call.error for call in ecr.calls] == [None, "ExpiredTokenException", None]


@pytest.mark.parametrize(
    ("minutes", "message"), [(16, "Signature expired"), (-16, "Signature not yet current")]
)
async def test_clock_offset_invalidates_signatures(
    ecr: InMemoryECR, minutes: int, message: str
) -> None:
    ecr.faults.clock_offset(timedelta(minutes=minutes))
    response = await post(ecr, "DescribeRegistry")
    assert response.json()["__type"] == "InvalidSignatureException"
    assert response.json()["message"].startswith(message)


async def test_client_adjusts_to_the_clock_of_the_service(ecr: InMemoryECR) -> None:
    ecr.faults.clock_offset(timedelta(hours=1))
    ecr.faults.clock_offset(timedelta(hours=1))
    async with ecr.client() as client:
        response = await client.describe_registry()
        assert response.response_metadata.attempts == 2
        ecr.faults.clear()
        reported = parsedate_to_datetime(response.response_metadata.headers["date"])
        response = await client.describe_registry()
        now = parsedate_to_datetime(response.response_metadata.headers["date"])
    assert timedelta(hours=1, minutes=59) < reported - now <= timedelta(hours=2)

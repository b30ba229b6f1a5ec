"""What goes wrong on demand, within the process."""

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
    """A client that shows what went wrong instead of trying again."""
    async with ecr.client(retry=ONCE) as client:
        yield client


async def code_of(client: ECRClient) -> str | None:
    """The code with which DescribeRegistry is refused; None: it is not."""
    try:
        await client.describe_registry()
    except ServiceError as error:
        return error.code
    return None


# -- errors ---------------------------------------------------------------------------------------


async def test_a_modelled_error(ecr: InMemoryECR, client: ECRClient) -> None:
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
        ("NobodyKnowsThisException", None, 400),
    ],
)
async def test_any_code(
    ecr: InMemoryECR, client: ECRClient, code: str, status: int | None, sent: int
) -> None:
    ecr.faults.error(code, status=status)
    with pytest.raises(ServiceError) as caught:
        await client.describe_registry()
    assert (caught.value.code, caught.value.status) == (code, sent)


async def test_an_error_by_its_code_is_of_its_class(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.error("LimitExceededException", operation="CreateRepository")
    with pytest.raises(LimitExceededException):
        await client.create_repository(repository_name="team/app")


async def test_an_error_as_a_whole(ecr: InMemoryECR, client: ECRClient) -> None:
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


def test_an_error_that_says_nothing(ecr: InMemoryECR) -> None:
    with pytest.raises(TypeError, match="no code"):
        ecr.faults.error(ServiceError)
    with pytest.raises(TypeError, match="whole"):
        ecr.faults.error(ServiceError("SlowDown"), status=503)


async def test_an_error_comes_instead_of_the_execution(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.error(ServerException)
    with pytest.raises(ServerException):
        await client.create_repository(repository_name="team/app")
    await client.create_repository(repository_name="team/app")


async def test_the_client_tries_again(ecr: InMemoryECR) -> None:
    ecr.faults.error(ServerException, times=2)
    async with ecr.client(retry=RetryPolicy(max_attempts=3)) as client:
        answer = await client.describe_registry()
    assert answer.response_metadata.attempts == 3
    assert [call.error for call in ecr.calls] == ["ServerException", "ServerException", None]


# -- which calls ----------------------------------------------------------------------------------


async def test_an_operation(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.throttle(operation=DESCRIBE_REPOSITORIES)
    assert await code_of(client) is None
    with pytest.raises(ServiceError) as caught:
        await client.describe_repositories()
    assert (caught.value.code, caught.value.is_throttling) == ("ThrottlingException", True)


async def test_a_predicate(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.error(
        RepositoryNotFoundException, when=lambda call: b"team/b" in call.body, times=None
    )
    await client.create_repository(repository_name="team/a")
    for _ in range(2):
        with pytest.raises(RepositoryNotFoundException):
            await client.create_repository(repository_name="team/b")


async def test_a_predicate_may_look_at_the_request_model(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    ecr.faults.throttle(
        when=lambda call: getattr(call.request, "repository_name", None) == "team/b"
    )
    await client.create_repository(repository_name="team/a")
    with pytest.raises(ServiceError, match="ThrottlingException"):
        await client.create_repository(repository_name="team/b")


@pytest.mark.parametrize("times", [1, 3])
async def test_so_many_times(ecr: InMemoryECR, client: ECRClient, times: int) -> None:
    ecr.faults.throttle(times=times)
    codes = [await code_of(client) for _ in range(times + 1)]
    assert codes == ["ThrottlingException"] * times + [None]


async def test_until_it_is_removed(ecr: InMemoryECR, client: ECRClient) -> None:
    fault = ecr.faults.throttle(times=None)
    assert [await code_of(client) for _ in range(5)] == ["ThrottlingException"] * 5
    fault.remove()
    fault.remove()
    assert await code_of(client) is None


async def test_as_long_as_a_block_runs(ecr: InMemoryECR, client: ECRClient) -> None:
    with ecr.faults.throttle(times=None) as fault:
        assert repr(fault) == "<Scripted for all calls of any operation>"
        assert await code_of(client) == "ThrottlingException"
    assert await code_of(client) is None


async def test_a_script_is_played_in_its_order(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.error("First")
    ecr.faults.error("Second", operation="ListImages")
    ecr.faults.error("Third", times=2)
    assert [await code_of(client) for _ in range(4)] == ["First", "Third", "Third", None]
    ecr.faults.clear()
    assert repr(ecr.faults) == "<Faults: none>"


def test_a_fault_that_could_not_happen(ecr: InMemoryECR) -> None:
    with pytest.raises(ValueError, match="one call at least"):
        ecr.faults.throttle(times=0)
    with pytest.raises(ValueError, match=r"0\.5 s early"):
        ecr.faults.latency(-0.5)
    with pytest.raises(ValueError, match="-1 bytes cannot arrive"):
        ecr.faults.truncate(-1)
    with pytest.raises(ValueError, match="no operation 'listImages'"):
        ecr.faults.drop(operation="listImages")
    for rate, burst in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="nothing pass"):
            ecr.faults.rate_limit(rate, burst=burst)


# -- the rate -------------------------------------------------------------------------------------


async def test_a_token_bucket(ecr: InMemoryECR, client: ECRClient, clock: HandClock) -> None:
    limit = ecr.faults.rate_limit(2, burst=3)
    throttled = "ThrottlingException"
    assert [await code_of(client) for _ in range(5)] == [None] * 3 + [throttled] * 2
    clock.advance(seconds=0.5)
    assert [await code_of(client) for _ in range(2)] == [None, throttled]
    clock.advance(hours=1)
    assert [await code_of(client) for _ in range(4)] == [None] * 3 + [throttled]
    limit.remove()
    assert await code_of(client) is None


async def test_each_operation_has_a_bucket(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.rate_limit(1)
    assert await code_of(client) is None
    await client.describe_repositories()
    assert await code_of(client) == "ThrottlingException"


# -- the connection -------------------------------------------------------------------------------


async def test_a_request_that_never_arrives(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.drop()
    with pytest.raises(ReadError, match="without an answer"):
        await client.create_repository(repository_name="team/app")
    assert (ecr.calls[-1].status, ecr.calls[-1].error) == (None, None)
    await client.create_repository(repository_name="team/app")


async def test_an_answer_that_is_lost(ecr: InMemoryECR, client: ECRClient) -> None:
    ecr.faults.drop(executed=True)
    with pytest.raises(ReadError, match="without an answer"):
        await client.create_repository(repository_name="team/app")
    assert ecr.calls[-1].status is None
    with pytest.raises(RepositoryAlreadyExistsException):
        await client.create_repository(repository_name="team/app")


@pytest.mark.parametrize("keep", [0, 5, 1_000_000])
async def test_a_body_that_is_cut_off(ecr: InMemoryECR, client: ECRClient, keep: int) -> None:
    ecr.faults.truncate(keep)
    with pytest.raises(ReadError, match="within the body"):
        await client.create_repository(repository_name="team/app")
    with pytest.raises(RepositoryAlreadyExistsException):
        await client.create_repository(repository_name="team/app")


# -- credentials and clocks -----------------------------------------------------------------------


async def test_expired_credentials(ecr: InMemoryECR, client: ECRClient) -> None:
    with ecr.faults.expire_credentials():
        assert await code_of(client) == "ExpiredTokenException"
        assert await code_of(client) == "ExpiredTokenException"
    assert await code_of(client) is None


async def test_a_client_goes_on_with_new_credentials(ecr: InMemoryECR) -> None:
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
    ("minutes", "told"), [(16, "Signature expired"), (-16, "Signature not yet current")]
)
async def test_a_clock_that_is_wrong(ecr: InMemoryECR, minutes: int, told: str) -> None:
    ecr.faults.clock_offset(timedelta(minutes=minutes))
    answer = await post(ecr, "DescribeRegistry")
    assert answer.json()["__type"] == "InvalidSignatureException"
    assert answer.json()["message"].startswith(told)


async def test_a_client_learns_the_time(ecr: InMemoryECR) -> None:
    ecr.faults.clock_offset(timedelta(hours=1))
    ecr.faults.clock_offset(timedelta(hours=1))
    async with ecr.client() as client:
        answer = await client.describe_registry()
        assert answer.response_metadata.attempts == 2
        ecr.faults.clear()
        told = parsedate_to_datetime(answer.response_metadata.headers["date"])
        answer = await client.describe_registry()
        now = parsedate_to_datetime(answer.response_metadata.headers["date"])
    assert timedelta(hours=1, minutes=59) < told - now <= timedelta(hours=2)

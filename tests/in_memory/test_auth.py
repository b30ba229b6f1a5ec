"""Authentication of requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ecrclient import Credentials, ECRClient, ServiceError
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import post

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 7, 8, 9, 10, 11, tzinfo=UTC)


@pytest.fixture
def ecr() -> InMemoryECR:
    return InMemoryECR(signing_clock=lambda: NOW)


async def refusal(ecr: InMemoryECR, **how: Any) -> tuple[str, str]:
    how.setdefault("now", NOW)
    response = await post(ecr, "DescribeRegistry", **how)
    assert response.status_code == 400
    return response.json()["__type"], response.json()["message"]


async def test_valid_signature_is_accepted(ecr: InMemoryECR) -> None:
    assert (await post(ecr, "DescribeRegistry", now=NOW)).status_code == 200


async def test_missing_signature_is_refused(ecr: InMemoryECR) -> None:
    code, _ = await refusal(ecr, change={"authorization": None})
    assert code == "MissingAuthenticationTokenException"


@pytest.mark.parametrize(
    "change",
    [
        {"authorization": "Basic QVdTOnNlY3JldA=="},
        {"authorization": "AWS4-HMAC-SHA256 Credential=AKIAINMEMORYECR"},
        {"x-amz-date": None},
        {"x-amz-date": "yesterday"},
    ],
)
async def test_incomplete_signature_is_refused(
    ecr: InMemoryECR, change: dict[str, str | None]
) -> None:
    code, _ = await refusal(ecr, change=change)
    assert code == "IncompleteSignatureException"


async def test_unknown_access_key_is_refused(ecr: InMemoryECR) -> None:
    code, _ = await refusal(ecr, credentials=Credentials("AKIASOMEONE", "else"))
    assert code == "UnrecognizedClientException"


async def test_wrong_session_token_is_refused(ecr: InMemoryECR) -> None:
    known = ecr.credentials
    borrowed = Credentials(known.access_key_id, known.secret_access_key, "token")
    code, _ = await refusal(ecr, credentials=borrowed)
    assert code == "UnrecognizedClientException"


async def test_temporary_credentials_require_their_token() -> None:
    temporary = Credentials("ASIATEMPORARY", "secret", "the token")
    ecr = InMemoryECR(credentials=temporary)
    async with ecr.client() as client:
        assert (await client.describe_registry()).registry_id == "123456789012"
    async with ecr.client(credentials=Credentials("ASIATEMPORARY", "secret")) as client:
        with pytest.raises(ServiceError, match="UnrecognizedClientException"):
            await client.describe_registry()


async def test_several_access_keys_are_accepted() -> None:
    first, second = Credentials("AKIAFIRST", "one"), Credentials("AKIASECOND", "two")
    ecr = InMemoryECR(credentials=[first, second], signing_clock=lambda: NOW)
    assert ecr.credentials is first
    for one in (first, second):
        assert (await post(ecr, "DescribeRegistry", credentials=one, now=NOW)).status_code == 200
    mixed = Credentials("AKIAFIRST", "two")
    code, _ = await refusal(ecr, credentials=mixed)
    assert code == "InvalidSignatureException"


async def test_access_key_can_be_accepted_later(ecr: InMemoryECR) -> None:
    rotated = Credentials("AKIAROTATED", "new")
    code, _ = await refusal(ecr, credentials=rotated)
    assert code == "UnrecognizedClientException"
    ecr.accept(rotated)
    assert (await post(ecr, "DescribeRegistry", credentials=rotated, now=NOW)).status_code == 200


def test_empty_credentials_are_refused() -> None:
    with pytest.raises(ValueError, match="credentials must contain at least one"):
        InMemoryECR(credentials=[])


async def test_credentials_expire_at_expires_at() -> None:
    temporary = Credentials("ASIATEMPORARY", "secret", "token", expires_at=NOW)
    now = NOW - timedelta(seconds=1)
    ecr = InMemoryECR(credentials=temporary, signing_clock=lambda: now)
    assert (await post(ecr, "DescribeRegistry", now=NOW)).status_code == 200
    now = NOW
    code, _ = await refusal(ecr)
    assert code == "ExpiredTokenException"


async def test_client_with_wrong_secret_is_refused() -> None:
    ecr = InMemoryECR()
    wrong = Credentials(ecr.credentials.access_key_id, "guess")
    async with ecr.client(credentials=wrong) as client:
        with pytest.raises(ServiceError, match="does not match the signature") as caught:
            await client.describe_registry()
    assert (caught.value.code, caught.value.status) == ("InvalidSignatureException", 400)


async def test_client_of_another_region_is_refused() -> None:
    ecr = InMemoryECR(region="eu-west-1")
    async with ECRClient(
        region="eu-north-1", credentials=ecr.credentials, transport=ecr.transport()
    ) as client:
        with pytest.raises(ServiceError, match="valid region, not 'eu-north-1'") as caught:
            await client.describe_registry()
    assert caught.value.code == "InvalidSignatureException"


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"service": "s3"}, id="service"),
        pytest.param({"body": b"{ }", "signed_body": b"{}"}, id="body"),
        pytest.param({"change": {"host": "elsewhere.test"}}, id="host"),
        pytest.param(
            {"change": {"x-amz-target": "AmazonEC2ContainerRegistry_V20150921.ListImages"}},
            id="operation",
        ),
        pytest.param({"change": {"x-amz-date": "20260708T091012Z"}}, id="time"),
        pytest.param({"change": {"x-amz-date": "20260709T091011Z"}}, id="another day"),
    ],
)
async def test_signature_of_another_request_is_refused(
    ecr: InMemoryECR, how: dict[str, Any]
) -> None:
    code, _ = await refusal(ecr, **how)
    assert code == "InvalidSignatureException"


async def test_required_headers_must_be_signed(ecr: InMemoryECR) -> None:
    request = await post(ecr, "DescribeRegistry", now=NOW)
    authorization = request.request.headers["authorization"]
    for name in ("host", "x-amz-date", "x-amz-target"):
        fewer = authorization.replace(f"{name};", "").replace(f";{name}", "")
        code, message = await refusal(ecr, change={"authorization": fewer})
        assert (code, name in message) == ("InvalidSignatureException", True)


async def test_wrong_terminator_is_refused(ecr: InMemoryECR) -> None:
    request = await post(ecr, "DescribeRegistry", now=NOW)
    authorization = request.request.headers["authorization"].replace("aws4_request", "aws5_request")
    code, message = await refusal(ecr, change={"authorization": authorization})
    assert (code, "valid terminator" in message) == ("InvalidSignatureException", True)


@pytest.mark.parametrize("minutes", [-15, 15])
async def test_clock_skew_of_15_minutes_is_accepted(ecr: InMemoryECR, minutes: int) -> None:
    response = await post(ecr, "DescribeRegistry", now=NOW + timedelta(minutes=minutes))
    assert response.status_code == 200


async def test_old_signature_is_refused(ecr: InMemoryECR) -> None:
    assert await refusal(ecr, now=NOW - timedelta(minutes=15, seconds=1)) == (
        "InvalidSignatureException",
        "Signature expired: 20260708T085510Z is now earlier than 20260708T085511Z "
        "(20260708T091011Z - 15 min.)",
    )


async def test_future_signature_is_refused(ecr: InMemoryECR) -> None:
    code, message = await refusal(ecr, now=NOW + timedelta(minutes=15, seconds=1))
    assert code == "InvalidSignatureException"
    assert message.startswith("Signature not yet current: 20260708T092512Z")


async def test_signature_is_checked_before_the_body(ecr: InMemoryECR) -> None:
    code, _ = await refusal(ecr, body=b"{", change={"authorization": None})
    assert code == "MissingAuthenticationTokenException"

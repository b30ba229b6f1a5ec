"""Retry behaviour without an equivalent in botocore: policies, errors, wrong successes, headers."""

from __future__ import annotations

import copy
import json
import math
import pickle
import uuid
from typing import Any

import httpx
import pytest

from ecrclient import (
    CallOptions,
    ConfigurationError,
    ECRClient,
    ECRClientError,
    ResponseDecodeError,
    RetryPolicy,
    ServiceError,
)
from ecrclient._awsjson.protocol.codec import decode_error
from ecrclient.models import ListImagesRequest
from ecrclient.operations import CREATE_REPOSITORY, LIST_IMAGES, OPERATIONS
from tests.awsjson.calling.players import OpenStage
from tests.awsjson.calling.script import OK, Call, Response, error
from tests.virtual_time import anyio_backend as anyio_backend

FAULT = error("ServerException", 500)
SLOW_DOWN = error("ThrottlingException")
NO_WAIT = RetryPolicy(base_delay=0, throttling_base_delay=0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "legacy"},
        {"mode": ""},
        {"max_attempts": 0},
        {"max_attempts": 2.5},
        {"max_attempts": "3"},
        {"base_delay": -0.1},
        {"base_delay": math.nan},
        {"throttling_base_delay": -1},
        {"max_delay": math.nan},
    ],
)
def test_a_policy_refuses_invalid_values(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        RetryPolicy(**wrong)


def test_a_policy_is_a_value() -> None:
    policy = RetryPolicy(5, "adaptive")

    assert policy == pickle.loads(pickle.dumps(policy)) == copy.copy(policy)
    assert hash(policy) == hash(copy.copy(policy))
    with pytest.raises(AttributeError):
        policy.mode = "standard"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_the_delay_of_a_late_attempt_is_at_most_max_delay() -> None:
    assert RetryPolicy().delay(ServiceError("SlowDown"), 10**6, random=lambda: 1.0) == 20


@pytest.mark.parametrize(
    ("requested", "delay"), [(0.5, 1.0), (3.0, 3.0), (6.0, 6.0), (6.5, 6.0), (math.inf, 6.0)]
)
def test_the_service_may_request_up_to_five_seconds_more(requested: float, delay: float) -> None:
    slow_down = ServiceError("SlowDown", retry_after=requested)

    assert RetryPolicy().delay(slow_down, 1, random=lambda: 1.0) == delay


# -- classification of errors ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status", "modelled", "throttling", "retryable"),
    [
        ("LimitExceededException", 400, True, False, False),
        ("LimitExceededException", 400, False, True, True),
        ("LimitExceededException", 500, True, False, True),
        ("LimitExceededException", 429, True, False, False),
        ("TooManyRequestsException", 429, True, True, True),
        ("TooManyTagsException", 429, True, False, False),
        ("TooManyTagsException", 429, False, True, True),
        ("ServerException", 400, True, False, False),
        ("ServerException", 200, True, False, True),
        ("ServerException", 299, True, False, True),
        ("ServerException", 300, True, False, False),
    ],
)
def test_which_errors_are_retryable(
    code: str, status: int, *, modelled: bool, throttling: bool, retryable: bool
) -> None:
    found = ServiceError(code, status=status, is_modelled=modelled)

    assert (found.is_throttling, found.is_retryable) == (throttling, retryable)


@pytest.mark.parametrize(
    ("operation", "modelled"), [(CREATE_REPOSITORY, True), (LIST_IMAGES, False)]
)
def test_an_error_states_whether_its_operation_models_it(operation: Any, *, modelled: bool) -> None:
    content = b'{"__type":"LimitExceededException"}'
    found = decode_error(operation, content, {"x-amz-retry-after": "1500"}, status=400)

    for each in (found, pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert (each.is_modelled, each.retry_after) == (modelled, 1.5)
        assert each.is_throttling is not modelled


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1500", 1.5),
        ("999", 0.999),
        ("0", 0.0),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_the_service_requests_a_delay_in_whole_milliseconds(
    value: str, seconds: float | None
) -> None:
    headers = {"x-amz-retry-after": value, "retry-after": "7"}

    assert decode_error(LIST_IMAGES, b"", headers, status=503).retry_after == seconds


def test_twelve_operations_model_a_quota() -> None:
    modelling = [op for op in OPERATIONS.values() if "LimitExceededException" in op.errors]

    assert len(modelling) == 12


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_the_docstring_states_that_an_operation_is_not_idempotent(operation: Any) -> None:
    doc = " ".join((getattr(ECRClient, operation.method).__doc__ or "").split())

    assert ("Not idempotent" in doc) is not operation.retry_safe


# -- invalid responses with the status of a success ------------------------------------------------


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("content", "attempts", "kind"),
    [
        (b"<html>", 3, ResponseDecodeError),
        (b'{"imageIds":[', 3, ResponseDecodeError),
        (b"[]", 3, ResponseDecodeError),
        (b'{"imageIds":"many"}', 1, ResponseDecodeError),
        (b'{"__type":"x#ServerException","message":"no"}', 3, ServiceError),
        (b'{"__type":"Odd","Message":"no"}', 3, ServiceError),
    ],
)
async def test_an_invalid_success_is_an_error(
    open_stage: OpenStage, content: bytes, attempts: int, kind: type[ECRClientError]
) -> None:
    stage = await open_stage(NO_WAIT)
    stage.steps = Call([Response(200, content)]).play()
    with pytest.raises(kind) as caught:
        await stage.call("list_images")

    assert len(stage.record.sent) == attempts
    assert getattr(caught.value, "status", None) == 200
    assert caught.value.is_retryable is (attempts > 1)
    assert stage.core.quota.available == 500 - 14 * (attempts - 1)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"__type":"ListImagesResponse","imageIds":[]}',
        b'{"__type":5,"message":"why not"}',
        b'{"imageIds":null}',
        b"null",
    ],
)
async def test_a_valid_success_is_not_an_error(open_stage: OpenStage, content: bytes) -> None:
    stage = await open_stage(NO_WAIT)
    stage.steps = Call([Response(200, content)]).play()

    assert (await stage.call("list_images")).image_ids == []
    assert len(stage.record.sent) == 1


@pytest.mark.anyio
async def test_an_invalid_raw_response_is_retried_and_a_valid_one_parsed_once(
    open_stage: OpenStage,
) -> None:
    stage = await open_stage(NO_WAIT)
    good = Response(200, json.dumps({"imageIds": [{"imageTag": "a"}]}).encode())
    stage.steps = iter([Response(200, b"<html>"), good])
    raw = await stage.client.invoke_raw(ListImagesRequest(repository_name="team/app"))

    assert (raw.attempts, raw.content) == (2, good.content)
    assert raw.parse() is raw.parse()
    assert raw.parse().response_metadata.attempts == 2


@pytest.mark.anyio
async def test_an_invalid_raw_response_is_returned_after_the_last_attempt(
    open_stage: OpenStage,
) -> None:
    stage = await open_stage(NO_WAIT)
    stage.steps = Call([Response(200, b"<html>")]).play()
    raw = await stage.client.invoke_raw(ListImagesRequest(repository_name="team/app"))

    assert (raw.attempts, raw.content) == (3, b"<html>")
    with pytest.raises(ResponseDecodeError):
        raw.parse()


# -- headers and middleware ------------------------------------------------------------------------


@pytest.mark.anyio
async def test_each_call_has_a_separate_invocation_id(open_stage: OpenStage) -> None:
    stage = await open_stage(NO_WAIT)
    stage.steps = iter([FAULT, OK, OK])
    await stage.call("list_images")
    await stage.call("list_images")

    ids = [sent["amz-sdk-invocation-id"] for sent in stage.record.headers]
    assert ids[0] == ids[1] != ids[2]
    assert all(str(uuid.UUID(each)) == each and uuid.UUID(each).version == 4 for each in ids)


@pytest.mark.anyio
async def test_without_a_timeout_there_is_no_time_to_live(open_stage: OpenStage) -> None:
    stage = await open_stage(NO_WAIT, CallOptions(timeout=None))
    stage.steps = iter([FAULT, OK])
    await stage.call("list_images")

    headers = [sent["amz-sdk-request"] for sent in stage.record.headers]
    assert headers == ["attempt=1; max=3", "attempt=2; max=3"]


@pytest.mark.anyio
async def test_middleware_runs_for_each_attempt_before_it_is_signed(open_stage: OpenStage) -> None:
    seen: list[tuple[str, bool, int]] = []

    async def look(request: httpx.Request, call_next: Any) -> Any:
        signed = "authorization" in request.headers
        response = await call_next(request)
        seen.append((request.headers["amz-sdk-request"][-16:], signed, response.status_code))
        return response

    stage = await open_stage(NO_WAIT, middleware=(look,))
    stage.steps = iter([FAULT, OK])
    await stage.call("list_images")

    assert seen == [("attempt=1; max=3", False, 500), ("attempt=2; max=3", False, 200)]

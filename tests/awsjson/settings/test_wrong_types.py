"""Arguments of the wrong type or out of range raise an error that names them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import anyio
import httpx
import pytest

from ecrclient import (
    BotocoreCredentials,
    CallOptions,
    ConfigurationError,
    ConnectError,
    Credentials,
    CredentialsError,
    ECRClient,
    ECRClientError,
    PooledTransport,
    RefreshingCredentials,
    RequestValidationError,
    RetryPolicy,
    ServiceError,
    StaticCredentials,
    warm_up,
)
from ecrclient.findings import Finding
from ecrclient.lifecycle import (
    LifecyclePolicy,
    LifecyclePolicyError,
    archive_after,
    expire_after,
    expire_archived_after,
    keep_last,
)
from ecrclient.logins import RegistryCredentials
from ecrclient.models import ImageScanFinding
from ecrclient.references import ImageReference, ImageReferenceError, RegistryHost
from tests.tools.scripted import Scripted, client, fail, ok

HUGE = 10**400
NOT_SECONDS: list[Any] = ["5", True, math.nan, math.inf, -1, HUGE, [], {}]
NOT_COUNTS: list[Any] = ["5", True, 1.5, math.nan, 0, -1, None, []]
NOT_TEXT: list[Any] = [5, b"eu-west-1", ["eu-west-1"], True, httpx.URL("https://user:CANARY@host")]
NOT_FLAGS: list[Any] = ["yes", 0, 1, []]


def wrong(values: list[Any], *names: str) -> list[Any]:
    return [
        pytest.param(name, value, id=f"{name}={value!r:.30}") for name in names for value in values
    ]


def refused(build: Callable[[], object], name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build()
    assert str(caught.value).startswith((f"{name} must", f"{name}["))
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *wrong(NOT_TEXT, "region", "profile", "endpoint_url"),
        *wrong(NOT_FLAGS, "use_fips", "use_dualstack"),
        *wrong(NOT_COUNTS, "max_connections"),
        *wrong([3, "standard", {}, RetryPolicy], "retry"),
        *wrong([{}, 3, "x", CallOptions], "options"),
        *wrong([5, print, ["x"], "x", [print, None]], "middleware"),
        *wrong([1j, "x", 5, httpx.Client], "transport"),
    ],
)
def test_the_client(name: str, value: Any) -> None:
    refused(lambda: ECRClient(**{name: value}), name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *wrong([*NOT_SECONDS, 0], "timeout", "deadline", "pool_timeout"),
        *wrong([3, {}, "standard"], "retry"),
    ],
)
def test_call_options(name: str, value: Any) -> None:
    refused(lambda: CallOptions(**{name: value}), name)


@pytest.mark.parametrize("name", ["timeout", "deadline", "pool_timeout"])
def test_infinity_is_refused_with_the_right_value(name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{name} .* \(None: no limit\), not inf"):
        CallOptions(**{name: cast(Any, math.inf)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *wrong([*NOT_SECONDS, None], "base_delay", "throttling_base_delay", "max_delay"),
        *wrong(NOT_COUNTS, "max_attempts"),
        *wrong([5, None, [], "legacy"], "mode"),
    ],
)
def test_retry_policies(name: str, value: Any) -> None:
    refused(lambda: RetryPolicy(**{name: value}), name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *wrong(NOT_COUNTS, "max_connections", "max_response_bytes"),
        *wrong(["5", True, math.nan, -1, None, []], "keepalive_expiry"),
        *wrong([5, [], True], "verify"),
        *wrong([5, "regex", []], "parser"),
    ],
)
def test_pooled_transports(name: str, value: Any) -> None:
    refused(lambda: PooledTransport(**{name: value}), name)


@pytest.mark.parametrize("value", [5, "x", {}])
def test_with_options(value: Any) -> None:
    refused(lambda: client(Scripted()).with_options(value), "options")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *wrong([*NOT_SECONDS, 0], "timeout", "deadline", "pool_timeout"),
        *wrong([3, {}, "standard"], "retry"),
    ],
)
def test_keywords_of_with_options(name: str, value: Any) -> None:
    ecr = client(Scripted())
    refused(lambda: ecr.with_options(**{name: value}), name)
    refused(lambda: ecr.repository("team/app").with_options(**{name: value}), name)


@pytest.mark.parametrize(
    ("build", "arguments", "name"),
    [
        (RefreshingCredentials, {"source": 5}, "source"),
        (RefreshingCredentials, {"source": print, "start_over": 5}, "start_over"),
        (RefreshingCredentials, {"source": print, "clock": 5}, "clock"),
        (BotocoreCredentials, {"profile": 5}, "profile"),
        (BotocoreCredentials, {"region": 5}, "region"),
    ],
)
def test_providers(build: Any, arguments: dict[str, Any], name: str) -> None:
    refused(lambda: build(**arguments), name)


@pytest.mark.parametrize(
    ("build", "arguments"),
    [
        (StaticCredentials, ("AKID",)),
        (Credentials, (5, "CANARY")),
        (Credentials, ("AKID", b"CANARY")),
        (Credentials, ("AKID", "CANARY", 5)),
        (Credentials, ("AKID", "CANARY", None, "soon")),
    ],
)
def test_credentials(build: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(CredentialsError) as caught:
        build(*arguments)
    assert "CANARY" not in str(caught.value)


# -- helpers ---------------------------------------------------------------------------------------


async def poll() -> int:
    return 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *wrong(["5", True, math.nan, 0, -1, None], "max_wait"),
        *wrong([*NOT_SECONDS, 0, None], "min_delay", "max_delay"),
        *wrong([5, "x"], "on_poll"),
        *wrong([5, None], "predicate", "call"),
        *wrong([5, [ServiceError], (5,), (ValueError,), ServiceError], "retry_errors"),
    ],
)
async def test_wait_until(name: str, value: Any) -> None:
    arguments: dict[str, Any] = {"call": poll, "predicate": bool, "max_wait": 1, name: value}
    ecr = client(Scripted())
    with pytest.raises(ConfigurationError, match=rf"^{name} must"):
        await ecr.wait_until(**arguments)


@pytest.mark.anyio
async def test_a_poll_that_cannot_be_awaited() -> None:
    wait_until: Any = client(Scripted()).wait_until
    with pytest.raises(ConfigurationError, match="what call returns must be an awaitable"):
        await wait_until(lambda: 5, bool, max_wait=1)


@pytest.mark.anyio
@pytest.mark.parametrize("value", ["x", True, 1.5, []])
async def test_paginators_and_batches(value: Any) -> None:
    ecr = client(Scripted())
    pages = ecr.list_images(repository_name="team/app")
    with pytest.raises(ConfigurationError, match=r"^pages must"):
        pages.prefetch(value)
    with pytest.raises(ConfigurationError, match=r"^limit must"):
        await pages.collect(limit=value)
    images = ecr.get_images(repository_name="team/app", image_ids=[{"image_tag": "v1"}])
    for batch in (images.run, images.settled):
        with pytest.raises(ConfigurationError, match=r"^concurrency must"):
            await batch(concurrency=value)
    with pytest.raises(ConfigurationError, match=r"^concurrency must"):
        images.stream(concurrency=value)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("registry_credentials", ([1],)),
        ("registry_credentials", (5,)),
        ("latest_images", ("team/app", "x")),
        ("latest_images", ("team/app", 1.5)),
        ("latest_images", (5,)),
        ("invoke", ("x",)),
        ("invoke_raw", (None,)),
    ],
)
async def test_the_helpers_of_the_client(method: str, arguments: tuple[Any, ...]) -> None:
    transport = Scripted()
    with pytest.raises(RequestValidationError):
        await getattr(client(transport), method)(*arguments)
    assert transport.requests == []


@pytest.mark.anyio
async def test_a_tag_pattern_that_is_not_text() -> None:
    latest_images: Any = client(Scripted()).latest_images
    with pytest.raises(RequestValidationError, match="tag_pattern: must be a string"):
        await latest_images("team/app", tag_pattern=5)


FINDING = Finding.of(ImageScanFinding.model_validate({"severity": "HIGH", "name": "CVE-2024-1"}))
ACCOUNT = "1" * 12
UNHASHABLE: Any = []


@pytest.mark.parametrize(
    ("function", "arguments", "kind"),
    [
        (warm_up, (5,), RequestValidationError),
        (warm_up, ("push",), RequestValidationError),
        (Finding.of, ("x",), RequestValidationError),
        (FINDING.is_at_least, (UNHASHABLE,), RequestValidationError),
        (RegistryCredentials.of, ("x",), RequestValidationError),
        (RegistryHost, (5, "eu-west-1"), ImageReferenceError),
        (RegistryHost, (ACCOUNT, None), ImageReferenceError),
        (RegistryHost, (ACCOUNT, "eu-west-1", 5), ImageReferenceError),
        (RegistryHost.parse, (None,), ImageReferenceError),
        (ImageReference.parse, (b"x",), ImageReferenceError),
        (ImageReference, ("x", "team/app"), ImageReferenceError),
        (LifecyclePolicy.of, ("x",), LifecyclePolicyError),
    ],
)
def test_other_helpers(
    function: Any, arguments: tuple[Any, ...], kind: type[ECRClientError]
) -> None:
    with pytest.raises(kind):
        function(*arguments)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (keep_last, {"count": "x", "tags": "any"}),
        (keep_last, {"count": 1, "tags": 5}),
        (keep_last, {"count": 1, "tags": [5]}),
        (expire_after, {"days": 1, "tags": "any", "description": 5}),
        (expire_archived_after, {"days": None, "tags": "any"}),
        (archive_after, {"days": 1, "tags": "any", "since": "x"}),
    ],
)
def test_lifecycle_rules(function: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(LifecyclePolicyError):
        function(**arguments)


# -- allowed values, and values from peers -------------------------------------------------------


@pytest.mark.anyio
async def test_a_huge_timeout_works_and_is_not_sent() -> None:
    transport = Scripted(fail(500, "ServerException", date="Thu, 01 Jan 2026 00:00:00 GMT"), ok())
    async with client(transport, options=CallOptions(timeout=1e12, deadline=1e300)) as ecr:
        await ecr.describe_registry()
    assert [r.headers["amz-sdk-request"] for r in transport.requests] == [
        "attempt=1; max=3",
        "attempt=2; max=3",
    ]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "date", ["Thu, 01 Jan 99999999999999999999 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359"]
)
async def test_a_date_beyond_the_calendar_is_ignored(date: str) -> None:
    transport = Scripted(fail(500, "ServerException", date=date), ok())
    async with client(transport) as ecr:
        assert (await ecr.describe_registry()).response_metadata.attempts == 2


@pytest.mark.anyio
async def test_a_resolver_must_return_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object, **__: object) -> list[object]:
        return []

    monkeypatch.setattr(anyio, "getaddrinfo", nothing)
    async with ECRClient(
        region="eu-west-1",
        credentials=Credentials("AKID", "secret"),
        endpoint_url="http://localhost:9",
        retry=RetryPolicy(max_attempts=1),
    ) as ecr:
        with pytest.raises(ConnectError, match="localhost has no addresses"):
            await ecr.describe_registry()

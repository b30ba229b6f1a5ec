"""Random invalid values raise nothing but this package's errors.

The values come from a seeded generator, so a failure is repeatable; its message has the seed.
Python itself raises ``TypeError`` for a missing or unknown keyword, so the names are always valid.
"""

from __future__ import annotations

import copy
import inspect
import json
import math
import os
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

import ecrclient
from ecrclient import (
    BotocoreCredentials,
    CallOptions,
    Credentials,
    ECRClient,
    ECRClientError,
    PooledTransport,
    RefreshingCredentials,
    RequestsAuthCredentials,
    RetryPolicy,
    StaticCredentials,
)
from ecrclient import lifecycle as lifecycle_rules
from ecrclient.findings import Finding
from ecrclient.logins import RegistryCredentials
from ecrclient.operations import OPERATIONS
from ecrclient.references import ImageReference, RegistryHost
from tests.tools.operation_examples import wire_output
from tests.virtual_time import anyio_backend as anyio_backend

pytestmark = pytest.mark.anyio

ROUNDS = 40
# Without aclose, which closes the client.
_METHODS = sorted(
    name
    for name, _ in inspect.getmembers(ECRClient, inspect.isfunction)
    if not name.startswith("_") and name != "aclose"
)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def do_nothing(*_: object, **__: object) -> None:
    """A function that takes anything."""


class Wrong:
    """Draws invalid values."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def json(self, depth: int = 3) -> Any:
        """A value that JSON can express."""
        draw = self.random
        scalars: list[Any] = [
            *(None, True, False, 0, -1, 10**30, 1.5, -1e308, 1e400, "", "x", "team/app", "\x00"),
            *("\ud800", "é" * 300, "2026-01-01T00:00:00Z", "-1", "NaN", 253402300800, -62135596801),
        ]
        if depth == 0 or draw.random() < 0.6:
            return draw.choice(scalars)
        if draw.random() < 0.5:
            return [self.json(depth - 1) for _ in range(draw.randrange(4))]
        keys = ["imageTag", "image_tag", "repositoryName", "", "\ud800", "code", "key", "nextToken"]
        return {draw.choice(keys): self.json(depth - 1) for _ in range(draw.randrange(4))}

    def python(self) -> Any:
        """Any value that a caller may pass."""
        if self.random.random() < 0.5:
            return self.json()
        cyclic: list[Any] = []
        cyclic.append(cyclic)
        others: list[Any] = [
            *(b"x", bytearray(b"x"), memoryview(b"x"), {1, 2}, frozenset("a"), range(3), object()),
            *(math.nan, math.inf, -math.inf, 10**400, 1j, Ellipsis, NotImplemented, type, int),
            *(datetime.now(UTC), Path("x"), ValueError("x"), cyclic, {1: 2}, {b"x": "y"}, [[]]),
            *(do_nothing, iter([1]), (i for i in range(2)), "1" * 5000, "a\nb", " "),
            *(Credentials("AKID", "s"), CallOptions(), RetryPolicy(), httpx.Headers()),
        ]
        return self.random.choice(others)

    def arguments(self, function: Callable[..., Any]) -> dict[str, Any]:
        """Arguments for all required parameters and some of the others."""
        given: dict[str, Any] = {}
        for name, parameter in inspect.signature(function).parameters.items():
            if name == "self" or parameter.kind is inspect.Parameter.VAR_KEYWORD:
                continue
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                continue
            if parameter.default is inspect.Parameter.empty or self.random.random() < 0.4:
                given[name] = self.python()
        return given


def client(respond: Callable[[httpx.Request], httpx.Response], **arguments: Any) -> ECRClient:
    given: dict[str, Any] = {
        "region": "eu-west-1",
        "credentials": Credentials("AKIDEXAMPLE", "secret"),
        "transport": httpx.MockTransport(respond),
        "retry": RetryPolicy(max_attempts=1),
        **arguments,
    }
    return ECRClient(**given)


def refuse(_: httpx.Request) -> httpx.Response:
    return httpx.Response(400, json={"__type": "InvalidParameterException", "message": "no"})


async def outcome(what: str, make: Callable[[], Any]) -> ECRClientError | None:
    """Call *make* and await its result; return the package's error if there is one."""
    try:
        made = make()
        if inspect.isawaitable(made):
            await made
    except ECRClientError as error:
        refused = error
    except BaseException as error:
        error.add_note(what)
        raise
    else:
        return None
    assert str(refused)
    assert repr(refused)
    return refused


@pytest.mark.parametrize("method", _METHODS)
async def test_arguments_of_every_method(method: str) -> None:
    async with client(refuse) as ecr:
        call = getattr(ecr, method)
        for number in range(ROUNDS):
            seed = f"{method} {number}"
            arguments = Wrong(seed).arguments(call)
            await outcome(f"{seed}: {arguments!r:.300}", lambda: call(**arguments))  # noqa: B023


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    inside: Any = value
    keys: list[Any] = [*value] if isinstance(value, dict) else [*range(len(value))]
    for key in keys:
        inner = inside[key]
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


def body(operation: Any, wrong: Wrong) -> bytes:
    """The most complete response with some members replaced, another JSON value, or not JSON."""
    kind = wrong.random.random()
    if kind < 0.1:
        return wrong.random.randbytes(wrong.random.randrange(40))
    value = copy.deepcopy(wire_output(operation)) if kind < 0.8 else wrong.json()
    if isinstance(value, dict | list):
        for _ in range(wrong.random.randrange(1, 4)):
            places = list(_places(value))
            if places:
                container, key = wrong.random.choice(places)
                container[key] = wrong.json()
    return json.dumps(value).encode("utf-8", "replace")


def headers(wrong: Wrong) -> dict[str, str]:
    names = ["date", "x-amzn-requestid", "x-amzn-errortype", "x-amz-retry-after", "content-type"]
    values = ["", "x", "-1", "1e400", "9" * 30, "Fri, 31 Dec 9999 23:59:59 -2359", "a:b#c", "gzip"]
    return {name: wrong.random.choice(values) for name in names if wrong.random.random() < 0.4}


@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS.values()])
async def test_responses_to_every_operation(name: str) -> None:
    operation = OPERATIONS[f"{name}Request"]
    for number in range(ROUNDS):
        seed = f"{name} response {number}"
        wrong = Wrong(seed)
        content = body(operation, wrong)
        status = wrong.random.choice([200, 200, 200, 204, 302, 400, 403, 429, 500, 503])
        response = httpx.Response(status, content=content, headers=headers(wrong))
        request = operation.request.model_construct()
        async with client(lambda _: response) as ecr:  # noqa: B023
            await outcome(f"{seed}: {status} {content!r:.300}", lambda: ecr.invoke(request))  # noqa: B023


BUILT: list[Any] = [
    CallOptions,
    RetryPolicy,
    PooledTransport,
    RefreshingCredentials,
    RequestsAuthCredentials,
    BotocoreCredentials,
    StaticCredentials,
    Credentials,
    RegistryHost,
    RegistryHost.parse,
    ImageReference,
    ImageReference.parse,
    Finding.of,
    RegistryCredentials.of,
    lifecycle_rules.keep_last,
    lifecycle_rules.expire_after,
    lifecycle_rules.archive_after,
    lifecycle_rules.expire_archived_after,
    lifecycle_rules.LifecyclePolicy.parse,
]


@pytest.mark.parametrize("build", BUILT, ids=lambda build: build.__qualname__)
async def test_constructors_and_helpers(build: Any) -> None:
    refused = 0
    for number in range(ROUNDS * 5):
        seed = f"{build.__qualname__} {number}"
        arguments = Wrong(seed).arguments(build)
        what = f"{seed}: {arguments!r:.300}"
        refused += await outcome(what, lambda: build(**arguments)) is not None  # noqa: B023
    assert refused > ROUNDS


@pytest.mark.parametrize("function", [ecrclient.warm_up, lifecycle_rules.LifecyclePolicy.of])
async def test_helpers_with_any_number_of_arguments(function: Any) -> None:
    for number in range(ROUNDS):
        seed = f"{function.__qualname__} {number}"
        wrong = Wrong(seed).python()
        await outcome(f"{seed}: {wrong!r:.300}", lambda: function(wrong))  # noqa: B023


async def test_the_options_of_the_client() -> None:
    """Build a client with one invalid option, and make a call if that succeeds."""
    names = [name for name in inspect.signature(ECRClient).parameters if name != "transport"]
    for number in range(ROUNDS * 8):
        seed = f"ECRClient {number}"
        wrong = Wrong(seed)
        options = {wrong.random.choice(names): wrong.python()}

        async def use(options: dict[str, Any]) -> None:
            async with client(refuse, **options) as ecr:
                await ecr.describe_registry()

        await outcome(f"{seed}: {options!r:.300}", lambda: use(options))  # noqa: B023

"""A transport that plays a script, and a client that is built on it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from ecrclient import Credentials, ECRClient, RetryPolicy
from tests.paths import loopback

KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
NO_WAIT = RetryPolicy(base_delay=0, throttling_base_delay=0)

Answer = httpx.Response | Exception | Callable[[httpx.Request], Awaitable[httpx.Response]]


class Scripted(httpx.MockTransport):
    """Gives the answers in turn, and keeps the requests; one answer too few is an error."""

    endpoint_url = "https://api.ecr.eu-west-1.amazonaws.com"
    """Where its client sends to."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__(self.respond)
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.closed = 0

    @property
    def bodies(self) -> list[Any]:
        """The bodies of the requests, decoded."""
        return [json.loads(request.content) for request in self.requests]

    async def respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        assert self.answers, "the script has no further answer"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else await answer(request)

    async def aclose(self) -> None:
        self.closed += 1


def ok(body: Mapping[str, Any] | None = None, **headers: str) -> httpx.Response:
    """A good answer."""
    return httpx.Response(200, json=body or {}, headers=headers)


def fail(status: int, code: str, message: str = "no", **headers: str) -> httpx.Response:
    """A service's error."""
    return httpx.Response(status, json={"__type": code, "message": message}, headers=headers)


def client(transport: httpx.AsyncBaseTransport | None, **arguments: Any) -> ECRClient:
    """A client on *transport* that neither reads settings nor sleeps."""
    given: dict[str, Any] = {
        "region": "eu-west-1",
        "credentials": KEY,
        "retry": NO_WAIT,
        **arguments,
    }
    return ECRClient(transport=transport, **given)


MakeClient = Callable[..., ECRClient]


@asynccontextmanager
async def clients(path: str) -> AsyncGenerator[MakeClient]:
    """Make clients of scripts that are reached over *path*."""
    if path == "httpx":
        yield client
        return
    async with loopback() as servers:
        made: list[ECRClient] = []

        def over_the_wire(script: Scripted, **arguments: Any) -> ECRClient:
            script.endpoint_url = servers.serve(script.respond)
            made.append(client(None, endpoint_url=script.endpoint_url, **arguments))
            return made[-1]

        yield over_the_wire
        for each in made:
            await each.aclose()

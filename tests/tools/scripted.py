"""A transport that plays a script, and a client that uses it."""

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

ScriptedResponse = httpx.Response | Exception | Callable[[httpx.Request], Awaitable[httpx.Response]]


class Scripted(httpx.MockTransport):
    """Returns or raises the responses in order and records the requests.

    A request without a response fails the test.
    """

    endpoint_url = "https://api.ecr.eu-west-1.amazonaws.com"
    """The URL to which its client sends requests."""

    def __init__(self, *responses: ScriptedResponse) -> None:
        super().__init__(self.respond)
        self.responses = list(responses)
        self.requests: list[httpx.Request] = []
        self.closed = 0

    @property
    def bodies(self) -> list[Any]:
        """The bodies of the requests, decoded."""
        return [json.loads(request.content) for request in self.requests]

    async def respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        assert self.responses, "the script has no further response"
        response = self.responses.pop(0)
        if isinstance(response, Exception):
            raise response
        return response if isinstance(response, httpx.Response) else await response(request)

    async def aclose(self) -> None:
        self.closed += 1


def ok(body: Mapping[str, Any] | None = None, **headers: str) -> httpx.Response:
    """A successful response."""
    return httpx.Response(200, json=body or {}, headers=headers)


def fail(status: int, code: str, message: str = "no", **headers: str) -> httpx.Response:
    """A response with a service error."""
    return httpx.Response(status, json={"__type": code, "message": message}, headers=headers)


def client(transport: httpx.AsyncBaseTransport | None, **arguments: Any) -> ECRClient:
    """A client with *transport* that neither reads settings nor sleeps."""
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
    """Provide a function that creates clients of scripts, which are reached over *path*."""
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

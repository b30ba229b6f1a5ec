"""The ASGI application."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR
from ecrclient.testing.asgi import ASGIApp
from ecrclient.testing.http_messages import HttpRequest, HttpResponse

pytestmark = pytest.mark.anyio

Message = MutableMapping[str, Any]


async def run(
    ecr: InMemoryECR, scope: Message, received: list[Message]
) -> tuple[list[Message], list[Message]]:
    """Return the messages that the application sent, and those that it did not receive."""
    sent: list[Message] = []

    async def receive() -> Message:
        return received.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await ecr.asgi_app()(scope, receive, send)
    return sent, received


def http(**members: Any) -> Message:
    """Return a scope without optional members."""
    return {"type": "http", "method": "POST", "path": "/", "query_string": b"", **members}


async def test_client_calls_the_application(ecr: InMemoryECR) -> None:
    async with ECRClient(
        region=ecr.region,
        credentials=ecr.credentials,
        transport=httpx.ASGITransport(ecr.asgi_app()),
    ) as client:
        assert (await client.describe_registry()).registry_id == ecr.account_id


@pytest.mark.parametrize("raw_path", [True, False])
async def test_path_and_query_are_passed_on(*, raw_path: bool) -> None:
    seen: list[HttpRequest] = []

    def response(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse(200, {}, b"")

    app = ASGIApp(response)

    async def served(scope: Message, receive: Any, send: Any) -> None:
        if not raw_path:
            del scope["raw_path"]
        await app(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(served)) as http:
        await http.get("http://registry.test:5001/layers/a/b?x=1&y=%20")
    (request,) = seen
    assert (request.method, request.path) == ("GET", "/layers/a/b")
    assert (request.query, request.origin) == ("x=1&y=%20", "http://registry.test:5001")


async def test_lifespan_events_are_acknowledged(ecr: InMemoryECR) -> None:
    received: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent, _ = await run(ecr, {"type": "lifespan"}, received)
    assert [one["type"] for one in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def test_other_scope_types_are_refused(ecr: InMemoryECR) -> None:
    with pytest.raises(NotImplementedError, match="websocket"):
        await run(ecr, {"type": "websocket"}, [])


async def test_request_body_in_pieces_is_joined(ecr: InMemoryECR) -> None:
    pieces: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.request", "more_body": True},
        {"type": "http.request", "body": b"}"},
    ]
    headers = [(b"X-One", b"1"), (b"x-one", b"2")]
    sent, _ = await run(ecr, http(headers=headers), pieces)
    assert ecr.calls[-1].body == b"{}"
    assert [one["type"] for one in sent] == ["http.response.start", "http.response.body"]
    assert (sent[0]["status"], sent[1]["more_body"]) == (400, False)


async def test_incomplete_request_is_not_executed(ecr: InMemoryECR) -> None:
    pieces: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent, _ = await run(ecr, http(headers=[]), pieces)
    assert (sent, len(ecr.calls)) == ([], 0)


async def test_delayed_response_is_not_sent_after_a_disconnect(ecr: InMemoryECR) -> None:
    ecr.faults.latency(3600)
    pieces: list[Message] = [{"type": "http.request"}, {"type": "http.disconnect"}]
    sent, unread = await run(ecr, http(headers=[]), pieces)
    assert (sent, unread) == ([], [])


async def test_faults_leave_the_response_incomplete_without_the_close_extension(
    ecr: InMemoryECR,
) -> None:
    # Servers close the connection when the application returns before the end of the response.
    ecr.faults.drop()
    sent, _ = await run(ecr, http(headers=[]), [{"type": "http.request"}])
    assert [one["type"] for one in sent] == ["http.response.start"]
    ecr.faults.truncate()
    sent, _ = await run(ecr, http(headers=[]), [{"type": "http.request"}])
    assert (sent[1]["body"], sent[1]["more_body"]) == (b"{", True)

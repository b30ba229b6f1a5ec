"""The time of a tiny call by stage: CPU microseconds, TLS, 32 calls at a time.

Runs in a separate process. Each stage is repeated alone with the input that a real call gives it.
"The pipeline around them" is the rest of a call whose response is available immediately. The whole
call takes longer than the sum of its stages, because other code uses the processor's caches too.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import anyio

from benchmarks.cases import response_to
from benchmarks.peers import KEY_ID, REGION, SECRET
from benchmarks.server import pin
from ecrclient import Credentials, ECRClient, PooledTransport, RetryPolicy
from ecrclient._awsjson.attempts.signing import Signer
from ecrclient._awsjson.calling.clock import ServiceClock
from ecrclient._awsjson.calling.retry import Retry, RetryQuota
from ecrclient._awsjson.over_httpx.pooled_transport import byte_transport_of
from ecrclient._awsjson.protocol import codec
from ecrclient._awsjson.transport.origin import Origin
from ecrclient._awsjson.transport.parser_choice import find_parser
from ecrclient._awsjson.transport.response import ByteResponse, decode_headers
from ecrclient._awsjson.transport.timer import AttemptTimer
from ecrclient.operations import GET_AUTHORIZATION_TOKEN

__all__ = ["WHOLE"]

WHOLE = "the whole call, against the server"
_TIMES = 2000
_TASKS = 32
_TRIES = 7


def _cost(step: Callable[[], object]) -> float:
    """Microseconds of a step: the fastest of several tries."""
    tries: list[float] = []
    for _ in range(_TRIES):
        begun = time.process_time()
        for _ in range(_TIMES):
            step()
        tries.append((time.process_time() - begun) / _TIMES * 1e6)
    return min(tries)


async def _cost_of_call(step: Callable[[], Awaitable[object]]) -> float:
    """Microseconds of an awaitable that waits for the server, with several at a time."""

    async def work() -> None:
        for _ in range(_TIMES // _TASKS):
            await step()

    tries: list[float] = []
    for _ in range(_TRIES):
        begun = time.process_time()
        await asyncio.gather(*(work() for _ in range(_TASKS)))
        tries.append((time.process_time() - begun) / (_TIMES // _TASKS * _TASKS) * 1e6)
    return min(tries)


def _scope() -> None:
    with anyio.move_on_after(60):  # noqa: ASYNC100 - its cost is measured
        pass


def _steps(parser: str) -> dict[str, Callable[[], object]]:
    """The stages of a call between the caller and the socket."""
    operation = GET_AUTHORIZATION_TOKEN
    request = codec.build_request(operation, {})
    response = response_to(b"", b"{}")
    content = response.partition(b"\r\n\r\n")[2]
    reader = find_parser(parser)()
    reader.start("POST")
    reader.feed(response)
    headers = [*reader.headers]
    signer, credentials, now = Signer(REGION, "ecr"), Credentials(KEY_ID, SECRET), datetime.now(UTC)
    policy, quota, clock = RetryPolicy(), RetryQuota(), ServiceClock()

    def read() -> None:
        reader.start("POST")
        reader.feed(response)

    def sign() -> object:
        return signer.sign(
            credentials,
            host=b"api.ecr.eu-west-1.amazonaws.com",
            content_type=b"application/x-amz-json-1.1",
            target=b"AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
            body=b"{}",
            now=now,
        )

    def new_retry() -> Retry:
        return Retry(policy, quota, clock, idempotent=True)

    return {
        "request model, checked": lambda: codec.build_request(operation, {}),
        "request to JSON": lambda: codec.encode_request(request),
        "retry state, its headers": lambda: new_retry().headers(60),
        "signature": sign,
        "timeout scope (anyio)": _scope,
        f"HTTP parser ({parser})": read,
        "response headers": lambda: decode_headers(headers),
        "response to model (pydantic)": lambda: codec.decode_response(
            operation, content, status=200, request_id=None
        ),
    }


async def _main(url: str, parser: str) -> dict[str, float]:
    stages = {name: _cost(step) for name, step in _steps(parser).items()}
    async with (
        PooledTransport(parser=parser, verify=os.environ["AWS_CA_BUNDLE"]) as transport,
        ECRClient(
            region=REGION,
            credentials=Credentials(KEY_ID, SECRET),
            endpoint_url=url,
            transport=transport,
        ) as ecr,
    ):
        await ecr.get_authorization_token()
        head = b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\n"
        origin = Origin.of(url)
        wire = byte_transport_of(transport)
        assert wire is not None
        post = wire.post
        attempt = AttemptTimer(60, 60)
        below = await _cost_of_call(lambda: post(origin, head, b"{}", None, attempt, resend=True))
        whole = await _cost_of_call(ecr.get_authorization_token)
        response = await post(origin, head, b"{}", None, attempt, resend=True)

        async def respond(*_: object, **__: object) -> ByteResponse:
            return response

        setattr(wire, "post", respond)  # noqa: B010 - all of a call except the wire
        alone = await _cost_of_call(ecr.get_authorization_token)
    parsing = stages.pop(name := f"HTTP parser ({parser})")
    stages["the pipeline around them"] = alone - sum(stages.values())
    stages[name] = parsing
    stages["pool, TLS, kernel, event loop"] = below - parsing
    return {**stages, "the sum": alone + below, WHOLE: whole}


if __name__ == "__main__":
    pin(server=False)
    print(json.dumps(asyncio.run(_main(*sys.argv[1:]))))

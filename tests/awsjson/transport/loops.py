"""Run requests against a scripted server where no fixture can: in a child process."""

from __future__ import annotations

import anyio
import httpx

from ecrclient import CallOptions, Credentials, ECRClient, PooledTransport, TransportError
from ecrclient._awsjson.transport.byte_transport import ByteTransport
from ecrclient._awsjson.transport.origin import Origin
from ecrclient._awsjson.transport.timer import AttemptTimer
from tests.awsjson.transport.server import Script, serve
from tests.middleware import pass_on

__all__ = ["describe_registry", "post"]


def post(backend: str, parser: str, script: Script) -> tuple[int, str]:
    """Send one request; return the length of the body, or -1, and the error.

    Args:
        backend: asyncio or trio.
        parser: h11 or httptools.
        script: What the server does.
    """

    async def main() -> tuple[int, str]:
        async with serve(script) as server:
            wire = ByteTransport(max_connections=1, parser=parser)
            try:
                with anyio.fail_after(100):
                    response = await wire.post(
                        Origin.of(server.url),
                        b"POST / HTTP/1.1\r\nHost: h\r\n\r\n",
                        b"",
                        10,
                        AttemptTimer(None, None),
                        resend=True,
                    )
            except TransportError as error:
                return -1, str(error)
            finally:
                wire.close()
            return len(response.content), ""

    return anyio.run(main, backend=backend)


def describe_registry(backend: str, path: str, script: Script) -> tuple[str, int]:
    """Call ``describe_registry``; return the name of the error and the number of attempts.

    Args:
        backend: asyncio or trio.
        path: ``wire``, ``middleware``, or ``httpx`` for httpx's own transport.
        script: What the server does.
    """

    async def main() -> tuple[str, int]:
        transport = httpx.AsyncHTTPTransport() if path == "httpx" else PooledTransport()
        async with serve(script) as server, transport:
            ecr = ECRClient(
                region="eu-west-1",
                credentials=Credentials("AKIDEXAMPLE", "secret"),
                endpoint_url=server.url,
                transport=transport,
                middleware=[pass_on] if path == "middleware" else [],
                options=CallOptions(timeout=100),
            )
            try:
                await ecr.describe_registry()
            except TransportError as error:
                return type(error).__name__, error.attempts
            return "", 0

    return anyio.run(main, backend=backend)

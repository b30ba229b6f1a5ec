"""The HTTP server: uvicorn in a separate thread.

uvicorn is well maintained and adds few dependencies (h11, which httpx needs anyway, and click). It
supports asyncio only. Because it runs in a separate thread, the caller may use trio or block.

A test may stop the clock of the process (freezegun, time-machine). Therefore nothing here depends
on that clock: the server stops on an event from the caller's thread, and its event loop reads a
clock that those libraries do not change.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

try:
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ModuleNotFoundError as _error:
    raise ModuleNotFoundError(
        "serving over HTTP needs uvicorn: pip install 'ecrclient[testing]'", name=_error.name
    ) from _error

from .asgi import CLOSE_CONNECTION

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .asgi import Receive, Scope, Send

__all__ = ["HttpServer"]


_STOP_SECONDS = 10.0


class HttpServer:
    """Serves an ASGI application from its construction until `stop`.

    Args:
        app: The application.
        listener: A listening socket; the server closes it when it stops.

    Raises:
        RuntimeError: the server did not start; ``__cause__`` is the error.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], listener: socket.socket) -> None:
        self._server = _Server(
            uvicorn.Config(
                app,
                http=_Protocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                # The application's own logging configuration stays as it is.
                log_config=None,
                access_log=False,
                # The service sends its own Date header.
                date_header=False,
                server_header=False,
                # Like a load balancer, so that SDKs rarely reuse a connection that has been closed.
                timeout_keep_alive=60,
            )
        )
        self._error: Exception | None = None
        self._thread = threading.Thread(
            target=self._run, args=(listener,), name="in-memory ECR", daemon=True
        )
        self._thread.start()
        self._server.settled.wait()
        if not self._server.started:
            raise RuntimeError("the HTTP server did not start") from self._error

    def stop(self) -> None:
        """Close the listener and all connections, and wait until that is done.

        Raises:
            RuntimeError: the server failed earlier, or did not stop within 10 seconds because a
                request is still running.
        """
        self._server.request_stop()
        self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive():
            raise RuntimeError(
                f"the HTTP server did not stop within {_STOP_SECONDS:g} s: "
                "a request is still running"
            )
        if self._error is not None:
            raise RuntimeError("the HTTP server has failed") from self._error

    def _run(self, listener: socket.socket) -> None:
        with listener:
            try:
                with asyncio.Runner(loop_factory=_Loop) as runner:
                    runner.run(self._server.serve([listener]))
            except Exception as error:  # noqa: BLE001 - raised again in the thread that waits for this one
                self._error = error
            finally:
                self._server.settled.set()


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose timers run while a test has stopped ``time.monotonic``."""

    def time(self) -> float:
        # Windows does not have this clock; there, delays end when the test resumes the time.
        if hasattr(time, "clock_gettime"):
            return time.clock_gettime(time.CLOCK_MONOTONIC)
        return super().time()


class _Server(uvicorn.Server):
    """A server that other threads can start and stop, without uvicorn's periodic tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        """Set when the server has started, or has failed to start."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_requested = asyncio.Event()

    def request_stop(self) -> None:
        """Make `main_loop` return. Called from another thread; idempotent."""
        assert self._loop is not None, "the server has started"
        # The loop is already closed if the server has failed.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop_requested.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self.settled.set()

    async def main_loop(self) -> None:
        await self._stop_requested.wait()

    async def shutdown(
        self,
        sockets: list[socket.socket] | None = None,  # noqa: ARG002 - closed with their servers
    ) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        # Requests in progress end, because their connections are closed.
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)
        for server in self.servers:
            await server.wait_closed()


class _Protocol(H11Protocol):
    """A connection that the application can close, and that closes when the server stops."""

    def connection_made(  # type: ignore[override] # as in its base
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        # asyncio sets this option on sockets that it creates. Head and body are sent separately:
        # without it, the body waits for the acknowledgement of the head, usually 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app = _closing(self.app, transport)

    def shutdown(self) -> None:
        super().shutdown()
        # Clients must not wait for responses that are still delayed.
        self.transport.close()


def _closing(
    app: Callable[..., Awaitable[None]], transport: asyncio.Transport
) -> Callable[..., Awaitable[None]]:
    async def with_extension(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "extensions": {CLOSE_CONNECTION: transport.close}}, receive, send)

    return with_extension

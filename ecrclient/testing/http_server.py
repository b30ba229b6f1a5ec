"""The HTTP server: uvicorn, in a thread of its own.

uvicorn is well kept and brings little (h11, which httpx needs anyway, and click). That it runs on
asyncio only is no matter in a thread of its own, where it has to be, since whoever calls may be on
trio, or block.
"""

from __future__ import annotations

import asyncio
import socket
import threading
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


class HttpServer:
    """Serves an ASGI application from its making until :meth:`stop`.

    Args:
        app: The application.
        listener: A socket that is bound and listens; it is closed at the end.

    Raises:
        RuntimeError: it did not start; the cause tells why.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], listener: socket.socket) -> None:
        self._server = _Server(
            uvicorn.Config(
                app,
                http=_Protocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                interface="asgi3",
                # What the application's own loggers are set to is no matter of this one.
                log_config=None,
                access_log=False,
                # The service tells its own time.
                date_header=False,
                server_header=False,
                # As long as a load balancer's, so that no SDK is left with a closed connection.
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
            RuntimeError: it had stopped by itself; the cause tells why.
        """
        self._server.should_exit = True
        self._thread.join()
        if self._error is not None:
            raise RuntimeError("the HTTP server has failed") from self._error

    def _run(self, listener: socket.socket) -> None:
        with listener:
            try:
                self._server.run([listener])
            except Exception as error:  # noqa: BLE001 - raised by whoever waits for the thread
                self._error = error
            finally:
                self._server.settled.set()


class _Server(uvicorn.Server):
    """A server that can be waited for."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        """Set when it has started, or has not been able to."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()


class _Protocol(H11Protocol):
    """A connection that the application may close, and that does not outlive the server."""

    def connection_made(  # type: ignore[override] # as in its base
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        # asyncio does it for sockets that are told their protocol. Head and body are sent one by
        # one: without it the body waits, mostly 40 ms, for the head's acknowledgement.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app = _closing(self.app, transport)

    def shutdown(self) -> None:
        super().shutdown()
        # An answer that is still being delayed has nobody left to wait for it.
        self.transport.close()


def _closing(
    app: Callable[..., Awaitable[None]], transport: asyncio.Transport
) -> Callable[..., Awaitable[None]]:
    async def with_extension(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "extensions": {CLOSE_CONNECTION: transport.close}}, receive, send)

    return with_extension

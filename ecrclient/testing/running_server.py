"""An HTTP server for the in-memory ECR: for boto3, the AWS CLI and SDKs of other languages."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import anyio
import anyio.to_thread

if TYPE_CHECKING:
    from ecrclient._awsjson.credentials import Credentials

    from .asgi import ASGIApp
    from .http_server import HttpServer

__all__ = ["ServedECR"]

_PORTS = range(65_536)
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - replaced in URLs


class Served(Protocol):
    """What the server needs of an in-memory ECR."""

    region: str
    credentials: Credentials

    def asgi_app(self) -> ASGIApp:
        """The application that responds to the requests."""
        ...


class ServedECR:
    """An in-memory ECR that listens on a port while the ``with`` or ``async with`` block runs.

    The server runs in a separate thread, so blocking code such as boto3 can call it, with or
    without an event loop. After `stop`, `start` restarts it on the same port.

    Args:
        ecr: The in-memory ECR to serve.
        host: The address to listen on. Any client that can reach it needs only the test
            credentials.
        port: The port; 0 means any free port.

    Raises:
        ValueError: the port is not from 0 to 65535.
    """

    def __init__(self, ecr: Served, host: str, port: int) -> None:
        if port not in _PORTS:
            raise ValueError(f"port must be from 0 to {_PORTS[-1]}, not {port}")
        self._ecr = ecr
        self._host = host
        self._port = port
        self._server: HttpServer | None = None

    def __repr__(self) -> str:
        return f"<ServedECR {self.url if self._server else 'not running'}>"

    @property
    def url(self) -> str:
        """The endpoint, such as ``http://127.0.0.1:5001``.

        Raises:
            RuntimeError: the server is not running.
        """
        if self._server is None:
            raise RuntimeError("the server is not running: use it as a context manager")
        host = _ANYWHERE.get(self._host, self._host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    @property
    def registry(self) -> str:
        """The host and port in image references, such as ``127.0.0.1:5001``.

        docker, skopeo, crane and oras use it without TLS: ``docker pull 127.0.0.1:5001/team/app``,
        ``skopeo copy --dest-tls-verify=false ... docker://127.0.0.1:5001/team/app:v1``. The user
        name is ``AWS``, and the password that of an authorization token.

        Raises:
            RuntimeError: the server is not running.
        """
        return self.url.partition("://")[2]

    def environment(self) -> dict[str, str]:
        """Return the environment variables with which any AWS SDK or tool calls this ECR.

        They contain the test credentials. Calls to services other than ECR are not redirected.
        """
        credentials = self._ecr.credentials
        variables = {
            "AWS_ENDPOINT_URL_ECR": self.url,
            "AWS_ACCESS_KEY_ID": credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
            "AWS_REGION": self._ecr.region,
            "AWS_DEFAULT_REGION": self._ecr.region,
        }
        if credentials.session_token is not None:
            variables["AWS_SESSION_TOKEN"] = credentials.session_token
        return variables

    def start(self) -> None:
        """Start to listen, as entering the context manager does. It blocks until that is done.

        Raises:
            OSError: the port is in use, or this machine does not have the address.
            ModuleNotFoundError: the extra ``testing`` is not installed.
            RuntimeError: the server is already running.
        """
        from .http_server import HttpServer

        if self._server is not None:
            raise RuntimeError("the server is already running")
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self._port), family=family)
        self._port = listener.getsockname()[1]
        self._server = HttpServer(self._ecr.asgi_app(), listener)

    def stop(self) -> None:
        """Close all connections, and wait until that is done. Idempotent."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(self.start)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self.stop)

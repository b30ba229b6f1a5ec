"""The client core: one pipeline that every call goes through.

::

    method of the client            arguments
      -> codec.build_request        checked: RequestValidationError before anything is sent
      -> invoke                     the typed front; invoke_raw is the same without decoding
      -> _send                      deadline around the retry loop
      -> _attempt                   timeout around the middleware
      -> _sign_and_send             signed anew for each attempt, then the transport
      -> RawResponse.parse          the model, or the service's error
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self

import anyio
import anyio.to_thread
import httpx

from ecrclient._runtime import codec
from ecrclient._runtime.config import (
    CallOptions,
    ClientArguments,
    ResolveEndpoint,
    Settings,
    resolve_settings,
)
from ecrclient._runtime.credentials import Credentials, CredentialsProvider, default_provider
from ecrclient._runtime.errors import (
    AttemptTimeout,
    ClientClosedError,
    ConfigurationError,
    DeadlineExceeded,
    ECRClientError,
    TransportError,
)
from ecrclient._runtime.middleware import Middleware, compose
from ecrclient._runtime.operation import ResponseT
from ecrclient._runtime.pagination import Paginator
from ecrclient._runtime.retry import RetryPolicy, RetryQuota, is_retryable
from ecrclient._runtime.shapes import ResponseMetadata, attach_metadata
from ecrclient._runtime.signing import Signer
from ecrclient._runtime.transport import default_transport, translate_error
from ecrclient._runtime.version import __version__
from ecrclient._runtime.waiting import wait

if TYPE_CHECKING:
    from ecrclient._runtime.operation import Operation, OperationsByRequest, Service, Waiter
    from ecrclient._runtime.shapes import Request

__all__ = ["BaseClient", "RawResponse"]

_USER_AGENT = f"ecrclient/{__version__}"
_FIRST_ERROR_STATUS = 300


@dataclass(frozen=True, slots=True)
class RawResponse(Generic[ResponseT]):
    """An answer as it came. ``parse`` turns it into the model, or raises the service's error."""

    operation: Operation[ResponseT]
    status: int
    """The HTTP status."""
    headers: Mapping[str, str]
    """The HTTP headers, names in lower case."""
    content: bytes
    """The body."""
    attempts: int
    """How often the request was sent."""
    elapsed: float
    """Seconds from the call to the last byte of the answer."""

    def __repr__(self) -> str:
        return f"<RawResponse of {self.operation.name}: {self.status}, {len(self.content)} bytes>"

    @property
    def is_error(self) -> bool:
        """Whether the service refused the request."""
        return self.status >= _FIRST_ERROR_STATUS

    def parse(self) -> ResponseT:
        """The model.

        Raises:
            ServiceError: the answer is an error.
            ResponseDecodeError: the answer is not what the service's model says.
        """
        request_id = codec.request_id_of(self.headers)
        if self.is_error:
            raise codec.decode_error(
                self.operation,
                self.content,
                self.headers,
                status=self.status,
                attempts=self.attempts,
            )
        response = codec.decode_response(
            self.operation, self.content, status=self.status, request_id=request_id
        )
        attach_metadata(
            response,
            ResponseMetadata(request_id, self.status, self.headers, self.attempts, self.elapsed),
        )
        return response


class _Core:
    """What a client shares with the clients that ``with_options`` makes of it."""

    def __init__(
        self,
        arguments: ClientArguments,
        resolve_endpoint: ResolveEndpoint,
        service: Service,
        credentials: Credentials | CredentialsProvider | None,
        transport: httpx.AsyncBaseTransport | None,
        max_connections: int,
    ) -> None:
        self._arguments = arguments
        self._resolve_endpoint = resolve_endpoint
        self._service = service
        self._given_credentials = credentials
        self._transport = transport
        self._owns_transport = transport is None
        self._max_connections = max_connections
        self._connection: _Connection | None = None
        self._lock = anyio.Lock()
        self._closed = False
        self.quota = RetryQuota()

    async def connection(self) -> _Connection:
        """What a call needs to be sent; made at the first one, off the event loop."""
        if self._closed:
            raise ClientClosedError("the client is closed")
        if self._connection is None:
            async with self._lock:
                if self._connection is None:
                    self._connection = await anyio.to_thread.run_sync(self._open)
        return self._connection

    def _open(self) -> _Connection:
        settings = resolve_settings(
            self._arguments, self._resolve_endpoint, self._service.service_id
        )
        if self._transport is None:
            self._transport = default_transport(settings.endpoint_url, self._max_connections)
        return _Connection(
            settings=settings,
            url=httpx.URL(f"{settings.endpoint_url}/"),
            credentials=default_provider(self._given_credentials, self._arguments.profile),
            signer=Signer(settings.region, self._service.signing_name),
            transport=self._transport,
        )

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            if self._transport is not None and self._owns_transport:
                await self._transport.aclose()


@dataclass(frozen=True, slots=True)
class _Connection:
    """The resolved settings and what was made from them."""

    settings: Settings
    url: httpx.URL
    credentials: CredentialsProvider
    signer: Signer
    transport: httpx.AsyncBaseTransport


class BaseClient:
    """What every generated client is made of.

    Args:
        region: The AWS Region, such as ``eu-west-1``.
        profile: The profile of the shared configuration files.
        credentials: Fixed credentials, or a provider of them.
        endpoint_url: Where to send requests: scheme, host and port.
        use_fips: Use the endpoint validated under FIPS 140.
        use_dualstack: Use the endpoint that answers on IPv4 and IPv6.
        retry: How often to try again, and how long to wait.
        options: Timeouts and the like for every call; see :meth:`with_options`.
        max_connections: Connections at the most, so also calls under way at once.
        transport: Any ``httpx.AsyncBaseTransport``; whoever passes it closes it.
        middleware: Run around each attempt, the first one outermost.
    """

    _service: ClassVar[Service]
    _operations: ClassVar[OperationsByRequest]
    _resolve_endpoint: ClassVar[ResolveEndpoint]

    def __init__(
        self,
        *,
        region: str | None = None,
        profile: str | None = None,
        credentials: Credentials | CredentialsProvider | None = None,
        endpoint_url: str | None = None,
        use_fips: bool | None = None,
        use_dualstack: bool | None = None,
        retry: RetryPolicy | None = None,
        options: CallOptions | None = None,
        max_connections: int = 50,
        transport: httpx.AsyncBaseTransport | None = None,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        if max_connections < 1:
            raise ConfigurationError(f"max_connections must be at least 1, not {max_connections}")
        self._core = _Core(
            ClientArguments(region, profile, endpoint_url, use_fips, use_dualstack),
            self._resolve_endpoint,
            self._service,
            credentials,
            transport,
            max_connections,
        )
        self._retry = retry or RetryPolicy()
        self._options = options or CallOptions()
        self._middleware = tuple(middleware)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; for clients made by :meth:`with_options` too. Twice is once."""
        await self._core.aclose()

    def with_options(self, options: CallOptions) -> Self:
        """A client with other options that shares connections, credentials and retry quota."""
        clone = copy.copy(self)
        clone._options = options  # noqa: SLF001 - its own class
        return clone

    async def invoke(self, request: Request[ResponseT]) -> ResponseT:
        """Send a request model; the typed answer.

        Raises:
            ServiceError: the service refused it; see the operation's method.
            ECRClientError: any other failure.
        """
        return (await self.invoke_raw(request)).parse()

    async def invoke_raw(self, request: Request[ResponseT]) -> RawResponse[ResponseT]:
        """Send a request model; the answer as it came, an error's too, after any retries.

        Raises:
            ECRClientError: no answer came.
        """
        operation: Operation[ResponseT] | None = self._operations.get(type(request))
        if operation is None:
            raise TypeError(f"{type(request).__name__} is not a request of {type(self).__name__}")
        return await self._send(operation, codec.encode_request(request))

    # -- what the generated methods call ---------------------------------------------------------

    async def _call(self, operation: Operation[ResponseT], members: dict[str, object]) -> ResponseT:
        request = codec.build_request(operation, members)
        return (await self._send(operation, codec.encode_request(request))).parse()

    def _paginate(
        self, operation: Operation[ResponseT], members: dict[str, object]
    ) -> Paginator[ResponseT, Any]:
        return Paginator(operation, members, self._call)

    async def _wait(
        self, waiter: Waiter[ResponseT], members: dict[str, object], *, max_wait: float
    ) -> ResponseT:
        return await wait(waiter, lambda: self._call(waiter.operation, members), max_wait=max_wait)

    # -- the pipeline ----------------------------------------------------------------------------

    async def _send(self, operation: Operation[ResponseT], body: bytes) -> RawResponse[ResponseT]:
        """One call: the deadline around the attempts."""
        call = _Call(operation, body)
        deadline = self._options.deadline
        if deadline is None:
            return await self._retry_loop(call)
        with anyio.move_on_after(deadline) as scope:
            return await self._retry_loop(call)
        assert scope.cancelled_caught
        raise DeadlineExceeded(operation.name, deadline, call.attempts)

    async def _retry_loop(self, call: _Call[ResponseT]) -> RawResponse[ResponseT]:
        policy = self._options.retry or self._retry
        quota = self._core.quota
        connection = await self._core.connection()
        cost: int | None = None
        while True:
            call.attempts += 1
            answer: RawResponse[ResponseT] | None = None
            try:
                answer = await self._attempt(call, connection)
                error = _error_of(answer)
            except TransportError as failure:
                failure.operation, failure.attempts = call.operation.name, call.attempts
                error = failure
            if error is None:
                quota.release(cost)
            elif call.attempts < policy.max_attempts and is_retryable(error):
                cost = quota.acquire(error)
                if cost is not None:
                    await anyio.sleep(policy.delay(error, call.attempts))
                    continue
            if answer is None:
                assert error is not None
                raise error
            return answer

    async def _attempt(
        self, call: _Call[ResponseT], connection: _Connection
    ) -> RawResponse[ResponseT]:
        """The middleware and the transport once, within the timeout."""

        async def send(request: httpx.Request) -> httpx.Response:
            return await _sign_and_send(request, connection)

        request = self._http_request(call, connection)
        try:
            with anyio.fail_after(self._options.timeout):
                response = await compose(self._middleware, send)(request)
                content = await response.aread()
        except httpx.RequestError as error:
            raise translate_error(error) from error
        except TimeoutError as error:
            message = f"no whole answer within {self._options.timeout:g} s"
            raise AttemptTimeout(message) from error
        return RawResponse(
            operation=call.operation,
            status=response.status_code,
            headers=dict(response.headers.items()),
            content=content,
            attempts=call.attempts,
            elapsed=time.perf_counter() - call.started,
        )

    def _http_request(self, call: _Call[Any], connection: _Connection) -> httpx.Request:
        operation = call.operation
        timeout = self._options.timeout
        return httpx.Request(
            "POST",
            connection.url,
            headers={
                "host": connection.settings.host,
                "content-type": f"application/x-amz-json-{operation.service.json_version}",
                "x-amz-target": operation.target,
                "user-agent": _USER_AGENT,
                "accept-encoding": "identity",
            },
            content=call.body,
            extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout)},
        )


class _Call(Generic[ResponseT]):
    """One call as it goes through the pipeline."""

    __slots__ = ("attempts", "body", "operation", "started")

    def __init__(self, operation: Operation[ResponseT], body: bytes) -> None:
        self.operation = operation
        self.body = body
        self.attempts = 0
        self.started = time.perf_counter()


def _error_of(answer: RawResponse[Any]) -> ECRClientError | None:
    if not answer.is_error:
        return None
    return codec.decode_error(
        answer.operation, answer.content, answer.headers, status=answer.status
    )


async def _sign_and_send(request: httpx.Request, connection: _Connection) -> httpx.Response:
    """Sign what the middleware has left, send it, and read the whole answer."""
    headers = request.headers
    signature = connection.signer.sign(
        await connection.credentials.get(),
        host=headers["host"].encode("ascii"),
        content_type=headers["content-type"].encode("ascii"),
        target=headers["x-amz-target"].encode("ascii"),
        body=request.content,
    )
    for name, value in signature:
        headers[name.decode("ascii")] = value.decode("ascii")
    response = await connection.transport.handle_async_request(request)
    response.request = request
    try:
        await response.aread()
    finally:
        # Whatever happens, cancellation too, the connection goes back or is closed.
        with anyio.CancelScope(shield=True):
            await response.aclose()
    return response

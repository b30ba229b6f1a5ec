"""A transport with prepared responses, for unit tests that do not need the rules of ECR.

::

    from ecrclient.operations import LIST_IMAGES

    with StubTransport() as stub:
        stub.respond(LIST_IMAGES, ListImagesResponse(image_ids=[...]))
        stub.fail(ServerException, "for a while")
        async with stub.client() as client:
            ...
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

import anyio.lowlevel
import httpx

from ecrclient._awsjson.credentials import Credentials
from ecrclient._awsjson.protocol.operation import Operation
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient._awsjson.settings.options import CallOptions
from ecrclient.client import ECRClient

from .calls import Calls, operation_name
from .errors import encode_error, scripted_error
from .http_messages import HttpRequest, HttpResponse
from .json_protocol import encode_response

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.operation import ResponseT
    from ecrclient._awsjson.settings.retry_policy import RetryPolicy

__all__ = ["StubTransport"]

_CREDENTIALS = Credentials("AKIASTUBTRANSPORT", "stub-transport-test-key")


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A prepared outcome of one call."""

    operation: str | None
    """The expected operation; None means any."""
    outcome: HttpResponse | httpx.TransportError

    def __str__(self) -> str:
        return self.operation or "any operation"


class StubTransport(httpx.AsyncBaseTransport):
    """Returns prepared responses in order; an unexpected call raises AssertionError.

    As a context manager (``with``, not ``async with``), it raises AssertionError at the end of the
    block if a prepared response has not been used.
    """

    def __init__(self) -> None:
        self.calls: Calls = Calls()
        """The requests that arrived."""
        self._prepared: deque[_Prepared] = deque()
        self._problems: list[str] = []

    def __repr__(self) -> str:
        return f"<StubTransport: {len(self._prepared)} responses unused>"

    def client(
        self, *, retry: RetryPolicy | None = None, options: CallOptions | None = None
    ) -> ECRClient:
        """Return a client of this transport; its settings do not depend on the environment.

        Args:
            retry: As for `ECRClient`.
            options: As for `ECRClient`.
        """
        return ECRClient(
            region="us-east-1",
            credentials=_CREDENTIALS,
            endpoint_url="https://ecr.stub.test",
            retry=retry,
            options=options,
            transport=self,
        )

    def respond(self, operation: Operation[ResponseT], response: ResponseT) -> None:
        """Prepare a response.

        Args:
            operation: The expected operation, an object from ``ecrclient.operations``.
            response: The response that the call returns.

        Raises:
            TypeError: *operation* is not an ``Operation``, or *response* belongs to another
                operation. Type checkers report both errors, too.
        """
        if type(operation) is not Operation:
            raise TypeError(
                f"operation must be an object from ecrclient.operations, such as LIST_IMAGES, "
                f"not {operation!r}"
            )
        if not isinstance(response, operation.response):
            raise TypeError(
                f"the response of {operation.name} must be {operation.response.__name__}, not "
                f"{type(response).__name__}"
            )
        self._prepare(operation.name, HttpResponse(200, {}, encode_response(response)))

    def fail(
        self,
        error: ServiceError | type[ServiceError] | str | httpx.TransportError,
        message: str = "",
        *,
        status: int | None = None,
        operation: str | Operation[Any] | None = None,
    ) -> None:
        """Prepare a failure of one attempt. The client retries retryable errors.

        Args:
            error: A modelled error's class, any code, an error instance, or an httpx exception if
                no response arrives.
            message: The error's message.
            status: The HTTP status; None means the error's usual status.
            operation: The expected operation; None means any.

        Raises:
            TypeError: the class is ``ServiceError`` itself, or an instance comes with a message or
                a status.
            ValueError: there is no such operation.
        """
        name = None if operation is None else operation_name(operation)
        if isinstance(error, httpx.TransportError):
            self._prepare(name, error)
            return
        refusal = scripted_error(error, message, status)
        self._prepare(name, HttpResponse(refusal.status, {}, encode_error(refusal), refusal.code))

    def assert_done(self) -> None:
        """Assert that each call was expected, and that every prepared response has been used.

        Raises:
            AssertionError: a call was unexpected, or a response has not been used.
        """
        problems = list(self._problems)
        if self._prepared:
            problems.append(f"not called: {', '.join(map(str, self._prepared))}")
        if problems:
            raise AssertionError("; ".join(problems))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The exception that ended the block explains more than unused responses.
        if exc is None:
            self.assert_done()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the next prepared response.

        Raises:
            AssertionError: the call is unexpected.
            httpx.TransportError: the prepared failure.
        """
        body = await request.aread()
        await anyio.lowlevel.checkpoint()
        received = HttpRequest(request.method, request.url.path, "", dict(request.headers), body)
        call = self.calls.add(received, datetime.now(UTC))
        outcome = self._next(call.operation)
        if isinstance(outcome, httpx.TransportError):
            raise outcome
        call.status, call.error = outcome.status, outcome.error_code
        headers = {"content-type": request.headers["content-type"]}
        return httpx.Response(outcome.status, headers=headers, content=b"".join(outcome.pieces()))

    def _prepare(self, operation: str | None, outcome: HttpResponse | httpx.TransportError) -> None:
        self._prepared.append(_Prepared(operation, outcome))

    def _next(self, operation: str) -> HttpResponse | httpx.TransportError:
        if not self._prepared:
            self._fail(f"unexpected call of {operation}: all prepared responses have been used")
        if self._prepared[0].operation not in (None, operation):
            self._fail(f"unexpected call of {operation}: expected {self._prepared[0]}")
        return self._prepared.popleft().outcome

    def _fail(self, problem: str) -> NoReturn:
        # assert_done reports the problem again, in case the code under test catches the error.
        self._problems.append(problem)
        raise AssertionError(problem)

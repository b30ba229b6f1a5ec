"""Answers that a test puts together itself, for unit tests that want no rules of ECR.

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
class _Answer:
    """What one call is answered with."""

    operation: str | None
    """The operation that has to be called; None: any."""
    what: HttpResponse | httpx.TransportError

    def __str__(self) -> str:
        return self.operation or "any operation"


class StubTransport(httpx.AsyncBaseTransport):
    """Gives prepared answers, first in, first out; a call that none is for is an AssertionError.

    As a context manager (``with``, not ``async with``) it fails at the end of the block when
    answers are left over.
    """

    def __init__(self) -> None:
        self.calls: Calls = Calls()
        """What was asked."""
        self._answers: deque[_Answer] = deque()
        self._complaints: list[str] = []

    def __repr__(self) -> str:
        return f"<StubTransport: {len(self._answers)} answers left>"

    def client(
        self, *, retry: RetryPolicy | None = None, options: CallOptions | None = None
    ) -> ECRClient:
        """A client of this transport; nothing of it comes from the environment.

        Args:
            retry: As for :class:`~ecrclient.ECRClient`.
            options: As for :class:`~ecrclient.ECRClient`.
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
        """Prepare an answer.

        Args:
            operation: What has to be called, as it stands in ``ecrclient.operations``.
            response: What that call returns.

        Raises:
            TypeError: the response is another operation's, or *operation* is no operation; a type
                checker sees both, too.
        """
        if type(operation) is not Operation:
            raise TypeError(
                f"{operation!r} is no operation; they stand in ecrclient.operations, such as "
                "LIST_IMAGES"
            )
        if not isinstance(response, operation.response):
            raise TypeError(
                f"{operation.name} does not answer with {type(response).__name__}, but with "
                f"{operation.response.__name__}"
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
        """Prepare a failure. The client retries what is retryable: each attempt is a call.

        Args:
            error: A modelled error's class, any code, an error as a whole, or what httpx raises
                when no answer comes.
            message: What the service says.
            status: The HTTP status; None: the usual one of the error.
            operation: What has to be called; None: any.
        """
        name = None if operation is None else operation_name(operation)
        if isinstance(error, httpx.TransportError):
            self._prepare(name, error)
            return
        refusal = scripted_error(error, message, status)
        self._prepare(name, HttpResponse(refusal.status, {}, encode_error(refusal), refusal.code))

    def assert_done(self) -> None:
        """Check that each call was expected, and that no answer is left over.

        Raises:
            AssertionError: it is not so.
        """
        complaints = list(self._complaints)
        if self._answers:
            complaints.append(f"not called: {', '.join(map(str, self._answers))}")
        if complaints:
            raise AssertionError("; ".join(complaints))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # What has ended the test is the better reason.
        if exc is None:
            self.assert_done()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Give the next answer.

        Raises:
            AssertionError: none is for this call.
            httpx.TransportError: one that was prepared.
        """
        body = await request.aread()
        await anyio.lowlevel.checkpoint()
        asked = HttpRequest(request.method, request.url.path, "", dict(request.headers), body)
        call = self.calls.add(asked, datetime.now(UTC))
        answer = self._next(call.operation)
        if isinstance(answer, httpx.TransportError):
            raise answer
        call.status, call.error = answer.status, answer.error_code
        headers = {"content-type": request.headers["content-type"]}
        return httpx.Response(answer.status, headers=headers, content=b"".join(answer.pieces()))

    def _prepare(self, operation: str | None, what: HttpResponse | httpx.TransportError) -> None:
        self._answers.append(_Answer(operation, what))

    def _next(self, operation: str) -> HttpResponse | httpx.TransportError:
        if not self._answers:
            self._complain(f"unexpected call of {operation}: no answer is left")
        if self._answers[0].operation not in (None, operation):
            self._complain(f"unexpected call of {operation}: expected {self._answers[0]}")
        return self._answers.popleft().what

    def _complain(self, complaint: str) -> NoReturn:
        # Kept, should the code under test swallow the error.
        self._complaints.append(complaint)
        raise AssertionError(complaint)

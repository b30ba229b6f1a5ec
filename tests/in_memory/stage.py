"""A server whose registry can be replaced for each test, and its clients: boto3 and this client.

boto3 has no types, so its values are Any.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from ecrclient import ECRClient, RetryPolicy, ServiceError, models
from ecrclient._awsjson.protocol.shapes import Request
from ecrclient._awsjson.protocol.wire_serializer import wire_serializer
from ecrclient.operations import OPERATIONS
from ecrclient.testing import InMemoryECR
from ecrclient.testing.http_messages import HttpRequest, HttpResponse
from tests.conformance.sameness import members_spelled
from tests.tools.botocore_calls import botocore
from tests.wire.record import Maker

__all__ = [
    "SERVICE",
    "Boto3",
    "Ours",
    "Player",
    "RefusedError",
    "Scene",
    "Stage",
    "open_boto3",
    "open_ours",
]

SERVICE: Any = botocore("session").Session().get_service_model("ecr")
"""botocore's model of the service."""
_OPERATIONS = {operation.name: operation for operation in OPERATIONS.values()}


class Stage(InMemoryECR):
    """An in-memory ECR that passes requests to another one, which can be replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.ecr = InMemoryECR()
        """The registry that responds."""

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Return the response of the current registry."""
        return self.ecr.handle(request)


class RefusedError(Exception):
    """An error of the service, as a player raised it."""

    def __init__(
        self, code: str, kind: str, status: int, message: str, members: Mapping[str, Any]
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.kind = kind
        """The name of the class that the player raised."""
        self.status = status
        self.message = message
        self.members = members
        """The other members of the error, by wire name."""


class Player(Protocol):
    """A client. Its requests and responses use wire names."""

    def call(self, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Call an operation.

        Raises:
            RefusedError: the service responds with an error.
        """
        ...

    def call_unchecked(self, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Call an operation without client-side validation."""
        ...


class Boto3:
    """boto3, without retries.

    Args:
        checking: A boto3 client.
        unchecking: A boto3 client that does not validate parameters.
    """

    def __init__(self, checking: Any, unchecking: Any) -> None:
        self.client = checking
        self._unchecking = unchecking
        self._methods = {
            name: method for method, name in checking.meta.method_to_api_mapping.items()
        }

    def __repr__(self) -> str:
        return "boto3"

    def call(self, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Call an operation; ``ResponseMetadata`` is removed from the response."""
        return self._call(self.client, operation, members)

    def call_unchecked(self, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Call an operation without client-side validation."""
        return self._call(self._unchecking, operation, members)

    def _call(self, client: Any, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
        try:
            response: dict[str, Any] = getattr(client, self._methods[operation])(**members)
        except botocore("exceptions").ClientError as error:
            response = error.response
            described, metadata = response.pop("Error"), response.pop("ResponseMetadata")
            raise RefusedError(
                described["Code"],
                type(error).__name__,
                metadata["HTTPStatusCode"],
                described["Message"],
                response,
            ) from error
        metadata = response.pop("ResponseMetadata")
        assert (metadata["HTTPStatusCode"], bool(metadata["RequestId"])) == (200, True)
        return response


class Ours:
    """This client, without retries, on one event loop."""

    def __init__(self, client: ECRClient, portal: BlockingPortal) -> None:
        self._client = client
        self._portal = portal

    def call(self, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Call the operation's method."""
        known = _OPERATIONS[operation]
        arguments = _spelled(operation, members, known.request)
        return self._play(functools.partial(getattr(self._client, known.method), **arguments))

    def call_unchecked(self, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request model that was not validated."""
        request = _OPERATIONS[operation].request
        made = request.model_construct(**_spelled(operation, members, request))
        return self._play(functools.partial(self._client.invoke, made))

    def _play(self, call: functools.partial[Any]) -> dict[str, Any]:
        try:
            response: Any = self._portal.call(_awaited, call)
        except ServiceError as error:
            raise RefusedError(
                error.code, type(error).__name__, error.status, error.message, error.details
            ) from error
        serializer = wire_serializer(response.__class__)
        members: dict[str, Any] = serializer.to_python(response, by_alias=True)
        return members


async def _awaited(call: functools.partial[Any]) -> Any:
    return await call()


def _spelled(
    operation: str, members: Mapping[str, Any], model: type[Request[Any]]
) -> dict[str, Any]:
    shape = SERVICE.operation_model(operation).input_shape
    return members_spelled(members, shape, model, models, as_models=False)


class Scene:
    """A new registry, and one of the clients."""

    def __init__(self, stage: Stage, player: Player) -> None:
        self._stage = stage
        self.player = player
        self.called = ""
        """The operation that was called last."""
        self.ecr = InMemoryECR()

    @property
    def ecr(self) -> InMemoryECR:
        """The registry."""
        return self._stage.ecr

    @ecr.setter
    def ecr(self, ecr: InMemoryECR) -> None:
        self._stage.ecr = ecr

    def __call__(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Call an operation."""
        self.called = operation
        return self.player.call(operation, members)

    def ask(self, operation: str, **more: Any) -> dict[str, Any]:
        """Call an operation with the required members and *more*."""
        shape = SERVICE.operation_model(operation).input_shape
        required: dict[str, Any] = Maker("minimal").make(shape)
        return self(operation, **required | more)

    @contextmanager
    def refuses(
        self, operation: str, code: str, status: int = 400
    ) -> Generator[pytest.ExceptionInfo[RefusedError]]:
        """Assert that the last call of the block is of *operation*, and is refused with *code*."""
        with pytest.raises(RefusedError) as caught:
            yield caught
        assert self.called == operation
        error = caught.value
        assert (error.code, error.kind, error.status) == (code, code, status)


@contextmanager
def open_boto3(stage: Stage) -> Generator[Boto3]:
    """Yield boto3, calling over HTTP."""
    boto3: Any = importlib.import_module("boto3")
    config: Any = botocore("config").Config

    def client(**settings: bool) -> Any:
        return boto3.session.Session().client(
            "ecr",
            region_name=stage.region,
            endpoint_url=server.url,
            aws_access_key_id=stage.credentials.access_key_id,
            aws_secret_access_key=stage.credentials.secret_access_key,
            config=config(retries={"total_max_attempts": 1}, **settings),
        )

    with stage.serve() as server, ExitStack() as stack:
        clients = client(), client(parameter_validation=False)
        for one in clients:
            stack.callback(one.close)
        yield Boto3(*clients)


@contextmanager
def open_ours(stage: Stage, backend: str) -> Generator[Ours]:
    """Yield this client, calling within the process."""
    with start_blocking_portal(backend) as portal:
        client = stage.client(retry=RetryPolicy(max_attempts=1))
        try:
            yield Ours(client, portal)
        finally:
            portal.call(client.aclose)

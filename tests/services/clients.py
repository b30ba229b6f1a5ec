"""botocore's client and a generated one, neither of which reaches the network."""

from __future__ import annotations

import asyncio
import functools
import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import httpx

from codegen.naming import class_prefix
from ecrclient import Credentials, RetryPolicy
from tests.conformance.sameness import members_spelled, python_name
from tests.tools.botocore_calls import botocore

__all__ = ["KEY", "REGION", "SECRET", "Received", "Response", "Sent", "TwoClients"]

REGION = "eu-west-1"
KEY, SECRET, ACCOUNT = "AKID", "secret", "123456789012"
# Without this botocore calls an operation before the call, where the service asks for it.
_CONFIG = {
    "retries": {"total_max_attempts": 1},
    "endpoint_discovery_enabled": False,
    "parameter_validation": True,
    # With awscrt, botocore would prefer Signature Version 4A where a service has both.
    "auth_scheme_preference": "sigv4",
}


@dataclass(frozen=True)
class Sent:
    """A request as a client would send it; header names are in lower case."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """The response that both clients receive."""

    body: bytes
    status: int = 200

    @property
    def headers(self) -> dict[str, str]:
        """The headers."""
        return {"content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "a-request"}


@dataclass(frozen=True)
class Received:
    """What botocore returned: the values, and the exception's class if it raised one."""

    parsed: Mapping[str, Any]
    error: str | None = None


class TwoClients:
    """The two clients of one service.

    Args:
        service: botocore's name of the service.
        package: The generated package.
    """

    def __init__(self, service: str, package: ModuleType) -> None:
        self.package = package
        self._theirs = _botocore_client(service)
        self._theirs.meta.events.register_last("before-send", self._keep)
        self._methods = {name: m for m, name in self._theirs.meta.method_to_api_mapping.items()}
        self.model = self._theirs.meta.service_model
        self._transport = _Recorder()
        made = getattr(package, f"{class_prefix(self.model.metadata['serviceId'])}Client")
        self.ours = made(
            region=REGION,
            credentials=Credentials(KEY, SECRET, account_id=ACCOUNT),
            retry=RetryPolicy(max_attempts=1),
            transport=self._transport,
        )
        self._runner = asyncio.Runner()
        self._response = Response(b"{}")
        self._sent: list[Sent] = []

    def respond(self, response: Response) -> None:
        """Set the response to all following requests."""
        self._response = self._transport.response = response

    def call_botocore(self, name: str, given: Mapping[str, Any]) -> tuple[Sent, Received]:
        """Call an operation with botocore."""
        self._sent.clear()
        try:
            received = Received(getattr(self._theirs, self._methods[name])(**given))
        except botocore("exceptions").ClientError as error:
            received = Received(error.response, type(error).__name__)
        return self._sent[-1], received

    def call_ours(self, name: str, given: Mapping[str, Any], *, as_models: bool) -> Any:
        """Call the same operation with the generated client; errors are raised."""
        self._transport.sent = None
        method = getattr(self.ours, python_name(name, dir(self.ours)))
        shape, arguments = self.model.operation_model(name).input_shape, dict[str, Any]()
        if shape is not None:
            models = self.package.models
            request = getattr(models, f"{name}Request")
            arguments = members_spelled(given, shape, request, models, as_models=as_models)
        return self._runner.run(_awaited(functools.partial(method, **arguments)))

    @property
    def sent(self) -> Sent:
        """The request of the last call with the generated client."""
        assert self._transport.sent is not None, "nothing was sent"
        return self._transport.sent

    def _keep(self, request: Any, **_: object) -> Any:
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        self._sent.append(Sent(request.url, headers, body))
        response = self._response
        raw = _Raw(response.body)
        return botocore("awsrequest").AWSResponse(
            request.url, response.status, response.headers, raw
        )


class _Raw(io.BytesIO):
    """What botocore expects of urllib3's response."""

    def stream(self, **_: object) -> list[bytes]:
        return [self.read()]


class _Recorder(httpx.AsyncBaseTransport):
    """Keeps the last request and sends the response that is set."""

    def __init__(self) -> None:
        self.response = Response(b"{}")
        self.sent: Sent | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        self.sent = Sent(str(request.url), dict(request.headers.items()), body)
        response = self.response
        return httpx.Response(response.status, headers=response.headers, content=response.body)


async def _awaited(method: functools.partial[Any]) -> Any:
    return await method()


def _botocore_client(service: str) -> Any:
    session = botocore("session").Session()
    session.register_component("data_loader", _JsonLoader())
    return session.create_client(
        service,
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        aws_account_id=ACCOUNT,
        config=botocore("config").Config(**_CONFIG),
    )


class _JsonLoader:
    """botocore's loader, with AWS JSON as the only protocol of services that have several."""

    def __init__(self) -> None:
        self._loader = botocore("loaders").create_loader()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def load_service_model(self, service: str, kind: str, api_version: str | None = None) -> Any:
        loaded = self._loader.load_service_model(service, kind, api_version)
        if kind == "service-2":
            metadata = {**loaded["metadata"], "protocol": "json", "protocols": ["json"]}
            loaded = {**loaded, "metadata": metadata}
        return loaded

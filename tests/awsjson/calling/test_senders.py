"""A client whose endpoint depends on the call sends each call to its endpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecrclient import ConfigurationError, Credentials
from ecrclient._awsjson.calling import senders
from ecrclient._awsjson.client import BaseClient
from ecrclient._awsjson.protocol.operation import EndpointInputs, Operation, Service
from ecrclient._awsjson.protocol.shapes import Request, Response
from ecrclient._awsjson.settings.endpoint_rules import SignedURL
from tests.tools.records import changed
from tests.tools.scripted import KEY, Scripted, ok

pytestmark = pytest.mark.anyio

SERVICE = Service("Any", "any", "1.0", {}, "any", endpoint_varies=True)


class ReadResponse(Response, frozen=True):
    pass


class ReadRequest(Request[ReadResponse], frozen=True):
    place: str | None = None


def rules(
    *, place: str = "here", region: str, endpoint: str | None, **settings: Any
) -> str | SignedURL:
    if endpoint is not None:
        return endpoint
    if place == "nowhere":
        raise ConfigurationError("no such place")
    if place == "elsewhere":
        return SignedURL("https://elsewhere.example", "us-west-2", "other")
    account = settings.get("account_id")
    mode = settings.get("account_id_endpoint_mode")
    return f"https://{account}.{mode}.example" if mode else f"https://{place}.{region}.example"


class AnyClient(BaseClient):
    """A client of the service, with the one operation that a test needs."""

    _resolve_endpoint = staticmethod(rules)


def make(
    inputs: EndpointInputs | None = None, *, service: Service = SERVICE, **arguments: Any
) -> AnyClient:
    operation = Operation[ReadResponse]("Read", "read", "Any.Read", service, endpoint=inputs)
    operation.__dict__.update(request=ReadRequest, response=ReadResponse)
    members = {"_service": service, "_operations": {"ReadRequest": operation}}
    settings: dict[str, Any] = {"region": "eu-west-1", "credentials": KEY, **arguments}
    made: AnyClient = type("Made", (AnyClient,), members)(**settings)
    return made


PLACE = EndpointInputs(members={"place": ("place",)})


async def test_each_call_goes_to_its_endpoint_and_is_signed_for_it() -> None:
    transport = Scripted(ok(), ok(), ok())
    client = make(PLACE, transport=transport)
    for place in (None, "there", "elsewhere"):
        await client.invoke(ReadRequest(place=place))
    hosts = [request.headers["host"] for request in transport.requests]
    assert hosts == ["here.eu-west-1.example", "there.eu-west-1.example", "elsewhere.example"]
    assert [str(request.url.host) for request in transport.requests] == hosts
    scopes = [_scope(request.headers["authorization"]) for request in transport.requests]
    assert scopes == ["eu-west-1/any", "eu-west-1/any", "us-west-2/other"]


def _scope(authorization: str) -> str:
    return "/".join(authorization.split(",", maxsplit=1)[0].split("/")[2:4])


async def test_an_operation_can_have_a_constant_parameter_and_a_host_prefix() -> None:
    transport = Scripted(ok())
    inputs = EndpointInputs(static={"place": "there"}, host_prefix="data-")
    await make(inputs, transport=transport).invoke(ReadRequest())
    assert transport.requests[0].headers["host"] == "data-there.eu-west-1.example"


async def test_a_configured_endpoint_has_no_host_prefix() -> None:
    transport = Scripted(ok())
    client = make(
        EndpointInputs(host_prefix="data-"), transport=transport, endpoint_url="http://localhost:1"
    )
    await client.invoke(ReadRequest())
    assert transport.requests[0].headers["host"] == "localhost:1"


async def test_a_call_without_an_endpoint_sends_nothing() -> None:
    transport = Scripted()
    with pytest.raises(ConfigurationError, match="no such place"):
        await make(PLACE, transport=transport).invoke(ReadRequest(place="nowhere"))
    assert transport.requests == []


@pytest.mark.parametrize("account", ["123456789012", None])
@pytest.mark.parametrize("mode", [None, "Disabled", "required"])
async def test_the_account_of_the_credentials_is_a_parameter(
    account: str | None, mode: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if mode is not None:
        monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", mode)
    transport = Scripted(ok())
    service = changed(SERVICE, uses_account_id=True)
    credentials = replace(KEY, account_id=account)
    client = make(service=service, transport=transport, credentials=credentials)
    await client.invoke(ReadRequest())
    host = f"{account}.{(mode or 'preferred').lower()}.example".lower()
    assert transport.requests[0].headers["host"] == host


async def test_every_endpoint_has_a_transport_and_all_are_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: dict[str, Scripted] = {}

    def default_transport(url: str, *_: object, **__: object) -> Scripted:
        made[url] = Scripted(ok(), ok())
        return made[url]

    monkeypatch.setattr(senders, "default_transport", default_transport)
    async with make(PLACE) as client:
        for place in ("here", "there", "here"):
            await client.invoke(ReadRequest(place=place))
    counts = {url: (len(each.requests), each.closed) for url, each in made.items()}
    assert counts == {
        "https://here.eu-west-1.example": (2, 1),
        "https://there.eu-west-1.example": (1, 1),
    }


async def test_a_transport_of_the_caller_is_shared_and_stays_open() -> None:
    transport = Scripted(ok(), ok())
    async with make(PLACE, transport=transport) as client:
        await client.invoke(ReadRequest(place="here"))
        await client.invoke(ReadRequest(place="there"))
    assert (len(transport.requests), transport.closed) == (2, 0)


def test_an_account_must_fit_into_a_header() -> None:
    with pytest.raises(Exception, match="account_id contains characters"):
        Credentials("AKID", "secret", account_id="1\n2")

"""Which sender a client uses."""

from __future__ import annotations

from typing import Any, cast

import httpx
import pytest

from ecrclient import Middleware, PooledTransport
from ecrclient._awsjson.attempts.signing import Signer
from ecrclient._awsjson.calling.byte_sender import ByteSender
from ecrclient._awsjson.calling.sending import Sender, make_sender
from ecrclient._awsjson.over_httpx.pooled_transport import ByteTransportAdapter
from ecrclient._awsjson.over_httpx.sender import HttpxSender
from ecrclient._awsjson.settings.endpoints import Endpoint
from ecrclient._awsjson.transport.byte_transport import ByteTransport
from ecrclient._awsjson.transport.origin import Origin
from tests.middleware import pass_on

ENDPOINT = Endpoint("https://ecr.example", "ecr.example", "eu-west-1")
SIGNER = Signer("eu-west-1", "ecr")


class Subclass(PooledTransport):
    """May change requests."""


def parts(
    transport: ByteTransport | httpx.AsyncBaseTransport, *middleware: Middleware
) -> tuple[Sender, Any]:
    """The sender, and its attributes."""
    sender = make_sender(ENDPOINT, None, SIGNER, transport, middleware)
    assert cast(Any, sender)._signer is SIGNER
    return sender, cast(Any, sender)


def test_bytes_are_sent_as_bytes() -> None:
    transport = ByteTransport(max_connections=1)
    sender, attributes = parts(transport)
    assert isinstance(sender, ByteSender)
    assert attributes._transport is transport
    assert attributes._origin == Origin("https", "ecr.example", None)


def test_the_pool_of_an_httpx_transport_is_used_directly() -> None:
    transport = PooledTransport()
    sender, attributes = parts(transport)
    assert isinstance(sender, ByteSender)
    assert attributes._transport is transport.byte_transport


@pytest.mark.parametrize(
    "transport", [httpx.MockTransport(lambda _: httpx.Response(200)), Subclass()]
)
def test_other_transports_get_httpx_objects(transport: httpx.AsyncBaseTransport) -> None:
    sender, attributes = parts(transport)
    assert isinstance(sender, HttpxSender)
    assert attributes._transport is transport
    assert attributes._middleware == ()
    assert attributes._url == "https://ecr.example/"


def test_middleware_gets_httpx_objects() -> None:
    transport = ByteTransport(max_connections=1)
    sender, attributes = parts(transport, pass_on)
    assert isinstance(sender, HttpxSender)
    assert attributes._middleware == (pass_on,)
    assert isinstance(attributes._transport, ByteTransportAdapter)
    assert cast(Any, attributes._transport)._byte_transport is transport
    pooled = PooledTransport()
    sender, attributes = parts(pooled, pass_on)
    assert isinstance(sender, HttpxSender)
    assert attributes._transport is pooled

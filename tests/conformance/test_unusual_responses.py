"""Responses that are unusual, and those that botocore is known to read differently."""

from __future__ import annotations

import pytest

from ecrclient import ResponseDecodeError
from tests.conformance.clients import Clients
from tests.conformance.loopback import Response
from tests.conformance.sameness import assert_same_value
from tests.conformance.tally import Reference
from tests.conformance.test_calls import clients

__all__ = ["clients"]

UNUSUAL = Reference("botocore's ECR client: unusual responses")
GIVEN = {"repositoryName": "team/app"}


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize(
    "created",
    [
        b"0",
        b"-1",
        b"1448817724",
        b"1448817724.0",
        b"1.448817724E9",
        b"1.448817724999E9",
        b"29379542400",
        b"32503680000.123",
        b"253402300799",
        b'"2015-11-29T17:22:04Z"',
        b'"2015-11-29T19:22:04.5+02:00"',
    ],
)
def test_every_spelling_of_a_timestamp_is_read(
    clients: Clients, created: bytes, backend: str
) -> None:
    clients.server.response = Response(b'{"repository": {"createdAt": %s}}' % created)
    with UNUSUAL.case():
        theirs = clients.call_botocore("CreateRepository", GIVEN)
        clients.server.take()
        ours = clients.call_ours(backend, "CreateRepository", GIVEN)
        clients.server.take()
        shape = clients.operation("CreateRepository").output_shape
        assert_same_value(ours, theirs.parsed, shape)


def test_a_null_in_a_list_is_omitted(clients: Clients) -> None:
    clients.server.response = Response(b'{"imageIds": [null, {"imageTag": "v1"}, null]}')
    theirs = clients.call_botocore("ListImages", GIVEN).parsed
    clients.server.take()

    with UNUSUAL.differs("a null in a list is omitted, as Smithy requires; botocore returns None"):
        ours = clients.call_ours("asyncio", "ListImages", GIVEN)
        assert theirs["imageIds"] == [None, {"imageTag": "v1"}, None]
        assert [image.image_tag for image in ours.image_ids] == ["v1"]
    clients.server.take()


def test_half_of_a_surrogate_pair_is_refused(clients: Clients) -> None:
    clients.server.response = Response(b'{"nextToken": "\\ud800"}')
    theirs = clients.call_botocore("ListImages", GIVEN).parsed
    clients.server.take()

    with UNUSUAL.differs(
        "half of a surrogate pair, which is not text, is refused; botocore accepts it"
    ):
        assert theirs["nextToken"] == "\ud800"
        with pytest.raises(ResponseDecodeError):
            clients.call_ours("asyncio", "ListImages", GIVEN)
    clients.server.take()

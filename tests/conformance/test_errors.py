"""Modelled errors, and responses that are not JSON errors, are read as botocore reads them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecrclient import errors
from tests.conformance.clients import Clients
from tests.conformance.effort import examples
from tests.conformance.loopback import Response
from tests.conformance.tally import Reference
from tests.conformance.test_calls import DIFFERENTIAL, clients

__all__ = ["clients"]

ODD = Reference("botocore's ECR client: responses that are not JSON errors")
GIVEN = {"repositoryName": "team/app"}


@pytest.mark.parametrize("name", ["ListImages", "CreateRepository", "GetDownloadUrlForLayer"])
@examples(quick=25, full=500)
@given(data=st.data())
def test_an_error_is_read_as_botocore_reads_it(
    clients: Clients, name: str, data: st.DataObject
) -> None:
    given = GIVEN | ({"layerDigest": "sha256:0a"} if name.startswith("Get") else {})
    DIFFERENTIAL.error(clients, name, given, data)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("code", sorted(errors.ERRORS))
def test_each_modelled_error_has_botocores_class(clients: Clients, code: str, backend: str) -> None:
    clients.server.response = Response(b'{"__type": "%s"}' % code.encode(), 400)
    theirs = clients.call_botocore("ListImages", GIVEN)
    clients.server.take()

    ours = clients.refuse_ours(backend, "ListImages", GIVEN)

    clients.server.take()
    assert code in {shape.error_code for shape in clients.service.error_shapes}
    assert type(ours).__name__ == theirs.error
    assert type(ours) is errors.ERRORS[code]


def test_botocore_models_no_other_error(clients: Clients) -> None:
    assert {shape.error_code for shape in clients.service.error_shapes} == errors.ERRORS.keys()


HTML = b"<html><body><b>Http/1.1 Service Unavailable</b></body></html>"


@pytest.mark.parametrize("status", [400, 404, 413, 500, 502, 503])
@pytest.mark.parametrize("body", [b"", b"{}", HTML, b"upstream connect error"])
def test_a_response_without_a_code_has_its_status_as_the_code(
    clients: Clients, status: int, body: bytes
) -> None:
    clients.server.response = Response(body, status)
    theirs = clients.call_botocore("ListImages", GIVEN).parsed
    clients.server.take()

    ours = clients.refuse_ours("asyncio", "ListImages", GIVEN)

    clients.server.take()
    expected: Any = theirs["Error"]
    if expected["Message"]:
        with ODD.differs("an HTML page or an HTTP reason phrase is not the service's message"):
            assert (ours.code, ours.message) == (expected["Code"], "")
    else:
        with ODD.case():
            assert (ours.code, ours.message) == (expected["Code"], "")


@pytest.mark.parametrize("message", [b"null", b'""'])
def test_the_message_that_is_not_empty_is_used(clients: Clients, message: bytes) -> None:
    body = b'{"__type": "ServerException", "message": %s, "Message": "why"}' % message
    clients.server.response = Response(body, 500)
    theirs = clients.call_botocore("ListImages", GIVEN).parsed
    clients.server.take()

    with ODD.differs("of message and Message, the first that is not empty is used, not the first"):
        ours = clients.refuse_ours("asyncio", "ListImages", GIVEN)
        assert not theirs["Error"]["Message"]
        assert ours.message == "why"
    clients.server.take()


@pytest.mark.parametrize("headers", [{}, {"x-amzn-errortype": "RepositoryNotFoundException"}])
def test_an_error_in_the_body_of_a_success_is_an_error(
    clients: Clients, headers: dict[str, str]
) -> None:
    clients.server.response = Response(b'{"__type": "RepositoryNotFoundException"}', 200, headers)
    theirs = clients.call_botocore("ListImages", GIVEN)
    clients.server.take()

    with ODD.differs("an error that comes with status 200 is raised; botocore returns it"):
        ours = clients.refuse_ours("asyncio", "ListImages", GIVEN)
        assert theirs.error is None
        assert type(ours) is errors.RepositoryNotFoundException
    clients.server.take()

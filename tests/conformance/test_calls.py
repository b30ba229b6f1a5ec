"""Every operation, both ways: what botocore sends is sent, what botocore reads is read."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ecrclient
from tests.conformance.clients import Clients, open_clients
from tests.conformance.differential import Differential
from tests.conformance.effort import examples
from tests.unit._botocore import service_model
from tests.wire.record import TEXTS

OPERATIONS = sorted(service_model()["operations"])
DIFFERENTIAL = Differential("botocore's ECR client", TEXTS)


@pytest.fixture(scope="module")
def clients() -> Generator[Clients]:
    with open_clients("ecr", ecrclient, "ECRClient", ["asyncio", "trio"]) as opened:
        yield opened


@pytest.mark.parametrize("name", OPERATIONS)
@examples(quick=3, full=60)
@given(data=st.data())
def test_a_call_is_botocores(clients: Clients, name: str, data: st.DataObject) -> None:
    DIFFERENTIAL.call(clients, name, data)

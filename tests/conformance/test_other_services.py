"""Clients that the generator makes for two other services: JSON 1.1 and JSON 1.0."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.clients import Clients, open_clients
from tests.conformance.differential import Differential
from tests.conformance.effort import FULL, examples
from tests.conformance.generated import build_package, lap_text, service_data
from tests.conformance.tally import Reference
from tests.conformance.type_checks import CHECKERS, type_problems

SERVICES = {"kms": "KMSClient", "swf": "SWFClient"}
VERSIONS = {"kms": "1.1", "swf": "1.0"}
DIFFERENTIALS = {name: Differential(f"botocore's {name} client", {}) for name in SERVICES}
TYPES = Reference("mypy and pyright, strict, on generated packages")
CALLS = [
    pytest.param(service, name, id=f"{service}-{name}")
    for service in SERVICES
    for name in sorted(service_data(service)["operations"])
]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("services")


@pytest.fixture(scope="module")
def clients(work: Path) -> Generator[dict[str, Clients]]:
    with ExitStack() as stack:
        opened: dict[str, Clients] = {}
        for service, client in SERVICES.items():
            folder = work / service
            folder.mkdir()
            spec = lap_text(service_data(service), folder)
            package = build_package(service, spec, folder)
            backends = ["asyncio", "trio"] if FULL else ["asyncio"]
            opened[service] = stack.enter_context(open_clients(service, package, client, backends))
        yield opened


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_generated(clients: dict[str, Clients], service: str) -> None:
    operations = clients[service].package.operations.OPERATIONS.values()
    assert {found.name for found in operations} == set(service_data(service)["operations"])
    assert {found.service.json_version for found in operations} == {VERSIONS[service]}


@pytest.mark.parametrize(("service", "name"), CALLS)
@examples(quick=3, full=25)
@given(data=st.data())
def test_a_call_matches_botocores(
    clients: dict[str, Clients], service: str, name: str, data: st.DataObject
) -> None:
    DIFFERENTIALS[service].call(clients[service], name, data)


@pytest.mark.parametrize("service", SERVICES)
@examples(quick=10, full=300)
@given(data=st.data())
def test_an_error_is_read_as_botocore_reads_it(
    clients: dict[str, Clients], service: str, data: st.DataObject
) -> None:
    operation, given = {
        "kms": ("ListAliases", {}),
        "swf": ("ListDomains", {"registrationStatus": "REGISTERED"}),
    }[service]
    DIFFERENTIALS[service].error(clients[service], operation, given, data)


@pytest.mark.skipif(not FULL, reason="takes a minute: nox -s conformance")
@pytest.mark.usefixtures("clients")
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("checker", CHECKERS)
def test_a_generated_package_is_typed(work: Path, service: str, checker: str) -> None:
    with TYPES.case():
        assert type_problems(checker, work / service, [f"generated_{service}"]) == []

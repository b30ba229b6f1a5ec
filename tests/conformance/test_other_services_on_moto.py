"""The generated clients of two other services, called against moto's server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ecrclient import CallOptions, Credentials, RetryPolicy
from tests.conformance.effort import FULL
from tests.conformance.generated import build_package, lap_text, service_data
from tests.conformance.tally import Reference
from tests.scenarios.conftest import moto_url

__all__ = ["moto_url"]

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not FULL, reason="builds packages and starts moto's server"),
]

MOTO = {service: Reference(f"moto's server: {service.upper()}") for service in ("kms", "swf")}
SETTINGS = {
    "region": "us-east-1",
    "credentials": Credentials("AKIAMOTO", "moto"),
    "options": CallOptions(timeout=30, retry=RetryPolicy(max_attempts=1)),
}


def package_of(service: str, folder: Path) -> ModuleType:
    return build_package(service, lap_text(service_data(service), folder), folder)


@pytest.fixture(scope="module")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return package_of("kms", tmp_path_factory.mktemp("kms"))


@pytest.fixture(scope="module")
def swf(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return package_of("swf", tmp_path_factory.mktemp("swf"))


@pytest.fixture
async def keys(kms: Any, moto_url: str) -> AsyncIterator[Any]:
    async with kms.KMSClient(endpoint_url=moto_url, **SETTINGS) as client:
        yield client


@pytest.fixture
async def workflows(swf: Any, moto_url: str) -> AsyncIterator[Any]:
    async with swf.SWFClient(endpoint_url=moto_url, **SETTINGS) as client:
        yield client


async def test_a_key_decrypts_what_it_encrypted(kms: Any, keys: Any) -> None:
    text, context = b"\x00\xffa secret", {"purpose": "a test"}
    with MOTO["kms"].case():
        made = await keys.create_key(description="a key", tags=[{"tag_key": "a", "tag_value": "b"}])
        key = made.key_metadata.key_id
        sealed = await keys.encrypt(key_id=key, plaintext=text, encryption_context=context)
        opened = await keys.decrypt(
            ciphertext_blob=sealed.ciphertext_blob, encryption_context=context
        )
        assert opened.plaintext == text
    with MOTO["kms"].case(), pytest.raises(kms.errors.InvalidCiphertextException):
        await keys.decrypt(ciphertext_blob=sealed.ciphertext_blob, encryption_context={})
    with MOTO["kms"].case():
        listed = await keys.list_resource_tags(key_id=key)
        assert [(tag.tag_key, tag.tag_value) for tag in listed.tags] == [("a", "b")]


async def test_keys_are_found_by_alias(kms: Any, keys: Any, anyio_backend_name: str) -> None:
    name = f"alias/{anyio_backend_name}"
    with MOTO["kms"].case():
        key = (await keys.create_key()).key_metadata
        await keys.create_alias(alias_name=name, target_key_id=key.key_id)
        (alias,) = await keys.list_aliases(key_id=key.key_id).collect()
        assert alias.alias_name == name
        assert (await keys.describe_key(key_id=name)).key_metadata == key
    with MOTO["kms"].case(), pytest.raises(kms.errors.NotFoundException) as refused:
        await keys.describe_key(key_id="alias/of-nothing")
    assert refused.value.status == 400


async def test_a_workflow_runs_to_completion(
    swf: Any, workflows: Any, anyio_backend_name: str
) -> None:
    domain, reference = anyio_backend_name, MOTO["swf"]
    days = {"workflow_execution_retention_period_in_days": "1"}
    with reference.case():
        await workflows.register_domain(name=domain, **days)
        found = await workflows.list_domains(registration_status="REGISTERED").collect()
        assert domain in {info.name for info in found}
    with reference.case(), pytest.raises(swf.errors.DomainAlreadyExistsFault):
        await workflows.register_domain(name=domain, **days)
    with reference.case(), pytest.raises(swf.errors.UnknownResourceFault):
        await workflows.describe_domain(name="none")
    with reference.case():
        await workflows.register_workflow_type(
            domain=domain,
            name="build",
            version="1",
            default_task_list={"name": "builds"},
            default_child_policy="TERMINATE",
            default_task_start_to_close_timeout="30",
            default_execution_start_to_close_timeout="60",
        )
        started = await workflows.start_workflow_execution(
            domain=domain,
            workflow_id="one",
            workflow_type=swf.models.WorkflowType(name="build", version="1"),
        )
        task = await workflows.poll_for_decision_task(domain=domain, task_list={"name": "builds"})
        assert task.workflow_execution.run_id == started.run_id
        done = {
            "decision_type": "CompleteWorkflowExecution",
            "complete_workflow_execution_decision_attributes": {"result": "done"},
        }
        await workflows.respond_decision_task_completed(
            task_token=task.task_token, decisions=[done]
        )
    execution = {"workflow_id": "one", "run_id": started.run_id}
    with reference.case():
        described = await workflows.describe_workflow_execution(domain=domain, execution=execution)
        assert described.execution_info.close_status == "COMPLETED"
    with reference.case():
        events = workflows.get_workflow_execution_history(domain=domain, execution=execution)
        assert [event.event_type async for event in events] == [
            "WorkflowExecutionStarted",
            "DecisionTaskScheduled",
            "DecisionTaskStarted",
            "DecisionTaskCompleted",
            "WorkflowExecutionCompleted",
        ]

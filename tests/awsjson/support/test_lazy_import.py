"""The models of an operation are imported at its first call."""

from __future__ import annotations

import pickle
import subprocess
import sys
from types import ModuleType

import pytest

import ecrclient
from ecrclient import models
from ecrclient.operations import OPERATIONS

FIRST_CALL = """
import sys
import anyio
import httpx
from ecrclient import Credentials, ECRClient

def loaded():
    return [name for name in sorted(sys.modules) if name.startswith("ecrclient.models.")]

async def main():
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={}))
    credentials = Credentials("AKID", "secret")
    async with ECRClient(region="eu-west-1", credentials=credentials, transport=transport) as ecr:
        print(loaded())
        await ecr.get_authorization_token()
        print(loaded())

anyio.run(main)
"""
WARM = """
import sys
import ecrclient
ecrclient.warm_up("list_images", "get_authorization_token")
print([name for name in sorted(sys.modules) if name.startswith("ecrclient.models.")])
from ecrclient.models import ListImagesRequest, DescribeImagesRequest
print(ListImagesRequest.__pydantic_complete__, DescribeImagesRequest.__pydantic_complete__)
"""


def run(code: str) -> list[str]:
    """Run code in a new process; return the lines that it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_first_call_of_an_operation_imports_its_models() -> None:
    before, after = run(FIRST_CALL)
    assert before == "[]"
    assert after == "['ecrclient.models.get_authorization_token', 'ecrclient.models.scalars']"


def test_annotations_can_be_evaluated_though_httpx_is_not_imported() -> None:
    code = """
import sys, typing, ecrclient
print("httpx" in sys.modules)
print(typing.get_type_hints(ecrclient.ECRClient.__init__)["transport"])
"""
    assert run(code) == ["False", "httpx.AsyncBaseTransport | None"]


def test_warm_up_builds_the_named_models() -> None:
    loaded, built = run(WARM)
    assert "ecrclient.models.list_images" in loaded
    assert "describe_images" not in loaded
    assert built == "True False"


def test_warm_up_builds_everything() -> None:
    ecrclient.warm_up()
    for operation in OPERATIONS.values():
        assert operation.request.__pydantic_complete__
        assert operation.response.__pydantic_complete__


def test_warm_up_refuses_unknown_methods() -> None:
    with pytest.raises(ValueError, match="no such method: push"):
        ecrclient.warm_up("list_images", "push")


@pytest.mark.parametrize("package", [ecrclient, models])
def test_every_public_name_can_be_imported(package: ModuleType) -> None:
    names: list[str] = vars(package)["__all__"]
    assert {*names} <= {*dir(package)}
    assert all(hasattr(package, name) for name in names)


@pytest.mark.parametrize("package", [ecrclient, models])
def test_other_names_raise_attribute_error(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = package.Nonsense


def test_pickles_of_models_name_their_module() -> None:
    tag = models.Tag(key="a", value="b")
    assert pickle.loads(pickle.dumps(tag)) == tag
    assert type(tag).__module__ == "ecrclient.models.tag"


def test_an_operation_knows_its_models() -> None:
    for name, operation in OPERATIONS.items():
        assert operation.request is getattr(models, name)
        assert operation.response is getattr(models, f"{operation.name}Response")

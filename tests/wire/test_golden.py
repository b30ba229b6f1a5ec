"""Each operation sends the same request as botocore, member for member.

The files in ``golden`` are recorded from botocore; see :mod:`tests.wire.record`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any, cast

import pytest

from ecrclient.operations import OPERATIONS
from tests.tools.scripted import MakeClient, Scripted, ok
from tests.wire.record import GOLDEN, record

GOLDENS: dict[str, Any] = {
    path.stem: json.loads(path.read_bytes()) for path in sorted(GOLDEN.glob("*.json"))
}


CASES = [
    pytest.param(case["call"], case["request"], id=f"{name}-{case['case']}")
    for name, golden in GOLDENS.items()
    for case in golden["cases"]
]


def from_json(value: Any) -> Any:
    """Decode the arguments, the reverse of ``as_keywords``."""
    if isinstance(value, list):
        return [from_json(item) for item in cast("Sequence[Any]", value)]
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Any]", value)
    if members.keys() == {"$bytes"}:
        return base64.b64decode(members["$bytes"])
    return {name: from_json(member) for name, member in members.items()}


@pytest.mark.anyio
@pytest.mark.parametrize(("call", "expected"), CASES)
async def test_the_client_sends_what_botocore_sends(
    client: MakeClient, call: dict[str, Any], expected: dict[str, Any]
) -> None:
    script = Scripted(ok())
    ecr = client(script, use_fips=False, use_dualstack=False)
    await getattr(ecr, call["method"])(**from_json(call["kwargs"]))

    (request,) = script.requests
    assert {
        "method": request.method,
        "path": request.url.raw_path.decode("ascii"),
        "headers": {name: request.headers[name] for name in expected["headers"]},
        "body": json.loads(request.content),
    } == expected


def test_each_operation_has_a_golden_file_and_no_other_exists() -> None:
    names = {operation.name for operation in OPERATIONS.values()}
    assert GOLDENS.keys() == names
    assert len(names) == 62


@pytest.mark.generator
def test_the_golden_files_are_as_recorded() -> None:
    """They were not edited, and botocore still sends the same requests."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in GOLDEN.glob("*.json")}
    assert found == dict(record())

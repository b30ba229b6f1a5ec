"""A small service, written by hand, with what the project's own service does not have."""

from __future__ import annotations

import gzip
import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from codegen.__main__ import main
from tests.tools.scripted import KEY, NO_WAIT, Scripted

__all__ = ["MODEL", "PAGINATORS", "SPEC", "WAITERS", "build", "client", "paged", "polled"]

SPEC = """\
@lap v0.3
@api Widgets
@version 2026-01-01
@auth AWS SigV4
@endpoints 1

@endpoint POST /
@desc Starts a job.
@required {name: str, clientToken: str}
@returns(200) {jobId: str?}

@end
"""


def members(**shapes: str) -> dict[str, Any]:
    return {name: {"shape": shape} for name, shape in shapes.items()}


def structure(required: tuple[str, ...] = (), **shapes: str) -> dict[str, Any]:
    return {"type": "structure", "members": members(**shapes), "required": list(required)}


def paged(result: str, token: str = "Text", **more: str) -> dict[str, Any]:
    """The shapes of an operation that pages."""
    return {
        "input": structure(NextToken=token, MaxResults="Count"),
        "output": structure((), NextToken=token, Result=result, **more),
    }


def polled(**shapes: str) -> dict[str, Any]:
    return {"input": structure(), "output": structure((), **shapes)}


_TOKEN = {"shape": "Text", "idempotencyToken": True}

OPERATIONS: dict[str, dict[str, Any]] = {
    "StartJob": {
        "input": {
            "type": "structure",
            "required": ["name", "clientToken"],
            "members": {**members(name="Text", count="Share"), "clientToken": _TOKEN},
        },
        "output": structure(jobId="Text"),
        "errors": [{"shape": "Refused"}, {"shape": "Gone"}],
    },
    "GetVersion": {
        "input": structure(),
        "output": structure(version="Text"),
        "authtype": "none",
        "auth": ["smithy.api#noAuth"],
    },
    "PutItem": {
        "input": structure(("Item",), Item="Attributes", Other="AttributeValue"),
        "output": structure(Old="Attributes"),
    },
    "DescribeJob": {
        **polled(Job="Job", Steps="Steps", Tags="Attributes"),
        "errors": [{"shape": "Gone"}],
    },
    "ListNames": paged("Names"),
    "ListMapped": paged("Attributes"),
    "GetReport": paged("Job"),
    "ListKinds": paged("Steps", Others="Steps", Names="Names"),
    "ListParallel": paged("Names", Others="Names"),
    "CountAll": paged("Count"),
    "Scan": paged("Steps", "Attributes"),
    "ReadStream": {
        "input": structure(Start="Text"),
        "output": structure(Stream="Stream"),
    },
    "Watch": {"input": structure(), "output": structure(events="Events")},
    "Upload": {"input": structure(body="Body"), "output": structure()},
    "Discover": {**polled(), "endpointdiscovery": {"required": True}},
    "AskBearer": {**polled(), "auth": ["smithy.api#httpBearerAuth"]},
    "AskEither": {**polled(), "auth": ["aws.auth#sigv4a", "aws.auth#sigv4"]},
    "WatchEach": paged("Names"),
}

SHAPES: dict[str, Any] = {
    "Text": {"type": "string"},
    "Count": {"type": "integer"},
    "Flag": {"type": "boolean"},
    "Time": {"type": "timestamp"},
    "Share": {"type": "double", "min": 0.0, "max": 0.5},
    "arn": {"type": "string", "min": 1},
    "mode": {"type": "string", "enum": ["fast", "slow"]},
    "Body": {"type": "blob", "streaming": True},
    "Names": {"type": "list", "member": {"shape": "Text"}},
    "Steps": {"type": "list", "member": {"shape": "Step"}},
    "Step": structure(status="Text", arn="arn", ACLs="Names", mode="mode"),
    "Job": structure(status="Text", steps="Steps"),
    "Stream": structure(Steps="Steps", HasMore="Flag"),
    # Names that generated code imports.
    "Mapping": structure(arn="arn"),
    "Limits": {
        "type": "structure",
        "members": {**members(mapping="Mapping", arn="arn"), "token": _TOKEN},
    },
    "Attributes": {
        "type": "map",
        "key": {"shape": "Text"},
        "value": {"shape": "AttributeValue"},
    },
    "AttributeValue": {
        "type": "structure",
        "union": True,
        "members": members(S="Text", N="Count", L="AttributeList", M="Attributes", X="Limits"),
    },
    "AttributeList": {"type": "list", "member": {"shape": "AttributeValue"}},
    "Events": {"type": "structure", "eventstream": True, "members": members(event="Event")},
    "Event": {"type": "structure", "event": True, "members": {}},
    "Refused": {
        **structure(
            message="Text", code="Count", status="Text", retryable="Flag", since="Time", step="Step"
        ),
        "exception": True,
    },
    "Gone": {**structure(message="Text"), "exception": True},
}

_PAGE = {"input_token": "NextToken", "output_token": "NextToken", "limit_key": "MaxResults"}
PAGINATORS: dict[str, Any] = {
    **{
        name: {**_PAGE, "result_key": "Result"}
        for name in ("ListMapped", "GetReport", "CountAll", "Scan")
    },
    "ListKinds": {**_PAGE, "result_key": ["Result", "Others", "NextToken"]},
    "ListParallel": {**_PAGE, "result_key": ["Result", "Others"]},
    "ReadStream": {
        "input_token": "Start",
        "output_token": "Stream.Steps[-1].status",
        "more_results": "Stream.HasMore",
        "result_key": "Stream.Steps",
    },
    "WatchEach": {**_PAGE, "input_token": ["NextToken", "MaxResults"], "result_key": "Result"},
    "Watch": {**_PAGE, "result_key": "events"},
}


def acceptor(state: str, matcher: str, expected: object, argument: str = "") -> dict[str, Any]:
    found = {"state": state, "matcher": matcher, "expected": expected}
    return {**found, "argument": argument} if argument else found


def waiter(*acceptors: dict[str, Any], delay: int = 5) -> dict[str, Any]:
    return {
        "operation": "DescribeJob",
        "delay": delay,
        "maxAttempts": 40,
        "acceptors": list(acceptors),
    }


_ENDED = "length(Steps[?status == 'DONE' && arn]) == `2`"
WAITERS: dict[str, Any] = {
    "JobGone": waiter(
        acceptor("success", "error", "Gone"),
        acceptor("failure", "path", "STUCK", "Job.status"),
        delay=60,
    ),
    "JobIdle": waiter(
        acceptor("success", "error", "Gone"),
        acceptor("success", "path", "IDLE", "Job.status"),
        acceptor("retry", "status", 404),
    ),
    "JobThere": waiter(
        acceptor("success", "error", expected=False),
        acceptor("retry", "error", "Gone"),
        delay=120,
    ),
    "StepsDone": waiter(
        acceptor("success", "pathAll", "DONE", "Steps[].status"),
        acceptor("failure", "pathAny", "FAILED", "Steps[].status"),
        acceptor("failure", "pathAny", "LOST", "Steps[].status"),
    ),
    "TwoStepsEnded": waiter(acceptor("success", "path", expected=True, argument=_ENDED)),
    "Anything": waiter(
        acceptor("success", "status", 200), acceptor("failure", "error", expected=True)
    ),
    "EventSeen": {**waiter(acceptor("success", "status", 200)), "operation": "Watch"},
}


def model() -> dict[str, Any]:
    operations: dict[str, Any] = {}
    shapes = dict(SHAPES)
    for name, raw in OPERATIONS.items():
        shapes |= {f"{name}Input": raw["input"], f"{name}Output": raw["output"]}
        operations[name] = {
            **raw,
            "name": name,
            "input": {"shape": f"{name}Input"},
            "output": {"shape": f"{name}Output"},
        }
    metadata = {
        "apiVersion": "2026-01-01",
        "endpointPrefix": "widgets",
        "jsonVersion": "1.1",
        "protocol": "json",
        "serviceFullName": "Widgets",
        "serviceId": "Widgets",
        "signatureVersion": "v4",
        "targetPrefix": "Widgets",
    }
    return {"metadata": metadata, "operations": operations, "shapes": shapes}


MODEL = model()


def build(folder: Path, package: str) -> ModuleType:
    """Run the generator over the service, and import the package that it makes.

    Args:
        folder: The folder for all files.
        package: The name of the package, which no other test uses.
    """
    data = folder / "data/widgets/2026-01-01"
    data.mkdir(parents=True)
    rules = (
        importlib.import_module("botocore.loaders")
        .Loader()
        .load_service_model("ecr", "endpoint-rule-set-1")
    )
    for name, content in (
        ("service-2", MODEL),
        ("endpoint-rule-set-1", rules),
        ("paginators-1", {"pagination": PAGINATORS}),
        ("waiters-2", {"waiters": WAITERS}),
    ):
        packed = gzip.compress(json.dumps(content).encode())
        (data / f"{name}.json.gz").write_bytes(packed)
    (folder / "spec.lap").write_text(SPEC, encoding="utf-8")
    options = {
        "--spec": folder / "spec.lap",
        "--service": "widgets",
        "--data": folder / "data",
        "--out": folder / package,
        "--report": folder / "report.md",
    }
    arguments = [str(part) for option in options.items() for part in option]
    assert main(["build", *arguments]) == 0
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(package)
    finally:
        sys.path.remove(str(folder))


def client(package: ModuleType, transport: Scripted, **arguments: Any) -> Any:
    given: dict[str, Any] = {"region": "eu-west-1", "credentials": KEY, "retry": NO_WAIT}
    return package.WidgetsClient(transport=transport, **given, **arguments)

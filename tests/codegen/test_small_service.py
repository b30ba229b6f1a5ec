"""Tokens, unsigned operations, unions, paginators and error members of a generated client."""

from __future__ import annotations

import inspect
import uuid
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from codegen.aws_model import load
from codegen.capabilities import left_out
from ecrclient import (
    CredentialsError,
    CredentialsProvider,
    PaginationError,
    RequestValidationError,
    ServiceError,
)
from tests.codegen.small_service import build, client
from tests.conformance.effort import FULL
from tests.conformance.type_checks import CHECKERS, type_problems
from tests.paths import loopback
from tests.tools.scripted import NO_WAIT, Scripted, fail, ok

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("widgets")


@pytest.fixture(scope="module")
def widgets(folder: Path) -> ModuleType:
    return build(folder, "widgets")


# -- operations that are left out ----------------------------------------------------------------


def test_operations_that_the_runtime_cannot_call_are_left_out(
    widgets: ModuleType, folder: Path
) -> None:
    report = (folder / "report.md").read_text(encoding="utf-8")
    _, _, listed = report.partition("## Left out\n")
    for name, reason in {
        "Watch": "its response is a stream (events), not a JSON document",
        "Upload": "its request is a stream (body), not a JSON document",
        "Discover": "the service requires endpoint discovery for it",
        "AskBearer": "its authentication (smithy.api#httpBearerAuth) is not SigV4",
    }.items():
        assert f"- operation {name}: {reason}\n" in listed
        assert f"| `{name}` |" not in report, "it is not listed as generated"
        assert f"{name}Request" not in widgets.models.__all__
    assert "- waiter EventSeen: it polls Watch, which is not generated" in listed
    assert hasattr(widgets.WidgetsClient, "ask_either"), "SigV4 is one of its ways"
    assert not hasattr(widgets.WidgetsClient, "wait_until_event_seen")


def test_the_projects_own_service_has_all_operations(model: Any) -> None:
    assert left_out(model) == {}


def test_an_operation_whose_request_names_its_endpoint_is_left_out() -> None:
    assert left_out(load("machinelearning")) == {
        "Predict": "its requests go to the endpoint that they name (PredictEndpoint)"
    }


# -- idempotency tokens --------------------------------------------------------------------------


def is_uuid4(text: str) -> bool:
    return uuid.UUID(text).version == 4 and str(uuid.UUID(text)) == text


async def test_a_token_is_the_same_for_every_attempt_and_new_for_every_call(
    widgets: ModuleType,
) -> None:
    transport = Scripted(fail(500, "Oops"), fail(500, "Oops"), ok(), ok())
    jobs = client(widgets, transport)
    await jobs.start_job(name="a")
    await jobs.start_job(name="a")

    first, second, third, other = (body["clientToken"] for body in transport.bodies)
    assert first == second == third != other
    assert is_uuid4(first)
    assert is_uuid4(other)


async def test_a_given_token_is_sent(widgets: ModuleType) -> None:
    transport = Scripted(ok())
    await client(widgets, transport).start_job(name="a", client_token="mine")
    assert transport.bodies == [{"name": "a", "clientToken": "mine"}]


async def test_each_call_of_a_request_model_has_another_token(widgets: ModuleType) -> None:
    transport = Scripted(ok(), ok())
    jobs, request = client(widgets, transport), widgets.models.StartJobRequest(name="a")
    await jobs.invoke(request)
    await jobs.invoke_raw(request)

    assert len({body["clientToken"] for body in transport.bodies}) == 2
    assert request.client_token is None, "the caller's request is unchanged"


def test_a_token_is_optional_and_documented(widgets: ModuleType) -> None:
    method = widgets.WidgetsClient.start_job
    assert inspect.signature(method).parameters["client_token"].default is None
    assert "client_token: An idempotency token" in (method.__doc__ or "")


def test_a_nested_token_is_reported(folder: Path, widgets: ModuleType) -> None:
    report = (folder / "report.md").read_text(encoding="utf-8")
    line = "- Limits.token: a nested idempotency token, which callers fill in\n"
    assert report.count(line) == 1
    assert widgets.models.Limits(arn="a").token is None


# -- operations without authentication -----------------------------------------------------------


SIGNATURE = {"authorization", "x-amz-date", "x-amz-security-token"}


class NoCredentials(CredentialsProvider):
    """A provider that fails: whether credentials are fetched is seen by the error."""

    async def get(self) -> Any:
        raise CredentialsError("there are none")

    async def invalidate(self) -> None:
        pass


@pytest.mark.parametrize("path", ["wire", "httpx"])
async def test_an_unsigned_operation_needs_no_credentials(widgets: ModuleType, path: str) -> None:
    script = Scripted(fail(500, "Oops"), ok({"version": "1"}))
    async with loopback() as servers:
        given: dict[str, Any] = {"transport": script}
        if path == "wire":
            given = {"endpoint_url": servers.serve(script.respond)}
        async with widgets.WidgetsClient(
            region="eu-west-1", credentials=NoCredentials(), retry=NO_WAIT, **given
        ) as jobs:
            assert (await jobs.get_version()).version == "1"
            with pytest.raises(CredentialsError):
                await jobs.start_job(name="a")
    assert len(script.requests) == 2
    for request in script.requests:
        assert request.headers["x-amz-target"] == "Widgets.GetVersion"
        assert not SIGNATURE & set(request.headers.keys())


# -- unions --------------------------------------------------------------------------------------


WRONG_UNIONS: list[tuple[Any, str]] = [
    ({"a": {}}, "item.a: must have exactly one of the members s, n, l, m, x"),
    ({"a": {"s": None}}, "item.a: must have exactly one of the members s, n, l, m, x"),
    ({"a": {"s": "x", "n": 1}}, "item.a: must have exactly one member, not 2: s, n"),
    (
        {"a": {"l": [{"s": "x"}, {"m": {"b": {"s": "", "l": []}}}]}},
        "item.a.l[1].m.b: must have exactly one member, not 2: s, l",
    ),
]


@pytest.mark.parametrize(("item", "problem"), WRONG_UNIONS)
async def test_a_union_without_exactly_one_member_is_refused(
    widgets: ModuleType, item: Any, problem: str
) -> None:
    with pytest.raises(RequestValidationError) as caught:
        await client(widgets, Scripted()).put_item(item=item)
    assert problem in str(caught.value)


async def test_a_union_is_sent_as_its_member(widgets: ModuleType) -> None:
    transport = Scripted(ok())
    value = widgets.models.AttributeValue
    await client(widgets, transport).put_item(
        item={"a": {"l": [{"s": ""}, value(n=0)]}, "b": {"m": {}}, "c": {"s": "x", "n": None}},
        other=value(l=[]),
    )
    assert transport.bodies == [
        {
            "Item": {"a": {"L": [{"S": ""}, {"N": 0}]}, "b": {"M": {}}, "c": {"S": "x"}},
            "Other": {"L": []},
        }
    ]


def test_a_union_that_is_built_is_checked(widgets: ModuleType) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        widgets.models.AttributeValue()
    with pytest.raises(ValueError, match="exactly one"):
        widgets.models.AttributeValue(s="x", n=1)
    assert widgets.models.AttributeValue.model_json_schema()["$defs"]["AttributeValue"]


async def test_a_union_of_the_service_may_have_an_unknown_member(widgets: ModuleType) -> None:
    old = {"a": {"New": [1]}, "b": {"S": "x"}, "c": {}, "d": {"S": "x", "N": 1, "L": [{"S": None}]}}
    response = await client(widgets, Scripted(ok({"Old": old}))).put_item(item={})

    assert response.old["a"].model_extra == {"New": [1]}
    assert (response.old["b"].s, response.old["b"].l) == ("x", None)
    assert response.old["d"].n == 1


# -- pages ---------------------------------------------------------------------------------------


def pages(*results: Any, **more: Any) -> Scripted:
    last = len(results) - 1
    return Scripted(
        *(
            ok({"Result": result, **more, **({} if n == last else {"NextToken": f"t{n}"})})
            for n, result in enumerate(results)
        )
    )


@pytest.mark.parametrize(
    ("method", "results", "others"),
    [("list_names", [["a"], [], ["b", "c"]], None), ("list_parallel", [["a"], ["b"]], ["x"])],
)
async def test_pascal_case_tokens_page(
    widgets: ModuleType, method: str, results: list[list[str]], others: Any
) -> None:
    transport = pages(*results, Others=others)
    found = await getattr(client(widgets, transport), method)(max_results=5).collect()
    assert found == [item for result in results for item in result]
    sent = [body.get("NextToken") for body in transport.bodies]
    assert sent == [None, "t0", "t1"][: len(sent)]
    assert {body["MaxResults"] for body in transport.bodies} == {5}


async def test_the_items_of_a_map_are_its_entries(widgets: ModuleType) -> None:
    transport = pages({"a": {"S": "x"}}, {}, {"b": {"N": 1}, "c": {"S": "y"}})
    found = [(key, value.s) async for key, value in client(widgets, transport).list_mapped()]
    assert found == [("a", "x"), ("b", None), ("c", "y")]


async def test_a_structure_is_one_item_of_its_page(widgets: ModuleType) -> None:
    transport = pages({"status": "a"}, None, {"status": "b"})
    found = await client(widgets, transport).get_report().collect()
    assert [report.status for report in found] == ["a", "b"]


async def test_lists_of_several_kinds_are_all_items(widgets: ModuleType) -> None:
    transport = pages([{"status": "a"}], [{"status": "b"}], Others=[{"status": "o"}])
    found = await client(widgets, transport).list_kinds().collect()
    assert [each.status for each in found] == ["a", "o", "b", "o"]


async def test_a_number_is_not_iterated(widgets: ModuleType) -> None:
    assert (await client(widgets, pages(5)).count_all()).result == 5


async def test_a_map_may_be_a_token(widgets: ModuleType) -> None:
    keys = [{"id": {"S": str(n)}, "part": {"M": {"a": {"New": n}}}} for n in (1, 2, 2)]
    bodies = [{"Result": [{"status": str(n)}], "NextToken": key} for n, key in enumerate(keys)]
    transport = Scripted(*map(ok, bodies))
    scan = client(widgets, transport).scan(next_token={"id": {"s": "0"}})
    with pytest.raises(PaginationError, match="Scan: the service repeated a page token"):
        await scan.collect()
    assert [body["NextToken"] for body in transport.bodies] == [{"id": {"S": "0"}}, *keys[:2]]


async def test_a_nested_token_pages_as_long_as_there_are_more(widgets: ModuleType) -> None:
    def page(*statuses: str, more: bool | None) -> Any:
        return ok({"Stream": {"Steps": [{"status": s} for s in statuses], "HasMore": more}})

    transport = Scripted(page("a", "b", more=True), page("c", more=False))
    found = await client(widgets, transport).read_stream().collect()
    assert [step.status for step in found] == ["a", "b", "c"]
    assert transport.bodies == [{}, {"Start": "b"}]
    for last in (page(more=True), page("z", more=None), ok({}), ok({"Stream": None})):
        await client(widgets, Scripted(last)).read_stream().collect()


def test_what_does_not_page_is_reported(widgets: ModuleType, folder: Path) -> None:
    report = (folder / "report.md").read_text(encoding="utf-8")
    for line in (
        "ListParallel: only its pages have others",
        "ListKinds: only its pages have next_token",
        "CountAll: it pages, but is called page by page: its response has no list, map or "
        "structure of items",
        "WatchEach: it pages, but is called page by page: its token is "
        "['NextToken', 'MaxResults'], not one member of the request",
    ):
        assert f"- {line}\n" in report
    assert inspect.iscoroutinefunction(widgets.WidgetsClient.watch_each)


# -- errors and names ----------------------------------------------------------------------------


async def test_error_members_with_the_names_of_attributes_are_reachable(
    widgets: ModuleType,
) -> None:
    body = {
        "__type": "widgets#Refused",
        "message": "no",
        "code": 17,
        "status": "BUSY",
        "retryable": True,
        "since": 86400,
        "step": {"status": "x", "ACLs": ["y"], "new": 1},
    }
    transport = Scripted(httpx.Response(400, json=body))
    with pytest.raises(widgets.errors.Refused) as caught:
        await client(widgets, transport).start_job(name="a")

    error = caught.value
    assert (error.code, error.status) == ("Refused", 400)
    assert (error.code_, error.status_, error.retryable) == (17, "BUSY", True)
    assert error.since.isoformat() == "1970-01-02T00:00:00+00:00"
    assert (error.step.status, error.step.acls) == ("x", ["y"])


def test_no_error_member_hides_an_attribute_of_every_error(widgets: ModuleType) -> None:
    attributes = set(dir(ServiceError("code")))
    for error in (widgets.errors.Refused, widgets.errors.Gone):
        assert not attributes & set(error.__annotations__)


async def test_a_shape_may_have_the_name_of_its_member_or_of_an_import(
    widgets: ModuleType,
) -> None:
    widgets.warm_up()
    with pytest.raises(RequestValidationError, match=r"item\.a\.x\.mapping\.arn"):
        await client(widgets, Scripted()).put_item(item={"a": {"x": {"mapping": {"arn": ""}}}})


@pytest.mark.parametrize("count", [-0.1, 0.6])
async def test_limits_of_floats_are_checked(widgets: ModuleType, count: float) -> None:
    with pytest.raises(RequestValidationError, match="count"):
        await client(widgets, Scripted()).start_job(name="a", count=count)


@pytest.mark.skipif(not FULL, reason="takes half a minute: nox -s conformance")
@pytest.mark.usefixtures("widgets")
@pytest.mark.parametrize("checker", CHECKERS)
def test_the_package_is_typed(folder: Path, checker: str) -> None:
    assert type_problems(checker, folder, ["widgets"]) == []

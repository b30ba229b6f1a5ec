"""The exceptions: their hierarchy, texts, and pickles."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from typing import Any, Generic

import pytest

import ecrclient
from ecrclient import errors as modelled
from ecrclient._awsjson.many import errors as many_errors
from ecrclient._awsjson.many.errors import (
    BatchError,
    BatchFailure,
    WaiterError,
    WaiterFailureError,
    WaiterTimeoutError,
)
from ecrclient._awsjson.protocol import errors, service_error
from ecrclient._awsjson.protocol.codec import build_request
from ecrclient._awsjson.protocol.errors import (
    DeadlineExceeded,
    MissingMemberError,
    RequestValidationError,
    ResponseDecodeError,
    ValidationProblem,
)
from ecrclient._awsjson.protocol.operation import Operation
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient._awsjson.transport import errors as transport_errors
from ecrclient._awsjson.transport.errors import TransportError
from ecrclient.errors import ECRClientError
from ecrclient.models import PutAccountSettingResponse
from ecrclient.operations import CREATE_REPOSITORY, UPLOAD_LAYER_PART

CLASSES = {
    name: found
    for module in (errors, transport_errors, many_errors, service_error)
    for name, found in vars(module).items()
    if inspect.isclass(found) and issubclass(found, ECRClientError)
}
MODELLED: list[type[ServiceError]] = [
    found
    for found in vars(modelled).values()
    if inspect.isclass(found) and issubclass(found, ServiceError) and found is not ServiceError
]


def drawn() -> dict[str, tuple[str, set[str]]]:
    """The classes in the docstring, with their parents and the built-ins that their lines name."""
    tree: dict[str, tuple[str, set[str]]] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ([│├└─ ]*)(\w+)(?=\s|$)(.*)", line)
        if not found:
            continue
        depth, name = len(found[1]) // 4, found[2]
        path[depth:] = [name]
        if depth:
            tree[name] = (
                path[depth - 1],
                set(re.findall(r"\(an? (\w+(?:Error|Group))\)", found[3])),
            )
    return tree


def test_docstring_shows_the_class_hierarchy() -> None:
    assert drawn() == {
        name: (
            found.__bases__[0].__name__,
            {base.__name__ for base in found.__bases__[1:] if base is not Generic},
        )
        for name, found in CLASSES.items()
    }


def test_every_class_is_public() -> None:
    public = {
        "ECRClientError" if name == "AWSClientError" else name: CLASSES[name] for name in CLASSES
    }
    assert public.keys() <= set(ecrclient.__all__)
    assert all(getattr(ecrclient, name) is found for name, found in public.items())


def test_modelled_errors_derive_from_service_error_alone() -> None:
    assert len(MODELLED) == len(modelled.ERRORS) == len(set(modelled.ERRORS.values()))
    assert {found.__bases__ for found in MODELLED} == {(ServiceError,)}


def example(kind: type[ECRClientError]) -> Any:
    make: Any = kind
    if issubclass(kind, ServiceError):
        return make(
            kind.__name__,
            "it said no",
            status=409,
            request_id="id",
            operation="PutImage",
            attempts=3,
            details={"uploadId": "u"},
        )
    if issubclass(kind, TransportError):
        return make("broke", operation="PutImage", attempts=2)
    if issubclass(kind, WaiterError):
        return make("ImageScanComplete", "no", PutAccountSettingResponse(name="n", value="v"))
    special: dict[type[ECRClientError], ECRClientError] = {
        BatchFailure: BatchFailure("ImageNotFound", "no", "v1", None),
        BatchError: BatchError.of([BatchFailure("ImageNotFound", "no", "v1", None)], ["v2"]),
        MissingMemberError: MissingMemberError(
            "describe_images", "ImageDetail", "image_pushed_at", "imagePushedAt"
        ),
        DeadlineExceeded: DeadlineExceeded("PutImage", 2.5, 3),
        RequestValidationError: RequestValidationError(
            "put_image", (ValidationProblem("image_tag", "required"),)
        ),
        ResponseDecodeError: ResponseDecodeError("PutImage", "odd", status=200, request_id="id"),
    }
    return special.get(kind) or make("what it says")


@pytest.mark.parametrize("kind", [*CLASSES.values(), *MODELLED], ids=lambda kind: kind.__name__)
def test_every_exception_pickles_and_copies(kind: type[ECRClientError]) -> None:
    error = example(kind)
    error.add_note("a note")
    protocols = [
        pickle.loads(pickle.dumps(error, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ]
    twins: list[Any] = [*protocols, copy.copy(error), copy.deepcopy(error)]
    for same in twins:
        assert type(same) is kind
        assert content(same) == content(error)


def content(error: BaseException) -> list[str]:
    """Replace exceptions with their texts, since equal exceptions do not compare as equal."""
    assert str(error)
    assert error.__notes__ == ["a note"]
    return [str(error), repr(error.args), repr(vars(error))]


def test_new_transport_error_has_no_operation() -> None:
    error = TransportError("broke")
    assert (str(error), error.operation, error.attempts) == ("broke", "", 1)


def test_waiter_error_without_a_response_pickles() -> None:
    for kind in (WaiterTimeoutError, WaiterFailureError):
        same = pickle.loads(pickle.dumps(kind("W", "no", None)))
        assert (same.waiter, same.reason, same.last_response) == ("W", "no", None)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            ServiceError("Odd", "why", status=400, request_id="id", operation="PutImage"),
            "PutImage: Odd: why (HTTP 400, request id id)",
        ),
        (
            ServiceError("Odd", status=500, operation="PutImage", attempts=3),
            "PutImage: Odd (HTTP 500, request id None, 3 attempts)",
        ),
        (
            ServiceError("Odd", status=500, operation="PutImage", attempts=2),
            "PutImage: Odd (HTTP 500, request id None, 2 attempts)",
        ),
        (DeadlineExceeded("PutImage", 2.5, 1), "PutImage: not done within 2.5 s (1 attempt begun)"),
        (example(DeadlineExceeded), "PutImage: not done within 2.5 s (3 attempts begun)"),
        (example(RequestValidationError), "put_image: image_tag: required"),
        (
            example(ResponseDecodeError),
            "PutImage: cannot decode the response (HTTP 200, request id id): odd",
        ),
    ],
)
def test_error_text(error: ECRClientError, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize(
    "error",
    [
        ServiceError("Odd", "why", request_id="1" * 50_000, operation="PutImage"),
        ServiceError("Odd" * 50_000, request_id="1", operation="PutImage"),
        ResponseDecodeError("PutImage", "odd", status=200, request_id="1" * 50_000),
    ],
)
def test_error_text_is_bounded(error: ECRClientError) -> None:
    assert "more characters)" in str(error)
    assert len(str(error)) < 300


@pytest.mark.parametrize(
    ("code", "status", "throttling", "retryable"),
    [
        ("ThrottlingException", 400, True, True),
        ("Throttling", 400, True, True),
        ("TooManyRequestsException", 400, True, True),
        ("RequestLimitExceeded", 503, True, True),
        ("SlowDown", 503, True, True),
        ("429", 429, True, True),
        ("Odd", 429, True, True),
        ("RequestTimeout", 400, False, True),
        ("RequestTimeoutException", 400, False, True),
        ("ServerException", 500, False, True),
        ("502", 502, False, True),
        ("503", 503, False, True),
        ("504", 504, False, True),
        ("501", 501, False, False),
        ("RepositoryNotFoundException", 400, False, False),
        ("AccessDeniedException", 403, False, False),
        ("404", 404, False, False),
        ("302", 302, False, False),
    ],
)
def test_throttling_and_retryable_errors(
    code: str, status: int, *, throttling: bool, retryable: bool
) -> None:
    error = ServiceError(code, status=status)

    assert (error.is_throttling, error.is_retryable) == (throttling, retryable)


def refused(operation: Operation[Any], **members: object) -> RequestValidationError:
    with pytest.raises(RequestValidationError) as caught:
        build_request(operation, members)
    return caught.value


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"tags": [{"key": 1, "value": "v"}]}, "tags[0].key: "),
        ({"tags": [{"key": "k", "value": "v"}, {"value": "v"}]}, "tags[1].key: required"),
        (
            {"image_scanning_configuration": {"scanOnPush": True}},
            "image_scanning_configuration.scanOnPush: no such member",
        ),
        ({"encryption_configuration": {}}, "encryption_configuration.encryption_type: required"),
        ({"repositoryName": "x"}, "repositoryName: no such member"),
    ],
)
def test_members_have_the_names_that_the_caller_uses(members: dict[str, Any], text: str) -> None:
    error = refused(CREATE_REPOSITORY, **{"repository_name": "team/app", **members})

    assert str(error).startswith(f"create_repository: {text}")
    assert isinstance(error, ValueError)


@pytest.mark.parametrize(
    "members",
    [
        {"upload_id": "s3cret"},
        {"upload_id": b"s3cret"},
        {"layer_part_blob": "s3cret"},
        {"part_first_byte": "s3cret"},
        {"registry_id": {"s3cret": "s3cret"}},
        {"unknown": "s3cret"},
    ],
)
def test_values_are_not_shown(members: dict[str, Any]) -> None:
    error = refused(UPLOAD_LAYER_PART, **members)

    assert next(iter(members)) in str(error)
    for text in (str(error), repr(error), repr(error.__cause__), repr(error.problems)):
        assert "s3cret" not in text

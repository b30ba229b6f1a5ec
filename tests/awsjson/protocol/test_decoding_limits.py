"""Decoding and validation take bounded time and memory for any input."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

from ecrclient import (
    AttemptTimeout,
    CallOptions,
    DeadlineExceeded,
    RequestValidationError,
    ResponseDecodeError,
    RetryPolicy,
    ServiceError,
)
from ecrclient._awsjson.protocol import codec
from ecrclient._awsjson.protocol.codec import (
    build_request,
    decode_error,
    decode_response,
    encode_request,
)
from ecrclient._awsjson.protocol.decoding_limits import MAX_OBJECTS, MAX_VALUES, describe_excess
from ecrclient.operations import (
    BATCH_GET_IMAGE,
    CREATE_REPOSITORY,
    DESCRIBE_IMAGE_SCAN_FINDINGS,
    DESCRIBE_IMAGES,
    SET_REPOSITORY_POLICY,
)
from tests.bounded import run_bounded
from tests.tools.scripted import Scripted, client

MIB = 1024 * 1024
# Seconds of CPU time; decoding takes half on a usual machine, and some are several times slower.
_MAX_SECONDS = 20
_MAX_TEXT = 3000


def _images(item: bytes, count: int) -> bytes:
    return b'{"imageDetails":[' + (item + b",") * (count - 1) + item + b"]}"


def _unique(template: str, count: int) -> bytes:
    return ",".join(template % number for number in range(count)).encode()


def _wrong_map(count: int) -> bytes:
    counts = b'{"findingSeverityCounts":{' + _unique('"k%d":"x"', count) + b"}}"
    return _images(b'{"imageScanFindingsSummary":' + counts + b"}", 1)


BODIES: dict[str, Callable[[], bytes]] = {
    "1 M empty items": lambda: _images(b"{}", 1_000_000),
    "20 M empty items": lambda: _images(b"{}", 20_000_000),
    "empty items within the limit": lambda: _images(b"{}", MAX_OBJECTS - 1),
    "1 M numbers": lambda: b"[" + b"1," * 1_000_000 + b"1]",
    "32 M numbers": lambda: b"[" + b"1," * (32 * MIB - 2) + b"1]",
    "wrong items": lambda: _images(b"1", MAX_VALUES - 10),
    "a wrong item in each list": lambda: _images(b'{"imageTags":[1]}', MAX_OBJECTS - 10),
    "wrong members": lambda: _images(b'{"registryId":1,"imageDigest":1}', MAX_OBJECTS - 10),
    "unique strings": lambda: _images(
        b'{"imageTags":[' + _unique('"%06d"', MAX_VALUES - 10) + b"]}", 1
    ),
    "a map of wrong values": lambda: _wrong_map(MAX_VALUES - 10),
    "a smaller map of wrong values": lambda: _wrong_map(80_000),
    "nested lists": lambda: b"[" * (64 * MIB),
    "nested objects": lambda: b'{"a":' * (10 * MIB),
    "unknown members": lambda: b"{" + _unique('"%07d":1', MAX_VALUES - 10) + b"}",
    "duplicate members": lambda: b"{" + b",".join([b'"nextToken":"a"'] * 300_000) + b"}",
    "a number of 60 MiB": lambda: b'{"nextToken":' + b"1" * (60 * MIB) + b"}",
    "a number of 40 MiB": lambda: b'{"nextToken":' + b"1" * (40 * MIB) + b"}",
    "a fraction of 40 MiB": lambda: b'{"nextToken":1.' + b"1" * (40 * MIB) + b"}",
    "a string of 40 MiB": lambda: b'{"nextToken":"' + b"a" * (40 * MIB) + b'"}',
    "an astral character": lambda: (
        b'{"nextToken":"' + b"a" * (16 * MIB - 60) + b'\xf0\x9f\x98\x80"}'
    ),
    "a long astral string": lambda: b'{"nextToken":"' + b"a" * (60 * MIB) + b'\xf0\x9f\x98\x80"}',
    "surrogate escapes": lambda: b'{"nextToken":"' + b"\\ud83d\\ude00" * (5 * MIB) + b'"}',
    "lone surrogates": lambda: b'{"nextToken":"' + b"\\ud83d" * (2 * MIB) + b'"}',
    "backslashes": lambda: b'{"nextToken":"' + b"\\\\" * (32 * MIB - 20) + b'"}',
    "punctuation in a string": lambda: b'{"nextToken":"' + b",[{" * (10 * MIB) + b'"}',
    "short strings": lambda: b'{"x":[' + b'"",' * (20 * MIB) + b'""]}',
    "quotes": lambda: b'"' * (64 * MIB),
    "spaces": lambda: b" " * (64 * MIB),
    "a long key": lambda: _wrong_map(1).replace(b"k0", b"k" * (40 * MIB)),
    "dates as text": lambda: _images(b'{"imagePushedAt":"2020-01-01T00:00:00"}', MAX_OBJECTS - 10),
}


def decode_hostile(name: str) -> list[Any]:
    """Decode a body as a success and as an error; return the results and seconds of CPU time."""
    content = BODIES[name]()
    begun = time.process_time()
    try:
        decode_response(DESCRIBE_IMAGES, content, status=200, request_id="id")
        text = ""
    except ResponseDecodeError as error:
        text = str(error)
    middle = time.process_time()
    refused = decode_error(DESCRIBE_IMAGES, content, {}, status=400)
    return [len(text), len(str(refused)), middle - begun, time.process_time() - middle]


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_decoded_or_refused_within_bounds(name: str) -> None:
    # Up to 128 MiB are for the body and the data from which it is built.
    text, error_text, seconds, error_seconds = run_bounded(decode_hostile, name, memory_mib=200)

    assert text < _MAX_TEXT
    assert error_text < _MAX_TEXT
    assert seconds < _MAX_SECONDS
    assert error_seconds < _MAX_SECONDS


def test_missing_members_of_a_large_structure_do_not_copy_it() -> None:
    assert run_bounded(decode_large_structure, memory_mib=260) == 4


def decode_large_structure() -> int:
    """A response that lacks all its members and has one of 40 MiB."""
    content = b'{"nextToken":"' + b"a" * (40 * MIB) + b'"}'
    read = decode_response(DESCRIBE_IMAGE_SCAN_FINDINGS, content, status=200, request_id=None)
    return len(DESCRIBE_IMAGE_SCAN_FINDINGS.response.model_fields) - len(dict(read))


@pytest.mark.parametrize(
    ("content", "excess"),
    [
        (_images(b"{}", MAX_OBJECTS), "more than 100,000 JSON objects"),
        (b"[" + b"1," * MAX_VALUES + b"1]", "more than 400,000 JSON values"),
        (b'["' + b'a","' * MAX_VALUES + b'"]', "more than 400,000 JSON values"),
        (_images(b"{}", MAX_OBJECTS - 1), ""),
        (b'["' + b"{" * 1_000_000 + b'"]', ""),
        (b'["' + b'\\",\\\\' * 1_000_000 + b'"]', ""),
        (b'["' + b"\\\\" * 1_000_000 + b'",' + b"1," * MAX_VALUES + b"1]", "more than 400,000"),
    ],
)
def test_punctuation_in_strings_does_not_count(content: bytes, excess: str) -> None:
    assert describe_excess(content).startswith(excess)
    assert bool(describe_excess(content)) == bool(excess)


@pytest.mark.parametrize("shift", range(4))
def test_escape_at_the_end_of_a_step(shift: int) -> None:
    text = b"a" * shift + b'\\"{,' * 400_000 + b"\\\\"

    assert describe_excess(b'["' + text + b'",1]') == ""


def test_a_page_of_manifests_is_within_the_limits() -> None:
    manifest = json.dumps({"layers": [{"digest": "d", "size": n} for n in range(4000)]})
    images = [{"imageManifest": manifest, "imageId": {"imageTag": "v"}} for _ in range(100)]
    content = json.dumps({"images": images}).encode()
    assert content.count(b"{") > MAX_OBJECTS

    read = decode_response(BATCH_GET_IMAGE, content, status=200, request_id=None)

    assert {image.image_manifest for image in read.images} == {manifest}


def test_a_refused_body_is_retryable_unless_it_is_an_object() -> None:
    def refuse(content: bytes) -> bool:
        with pytest.raises(ResponseDecodeError) as caught:
            decode_response(DESCRIBE_IMAGES, content, status=200, request_id=None)
        return caught.value.is_retryable

    assert not refuse(b" " + _images(b"{}", MAX_OBJECTS))
    assert refuse(b"[" + b"1," * MAX_VALUES + b"1]")


# -- texts of errors -------------------------------------------------------------------------------


def test_a_decode_error_names_the_first_problems_and_counts_the_others() -> None:
    names = (
        "registryId repositoryName imageDigest imageSizeInBytes imagePushedAt imageStatus "
        "imageManifestMediaType artifactMediaType subjectManifestDigest lastArchivedAt"
    )
    members: dict[str, list[str]] = {name: [] for name in names.split()}
    content = json.dumps({"imageDetails": [members]}).encode()
    with pytest.raises(ResponseDecodeError) as caught:
        decode_response(DESCRIBE_IMAGES, content, status=200, request_id=None)

    listed = caught.value.problem.split("; ")
    assert listed[0] == "imageDetails[0].registryId: Input should be a valid string"
    assert listed[-1] == "and 2 more problems"
    assert len(listed) == 9


def test_a_request_error_shows_the_first_problems_and_keeps_all() -> None:
    with pytest.raises(RequestValidationError) as caught:
        build_request(CREATE_REPOSITORY, {"repository_name": "team/app", "tags": [1] * 50})

    error = caught.value
    assert [problem.member for problem in error.problems] == [f"tags[{n}]" for n in range(50)]
    assert str(error).endswith("; and 42 more problems")
    assert len(str(error)) < _MAX_TEXT


def pass_a_million_wrong_tags() -> list[Any]:
    """The problems of a request with a million wrong items in one list."""
    tags = [1] * 1_000_000
    try:
        build_request(CREATE_REPOSITORY, {"repository_name": "x", "tags": tags, "unknown": 1})
    except RequestValidationError as error:
        return [problem.member for problem in error.problems]
    return []


def test_a_million_wrong_arguments_name_the_first_of_each_list() -> None:
    found = run_bounded(pass_a_million_wrong_tags, memory_mib=900)

    assert found == ["repository_name", "tags[0]", "unknown"]


def test_a_long_service_error_is_shortened_in_its_text_only() -> None:
    message, code = "m" * 1_000_000, "C" * 100_000
    content = json.dumps({"__type": code, "message": message, "more": [1] * 1000}).encode()

    error = decode_error(DESCRIBE_IMAGES, content, {}, status=400)

    assert len(str(error)) < _MAX_TEXT
    assert "998,000 more characters" in str(error)
    assert (error.message, error.code, error.details) == (message, code, {"more": [1] * 1000})
    assert isinstance(error, ServiceError)


# -- deep input ------------------------------------------------------------------------------------


def deep(levels: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(levels):
        document = {"a": document}
    return document


class _Recursive:
    def to_json(self) -> str:
        return self.to_json()


def _loop() -> dict[str, Any]:
    document: dict[str, Any] = {}
    document["a"] = document
    return document


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        # Python 3.12 and newer can write it, but ECR's limit of the length is lower.
        (deep(2_000), "nested too deeply|at most 10240 characters"),
        (deep(100_000), "nested too deeply"),
        (_Recursive(), "nested too deeply"),
        (_loop(), "Circular reference"),
        ({"a": float("nan")}, "not JSON compliant"),
        ({"a": 10**5000}, "4300 digits"),
        ({"a": {1}}, "not JSON serializable"),
    ],
    ids=["2,000 levels", "100,000 levels", "to_json", "loop", "nan", "integer", "set"],
)
def test_a_document_that_cannot_be_written_is_refused(document: object, problem: str) -> None:
    with pytest.raises(RequestValidationError, match=problem) as caught:
        build_request(SET_REPOSITORY_POLICY, {"repository_name": "ab", "policy_text": document})

    assert [found.member for found in caught.value.problems] == ["policy_text"]


@pytest.mark.parametrize(
    "value",
    [deep(100_000), _loop(), 10**5000, float("nan")],
    ids=["deep", "loop", "integer", "nan"],
)
@pytest.mark.parametrize("member", ["tags", "encryption_configuration", "registry_id", "unknown"])
def test_odd_values_anywhere_in_a_request_are_refused(member: str, value: object) -> None:
    for given in (value, [value], [{"key": value, "value": "v"}]):
        with pytest.raises(RequestValidationError) as caught:
            encode_request(
                build_request(CREATE_REPOSITORY, {"repository_name": "ab", member: given})
            )
        assert len(str(caught.value)) < _MAX_TEXT


# -- time ------------------------------------------------------------------------------------------


def large() -> httpx.Response:
    """A response that is decoded in a worker thread."""
    content = _images(b'{"imageTags":["%b"]}' % (b"v" * 60), 20_000)
    assert len(content) > 1024 * 1024
    return httpx.Response(200, content=content)


@pytest.mark.anyio
async def test_a_large_body_is_decoded_once_in_a_worker_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[int] = []
    decode = codec.decode_response

    def note(*arguments: Any, **options: Any) -> Any:
        threads.append(threading.get_ident())
        return decode(*arguments, **options)

    monkeypatch.setattr(codec, "decode_response", note)
    page = await client(Scripted(large())).describe_images(repository_name="team/app")

    assert len(page.image_details) == 20_000
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("options", "error"),
    [
        (CallOptions(timeout=0.05), AttemptTimeout),
        (CallOptions(timeout=None, deadline=0.05), DeadlineExceeded),
    ],
    ids=["timeout", "deadline"],
)
async def test_the_time_limits_cover_decoding(
    monkeypatch: pytest.MonkeyPatch, options: CallOptions, error: type[Exception]
) -> None:
    finish = threading.Event()

    def hang(*_: Any, **__: Any) -> Any:
        finish.wait()

    monkeypatch.setattr(codec, "decode_response", hang)
    ecr = client(Scripted(large()), options=options, retry=RetryPolicy(max_attempts=1))
    try:
        with anyio.fail_after(30), pytest.raises(error):
            await ecr.describe_images(repository_name="team/app")
    finally:
        finish.set()

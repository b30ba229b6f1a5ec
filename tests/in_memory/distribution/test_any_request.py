"""Any request to ``/v2/``: the response is one of the specification's form, never a failure."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from types import MappingProxyType

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecrclient.testing import InMemoryECR
from ecrclient.testing.http_messages import HttpRequest
from tests.in_memory.builders import OCI_INDEX, OCI_MANIFEST, image_manifest, index_of
from tests.in_memory.distribution.registry_client import BLOB_DIGEST

LONG = "x" * 400
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
NAMES = ["team/app", "team/missing", "a", "..", "%2e%2e", "%E2%82%AC", LONG, "A/b", "a//b", "%00"]
REFERENCES = ["v1", BLOB_DIGEST, "sha256:", "sha256:xyz", "%ff", ":", LONG, "a+b", "..", "%2F"]
RESOURCES = ["manifests/{}", "blobs/{}", "blobs/uploads/", "blobs/uploads/{}", "referrers/{}"]
PATHS = [
    *("/v2", "/v2/", "/v2//", "/v2/_catalog", "/v2/_catalog/"),
    *(
        f"/v2/{name}/{resource.format(reference)}"
        for name, resource, reference in itertools.product(
            NAMES, [*RESOURCES, "tags/list", ""], REFERENCES
        )
    ),
]
PARAMETERS = st.sampled_from(
    ["digest", "mount", "from", "n", "last", "artifactType", "digest-algorithm"]
)
QUERIES = st.lists(
    st.builds(
        "{}={}".format,
        PARAMETERS,
        st.sampled_from([*NAMES, *REFERENCES, "", "0", "-1", "9" * 30, "%D9%A3"]),
    ),
    max_size=3,
).map("&".join)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "accept": st.sampled_from(["*/*", OCI_MANIFEST, ",;,", LONG, ",".join("abc" * 99)]),
        "content-type": st.sampled_from([OCI_MANIFEST, OCI_INDEX, ";", LONG]),
        "content-range": st.sampled_from(["0-9", "9-0", "-", f"{'9' * 20}-{'9' * 20}", "0-²"]),
        "range": st.sampled_from(["bytes=0-1", "bytes=99999-", "bytes=-"]),
    },
)
BODIES = st.sampled_from(
    [b"", b"0123456789", image_manifest().encode(), index_of([]).encode(), b"\xff", b"[" * 5000]
)


@pytest.fixture(scope="module")
def served() -> tuple[InMemoryECR, str]:
    """A registry with an image, and the ``Authorization`` header for it."""
    ecr = InMemoryECR()
    ecr.add_image("team/app", [b"a layer"], tags=["v1"])
    ecr.calls.keep(0)

    async def authorize() -> str:
        async with ecr.client() as client:
            (data,) = (await client.get_authorization_token()).authorization_data
        return f"Basic {data.authorization_token}"

    return ecr, anyio.run(authorize)


@pytest.mark.parametrize("method", METHODS)
def test_any_path(served: tuple[InMemoryECR, str], method: str) -> None:
    for path in dict.fromkeys(PATHS):
        assert_described(served, method, path)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(METHODS), st.sampled_from(PATHS), QUERIES, HEADERS, BODIES)
def test_any_request(
    served: tuple[InMemoryECR, str],
    method: str,
    path: str,
    query: str,
    headers: dict[str, str],
    body: bytes,
) -> None:
    assert_described(served, method, path, query, headers, body)


def assert_described(
    served: tuple[InMemoryECR, str],
    method: str,
    path: str,
    query: str = "",
    headers: Mapping[str, str] = MappingProxyType({}),
    body: bytes = b"",
) -> None:
    """Assert that the response has a status of the specification, and its errors a code."""
    ecr, authorization = served
    response = ecr.handle(
        HttpRequest(method, path, query, {**headers, "authorization": authorization}, body)
    )
    assert 200 <= response.status < 500, path
    for name, value in response.headers.items():
        assert name == name.lower()
        assert value.isprintable()
        assert value.encode("latin-1")
    if method == "HEAD":
        assert response.body == b""
    elif response.status >= 400:
        assert isinstance(response.body, bytes)
        (error,) = json.loads(response.body)["errors"]
        assert error["code"].replace("_", "").isupper()

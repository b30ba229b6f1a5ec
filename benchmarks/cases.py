"""The calls that are measured, and the canned responses: the same for every peer."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass

__all__ = [
    "CASES",
    "COLLECTED",
    "LAYER",
    "MANIFEST",
    "PAGES",
    "PAGE_SIZE",
    "WORK",
    "Case",
    "response_to",
]

PAGES = 100
PAGE_SIZE = 100
"""The iteration over pages: 100 pages of 100 images."""

COLLECTED = PAGES * PAGE_SIZE
"""The images of the iterated repository; each client asks for pages of any size up to 1,000."""

WORK = 0.010
"""Seconds of work that the caller does for each page."""

LAYER = bytes(range(256)) * (4 * 1024 * 10)
"""10 MiB of a layer."""

_DIGEST = f"sha256:{0:064x}"
_REGISTRY = "123456789012"
_JSON = {"separators": (",", ":")}


def _manifest(size: int) -> str:
    """An image manifest of about *size* bytes: a list of layers."""
    layer = {
        "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
        "digest": _DIGEST,
        "size": 123456789,
    }
    count = size // (len(json.dumps(layer)) + 1)
    return json.dumps({"schemaVersion": 2, "layers": [layer] * count})


MANIFEST = _manifest(100_000)


@dataclass(frozen=True)
class Case:
    """A call that every peer makes."""

    name: str
    title: str
    """Its title in the table."""
    operation: str
    members: dict[str, object]
    """The request, with the member names of the wire."""
    result: int
    """The count that a peer which reads the response must find in it."""
    concurrency: tuple[int, ...] = (1, 8, 32, 128, 512)
    """The numbers of concurrent calls that it is measured with."""
    raw: bool = True
    """Whether plain HTTP clients take part: they do not retry."""

    @property
    def target(self) -> str:
        """The ``X-Amz-Target`` header."""
        return f"AmazonEC2ContainerRegistry_V20150921.{self.operation}"

    @property
    def body(self) -> bytes:
        """The request's body, for peers that have no serializer."""
        return json.dumps(self.members).encode()


def _repositories(count: int) -> Case:
    title = f"page of {count:,} repositories"
    return Case(
        f"repositories-{count}", title, "DescribeRepositories", {"maxResults": count}, count
    )


def _images(count: int) -> Case:
    members: dict[str, object] = {"repositoryName": f"bench/{count}", "maxResults": count}
    return Case(f"images-{count}", f"page of {count:,} images", "DescribeImages", members, count)


CASES = {
    case.name: case
    for case in (
        Case("tiny", "GetAuthorizationToken", "GetAuthorizationToken", {}, 1),
        _images(100),
        _images(1000),
        _repositories(100),
        _repositories(1000),
        Case(
            "collect",
            "10,000 images collected",
            "DescribeImages",
            {"repositoryName": "bench/pages"},
            COLLECTED,
            concurrency=(1,),
            raw=False,
        ),
        Case(
            "manifest",
            "PutImage, 100 kB manifest",
            "PutImage",
            {"repositoryName": "bench/image", "imageManifest": MANIFEST, "imageTag": "v1"},
            1,
        ),
        Case(
            "layer",
            "UploadLayerPart, 10 MiB",
            "UploadLayerPart",
            {
                "repositoryName": "bench/layer",
                "uploadId": "12345678-1234-1234-1234-123456789012",
                "partFirstByte": 0,
                "partLastByte": len(LAYER) - 1,
                "layerPartBlob": LAYER,
            },
            1,
            concurrency=(1, 8),  # more would take gigabytes
            raw=False,
        ),
        Case("error", "an error", "DescribeImages", {"repositoryName": "bench/error"}, 0),
        Case(
            "retry",
            "a retry after a 503",
            "DescribeImages",
            {"repositoryName": "bench/retry"},
            1,
            concurrency=(1, 8, 32),  # more would use up the retry quota (500 tokens, 14 each)
            raw=False,
        ),
    )
}


# -- responses -----------------------------------------------------------------------------------


def _image(number: int) -> dict[str, object]:
    return {
        "registryId": _REGISTRY,
        "repositoryName": "bench/images",
        "imageDigest": f"sha256:{number:064x}",
        "imageTags": [f"v{number}", f"build-{number}"],
        "imageSizeInBytes": 123456789 + number,
        "imagePushedAt": 1.76e9 + number,
        "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactMediaType": "application/vnd.oci.image.config.v1+json",
        "lastRecordedPullTime": 1.761e9 + number,
        "imageStatus": "ACTIVE",
    }


def _repository(number: int) -> dict[str, object]:
    name = f"team/service-{number}"
    return {
        "repositoryArn": f"arn:aws:ecr:eu-west-1:{_REGISTRY}:repository/{name}",
        "registryId": _REGISTRY,
        "repositoryName": name,
        "repositoryUri": f"{_REGISTRY}.dkr.ecr.eu-west-1.amazonaws.com/{name}",
        "createdAt": 1.76e9 + number,
        "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": False},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }


def _page(count: int, token: str | None = None, first: int = 0) -> bytes:
    members: dict[str, object] = {
        "imageDetails": [_image(first + number) for number in range(count)]
    }
    if token is not None:
        members["nextToken"] = token
    return _encode(members)


def _encode(content: dict[str, object], status: str = "200 OK") -> bytes:
    body = json.dumps(content, **_JSON).encode()  # type: ignore[arg-type]
    head = (
        f"HTTP/1.1 {status}\r\n"
        "x-amzn-RequestId: 01234567-89ab-cdef-0123-456789abcdef\r\n"
        "Date: Mon, 02 Nov 2026 12:00:00 GMT\r\n"
        "Content-Type: application/x-amz-json-1.1\r\n"
        f"Content-Length: {len(body)}\r\n"
        "connection: keep-alive\r\n\r\n"
    )
    return head.encode() + body


_TOKEN = _encode(
    {
        "authorizationData": [
            {
                "authorizationToken": "QVdTOg" * 300,
                "expiresAt": 1.76e9,
                "proxyEndpoint": f"https://{_REGISTRY}.dkr.ecr.eu-west-1.amazonaws.com",
            }
        ]
    }
)
_RESPONSES: dict[bytes, bytes] = {
    b"bench/1000": _page(1000),
    b"bench/100": _page(100),
    b"bench/image": _encode(
        {
            "image": {
                "registryId": _REGISTRY,
                "repositoryName": "bench/image",
                "imageId": {"imageDigest": _DIGEST, "imageTag": "v1"},
            }
        }
    ),
    b"bench/layer": _encode(
        {
            "registryId": _REGISTRY,
            "repositoryName": "bench/layer",
            "uploadId": "12345678-1234-1234-1234-123456789012",
            "lastByteReceived": len(LAYER) - 1,
        }
    ),
    b"bench/error": _encode(
        {"__type": "RepositoryNotFoundException", "message": "there is no repository of that name"},
        "400 Bad Request",
    ),
    b"bench/retry": _page(1),
}
_UNAVAILABLE = _encode({"message": "try again"}, "503 Service Unavailable")
_REPOSITORIES = {
    count: _encode({"repositories": [_repository(number) for number in range(count)]})
    for count in (100, 1000)
}
_NEXT_TOKEN = re.compile(rb'"nextToken": ?"(\d+)"')
_MAX_RESULTS = re.compile(rb'"maxResults": ?(\d+)')


@functools.cache
def _part(first: int, size: int) -> bytes:
    """A page of the iterated repository; a token is the number of the page's first image."""
    last = min(first + size, COLLECTED)
    return _page(last - first, str(last) if last < COLLECTED else None, first)


def _number(pattern: re.Pattern[bytes], body: bytes, default: int) -> int:
    found = pattern.search(body)
    return int(found[1]) if found else default


def response_to(head: bytes, start: bytes) -> bytes:
    """The response to a request, by its head and the first bytes of its body."""
    for name, response in _RESPONSES.items():
        if name in start:
            is_first = name == b"bench/retry" and b"attempt=1" in head
            return _UNAVAILABLE if is_first else response
    if b"bench/pages" in start:
        return _part(_number(_NEXT_TOKEN, start, 0), _number(_MAX_RESULTS, start, PAGE_SIZE))
    if b".DescribeRepositories" in head:
        return _REPOSITORIES[_number(_MAX_RESULTS, start, PAGE_SIZE)]
    return _TOKEN

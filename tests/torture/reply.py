"""The response of one case: its pieces, and how the connection ends."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

JSON = b"Content-Type: application/x-amz-json-1.1"
PIECE = 64 * 1024

End = Literal["keep", "close", "reset"]


@dataclass(frozen=True)
class Reply:
    """The raw bytes of a response, which may be malformed."""

    name: str
    """Describes its fault."""
    pieces: Iterable[bytes]
    end: End = "close"


@dataclass(frozen=True)
class Draw:
    """The source of a family's random numbers, and its size limit."""

    random: random.Random
    max_bytes: int
    """The largest body."""

    def size(self, *sizes: int) -> int:
        """One of *sizes*, at most the largest body."""
        return min(self.random.choice(sizes), self.max_bytes)


Make = Callable[[Draw], Reply]


def head(*fields: bytes, status: bytes = b"200 OK") -> bytes:
    """A status line and fields."""
    return b"\r\n".join([b"HTTP/1.1 " + status, JSON, *fields, b"", b""])


def sized(
    name: str, body: bytes, *fields: bytes, status: bytes = b"200 OK", end: End = "keep"
) -> Reply:
    """A response with a correct length."""
    length = b"Content-Length: %d" % len(body)
    return Reply(name, [head(length, *fields, status=status), body], end)


def repeated(
    name: str, start: bytes, item: bytes, stop: bytes, size: int, status: bytes = b"200 OK"
) -> Reply:
    """A body of about *size* bytes that repeats an item, which is made while it is sent."""
    count = max(1, (size - len(start) - len(stop)) // len(item))
    at_once = max(1, PIECE // len(item))

    def pieces() -> Iterator[bytes]:
        length = len(start) + count * len(item) + len(stop)
        yield head(b"Content-Length: %d" % length, status=status) + start
        for done in range(0, count, at_once):
            yield item * min(at_once, count - done)
        yield stop

    return Reply(f"{name}, {count} times", pieces(), "keep")


def dumped(value: Any) -> bytes:
    """JSON, which may contain lone surrogates and NaN."""
    return json.dumps(value).encode()


VALID: dict[str, Any] = {
    "registryId": "123456789012",
    "repositoryName": "team/app",
    "nextToken": "token",
    "imageIds": [{"imageDigest": "sha256:" + "0" * 64, "imageTag": "v1"}],
    "images": [{"imageManifest": "{}", "imageId": {"imageTag": "v1"}}],
    "imageDetails": [{"imageTags": ["v1"], "imageSizeInBytes": 5, "imagePushedAt": 1.7e9}],
    "failures": [{"imageId": {"imageTag": "v1"}, "failureCode": "ImageNotFound"}],
    "repository": {"repositoryName": "team/app", "createdAt": 1.7e9},
    "imageScanFindings": {
        "findings": [{"name": "CVE", "severity": "HIGH", "attributes": [{"key": "a"}]}],
        "findingSeverityCounts": {"HIGH": 1},
        "vulnerabilitySourceUpdatedAt": 1.7e9,
    },
}
"""A response to every operation that the cases call: members that one does not know are kept."""

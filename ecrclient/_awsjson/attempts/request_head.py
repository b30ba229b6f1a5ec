"""The request line and the headers that are the same for every call of an operation."""

from __future__ import annotations

from typing import Any

from ecrclient._awsjson.protocol.operation import Operation
from ecrclient._awsjson.version import __version__

__all__ = ["RequestHead", "RequestHeads"]


class RequestHeads:
    """The heads of requests to one host, created at the first call of each operation."""

    def __init__(self, host: bytes) -> None:
        self._host = host
        self._heads: dict[str, RequestHead] = {}

    def of(self, operation: Operation[Any]) -> RequestHead:
        """Return the head of an operation's requests."""
        head = self._heads.get(operation.name)
        if head is None:
            head = self._heads[operation.name] = RequestHead(operation, self._host)
        return head


class RequestHead:
    """The request line and the constant headers, as fields and as bytes."""

    __slots__ = ("content_type", "headers", "host", "lines", "target")

    def __init__(self, operation: Operation[Any], host: bytes) -> None:
        service = operation.service
        self.host = host
        self.content_type = b"application/x-amz-json-%b" % service.json_version.encode("ascii")
        self.target = operation.target.encode("ascii")
        self.headers = [
            (b"host", host),
            (b"content-type", self.content_type),
            (b"x-amz-target", self.target),
            (b"user-agent", f"{service.package}/{__version__}".encode("ascii")),
            (b"accept-encoding", b"identity"),
        ]
        if service.is_query_compatible:
            self.headers.append((b"x-amzn-query-mode", b"true"))
        self.lines = b"POST / HTTP/1.1\r\n" + b"".join(
            [b"%b: %b\r\n" % field for field in self.headers]
        )

"""A botocore client of an in-memory ECR.

botocore has no types, so its values are Any.
"""

from __future__ import annotations

import importlib
from typing import Any
from urllib.parse import urlsplit

from ecrclient.testing import InMemoryECR
from ecrclient.testing.http_messages import HttpRequest

__all__ = ["botocore_client", "botocore_module"]


def botocore_client(ecr: InMemoryECR) -> Any:
    """Return a botocore client that calls *ecr*; boto3's clients have the same class."""

    def send(request: Any, **_: object) -> Any:
        url = urlsplit(str(request.url))
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        headers.setdefault("host", url.netloc)  # botocore leaves this to the HTTP library
        response = ecr.handle(
            HttpRequest(request.method, url.path or "/", url.query, headers, request.body)
        )
        return botocore_module("awsrequest").AWSResponse(
            request.url, response.status, dict(response.headers), _Body(b"".join(response.pieces()))
        )

    client: Any = (
        botocore_module("session")
        .Session()
        .create_client(
            "ecr",
            region_name=ecr.region,
            aws_access_key_id=ecr.credentials.access_key_id,
            aws_secret_access_key=ecr.credentials.secret_access_key,
        )
    )
    client.meta.events.register("before-send.ecr", send)
    return client


def botocore_module(module: str) -> Any:
    """Import a module of botocore."""
    return importlib.import_module(f"botocore.{module}")


class _Body:
    """The body of a response, for botocore to read."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> list[bytes]:
        return [self._content]


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value

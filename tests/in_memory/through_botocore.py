"""botocore's client of an in-memory ECR.

botocore has no types, so what comes from it is Any.
"""

from __future__ import annotations

import importlib
from typing import Any
from urllib.parse import urlsplit

from ecrclient.testing import InMemoryECR
from ecrclient.testing.http_messages import HttpRequest

__all__ = ["botocore_client", "botocore_module"]


def botocore_client(ecr: InMemoryECR) -> Any:
    """A client that sends to *ecr*; boto3's is of the same class."""

    def send(request: Any, **_: object) -> Any:
        url = urlsplit(str(request.url))
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        headers.setdefault("host", url.netloc)  # botocore leaves it to the HTTP library
        answer = ecr.handle(
            HttpRequest(request.method, url.path or "/", url.query, headers, request.body)
        )
        return botocore_module("awsrequest").AWSResponse(
            request.url, answer.status, dict(answer.headers), _Body(b"".join(answer.pieces()))
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
    """A module of botocore."""
    return importlib.import_module(f"botocore.{module}")


class _Body:
    """What botocore reads an answer from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> list[bytes]:
        return [self._content]


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value

"""botocore as a reference implementation: its signer, endpoint rules and service models.

botocore has no types, so its objects are ``Any`` here.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from unittest import mock

from ecrclient import Credentials


def botocore(module: str) -> Any:
    return importlib.import_module(f"botocore.{module}")


@functools.cache
def service_model() -> dict[str, Any]:
    """The service's ``service-2`` data."""
    model: dict[str, Any] = botocore("loaders").Loader().load_service_model("ecr", "service-2")
    return model


def sigv4_headers(
    credentials: Credentials,
    *,
    url: str,
    region: str,
    content_type: str,
    target: str,
    body: bytes,
    now: datetime,
) -> dict[str, str]:
    """The headers that botocore's signer adds to the request, with names in lower case."""
    key = botocore("credentials").Credentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )
    headers = {"Content-Type": content_type, "X-Amz-Target": target}
    return sigv4_headers_of(key, "ecr", region, url=url, headers=headers, body=body, now=now)


def sigv4_headers_of(
    key: Any,
    service: str,
    region: str,
    *,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> dict[str, str]:
    """The headers that botocore's signer adds to a request with *headers* for any service."""
    auth = botocore("auth")
    request = botocore("awsrequest").AWSRequest("POST", url, headers=dict(headers), data=body)
    with mock.patch.object(auth, "get_current_datetime", return_value=now.replace(tzinfo=None)):
        auth.SigV4Auth(key, service, region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items() if name not in headers}


class EndpointRules:
    """botocore's engine with a service's rule set.

    Args:
        service: botocore's name of the service.
        more: Further partitions, in the format of botocore's data.
    """

    def __init__(self, service: str = "ecr", more: Sequence[Any] = ()) -> None:
        loader = botocore("loaders").Loader()
        known: Any = loader.load_data("partitions")
        self._partitions: Any = {**known, "partitions": [*known["partitions"], *more]}
        self._error: type[Exception] = botocore("exceptions").EndpointProviderError
        self._provider = botocore("endpoint_provider").EndpointProvider(
            loader.load_service_model(service, "endpoint-rule-set-1"), self._partitions
        )

    def resolve(self, region: str | None, *, use_fips: bool, use_dualstack: bool) -> str | None:
        """The URL; None if the rules have an error."""
        found = self.evaluate(
            {"Region": region, "UseFIPS": use_fips, "UseDualStack": use_dualstack}
        )
        return None if found is None else str(found.url)

    def evaluate(self, parameters: Mapping[str, Any]) -> Any | None:
        """botocore's ``RuleSetEndpoint``; None if the rules have an error."""
        try:
            return self._provider.resolve_endpoint(**parameters)
        except self._error:
            return None

    def regions(self) -> Iterator[str]:
        """The regions of all partitions."""
        for partition in self._partitions["partitions"]:
            yield from partition["regions"]

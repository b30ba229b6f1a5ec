"""Unknown arguments of a client, and what an editor and ``help`` read from its constructor."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from ecrclient import ECRClient
from ecrclient._awsjson.settings import client_arguments

ARGUMENTS = [
    *("region", "profile", "credentials", "endpoint_url", "use_fips", "use_dualstack", "retry"),
    *("options", "max_connections", "transport", "middleware"),
]


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("region_name", "use region="),
        ("profile_name", "use profile="),
        ("endpoint", "use endpoint_url="),
        ("base_url", "use endpoint_url="),
        ("aws_access_key_id", "use credentials=Credentials(access_key_id, "),
        ("session", "use credentials=, which accepts a boto3 or botocore session"),
        ("timeout", "use options=CallOptions(timeout=..., deadline=...)"),
        ("max_retries", "use retry=RetryPolicy(max_attempts=...)"),
        ("config", "use options=CallOptions("),
        ("verify", "use transport=PooledTransport(verify=...), or the environment variable AWS_CA"),
        ("http_client", "use transport=, which is an httpx.AsyncBaseTransport"),
        ("regoin", "did you mean region=?"),
        ("middlewares", "did you mean middleware=?"),
        ("zzz", f"the arguments are {', '.join(sorted(ARGUMENTS))}"),
    ],
)
def test_an_unknown_argument_suggests_the_right_one(name: str, suggestion: str) -> None:
    arguments: dict[str, Any] = {"region": "eu-west-1", name: "CANARY"}
    with pytest.raises(TypeError) as caught:
        ECRClient(**arguments)
    expected = f"ECRClient() got an unexpected keyword argument {name!r}; {suggestion}"
    assert str(caught.value).startswith(expected)
    assert "CANARY" not in str(caught.value)


def test_a_subclass_is_named() -> None:
    class Tenant(ECRClient):
        """A user's client."""

    arguments: dict[str, Any] = {"region_name": "eu-west-1"}
    with pytest.raises(TypeError, match=r"^Tenant\(\) got .*; use region=$"):
        Tenant(**arguments)


def test_the_constructor_keeps_its_signature() -> None:
    signature = inspect.signature(ECRClient)
    assert [*signature.parameters] == ARGUMENTS
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_argument_is_documented(name: str) -> None:
    assert f"\n    {name}: " in (inspect.getdoc(ECRClient.__init__) or "")


def test_every_hint_names_an_argument() -> None:
    hints = client_arguments._INSTEAD  # pyright: ignore[reportPrivateUsage]
    assert not hints.keys() & set(ARGUMENTS)
    for hint in hints.values():
        assert any(f"{name}=" in hint for name in ARGUMENTS), hint

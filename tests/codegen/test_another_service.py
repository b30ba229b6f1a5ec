"""A client generated for another service names that service everywhere, and never ECR."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from ecrclient._awsjson.protocol.errors import AWSClientError
from ecrclient._awsjson.version import __version__
from tests.conformance.generated import build_package
from tests.tools.scripted import Scripted, fail, ok

SPEC = """\
@lap v0.3
@api AWS Secrets Manager
@version 2017-10-17
@auth AWS SigV4
@endpoints 2

@endpoint POST /
@desc Generates a random password.
@optional {PasswordLength: int(i64), ExcludePunctuation: bool, IncludeSpace: bool}
@returns(200) {RandomPassword: str?}

@endpoint POST /
@desc Lists the secrets of the account in the Region.
@optional {IncludePlannedDeletion: bool, MaxResults: int, NextToken: str, Filters: [Filter]}
@returns(200) {SecretList: [SecretListEntry]?, NextToken: str?}

@end
"""
ECR = re.compile(r"\becr\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return build_package("secretsmanager", SPEC, tmp_path_factory.mktemp("secretsmanager"))


def client(package: ModuleType, transport: Scripted) -> Any:
    return package.SecretsManagerClient(
        region="eu-west-1",
        credentials=package.Credentials("AKID", "secret"),
        endpoint_url="https://secretsmanager.eu-west-1.amazonaws.com",
        retry=package.RetryPolicy(max_attempts=1),
        transport=transport,
    )


async def failures(package: ModuleType) -> list[Exception]:
    """An error of each stage of a call."""
    found: list[Exception] = []
    missing = fail(400, "ResourceNotFoundException")
    for transport, arguments in (
        (Scripted(), {"secret_id": 7}),
        (Scripted(httpx.ConnectError("refused")), {"secret_id": "a"}),
        (Scripted(ok({"VersionStages": 7})), {"secret_id": "a"}),
        (Scripted(missing), {"secret_id": "a"}),
    ):
        with pytest.raises(package.SecretsManagerClientError) as caught:
            await client(package, transport).get_secret_value(**arguments)
        found.append(caught.value)
    with pytest.raises(package.SecretsManagerClientError) as refused:
        package.SecretsManagerClient(max_connections=0)
    return [*found, refused.value]


def test_the_root_error_has_the_name_of_the_client(package: ModuleType) -> None:
    assert "SecretsManagerClientError" in package.__all__
    assert "ECRClientError" not in package.__all__
    assert package.SecretsManagerClientError is package.errors.SecretsManagerClientError
    assert package.SecretsManagerClientError is AWSClientError


@pytest.mark.anyio
async def test_every_error_derives_from_the_root(package: ModuleType) -> None:
    assert [type(error).__name__ for error in await failures(package)] == [
        "RequestValidationError",
        "ConnectError",
        "ResponseDecodeError",
        "ResourceNotFoundException",
        "ConfigurationError",
    ]


@pytest.mark.anyio
async def test_a_call_is_logged_under_the_name_of_the_package(
    package: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await client(package, Scripted(ok({"RandomPassword": "x"}))).get_random_password()
    calls = [record for record in caplog.records if "GetRandomPassword" in record.getMessage()]
    assert [record.name for record in calls] == [package.__name__]
    assert calls[0].getMessage().startswith("Secrets Manager.GetRandomPassword: 200 ok")
    assert not [record for record in caplog.records if record.name.startswith("ecrclient")]


@pytest.mark.anyio
async def test_the_user_agent_names_the_package(package: ModuleType) -> None:
    transport = Scripted(ok())
    await client(package, transport).get_random_password()
    agent = transport.requests[0].headers["user-agent"]
    assert agent == f"{package.__name__}/{__version__}"


@pytest.mark.anyio
async def test_errors_and_representations_do_not_mention_ecr(package: ModuleType) -> None:
    secrets = client(package, Scripted())
    listed = secrets.list_secrets()
    shown = [repr(secrets), repr(listed), repr(package.models.SecretListEntry())]
    listed.close()
    for error in await failures(package):
        shown += [str(error), repr(error)]
    assert [text for text in shown if ECR.search(text)] == []


def test_the_generated_source_does_not_mention_ecr(package: ModuleType) -> None:
    assert list(mentions(package)) == []


def mentions(package: ModuleType) -> Iterator[str]:
    """The lines of the package's docstrings, comments and code with the word ECR."""
    (folder,) = map(Path, package.__path__)
    for file in sorted(folder.rglob("*.py")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if ECR.search(line):
                yield f"{file.relative_to(folder)}:{number}: {line.strip()}"

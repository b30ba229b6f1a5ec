"""The completions and hover texts that pyright's language server gives a user's editor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecrclient.operations import OPERATIONS
from tests.editor.language_server import Editor, open_editor

HEAD = """\
from ecrclient import ECRClient

async def main(ecr: ECRClient) -> None:
"""


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    with open_editor(tmp_path_factory.mktemp("user")) as editor:
        yield editor


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        pytest.param(
            "ecr.|",
            {operation.method for operation in OPERATIONS.values()}
            | {"get_images", "wait_until", "registry_credentials", "repository", "with_options"},
            id="methods",
        ),
        pytest.param(
            "await ecr.create_repository(|)",
            {"repository_name=", "tags=", "image_scanning_configuration="},
            id="arguments",
        ),
        pytest.param(
            "ecr.repository('team/app').|",
            {"describe_images", "delete_images", "latest_images", "with_options"},
            id="handle",
        ),
        pytest.param(
            "ecr.with_options(|)",
            {"timeout=", "deadline=", "retry=", "pool_timeout="},
            id="options",
        ),
        pytest.param(
            "ECRClient(|)",
            {"region=", "credentials=", "endpoint_url=", "options=", "middleware="},
            id="constructor",
        ),
        pytest.param(
            'await ecr.create_repository(repository_name="a/b", tags=[{"|"}])',
            {'"key"', '"value"'},
            id="keys of a dictionary in a list",
        ),
        pytest.param(
            "await ecr.put_image_scanning_configuration("
            'repository_name="a/b", image_scanning_configuration={"|"})',
            {'"scan_on_push"'},
            id="keys of a dictionary",
        ),
        pytest.param(
            'await ecr.put_image_tag_mutability(repository_name="a/b", image_tag_mutability="|")',
            {'"MUTABLE"', '"IMMUTABLE"', '"IMMUTABLE_WITH_EXCLUSION"'},
            id="values of an enum",
        ),
        pytest.param(
            '(await ecr.create_repository(repository_name="a/b")).repository.|',
            {"repository_uri", "repository_arn", "created_at"},
            id="members of a response",
        ),
        pytest.param(
            'async for image in ecr.describe_images(repository_name="a/b"): image.|',
            {"image_digest", "image_tags", "image_pushed_at"},
            id="members of an item",
        ),
        pytest.param(
            'ecr.describe_images(repository_name="a/b").|',
            {"pages", "collect", "first", "prefetch"},
            id="uses of a paginated call",
        ),
    ],
)
def test_completion(editor: Editor, line: str, offered: set[str]) -> None:
    assert offered <= editor.completions(f"{HEAD}    {line}\n")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        pytest.param(
            'ecr.describe_images|(repository_name="a/b")',
            [
                "Returns metadata about the images in a repository.",
                "Maximum number of images to return in one page; 100 when omitted.",
                "RepositoryNotFoundException",
            ],
            id="operation",
        ),
        pytest.param(
            'ECRClient|(region="eu-west-1")',
            [
                "region: str | None = None",
                "max_connections: int = 50",
                "The AWS Region, such as",
                "The profile of the shared configuration files.",
                "a provider, a",
                "The URL to send requests to",
                "Whether to use the endpoint validated under FIPS 140.",
                "Whether to use the endpoint with IPv4 and IPv6 addresses.",
                "The number of attempts and the delays between them.",
                "The timeout, deadline and so on of every call.",
                "The maximum number of connections",
                "that sends the requests; the caller closes",
                "Async functions that run around each attempt",
            ],
            id="constructor",
        ),
        pytest.param(
            "ecr.with_options|(timeout=3)",
            ["timeout: float | Unset | None = UNSET", "What is not passed keeps"],
            id="options",
        ),
        pytest.param("ecr.region|", ["The AWS Region that calls are signed for."], id="property"),
        pytest.param(
            "(await ecr.describe_registry()).registry_id|",
            ["The AWS account ID of the registry."],
            id="member of a response",
        ),
        pytest.param(
            'async for image in ecr.describe_images(repository_name="a/b"): image.image_pushed_at|',
            ["Time at which the image was pushed to the repository (UTC)."],
            id="member of an item",
        ),
    ],
)
def test_hover(editor: Editor, line: str, shown: list[str]) -> None:
    text = editor.hover(f"{HEAD}    {line}\n").replace("&nbsp;", " ")
    for each in shown:
        assert each in text


def test_every_public_type_is_known() -> None:
    """A user's pyright knows every type of the installed package, other packages' types aside."""
    command = ["pyright", "--verifytypes", "ecrclient", "--ignoreexternal", "--outputjson"]
    # pyright looks for the package in the first Python on the path.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout)["typeCompleteness"]
    incomplete = [
        (symbol["name"], [problem["message"] for problem in symbol["diagnostics"]])
        for symbol in report["symbols"]
        if symbol["isExported"] and not symbol["isTypeKnown"]
    ]
    assert incomplete == []
    assert report["completenessScore"] == 1

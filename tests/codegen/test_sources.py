"""Other forms of the sources, other services, and invalid command lines."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import botocore
import pytest

from codegen import aws_model
from codegen.__main__ import main
from codegen.aws_model import ModelError
from codegen.model_to_ir import Facts, build_service
from codegen.overlay import Overlay
from tests.codegen.project import OVERLAY, ROOT, SPEC, generated


def test_the_json_document_gives_the_same_modules(tmp_path: Path) -> None:
    document = tmp_path / "that.json"
    raw = (ROOT / SPEC).read_bytes().decode("utf-8")
    document.write_text(json.dumps({"name": "ecr", "raw": raw}), encoding="utf-8")
    out = tmp_path / "ecrclient"
    options = ["--spec", str(document), "--service", "ecr", "--out", str(out)]
    assert main(["build", *options, "--overlay", str(ROOT / OVERLAY)]) == 0
    built = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in out.rglob("*.py")}
    committed = {
        name: content.replace(SPEC.as_posix().encode(), b"that.json", 1)
        for name, content in generated(ROOT).items()
        if name.endswith(".py")
    }
    assert built == committed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"raw": 1}', 'the document has no string in its "raw" member'),
        ("[]", 'the document has no string in its "raw" member'),
        ('{\n  "raw": }', "that.json:2:10: Expecting value"),
    ],
)
def test_a_json_document_without_the_spec_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    document = tmp_path / "that.json"
    document.write_text(text, encoding="utf-8")
    out = tmp_path / "out"
    options = ["--spec", str(document), "--service", "ecr", "--out", str(out)]
    assert main(["build", *options]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_an_invalid_spec_is_refused_with_the_position(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / SPEC).read_text(encoding="utf-8")
    broken = tmp_path / "broken.lap"
    broken.write_text(text.replace("{registryId: str}", "{registryId: txt}", 1), encoding="utf-8")
    out = tmp_path / "out"
    options = ["--spec", str(broken), "--service", "ecr", "--out", str(out)]
    assert main(["build", *options]) == 2
    line = text[: text.index("{registryId: str}")].count("\n") + 1
    assert f"broken.lap:{line}:24: " in capsys.readouterr().err
    assert not out.exists()


def test_an_unknown_service_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--spec", str(ROOT / SPEC), "--service", "no-such", "--out", str(tmp_path / "out")]
    assert main(["build", *options]) == 2
    assert "has no service named 'no-such'" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"@lap v0.3\n@api \xff\n"], ids=["missing", "not UTF-8"])
def test_an_unreadable_spec_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    spec = tmp_path / "spec.lap"
    if content is not None:
        spec.write_bytes(content)
    options = ["--spec", str(spec), "--service", "ecr", "--out", str(tmp_path / "out")]
    assert main(["build", *options]) == 2
    assert capsys.readouterr().err.startswith(f"SourceError: {spec}: ")


def test_a_service_of_another_protocol_is_refused() -> None:
    with pytest.raises(
        ModelError, match="s3 uses the protocol 'rest-xml'; this generator supports only"
    ):
        aws_model.load("s3")


def test_a_service_with_host_prefixes_is_refused() -> None:
    with pytest.raises(ModelError, match="StartSyncExecution has a host prefix"):
        aws_model.load("stepfunctions")


def test_an_idempotency_token_is_reported() -> None:
    service = build_service(
        aws_model.load("secretsmanager"), Overlay(), Facts({}, frozenset(), {}), package="secrets"
    )
    assert (
        "CreateSecretRequest.ClientRequestToken: an idempotency token, which the caller has to "
        "fill in"
    ) in service.omissions


def test_a_folder_of_models_replaces_that_of_botocore(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--spec", str(ROOT / SPEC), "--service", "ecr", "--out", str(tmp_path / "out")]
    assert main(["build", *options, "--data", str(tmp_path)]) == 2
    assert f"{tmp_path} has no service named 'ecr'" in capsys.readouterr().err
    source = Path(botocore.__file__).parent / "data/ecr"
    shutil.copytree(source, tmp_path / "ecr")
    assert aws_model.load("ecr", tmp_path) == aws_model.load("ecr")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "--out", "there"], "--report need --spec"),
        (["check", "--spec", "spec.lap", "--out", "there"], "--spec needs --service and --out"),
        (["check", "--spec", "spec.lap", "--service", "ecr"], "--spec needs --service and --out"),
    ],
)
def test_incomplete_options_are_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("UsageError: ")
    assert message in error


@pytest.mark.parametrize("arguments", [[], ["remake"], ["build", "--no-such-option"]])
def test_an_invalid_command_line_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2
    assert capsys.readouterr().err.startswith("usage: python -m codegen")

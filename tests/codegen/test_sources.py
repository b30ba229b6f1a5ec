"""Other forms of the sources, other services, and invalid command lines."""

from __future__ import annotations

import dataclasses
import gzip
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


def _do_not_try(*_: object) -> None:
    """Accept any package."""


def test_the_json_document_gives_the_same_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The package has the name of the one with the runtime, so it cannot be imported.
    monkeypatch.setattr("codegen.__main__.try_package", _do_not_try)
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


def test_a_service_with_no_operation_that_can_be_called_is_refused() -> None:
    model = aws_model.load("timestream-query")
    only = tuple(found for found in model.operations if found.name == "Query")
    with pytest.raises(ModelError, match=r"no operation can be generated; Query: .* discovery"):
        build_service(
            dataclasses.replace(model, operations=only),
            Overlay(),
            Facts({}, frozenset(), {}),
            package="queries",
        )


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


# -- positions in a JSON document -----------------------------------------------------------------


def json_document(text: str) -> str:
    """A document whose spec does not begin on its first line, with escapes before and in it."""
    return '{\n  "na\\u006de": [1, {"raw": "\\""}],\n  "raw" :\n    ' + json.dumps(text) + "\n}"


@pytest.mark.parametrize("before", ["", "é\U0001f680\t\\ "], ids=["plain", "escaped"])
def test_an_error_in_a_json_document_has_its_position_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str
) -> None:
    text = (ROOT / SPEC).read_text(encoding="utf-8").replace("@desc ", f"@desc {before}", 1)
    document = tmp_path / "that.json"
    content = json_document(text.replace("{registryId: str}", "{registryId: txt}", 1))
    document.write_text(content, encoding="utf-8")
    assert main(["check", *options(document, tmp_path / "out")]) == 2
    column = content.index("txt") - content.rindex("\n", 0, content.index("txt"))
    error = capsys.readouterr().err
    assert error.startswith(f"LapSyntaxError: {document}:4:{column}: unknown type 'txt'\n")
    _, shown, caret, expected = error.rstrip("\n").split("\n")
    assert shown[caret.index("^") :].startswith("txt")
    assert expected.startswith("expected: one of any, bool")


def test_other_positions_in_a_message_are_those_of_the_json_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "@lap v0.3\n@api A\n@api B\n@endpoints 0\n@end\n"
    document = tmp_path / "that.json"
    content = json_document(text)
    document.write_text(content, encoding="utf-8")
    assert main(["check", *options(document, tmp_path / "out")]) == 2
    line = content.split("\n")[3]
    first, second = line.index("@api A") + 1, line.index("@api B") + 1
    error = capsys.readouterr().err
    assert f"{document}:4:{second}: duplicate directive '@api'" in error
    assert f"the first is in line 4, column {first}" in error


@pytest.mark.parametrize("suffix", ["lap", "json"])
def test_an_unknown_directive_is_a_warning_with_its_position(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    text = (ROOT / SPEC).read_text(encoding="utf-8")
    text = text.replace("@endpoint POST /", "@endpoint POST /\n@later x", 1)
    spec = tmp_path / f"spec.{suffix}"
    content = json_document(text) if suffix == "json" else text
    spec.write_text(content, encoding="utf-8")
    overlay = ["--overlay", str(ROOT / OVERLAY)]
    assert main(["build", *options(spec, tmp_path / "out"), *overlay]) == 0
    before = content[: content.index("@later")]
    place = f"{spec}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    assert f" warning: {place}: unknown directive '@later' is kept but not understood" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("suffix", ["lap", "json"])
def test_a_misspelt_type_is_refused_with_its_position_and_a_suggestion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    text = (ROOT / SPEC).read_text(encoding="utf-8").replace("[Layer]?", "[Layr]?", 1)
    spec = tmp_path / f"spec.{suffix}"
    content = json_document(text) if suffix == "json" else text
    spec.write_text(content, encoding="utf-8")
    assert main(["check", *options(spec, tmp_path / "out")]) == 2
    before = content[: content.index("Layr")]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    expected = f"{spec}:{line}:{column}: the model has no type Layr; did you mean Layer?"
    assert expected in capsys.readouterr().err.splitlines()[-1]


def test_a_deeply_nested_json_document_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "deep.json"
    document.write_text("[" * 100_000, encoding="utf-8")
    assert main(["check", *options(document, tmp_path / "out")]) == 2
    assert capsys.readouterr().err == f"SourceError: {document}: nested too deeply\n"


# -- models that are not valid --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metadata": {}}, "not the layout of a botocore model: KeyError('protocol')"),
        ({"operations": [1]}, "not the layout of a botocore model: AttributeError("),
        ({"shapes": {}}, "refers to BatchCheckLayerAvailabilityRequest, which is not defined"),
        (b"{", "Expecting property name"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff", "'utf-8' codec can't decode"),
        (None, "does not exist, nor does service-2.json.gz"),
    ],
    ids=["metadata", "operations", "shapes", "JSON", "depth", "encoding", "missing"],
)
def test_an_invalid_model_is_refused_with_its_file(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, object] | bytes | None,
    message: str,
) -> None:
    source = Path(botocore.__file__).parent / "data/ecr"
    shutil.copytree(source, tmp_path / "ecr")
    [packed] = tmp_path.glob("ecr/*/service-2.json.gz")
    model = json.loads(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    if change is not None:
        content = change if isinstance(change, bytes) else json.dumps(model | change).encode()
        packed.with_suffix("").write_bytes(content)
    arguments = options(ROOT / SPEC, tmp_path / "out")
    assert main(["check", *arguments, "--data", str(tmp_path)]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"ModelError: {packed.parent}")
    assert message in error


def options(spec: Path, out: Path) -> list[str]:
    return ["--spec", str(spec), "--service", "ecr", "--out", str(out)]

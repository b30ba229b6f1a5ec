"""A package that does not work is not written; the error names the file and the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.__main__ import main
from codegen.ir import Service
from codegen.render import endpoints
from codegen.trial import TrialError, try_package

FILES = {
    "__init__.py": "def warm_up(): pass\n",
    "endpoints.py": (
        "def resolve_endpoint(*, region, use_fips, use_dualstack, endpoint):\n"
        "    return f'https://{region}.example'\n"
    ),
    "operations.py": ("class One:\n    endpoint = None\n\n\nOPERATIONS = {'OneRequest': One()}\n"),
}


def attempt(folder: Path, package: str = "made", **changed: str) -> None:
    texts = FILES | {f"{name}.py": text for name, text in changed.items()}
    try_package({folder / name: text for name, text in texts.items()}, folder, package)


def test_a_package_that_works(tmp_path: Path) -> None:
    attempt(tmp_path / "made")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"errors": "x = 1\ny = z\n"}, "errors.py:2: NameError: name 'z' is not defined"),
        (
            {"errors": "x = 1\nif:\n"},
            "errors.py:2: SyntaxError: invalid syntax (errors.py, line 2)",
        ),
        (
            {"__init__": "def warm_up():\n    raise TypeError('a shape\\nis shadowed')\n"},
            "__init__.py:2: TypeError: a shape is shadowed",
        ),
        ({"__init__": ""}, "warm_up(): AttributeError: module 'made' has no attribute 'warm_up'"),
        (
            {"endpoints": "def resolve_endpoint(**settings):\n    raise ValueError('none')\n"},
            "endpoints.py:2: ValueError: none",
        ),
        (
            {"endpoints": "def resolve_endpoint(*, region): ...\n"},
            "endpoint: TypeError: resolve_endpoint() got an unexpected keyword argument 'use_fips'",
        ),
    ],
    ids=["import", "syntax", "warm-up", "no warm-up", "no endpoint", "parameters"],
)
def test_a_package_that_does_not_work(
    tmp_path: Path, changed: dict[str, str], message: str
) -> None:
    with pytest.raises(TrialError) as caught:
        attempt(tmp_path / "made", **changed)
    assert str(caught.value) == f"the generated package does not work: {message}"


def test_an_endpoint_in_one_region_is_enough(tmp_path: Path) -> None:
    only = "def resolve_endpoint(*, region, **settings):\n    assert region == 'eu-west-1'\n"
    attempt(tmp_path / "made", endpoints=only)


def test_every_kind_of_operation_has_an_endpoint(tmp_path: Path) -> None:
    operations = """
from types import SimpleNamespace as Made
OPERATIONS = {
    name: Made(endpoint=Made(static={"kind": name})) for name in ("data", "control")
}
"""
    resolve = "def resolve_endpoint(*, kind, **settings):\n    assert kind == 'data'\n"
    with pytest.raises(TrialError, match=r"endpoints.py:2: AssertionError"):
        attempt(tmp_path / "made", operations=operations, endpoints=resolve)


def test_hand_written_modules_are_used(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "_base.py").write_text("from made.errors import Base\n")
    attempt(folder, client="from made._base import Base\n", errors="class Base: ...\n")


def test_the_parents_of_a_package_do_not_run(tmp_path: Path) -> None:
    folder = tmp_path / "acme" / "aws" / "made"
    for parent in (folder.parent, folder.parent.parent):
        parent.mkdir(exist_ok=True, parents=True)
        (parent / "__init__.py").write_text("raise SystemExit('it ran')\n")
    attempt(folder, "acme.aws.made", client="from .errors import X\n", errors="X = __package__\n")


def test_the_old_tree_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out = tmp_path / "spec.lap", tmp_path / "made"
    spec.write_text("@lap v0.3\n@api AWS Secrets Manager\n@endpoints 0\n@end\n", encoding="utf-8")
    options = ["build", "--spec", str(spec), "--service", "secretsmanager", "--out", str(out)]
    assert main(options) == 0
    before = {path: path.read_bytes() for path in out.rglob("*.py")}
    render: Callable[[Service], str] = endpoints.render

    def broken(service: Service) -> str:
        return render(service).replace("def resolve_endpoint(", "def resolve_endpoint(wanted,")

    monkeypatch.setattr(endpoints, "render", broken)
    capsys.readouterr()
    assert main(options) == 2
    *_, error = capsys.readouterr().err.splitlines()
    assert error == (
        "TrialError: the generated package does not work: endpoint: TypeError: "
        "resolve_endpoint() missing 1 required positional argument: 'wanted'"
    )
    assert {path: path.read_bytes() for path in out.rglob("*.py")} == before

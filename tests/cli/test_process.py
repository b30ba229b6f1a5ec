"""The command line as a process: signals, closed output, encodings, and the missing extra."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ecrclient.testing import InMemoryECR
from tests.cli.conftest import Run, start

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")


def wait_for(ecr: InMemoryECR, operation: str, process: subprocess.Popen[str]) -> None:
    """Wait until a process that is running has called an operation."""
    while not any(call.operation == operation for call in ecr.calls):
        assert process.poll() is None
        time.sleep(0.01)


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_copy_leaves_no_tag(
    run: Run, ecr: InMemoryECR, number: signal.Signals
) -> None:
    ecr.faults.latency(30.0, operation="UploadLayerPart", times=None)
    ecr.calls.clear()
    process = start("copy", "team/app:v1", "team/copy:new")
    with process:
        wait_for(ecr, "UploadLayerPart", process)
        process.send_signal(number)
        _, err = process.communicate()
    assert process.returncode == 130
    assert err.splitlines()[-1] == "ecrclient: interrupted"
    assert "Traceback" not in err
    ecr.faults.clear()
    tags = [one["image_tags"] for one in run("images", "team/copy", "--json").json["images"]]
    assert tags == [["old"]]


@posix
@pytest.mark.parametrize(
    ("file", "left"),
    [("oci:out", ["oci-layout"]), ("oci-archive:out.tar", []), ("docker-archive:out.tar", [])],
)
def test_an_interrupted_pull_leaves_no_image(
    run: Run, ecr: InMemoryECR, tmp_path: Path, file: str, left: list[str]
) -> None:
    """A layout stays, without an image; an archive does not appear."""
    ecr.faults.latency(30.0, operation="GetDownloadUrlForLayer", times=None)
    ecr.calls.clear()
    process = start("pull", "team/app:v1", file)
    with process:
        wait_for(ecr, "GetDownloadUrlForLayer", process)
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 130
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == left


@posix
def test_a_closed_output_is_quiet(environment: None) -> None:
    process = start("images", "team/app")
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 141
    assert err == ""


def test_output_in_another_encoding(environment: None, ecr: InMemoryECR) -> None:
    process = start("inspect", "team/app:ä", env={"PYTHONIOENCODING": "ascii"})
    _, err = process.communicate()
    assert process.returncode == 2
    assert r"\xe4" in err


def test_serve_prints_its_environment(tmp_path: Path) -> None:
    process = start("serve", "--port", "0", "--json", cwd=tmp_path)
    with process:
        assert process.stdout is not None
        served = json.loads(process.stdout.readline())
        listed = start("repos", "--json", env=served["environment"])
        out, _ = listed.communicate()
        process.terminate()
    assert json.loads(out) == {"repositories": []}
    if sys.platform != "win32":
        assert process.returncode == 0


def test_serve_prints_exports(tmp_path: Path) -> None:
    process = start("serve", "--port", "0", cwd=tmp_path)
    with process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(6)]
        process.terminate()
    assert any(line.startswith("export AWS_ENDPOINT_URL_ECR=http://127.0.0.1:") for line in lines)


def test_without_the_extra_one_line_says_how_to_install_it() -> None:
    program = (
        "import sys; sys.modules['click'] = None\n"
        "from ecrclient.cli import main; sys.exit(main(['repos']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert 'pip install "ecrclient[cli]"' in done.stderr


def test_the_help_imports_neither_httpx_nor_rich() -> None:
    program = (
        "import sys\nfrom ecrclient.cli import main\nmain(['--help'])\n"
        "print([name for name in ('rich', 'httpx', 'botocore') "
        "if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


@pytest.mark.parametrize(("words", "expected"), [("cop", "copy"), ("copy --to-", "--to-profile")])
def test_completion_of_words(words: str, expected: str) -> None:
    arguments = f"ecrclient {words}"
    process = start(
        env={
            "_ECRCLIENT_COMPLETE": "bash_complete",
            "COMP_WORDS": arguments,
            "COMP_CWORD": str(len(arguments.split()) - 1),
        }
    )
    out, _ = process.communicate()
    assert f"plain,{expected}\n" in out


def test_colors_are_off_where_no_terminal_reads(environment: None) -> None:
    process = start("repos", env={"NO_COLOR": "1", "FORCE_COLOR": ""})
    out, _ = process.communicate()
    assert "team/app" in out
    assert "\x1b" not in out


@posix
def test_an_interrupted_cleanup_can_be_repeated(run: Run, ecr: InMemoryECR) -> None:
    run("cleanup", "team/app", "--keep-tagged", "v2", "--out", "plan.json")
    latency = ecr.faults.latency(30.0, operation="BatchDeleteImage", times=None)
    ecr.calls.clear()
    process = start("cleanup", "team/app", "--apply", "plan.json")
    with process:
        wait_for(ecr, "BatchDeleteImage", process)
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 130
    latency.remove()
    assert run("cleanup", "team/app", "--apply", "plan.json", "--json").json["is_complete"] is True
    left = run("images", "team/app", "--json").json["images"]
    assert {tag for image in left for tag in image["image_tags"]} == {"v2", "latest"}

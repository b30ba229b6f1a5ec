"""The event loop is not blocked while a client finds its settings, credentials and certificates.

The client runs in a separate process, in which botocore is not imported and no certificate has
been read, next to a task that only reads the clock. Modules are compiled beforehand, as by pip:
compiling blocks the interpreter for 20 ms at a time. ``awscrt``, which only the tests need, is
hidden: botocore imports it if it is installed, and loading its library blocks the interpreter for
50 ms and more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio
import pytest
import trustme

from ecrclient import ECRClient
from tests.awsjson.transport.conftest import server_context
from tests.integration.test_lifetimes import ROOT, loopback

INTERVAL = 0.001
BOUND = 0.25  # generous, for machines under load
SLEEP = 1.0
LIFE = 4.0

_SCRIPT = f"""
import datetime, json, pathlib, time

with pathlib.Path(__file__).with_name("asked").open("a") as asked:
    asked.write("x")
time.sleep({SLEEP})
count = pathlib.Path(__file__).with_name("asked").stat().st_size
now = datetime.datetime.now(datetime.timezone.utc)
print(json.dumps({{
    "Version": 1,
    "AccessKeyId": "AKIDEXAMPLE",
    "SecretAccessKey": "a secret that opens nothing",
    "SessionToken": f"token-{{count}}",
    "Expiration": (now + datetime.timedelta(seconds={LIFE})).isoformat(),
}}))
"""


@dataclass
class Gaps:
    """The longest gap of the heartbeat at each step, in seconds."""

    alone: float = 0.0
    creation: float = 0.0
    first_call: float = 0.0
    refresh_in_background: float = 0.0
    refresh_waited_for: float = 0.0


class Heart:
    def __init__(self) -> None:
        self._last = time.perf_counter()
        self._gap = 0.0

    async def beat(self) -> None:
        while True:
            self._note()
            await anyio.sleep(INTERVAL)

    def _note(self) -> None:
        now = time.perf_counter()
        self._gap = max(self._gap, now - self._last - INTERVAL)
        self._last = now

    async def since(self) -> float:
        """The largest gap since the last call of this method."""
        await anyio.sleep(INTERVAL * 5)
        self._note()
        gap, self._gap = self._gap, 0.0
        return gap


async def measure(url: str) -> Gaps:
    """Run in a separate process."""
    gaps, heart = Gaps(), Heart()
    async with anyio.create_task_group() as group:
        group.start_soon(heart.beat)
        await anyio.sleep(0.2)
        gaps.alone = await heart.since()
        async with ECRClient(profile="slow", endpoint_url=url) as ecr:
            gaps.creation = await heart.since()
            await ecr.describe_registry()
            gaps.first_call = await heart.since()
            await anyio.sleep(
                LIFE * 0.6
            )  # past half of their lifetime: refreshed while they are used
            begun = time.perf_counter()
            await ecr.describe_registry()
            assert time.perf_counter() - begun < SLEEP / 2, "no call waits for this refresh"
            await anyio.sleep(SLEEP + 0.5)
            gaps.refresh_in_background = await heart.since()
            await anyio.sleep(LIFE)  # the second credentials have expired
            begun = time.perf_counter()
            await ecr.describe_registry()
            assert time.perf_counter() - begun > SLEEP / 2, "this call waits"
            gaps.refresh_waited_for = await heart.since()
        group.cancel_scope.cancel()
    return gaps


@pytest.fixture(scope="module")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment, with all modules that the process imports compiled."""
    folder = tmp_path_factory.mktemp("bytecode")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_")
        and not name.lower().endswith("_proxy")
        and name != "PYTHONDONTWRITEBYTECODE"
    } | {"PYTHONPYCACHEPREFIX": str(folder)}
    imports = """
import botocore.session, trio, ecrclient, tests.integration.test_event_loop
ecrclient.warm_up()
"""
    subprocess.run([sys.executable, "-c", imports], cwd=ROOT, env=environment, check=True)
    return environment


def test_the_event_loop_is_not_blocked(
    anyio_backend: str,
    bytecode: dict[str, str],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    script = tmp_path / "credentials.py"
    script.write_text(_SCRIPT)
    (tmp_path / "config").write_text(
        f'[profile slow]\nregion = eu-west-1\ncredential_process = "{sys.executable}" "{script}"\n'
    )
    environment = bytecode | {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CA_BUNDLE": str(tmp_path / "ca.pem"),
    }
    with loopback(server_context(ca.issue_cert("localhost"))) as server:
        done = subprocess.run(
            [sys.executable, "-m", "tests.integration.test_event_loop", server.url, anyio_backend],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        gaps: dict[str, float] = json.loads(done.stdout)
        tokens = server.tokens

    for step, gap in gaps.items():
        record_property(f"gap_ms_{step}", round(gap * 1000, 1))
    with capsys.disabled():
        shown = ", ".join(
            f"{step.replace('_', ' ')} {gap * 1000:.1f}" for step, gap in gaps.items()
        )
        print(f"\nlargest gaps in ms on {anyio_backend}: {shown}")
    first, second, third = tokens
    assert first == second, "the call during the refresh was signed with the old credentials"
    assert third != first
    assert (tmp_path / "asked").read_text() == "xxx"
    assert max(gaps.values()) < BOUND


if __name__ == "__main__":
    sys.modules["awscrt"] = None  # type: ignore[assignment] # simulate that it is not installed

    async def _main() -> None:
        print(json.dumps(asdict(await measure(sys.argv[1]))))

    anyio.run(_main, backend=sys.argv[2])

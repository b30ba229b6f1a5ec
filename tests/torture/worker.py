"""The client's process: reads case numbers, makes the calls, and measures each.

``python -m tests.torture.worker BACKEND SEED PLAIN_PORT TLS_PORT CA_FILE`` reads numbers from
standard input, one a line, and writes a JSON object for each.
"""

from __future__ import annotations

import gc
import json
import math
import resource
import ssl
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anyio

from ecrclient import (
    CallOptions,
    Credentials,
    ECRClient,
    ECRClientError,
    PooledTransport,
    RetryPolicy,
    warm_up,
)
from tests.middleware import pass_on
from tests.torture.cases import GOOD, PREFIX, Case, case_of

ADDRESS_SPACE = 3 << 30
"""A case that needs more gets a MemoryError."""
MOST_CPU_SECONDS = 8
"""A case that takes more ends the process with SIGXCPU."""
_PEAK = Path("/proc/self/clear_refs")


@dataclass
class Result:
    """The outcome of a case and its cost."""

    number: int
    outcome: str
    """``model``, the name of an error of this package, or ``RAW`` and any other exception."""
    cpu: float = 0.0
    """Seconds of the client's process."""
    mib: float = 0.0
    """Peak memory above the memory before the case."""
    text: str = ""
    """The beginning of the error's message."""
    text_length: int = 0
    usable: bool = True
    """Whether a good call after the case succeeded, if one was made."""


def _reset_peak() -> None:
    try:
        _PEAK.write_text("5")
    except OSError:
        return  # the peak is then the process's: a later case is charged only for what it adds


def _memory(field: str) -> float:
    """MiB of this process, from the kernel; the peak where the kernel does not report it."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Clients:
    """Keeps one client for each kind of call."""

    def __init__(self, ports: tuple[int, int], ca_file: str) -> None:
        self._ports = ports
        self._context = ssl.create_default_context(cafile=ca_file)
        self._clients: dict[tuple[str, bool, bool], ECRClient] = {}

    def of(self, case: Case) -> ECRClient:
        key = (case.parser, case.tls, case.middleware)
        if key not in self._clients:
            self._clients[key] = self._make(case)
        return self._clients[key]

    def _make(self, case: Case) -> ECRClient:
        scheme = "https" if case.tls else "http"
        return ECRClient(
            region="eu-west-1",
            endpoint_url=f"{scheme}://127.0.0.1:{self._ports[case.tls]}",
            credentials=Credentials("AKIDEXAMPLE", "not a secret"),
            # The default transport with a chosen parser: requests are not converted to httpx's.
            transport=PooledTransport(parser=case.parser, verify=self._context),
            middleware=[pass_on] if case.middleware else [],
            options=CallOptions(timeout=45),
            retry=RetryPolicy(max_attempts=1),
        )


async def measure(client: ECRClient, case: Case) -> Result:
    """Make the call of a case."""
    gc.collect()
    limit = math.ceil(time.process_time()) + MOST_CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    _reset_peak()
    before, started = _memory("VmRSS"), time.process_time()
    result = Result(case.number, "model")
    try:
        await getattr(client, case.method)(
            repository_name=f"{PREFIX}{case.number}", **case.arguments
        )
    except ECRClientError as error:
        result.outcome = type(error).__name__
        text = str(error)
        result.text, result.text_length = text[:200], len(text)
    except Exception as error:  # noqa: BLE001 - any exception is a finding
        result.outcome = f"RAW {type(error).__name__}"
        result.text = str(error)[:200]
    result.cpu = time.process_time() - started
    result.mib = max(0.0, _memory("VmHWM") - before)
    return result


async def is_usable(client: ECRClient) -> bool:
    """Whether a call with a good response succeeds."""
    try:
        page = await client.list_images(repository_name=GOOD)
    except Exception:  # noqa: BLE001 - after any exception the client is not usable
        return False
    return [image.image_tag for image in page.image_ids] == ["v1"]


async def work(backend: str, seed: int, ports: tuple[int, int], ca_file: str) -> None:
    """Run the cases one at a time."""
    clients = Clients(ports, ca_file)
    seen: set[int] = set()
    for line in sys.stdin:
        case = case_of(seed, int(line))
        assert case.backend == backend
        client = clients.of(case)
        if id(client) not in seen:  # so that imports and first-time work are not charged to a case
            seen.add(id(client))
            await is_usable(client)
            warm_up()
        result = await measure(client, case)
        result.usable = await is_usable(client)
        sys.stdout.write(json.dumps(asdict(result)) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Read the command line."""
    backend, seed, plain, tls, ca_file = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    arguments: tuple[Any, ...] = (backend, int(seed), (int(plain), int(tls)), ca_file)
    anyio.run(work, *arguments, backend=backend)


if __name__ == "__main__":
    main()

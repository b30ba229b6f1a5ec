"""The client's process: makes the calls whose numbers it reads, and measures each.

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
"""A case that wants more gets a MemoryError, and the machine is spared."""
MOST_CPU_SECONDS = 8
"""A case that takes more ends the process, by SIGXCPU."""
_PEAK = Path("/proc/self/clear_refs")


@dataclass
class Result:
    """What a case ended in, and what it cost."""

    number: int
    outcome: str
    """``model``, the name of one of our errors, or ``RAW`` and what else was raised."""
    cpu: float = 0.0
    """Seconds of the client's process."""
    mib: float = 0.0
    """Peak memory above what there was before."""
    text: str = ""
    """The beginning of the error's message."""
    text_length: int = 0
    usable: bool = True
    """Whether a good call afterwards succeeded, where one was made."""


def _reset_peak() -> None:
    try:
        _PEAK.write_text("5")
    except OSError:
        return  # the peak is the process's then: a later case is charged what it adds


def _memory(field: str) -> float:
    """MiB of this process, from the kernel; where it does not say, its highest so far."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Clients:
    """One client for each kind of call, kept."""

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
            # The default wire, with a parser of our choice: requests are not made httpx's.
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
    except Exception as error:  # noqa: BLE001 - what this is looking for
        result.outcome = f"RAW {type(error).__name__}"
        result.text = str(error)[:200]
    result.cpu = time.process_time() - started
    result.mib = max(0.0, _memory("VmHWM") - before)
    return result


async def is_usable(client: ECRClient) -> bool:
    """Whether a call with a good response succeeds."""
    try:
        page = await client.list_images(repository_name=GOOD)
    except Exception:  # noqa: BLE001 - whatever it is, the client is not usable
        return False
    return [image.image_tag for image in page.image_ids] == ["v1"]


async def work(backend: str, seed: int, ports: tuple[int, int], ca_file: str) -> None:
    """Case by case, one at a time."""
    clients = Clients(ports, ca_file)
    seen: set[int] = set()
    for line in sys.stdin:
        case = case_of(seed, int(line))
        assert case.backend == backend
        client = clients.of(case)
        if id(client) not in seen:  # imports and first-time work are no case's
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

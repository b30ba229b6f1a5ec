"""Make thousands of calls through faults and cancel half of them, then check for leaks.

::

    python -m benchmarks.soak [--calls 5000] [--seconds 60] [--backend asyncio|trio] [--seed N]

A server in a separate process responds to ListImages and misbehaves at random: it is slow, resets
connections before and after the request, stops in the middle of a response, closes connections that
it announced to keep, responds with status 500, or sends extra bytes. Tasks call it through an
ECRClient, then through the stock ``httpx.AsyncClient``, both limited to the same number of
connections. Each response names its call. The exit code is 1 if the ECRClient leaked a resource or
returned the response of another call; httpx's results are only shown.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import itertools
import json
import os
import random
import socket
import struct
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import dataclass, field

import anyio
import httpx

from ecrclient import (
    AttemptTimeout,
    CallOptions,
    Credentials,
    ECRClient,
    ECRClientError,
    PooledTransport,
    RetryPolicy,
)

CONNECTIONS = 20
TASKS = 64
POOL_TIMEOUT = 2.0
ATTEMPT_TIMEOUT = 1.0
MAX_DELAY_TO_CANCEL = 0.030
HOLD = 1.0  # seconds that the server delays a probe
SHARE = 0.42  # share of the time for the calls of each client; the rest is for checks

# -- the server ------------------------------------------------------------------------------------

# The faults and their probabilities; the other requests are "fine".
FAULTS = {
    "slow": 0.12,
    "500": 0.04,
    "reset": 0.03,
    "half a head": 0.02,
    "half a body": 0.02,
    "half a body, then silence": 0.002,
    "close after": 0.04,
    "connection: close": 0.03,
    "extra bytes": 0.03,
    "a second response": 0.02,
}
RESET_ON_CONNECT = 0.03  # of the connections


def _response(tag: str, *headers: str, status: str = "200 OK") -> bytes:
    digest = f"sha256:{0:064x}"
    content = {"imageIds": [{"imageDigest": digest, "imageTag": tag}]}
    body = json.dumps({"message": "out of order"} if status[0] == "5" else content).encode()
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/x-amz-json-1.1"]
    lines += [f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def _reset(writer: asyncio.StreamWriter) -> None:
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> str:
    """Read a request and return its repository's name."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    name: str = json.loads(await reader.readexactly(length))["repositoryName"]
    return name


class _Server:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.calm = False

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if self._random.random() < RESET_ON_CONNECT and not self.calm:
                await asyncio.sleep(self._random.random() * 0.003)
                _reset(writer)
                return
            while await self._converse(reader, writer):
                pass
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Handle one request; return whether to keep the connection."""
        name = await _request(reader)
        kind, _, tag = name.partition("/")
        if kind != "soak":
            await asyncio.sleep(HOLD if kind == "hold" else 0)
            writer.write(_response(tag))
            await writer.drain()
            return True
        await asyncio.sleep(self._random.random() * 0.01)
        return await self._misbehave(self._fault(), tag, writer)

    async def _misbehave(self, fault: str, tag: str, writer: asyncio.StreamWriter) -> bool:
        response = _response(tag)
        match fault:
            case "slow":
                await asyncio.sleep(self._random.random() * 0.08)
            case "500":
                response = _response(tag, status="500 Internal Server Error")
            case "reset":
                _reset(writer)
                return False
            case "half a head":
                response = response[:25]
            case "half a body" | "half a body, then silence":
                response = response[:-40]
            case "connection: close":
                response = _response(tag, "Connection: close")
            case "extra bytes":
                response += b"\r\nand more"
            case "a second response":
                response += _response("stray")
            case _:
                pass
        writer.write(response)
        await writer.drain()
        if fault == "close after":
            await asyncio.sleep(self._random.random() * 0.005)
        elif fault == "half a body, then silence":
            await asyncio.sleep(ATTEMPT_TIMEOUT * 3)
        return fault in {"fine", "slow", "500", "extra bytes", "a second response"}

    def _fault(self) -> str:
        number = self._random.random()
        for fault, share in FAULTS.items():
            number -= share
            if number < 0:
                return fault
        return "fine"


async def _serve(seed: int) -> None:
    """Serve until standard input ends, without faults after its first line."""
    behaviour = _Server(seed)
    server = await asyncio.start_server(behaviour.handle, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        behaviour.calm = True
    os._exit(0)  # without waiting for connections


@contextlib.contextmanager
def _server(seed: int) -> Generator[tuple[str, Callable[[], None]]]:
    """Start a server; yield its URL and a function that ends the faults."""
    command = [sys.executable, "-m", "benchmarks.soak", "--serve", "--seed", str(seed)]
    with subprocess.Popen(  # noqa: S603 - a module of this package
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None

        def calm() -> None:
            print(file=stdin, flush=True)

        try:
            yield f"http://127.0.0.1:{int(stdout.readline())}", calm
        finally:
            process.kill()


# -- the load --------------------------------------------------------------------------------------

Call = Callable[[str], Awaitable[str]]
"""List a repository's images; return the tag in the response."""


@dataclass
class Report:
    """The results of a load, and the findings after it."""

    name: str
    started: int = 0
    completed: int = 0
    cancelled: int = 0
    strayed: int = 0
    """The number of responses that belonged to another call."""
    errors: Counter[str] = field(default_factory=Counter[str])
    seconds: float = 0.0
    lines: dict[str, str] = field(default_factory=dict[str, str])
    failures: list[str] = field(default_factory=list[str])

    def check(self, name: str, shown: object, *, good: bool) -> None:
        """Add a finding to the table."""
        self.lines[name] = f"{shown}{'' if good else '  <- WRONG'}"
        if not good:
            self.failures.append(f"{self.name}: {name}: {shown}")


async def _load(
    report: Report,
    call: Call,
    expected: tuple[type[Exception], ...],
    options: argparse.Namespace,
) -> None:
    """Make as many calls as the time allows."""
    choice = random.Random(options.seed)
    numbers = itertools.count()
    begun = time.monotonic()
    deadline = begun + options.seconds * SHARE

    async def one(number: int) -> None:
        # Some calls complete before their cancellation: adjust the share towards one half.
        behind = report.cancelled * 2 < report.started
        doomed = choice.random() < (0.9 if behind else 0.1)
        delay = choice.random() * MAX_DELAY_TO_CANCEL if doomed else None
        report.started += 1
        with anyio.move_on_after(delay) as scope:
            try:
                tag = await call(f"soak/{number}")
            except expected as error:
                report.errors[type(error).__name__] += 1
            else:
                report.completed += 1
                report.strayed += tag != str(number)
        report.cancelled += scope.cancelled_caught

    async def work() -> None:
        while time.monotonic() < deadline and (number := next(numbers)) < options.calls:
            await one(number)

    async def progress() -> None:
        while True:
            _show(report, options.calls, time.monotonic() - begun)
            await anyio.sleep(0.5 if sys.stderr.isatty() else 5)

    async with anyio.create_task_group() as watching:
        watching.start_soon(progress)
        async with anyio.create_task_group() as working:
            for _ in range(TASKS):
                working.start_soon(work)
        watching.cancel_scope.cancel()
    report.seconds = time.monotonic() - begun
    _show(report, options.calls, report.seconds)
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _show(report: Report, calls: int, seconds: float) -> None:
    line = (
        f"{report.name}: {report.started}/{calls} calls, {report.cancelled} cancelled, "
        f"{sum(report.errors.values())} errors, {seconds:.0f} s"
    )
    start, end = ("\r", "") if sys.stderr.isatty() else ("", "\n")
    print(f"{start}{line:<76}", end=end, file=sys.stderr, flush=True)


# -- leaks -----------------------------------------------------------------------------------------


def _sockets() -> int | None:
    """The number of this process's sockets; None where the system does not report it."""
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        return None
    count = 0
    for name in names:
        with contextlib.suppress(OSError):
            count += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
    return count


def _tasks(backend: str) -> int:
    if backend == "asyncio":
        return len(asyncio.all_tasks())
    import trio

    return trio.lowlevel.current_statistics().tasks_living


async def _check_slots(report: Report, probe: Call) -> None:
    """Make as many concurrent slow calls as there are slots: none may wait for another."""
    free: list[int] = []
    right: list[int] = []

    async def one(number: int) -> None:
        try:
            tag = await probe(f"hold/{number}")
        except (AttemptTimeout, httpx.PoolTimeout):
            return
        except (ECRClientError, httpx.HTTPError):
            tag = ""
        free.append(number)
        if tag == str(number):
            right.append(number)

    async with anyio.create_task_group() as group:
        for number in range(CONNECTIONS):
            group.start_soon(one, number)
    report.check("free slots", f"{len(free)} of {CONNECTIONS}", good=len(free) == CONNECTIONS)
    report.check(
        "calls right after", f"{len(right)} of {CONNECTIONS}", good=len(right) == CONNECTIONS
    )


async def _works(call: Call) -> str:
    try:
        with anyio.fail_after(POOL_TIMEOUT * 2):
            tag = await call("plain/next")
    except (ECRClientError, httpx.HTTPError, TimeoutError) as error:
        return type(error).__name__
    return "works" if tag == "next" else "gets another call's response"


@contextlib.asynccontextmanager
async def _looked_after(report: Report, backend: str) -> AsyncGenerator[Callable[[int], None]]:
    """Compare sockets and tasks; the yielded function does so while the client is still open."""
    sockets, tasks = _sockets(), _tasks(backend)

    def compare(open_: int) -> None:
        now = _sockets()
        if now is None or sockets is None:
            report.lines["sockets beyond the pool"] = "unknown here"
        else:
            beyond = max(0, now - sockets - open_)
            report.check("sockets beyond the pool", beyond, good=not beyond)
        left = _tasks(backend) - tasks
        report.check("tasks left", left, good=left == 0)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        yield compare
        await anyio.sleep(0.1)
        gc.collect()
        left = None if sockets is None else (_sockets() or 0) - sockets
    unclosed = sum(issubclass(warning.category, ResourceWarning) for warning in caught)
    report.check("sockets after closing", "unknown here" if left is None else left, good=not left)
    report.check("resource warnings", unclosed, good=not unclosed)


async def _settle(calm: Callable[[], None]) -> None:
    """Give the loop and the server time to close connections."""
    calm()
    await anyio.sleep(0.3)
    gc.collect()


async def _soak_ours(url: str, calm: Callable[[], None], options: argparse.Namespace) -> Report:
    report = Report("ecrclient")
    retry = RetryPolicy(base_delay=0.005, throttling_base_delay=0.01, max_delay=0.02)
    async with (
        _looked_after(report, options.backend) as compare,
        PooledTransport(max_connections=CONNECTIONS) as transport,
        ECRClient(
            region="eu-west-1",
            credentials=Credentials("AKIDEXAMPLE", "a secret that opens nothing"),
            endpoint_url=url,
            retry=retry,
            options=CallOptions(timeout=ATTEMPT_TIMEOUT, deadline=5),
            max_connections=CONNECTIONS,
            transport=transport,
        ) as ecr,
    ):

        def calls(client: ECRClient) -> Call:
            async def call(name: str) -> str:
                image = await client.list_images(repository_name=name).first()
                return (image and image.image_tag) or ""

            return call

        await _load(report, calls(ecr), (ECRClientError,), options)
        await _settle(calm)
        stats = transport.stats()
        shown = f"{stats.in_use} taken, {stats.waiting} waiting"
        report.check("slots by stats()", shown, good=not (stats.in_use or stats.waiting))
        opened = f"{stats.open}, {stats.idle} idle"
        report.check(
            "connections open", opened, good=stats.idle == stats.open and stats.open <= CONNECTIONS
        )
        compare(stats.open)
        report.check("next call", shown := await _works(calls(ecr)), good=shown == "works")
        once = CallOptions(timeout=HOLD * 1.7, retry=RetryPolicy(max_attempts=1))
        await _check_slots(report, calls(ecr.with_options(once)))
    report.check("responses of other calls", report.strayed, good=not report.strayed)
    return report


async def _soak_httpx(url: str, calm: Callable[[], None], options: argparse.Namespace) -> Report:
    report = Report("stock httpx")
    timeout = httpx.Timeout(ATTEMPT_TIMEOUT, pool=POOL_TIMEOUT)
    patient = httpx.Timeout(HOLD * 1.7, pool=HOLD * 0.7)
    async with (
        _looked_after(report, options.backend) as compare,
        httpx.AsyncClient(
            base_url=url,
            limits=httpx.Limits(max_connections=CONNECTIONS),
            timeout=timeout,
            trust_env=False,
        ) as client,
    ):

        async def call(name: str, timeout: httpx.Timeout = timeout) -> str:
            response = await client.post("/", json={"repositoryName": name}, timeout=timeout)
            response.raise_for_status()
            tag: str = response.json()["imageIds"][0]["imageTag"]
            return tag

        await _load(report, call, (httpx.HTTPError, ValueError, KeyError), options)
        await _settle(calm)
        # Its pool has no public statistics: only the sockets show what is open.
        compare(CONNECTIONS)
        report.check("next call", shown := await _works(call), good=shown == "works")
        await _check_slots(report, lambda name: call(name, patient))
    report.check("responses of other calls", report.strayed, good=not report.strayed)
    return report


# -- the table -------------------------------------------------------------------------------------


def _table(reports: list[Report]) -> None:
    rows: dict[str, list[str]] = {}
    for report in reports:
        rows.setdefault("calls", []).append(str(report.started))
        rows.setdefault("completed", []).append(str(report.completed))
        rows.setdefault("cancelled", []).append(str(report.cancelled))
        rows.setdefault("errors", []).append(str(sum(report.errors.values())))
        rows.setdefault("seconds", []).append(f"{report.seconds:.1f}")
    for name in dict.fromkeys(name for report in reports for name in report.lines):
        rows[name] = [report.lines.get(name, "-") for report in reports]
    print(f"\n{'':<26}" + "".join(f"{report.name:<32}" for report in reports).rstrip())
    for name, cells in rows.items():
        print(f"{name:<26}" + "".join(f"{cell:<32}" for cell in cells).rstrip())
    for report in reports:
        errors = ", ".join(f"{count} {name}" for name, count in report.errors.most_common())
        print(f"\nErrors of {report.name}: {errors or 'none'}")


def main() -> int:
    """Soak both clients; return 1 if the ECRClient failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--calls", type=int, default=5000, help="calls through each client")
    parser.add_argument(
        "--seconds", type=float, default=60, help="approximate total for both clients"
    )
    parser.add_argument("--backend", choices=["asyncio", "trio"], default="asyncio")
    parser.add_argument("--seed", type=int, default=1, help="of the faults and cancellations")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(_serve(options.seed))
        return 0
    reports: list[Report] = []
    for soak in (_soak_ours, _soak_httpx):
        with _server(options.seed) as (url, calm):
            reports.append(anyio.run(soak, url, calm, options, backend=options.backend))
    print(f"\n{options.backend}, {TASKS} tasks, {CONNECTIONS} connections, seed {options.seed}")
    _table(reports)
    ours = reports[0]
    print("\n" + ("\n".join(ours.failures) or f"{ours.name}: no leaks"))
    return 1 if ours.failures else 0


if __name__ == "__main__":
    sys.exit(main())

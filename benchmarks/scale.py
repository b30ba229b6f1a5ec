"""A large inventory: its calls, its time under ECR's quotas by simulation, its CPU time and memory.

::

    python -m benchmarks.scale              # the plan and the simulation
    python -m benchmarks.scale --measure    # CPU time and memory of a page too

It needs the development dependencies.

The simulation runs the real client against an in-memory registry that throttles each operation as
ECR does, on virtual time, in which waiting takes no real time. The registry has the real number of
repositories, so the numbers of calls and the rates are those of the plan, but each page has one
image instead of 1,000. The time of all registries is computed from that of one.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
import tracemalloc
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import anyio

from ecrclient import ECRClient, RetryPolicy, ServiceError
from ecrclient._awsjson.settings.retry_policy import RetryMode
from ecrclient.models import DescribeImagesRequest, DescribeImagesResponse
from ecrclient.testing import InMemoryECR
from tests.virtual_time import VirtualLoop

__all__ = [
    "ADVISED_CONCURRENCY",
    "LISTING_RATES",
    "QUOTAS",
    "Inventory",
    "Simulated",
    "plan_lines",
    "simulate",
    "simulation_lines",
    "total_lines",
]

QUOTAS: Mapping[str, int] = {
    "BatchCheckLayerAvailability": 1_000,
    "BatchGetImage": 2_000,
    "CompleteLayerUpload": 100,
    "GetAuthorizationToken": 500,
    "GetDownloadUrlForLayer": 3_000,
    "InitiateLayerUpload": 100,
    "PutImage": 10,
    "UploadLayerPart": 500,
}
"""Requests per second, account and Region. Source: "Amazon ECR service quotas" in the Amazon ECR
User Guide, which has no rates of other operations."""

LISTING_RATES = (20, 100)
"""Assumed rates of DescribeRepositories and DescribeImages, for which ECR publishes none."""

LATENCY = 0.05
"""Seconds from a request to its response."""

ADVISED_CONCURRENCY = 8
_CONCURRENCY = (1, ADVISED_CONCURRENCY, 32, 128)
_START = datetime(2026, 1, 1, tzinfo=UTC)


class Inventory(NamedTuple):
    """The numbers of what is listed; a registry is an account in a Region."""

    accounts: int = 1_000
    regions: int = 20
    repositories: int = 500
    """In each registry."""
    images: int = 1_000
    """In each repository."""
    page: int = 1_000
    """The largest page of DescribeRepositories and DescribeImages."""
    batch: int = 100
    """The most images that BatchGetImage accepts."""

    @property
    def registries(self) -> int:
        """The number of registries."""
        return self.accounts * self.regions

    @property
    def total_images(self) -> int:
        """The number of images in all registries."""
        return self.registries * self.repositories * self.images

    def image_pages(self, page: int) -> int:
        """The calls of DescribeImages for one registry."""
        return self.repositories * _quotient(self.images, page)

    def listing_calls(self, page: int) -> int:
        """The calls of DescribeRepositories and DescribeImages for one registry."""
        return _quotient(self.repositories, page) + self.image_pages(page)

    @property
    def manifest_calls(self) -> int:
        """The calls of BatchGetImage for one registry."""
        return self.repositories * _quotient(self.images, self.batch)


def _quotient(items: int, size: int) -> int:
    return -(-items // size)


class Simulated(NamedTuple):
    """The outcome for one registry."""

    seconds: float | None
    """Virtual seconds; None if a call failed because the retries were used up."""
    requests: int
    """The number of requests, throttled ones included."""
    throttled: int


def simulate(
    inventory: Inventory,
    listing_rate: int,
    concurrency: int,
    *,
    manifests: bool = False,
    mode: RetryMode = "adaptive",
) -> Simulated:
    """List one registry on virtual time; read the manifests of all images too if *manifests*."""
    loop = VirtualLoop()
    memory = InMemoryECR(clock=lambda: _START + timedelta(seconds=loop.time()))
    names = [f"team/app-{number}" for number in range(inventory.repositories)]
    digests = {name: memory.add_image(name, [b"a layer"]) for name in names}
    for operation, rate in {
        **QUOTAS,
        "DescribeRepositories": listing_rate,
        "DescribeImages": listing_rate,
    }.items():
        memory.faults.rate_limit(rate, burst=rate, operation=operation)
    memory.faults.latency(LATENCY, times=None)
    policy = RetryPolicy(max_attempts=20, mode=mode)

    async def main() -> float | None:
        has_failed = False
        try:
            async with memory.client(retry=policy) as ecr:
                await _list(ecr, inventory, concurrency, digests if manifests else {})
        except* ServiceError:
            has_failed = True
        return None if has_failed else loop.time()

    random.seed(0)  # the jitter of retries
    try:
        seconds = anyio.run(main, backend_options={"loop_factory": lambda: loop})
    finally:
        loop.close()
    throttled = [call for call in memory.calls if call.error is not None]
    return Simulated(seconds, len(memory.calls), len(throttled))


async def _list(
    ecr: ECRClient, inventory: Inventory, concurrency: int, digests: Mapping[str, str]
) -> None:
    """Read each page of each repository, and each batch of manifests."""
    limiter = anyio.CapacityLimiter(concurrency)

    async def read(name: str) -> None:
        async with limiter:
            await ecr.describe_images(repository_name=name, max_results=inventory.page)

    async def read_manifests(name: str) -> None:
        async with limiter:
            await ecr.batch_get_image(
                repository_name=name, image_ids=[{"image_digest": digests[name]}]
            )

    async with anyio.create_task_group() as tasks:
        async for repository in ecr.describe_repositories(max_results=inventory.page):
            name = repository.repository_name
            for _ in range(_quotient(inventory.images, inventory.page)):
                tasks.start_soon(read, name)
            if digests:
                for _ in range(_quotient(inventory.images, inventory.batch)):
                    tasks.start_soon(read_manifests, name)


# -- the output ------------------------------------------------------------------------------------


def plan_lines(inventory: Inventory) -> list[str]:
    """The arithmetic, as a Markdown table."""
    listing, listing_usual = inventory.listing_calls(inventory.page), inventory.listing_calls(100)
    quota = QUOTAS["BatchGetImage"]
    rows = [
        ("registries (accounts x Regions)", inventory.registries),
        ("repositories", inventory.registries * inventory.repositories),
        ("images", inventory.total_images),
        ("calls for one registry: pages of 1,000", listing),
        ("calls for one registry: pages of 100", listing_usual),
        ("calls for all registries: pages of 1,000", listing * inventory.registries),
        ("calls for all registries: pages of 100", listing_usual * inventory.registries),
        ("calls for the manifests of one registry", inventory.manifest_calls),
        (
            "calls for the manifests of all registries",
            inventory.manifest_calls * inventory.registries,
        ),
    ]
    lines = ["| | number |", "|---|---|"]
    lines += [f"| {title} | {number:,} |" for title, number in rows]
    lines += ["", "| at least, for one registry | requests/s | seconds |", "|---|---|---|"]
    for rate in LISTING_RATES:
        seconds = _least(inventory.image_pages(inventory.page), rate)
        lines.append(f"| listing, assumed rate | {rate:,} | {seconds:,.1f} |")
    seconds = _least(inventory.manifest_calls, quota)
    lines.append(f"| manifests, quota of BatchGetImage | {quota:,} | {seconds:,.1f} |")
    return lines


def _least(calls: int, rate: int) -> float:
    """The seconds for *calls* of an operation: the bucket is full at the beginning."""
    return max(0, calls - rate) / rate


def simulation_lines(inventory: Inventory) -> list[str]:
    """The simulation, as two Markdown tables: listing, and listing with manifests."""
    head = ["| concurrent calls | seconds | requests | throttled |", "|---|---|---|---|"]
    lines = ["| retry mode | listing rate " + head[0], "|---|---" + head[1]]
    modes: tuple[RetryMode, ...] = ("adaptive", "standard")
    for mode in modes:
        for rate in LISTING_RATES:
            for concurrency in _CONCURRENCY:
                found = simulate(inventory, rate, concurrency, mode=mode)
                lines.append(f"| {mode} | {rate} | {concurrency} | {_shown(found)} |")
    lines += ["", *head]
    for concurrency in _CONCURRENCY[1:]:
        found = simulate(inventory, LISTING_RATES[-1], concurrency, manifests=True)
        lines.append(f"| {concurrency} | {_shown(found)} |")
    return lines


def total_lines(inventory: Inventory, seconds: float) -> list[str]:
    """The time of all registries, if that of one takes *seconds*, as a Markdown table."""
    lines = ["| registries at a time | hours | calls/s |", "|---|---|---|"]
    calls = inventory.listing_calls(inventory.page)
    for parallel in (1, 100, 1_000, 20_000):
        hours = _quotient(inventory.registries, parallel) * seconds / 3600
        lines.append(f"| {parallel:,} | {hours:,.2f} | {parallel * calls / seconds:,.0f} |")
    return lines


def _shown(found: Simulated) -> str:
    seconds = "fails" if found.seconds is None else f"{found.seconds:,.1f}"
    return f"{seconds} | {found.requests:,} | {found.throttled:,}"


def measured_lines(inventory: Inventory) -> list[str]:
    """CPU time and memory of a page of 1,000 images, in real time, on this machine."""
    memory = InMemoryECR()
    for number in range(inventory.page):
        memory.add_image("team/app", [b"%d" % number], tags=[f"v{number}"])

    async def page() -> bytes:
        async with memory.client() as ecr:
            request = DescribeImagesRequest(repository_name="team/app", max_results=inventory.page)
            return (await ecr.invoke_raw(request)).content

    content = anyio.run(page)
    decode = DescribeImagesResponse.model_validate_json
    decode(content)
    times: list[float] = []
    for _ in range(20):
        begun = time.process_time()
        decode(content)
        times.append(time.process_time() - begun)
    tracemalloc.start()
    kept = decode(content)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(kept.image_details) == inventory.page
    pages = inventory.image_pages(inventory.page) * inventory.registries
    seconds = statistics.median(times)
    return [
        "| a page of 1,000 images | |",
        "|---|---|",
        f"| bytes of the response | {len(content):,} |",
        f"| CPU ms to decode | {seconds * 1000:.1f} |",
        f"| MiB as models | {held / 2**20:.1f} |",
        f"| MiB of {ADVISED_CONCURRENCY} pages, as bytes and models | "
        f"{ADVISED_CONCURRENCY * (held + len(content)) / 2**20:.0f} |",
        f"| all pages: TB received | {pages * len(content) / 1e12:.1f} |",
        f"| all pages: CPU hours to decode | {pages * seconds / 3600:.0f} |",
        f"| all images as models, TiB | {pages * held / 2**40:.1f} |",
    ]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("--measure", action="store_true", help="CPU time and memory of a page too")
    options = parser.parse_args()
    inventory = Inventory()
    print("\n".join(plan_lines(inventory)))
    print(f"\nSimulation of one registry, {LATENCY * 1000:.0f} ms a call:\n")
    print("\n".join(simulation_lines(inventory)))
    one = simulate(inventory, LISTING_RATES[0], ADVISED_CONCURRENCY)
    assert one.seconds is not None
    print(
        f"\nAll registries, each with {ADVISED_CONCURRENCY} concurrent calls and a listing rate of "
        f"{LISTING_RATES[0]}:\n"
    )
    print("\n".join(total_lines(inventory, round(one.seconds, 1))))
    if options.measure:
        print("\nMeasured:\n")
        print("\n".join(measured_lines(inventory)))


if __name__ == "__main__":
    main()

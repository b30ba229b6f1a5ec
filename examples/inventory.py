"""List repositories with the number and size of their images, across Regions and accounts.

Each pair of account and Region has its own client. A limiter bounds the number of concurrent calls
of all clients together.

    python examples/inventory.py
    python examples/inventory.py --region eu-west-1 --region us-east-1 --profile dev --profile prod
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import anyio
from demo import sample_registry

from ecrclient import ECRClient, ECRClientError


@dataclass(frozen=True)
class Row:
    """One repository."""

    registry_id: str
    region: str
    name: str
    images: int
    size: int


async def read_registry(ecr: ECRClient, region: str, limiter: anyio.CapacityLimiter) -> list[Row]:
    """The repositories of one registry, read concurrently."""
    rows: list[Row] = []

    async def add(registry_id: str, name: str) -> None:
        async with limiter:
            images = await ecr.describe_images(repository_name=name).collect()
        size = sum(image.image_size_in_bytes or 0 for image in images)
        rows.append(Row(registry_id, region, name, len(images), size))

    async with anyio.create_task_group() as tasks:
        async for each in ecr.describe_repositories():
            tasks.start_soon(add, each.registry_id, each.repository_name)
    return rows


async def inventory(clients: dict[tuple[str, str], ECRClient], concurrency: int) -> list[Row]:
    """The repositories of all registries; prints an error for a registry that cannot be read."""
    limiter = anyio.CapacityLimiter(concurrency)
    rows: list[Row] = []

    async def visit(account: str, region: str, client: ECRClient) -> None:
        async with client:
            try:
                rows.extend(await read_registry(client, region, limiter))
            except* ECRClientError as errors:
                print(f"{account} {region}: {errors.exceptions[0]}")

    async with anyio.create_task_group() as tasks:
        for (account, region), client in clients.items():
            tasks.start_soon(visit, account, region, client)
    return sorted(rows, key=lambda row: (row.registry_id, row.region, row.name))


def table(rows: list[Row]) -> Iterator[str]:
    """The rows as lines of text."""
    yield f"{'registry':<14}{'region':<14}{'repository':<20}{'images':>7}{'MiB':>10}"
    for row in rows:
        name = f"{row.registry_id:<14}{row.region:<14}{row.name:<20}"
        yield f"{name}{row.images:>7}{row.size / 2**20:>10.3f}"


async def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--region", action="append", help="a Region; may be repeated")
    options.add_argument(
        "--profile", action="append", help="the profile of an account; may be repeated"
    )
    options.add_argument(
        "--concurrency", type=int, default=8, help="maximum concurrent calls, 8 by default"
    )
    given = options.parse_args()
    clients: dict[tuple[str, str], ECRClient] = {}
    if given.region or given.profile:
        for profile in given.profile or [None]:
            for region in given.region or [None]:
                client = ECRClient(region=region, profile=profile)
                clients[profile or "default", region or "default"] = client
    else:
        for account in ("111111111111", "222222222222"):
            for region in ("eu-west-1", "us-east-1"):
                memory = await sample_registry(region, account)
                clients[account, region] = memory.client()
    print("\n".join(table(await inventory(clients, given.concurrency))))


if __name__ == "__main__":
    anyio.run(main)

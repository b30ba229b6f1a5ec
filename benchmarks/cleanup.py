"""Measure a cleanup of a large repository, beside the same job with boto3.

::

    python -m benchmarks.cleanup [--images 20000]

The repository has releases, each an index with two images and a signature, and untagged images. Two
thirds of the releases and the untagged images are deleted. A server in a separate process is the
in-memory ECR, which starts again for each client. boto3 does the least that is correct: it lists
the images in pages of 1,000, reads the indexes, plans, and deletes indexes before their children.
ecrclient also reads the repository again before it deletes.

The table has calls, seconds of CPU time of the client, and the growth of its peak memory. The exit
status is 1 if a bound is exceeded.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import anyio

from ecrclient import ECRClient
from ecrclient.images import KeepNewest
from ecrclient.testing import InMemoryECR

_NAME = "team/app"
_MANIFESTS_PER_RELEASE = 4
_OCI = "application/vnd.oci.image"
_INDEX = f"{_OCI}.index.v1+json"
_BOUNDS = {"calls": 1.6, "CPU": 1.0, "memory": 1.0}
"""The largest ratios to boto3."""


# -- the server ------------------------------------------------------------------------------------


async def _fill(registry: InMemoryECR, images: int) -> None:
    """Push the releases, four fifths of the images, and untagged images."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    releases = images * 4 // 5 // _MANIFESTS_PER_RELEASE
    registry.clock.set(start)
    registry.clock.freeze()

    def add(content: str, **more: Any) -> str:
        layers = [content.encode()]
        return registry.add_image(_NAME, layers, pushed_at=registry.clock(), **more)

    async with registry.client() as client:
        for number in range(images - releases * _MANIFESTS_PER_RELEASE):
            add(f"untagged {number}")
        for number in range(releases):
            registry.clock.advance(seconds=60)
            children = [add(f"{number} {platform}") for platform in ("amd64", "arm64")]
            found = await client.batch_get_image(
                repository_name=_NAME, image_ids=[{"image_digest": one} for one in children]
            )
            document = {
                "schemaVersion": 2,
                "mediaType": _INDEX,
                "manifests": [
                    {
                        "mediaType": f"{_OCI}.manifest.v1+json",
                        "digest": image.image_id.image_digest,
                        "size": len(image.image_manifest),
                    }
                    for image in found.images
                ],
            }
            pushed = await client.put_image(
                repository_name=_NAME, image_manifest=json.dumps(document), image_tag=f"v{number}"
            )
            digest = str(pushed.image.image_id.image_digest)
            add(f"{number} signature", tags=[f"{digest.replace(':', '-')}.sig"])


def _serve(images: int) -> None:
    registry = InMemoryECR(region="us-east-1")
    anyio.run(_fill, registry, images)
    with registry.serve() as server:
        print(json.dumps(server.environment()), flush=True)
        sys.stdin.read()  # until the parent closes it


# -- the clients -----------------------------------------------------------------------------------


async def _with_ecrclient(keep: int) -> tuple[int, int]:
    calls = 0

    async def count(request: Any, call_next: Any) -> Any:
        nonlocal calls
        calls += 1
        return await call_next(request)

    async with ECRClient(middleware=[count]) as client:
        images = client.images(_NAME)
        plan = await images.plan_cleanup(KeepNewest(keep, of="v*"))
        report = await images.clean_up(plan)
    assert report.is_complete, report.failed[:3]
    return calls, len(report.deleted)


def _with_boto3(keep: int) -> tuple[int, int]:
    boto3: Any = importlib.import_module("boto3")
    client = boto3.client("ecr")
    calls = 0

    def count(**_: object) -> None:
        nonlocal calls
        calls += 1

    client.meta.events.register("before-send", count)
    pages = client.get_paginator("describe_images").paginate(
        repositoryName=_NAME, PaginationConfig={"PageSize": 1000}
    )
    images = {one["imageDigest"]: one for page in pages for one in page["imageDetails"]}
    indexes = [d for d, one in images.items() if one["imageManifestMediaType"] == _INDEX]
    children: dict[str, list[str]] = {}
    for start in range(0, len(indexes), 100):
        response = client.batch_get_image(
            repositoryName=_NAME,
            imageIds=[{"imageDigest": digest} for digest in indexes[start : start + 100]],
            acceptedMediaTypes=[_INDEX],
        )
        for image in response["images"]:
            manifests = json.loads(image["imageManifest"])["manifests"]
            children[image["imageId"]["imageDigest"]] = [one["digest"] for one in manifests]
    newest = sorted(indexes, key=lambda digest: images[digest]["imagePushedAt"])[-keep:]
    kept = {digest for index in newest for digest in (index, *children[index])}
    for digest, image in images.items():
        for tag in image.get("imageTags", ()):
            if tag.endswith(".sig") and tag[:-4].replace("-", ":") in kept:
                kept.add(digest)
    deleted = 0
    for is_index in (True, False):
        going = [d for d in images if d not in kept and (d in children) == is_index]
        for start in range(0, len(going), 100):
            response = client.batch_delete_image(
                repositoryName=_NAME,
                imageIds=[{"imageDigest": digest} for digest in going[start : start + 100]],
            )
            assert not response["failures"]
            deleted += len({one["imageDigest"] for one in response["imageIds"]})
    return calls, deleted


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _measure(job: Callable[[], tuple[int, int]]) -> None:
    before, cpu, begin = _peak_mib(), time.process_time(), time.perf_counter()
    calls, deleted = job()
    figures = {
        "calls": calls,
        "deleted": deleted,
        "CPU": time.process_time() - cpu,
        "seconds": time.perf_counter() - begin,
        "memory": _peak_mib() - before,
    }
    print(json.dumps(figures))


# -- the table -------------------------------------------------------------------------------------


def _run(client: str, images: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.cleanup", "--images", str(images), "--role"]
    with subprocess.Popen(  # noqa: S603 - this module
        [*command, "server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        environment = {**os.environ, **json.loads(server.stdout.readline())}
        done = subprocess.run(  # noqa: S603 - this module
            [*command, client], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(done.stderr)
        server.communicate()
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cleanup", description=__doc__)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--role", choices=["server", "ecrclient", "boto3"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    keep = options.images * 4 // 5 // _MANIFESTS_PER_RELEASE // 3
    if options.role == "server":
        _serve(options.images)
    elif options.role == "ecrclient":
        _measure(lambda: anyio.run(_with_ecrclient, keep))
    elif options.role == "boto3":
        _measure(lambda: _with_boto3(keep))
    else:
        return _compare(options.images)
    return 0


def _compare(images: int) -> int:
    figures = {client: _run(client, images) for client in ("ecrclient", "boto3")}
    ours, theirs = figures["ecrclient"], figures["boto3"]
    assert ours["deleted"] == theirs["deleted"]
    print(f"{images:,} images, of which {ours['deleted']:,.0f} are deleted\n")
    print(f"{'':<12}{'ecrclient':>12}{'boto3':>12}{'ratio':>8}{'bound':>8}")
    exceeded = False
    for name, unit in (("calls", ""), ("CPU", " s"), ("seconds", " s"), ("memory", " MiB")):
        ratio = ours[name] / theirs[name]
        bound = _BOUNDS.get(name)
        exceeded |= bound is not None and ratio > bound
        digits = 0 if name in {"calls", "memory"} else 2
        cells = [f"{one[name]:,.{digits}f}{unit}" for one in (ours, theirs)]
        shown = "" if bound is None else f"{bound:.1f}"
        print(f"{name:<12}{cells[0]:>12}{cells[1]:>12}{ratio:>8.2f}{shown:>8}")
    return int(exceeded)


if __name__ == "__main__":
    raise SystemExit(main())

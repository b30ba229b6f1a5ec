"""Measure the plan and the cleanup of a large repository, beside the same job with boto3.

::

    python -m benchmarks.cleanup [--images 20000]

The repository has releases, each an index with two images and a signature, and untagged images. Two
thirds of the releases and the untagged images are deleted. A server in a separate process is the
in-memory ECR, which starts again for each client. boto3 does the least that is correct: it lists
the images in pages of 1,000, reads the indexes, plans, and deletes indexes before their children.
ecrclient also reads the repository again before it deletes, to find what has changed.

The table has the calls, seconds, seconds of CPU time of the client, and the growth of its peak
memory, after a first call. The exit status is 1 if a bound is exceeded.
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
_STAGES = ("graph", "plan", "cleanup")
_BOUNDS = {"calls": 1.5, "CPU": 2.0, "memory": 1.5}
"""The largest ratios to boto3, for all stages together. ecrclient reads the repository once more,
and its plan has a reason for each image."""


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


class _Meter:
    """Measures the stages of a job."""

    def __init__(self) -> None:
        self.calls = 0
        self.figures: dict[str, dict[str, float]] = {}
        self._since = self._now()

    def begin(self) -> None:
        """Begin the first stage."""
        self.calls, self._since = 0, self._now()

    def end(self, stage: str) -> None:
        """End a stage, and begin the next one."""
        now = self._now()
        names = ("calls", "CPU", "seconds", "memory")
        grown = (after - before for after, before in zip(now, self._since, strict=True))
        self.figures[stage] = dict(zip(names, grown, strict=True))
        self._since = now

    def _now(self) -> tuple[float, ...]:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return self.calls, time.process_time(), time.perf_counter(), peak


async def _with_ecrclient(meter: _Meter, keep: int) -> int:
    async def count(request: Any, call_next: Any) -> Any:
        meter.calls += 1
        return await call_next(request)

    async with ECRClient(middleware=[count]) as client:
        await client.describe_repositories()
        images = client.images(_NAME)
        meter.begin()
        await images.graph()
        meter.end("graph")
        plan = await images.plan_cleanup(KeepNewest(keep, of="v*"))
        meter.end("plan")
        report = await images.clean_up(plan)
        meter.end("cleanup")
    assert report.is_complete, report.failed[:3]
    return len(report.deleted)


def _with_boto3(meter: _Meter, keep: int) -> int:
    boto3: Any = importlib.import_module("boto3")
    client = boto3.client("ecr")

    def count(**_: object) -> None:
        meter.calls += 1

    client.meta.events.register("before-send", count)
    client.describe_repositories()
    meter.begin()
    _graph_with_boto3(client)
    meter.end("graph")
    images, children = _graph_with_boto3(client)
    newest = sorted(children, key=lambda digest: images[digest]["imagePushedAt"])[-keep:]
    kept = {digest for index in newest for digest in (index, *children[index])}
    for digest, image in images.items():
        for tag in image.get("imageTags", ()):
            if tag.endswith(".sig") and tag[:-4].replace("-", ":") in kept:
                kept.add(digest)
    meter.end("plan")
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
    meter.end("cleanup")
    return deleted


def _graph_with_boto3(client: Any) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return the images, and the children of the indexes."""
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
    return images, children


def _measure(job: Callable[[_Meter], int]) -> None:
    meter = _Meter()
    deleted = job(meter)
    print(json.dumps({"deleted": deleted, "stages": meter.figures}))


# -- the table -------------------------------------------------------------------------------------


def _run(client: str, images: int) -> dict[str, Any]:
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
    figures: dict[str, Any] = json.loads(done.stdout)
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
        _measure(lambda meter: anyio.run(_with_ecrclient, meter, keep))
    elif options.role == "boto3":
        _measure(lambda meter: _with_boto3(meter, keep))
    else:
        return _compare(options.images)
    return 0


def _compare(images: int) -> int:
    results = {client: _run(client, images) for client in ("ecrclient", "boto3")}
    ours, theirs = (results[client]["stages"] for client in ("ecrclient", "boto3"))
    assert results["ecrclient"]["deleted"] == results["boto3"]["deleted"]
    print(f"{images:,} images, of which {results['boto3']['deleted']:,} are deleted\n")
    print(f"{'':<20}{'ecrclient':>12}{'boto3':>12}{'ratio':>8}{'bound':>8}")
    exceeded = False
    for name, unit in (("calls", ""), ("CPU", " s"), ("seconds", " s"), ("memory", " MiB")):
        for stage in (*_STAGES, "all"):
            chosen = _STAGES if stage == "all" else (stage,)
            mine, other = (sum(one[each][name] for each in chosen) for one in (ours, theirs))
            bound = _BOUNDS.get(name) if stage == "all" else None
            fails = bound is not None and mine > bound * other
            exceeded |= fails
            digits = 0 if name in {"calls", "memory"} else 2
            cells = [f"{value:,.{digits}f}{unit}" for value in (mine, other)]
            ratio = f"{mine / other:.2f}" if other else ""
            verdict = "" if bound is None else f"{bound:>8.1f}  {'exceeded' if fails else 'holds'}"
            row = f"{name + ', ' + stage:<20}{cells[0]:>12}{cells[1]:>12}{ratio:>8}{verdict}"
            print(row.rstrip())
    return int(exceeded)


if __name__ == "__main__":
    raise SystemExit(main())

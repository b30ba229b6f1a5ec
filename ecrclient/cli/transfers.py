"""What the commands that transfer images share: their options, and the output of a report."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypedDict, TypeVar

import click

from ecrclient.cli.output import print_json, print_line
from ecrclient.cli.text import counted, size

if TYPE_CHECKING:
    from ecrclient.cli.places import ImageName
    from ecrclient.images import StateFile
    from ecrclient.images.planning import CopyPlan
    from ecrclient.images.progress import TransferReport

__all__ = [
    "Choices",
    "choices",
    "creation",
    "destination_tags",
    "print_plan",
    "print_report",
    "state_file",
    "transfer_options",
]

_FunctionT = TypeVar("_FunctionT", bound=Callable[..., object])


class Choices(TypedDict):
    """The arguments that all transfers have."""

    platforms: list[str] | None
    referrers: bool
    foreign_layers: bool
    max_concurrency: int


def transfer_options(function: _FunctionT) -> _FunctionT:
    """Add the options that all transfers have."""
    for decorate in (
        click.option("--quiet", "-q", is_flag=True, help="Do not show the progress."),
        click.option(
            "--max-concurrency",
            type=click.IntRange(1),
            default=4,
            show_default=True,
            metavar="N",
            help="The blobs to transfer at the same time.",
        ),
        click.option(
            "--foreign-layers", is_flag=True, help="Transfer layers that must not be redistributed."
        ),
        click.option(
            "--referrers", is_flag=True, help="Transfer signatures, SBOMs and attestations too."
        ),
        click.option(
            "--platform",
            "platforms",
            multiple=True,
            metavar="OS/ARCH",
            help="Transfer this platform; repeatable. Default: all.",
        ),
    ):
        function = decorate(function)
    return function


def choices(
    platforms: tuple[str, ...], *, referrers: bool, foreign_layers: bool, max_concurrency: int
) -> Choices:
    """Return the arguments of a transfer from the values of the options."""
    return Choices(
        platforms=list(platforms) or None,
        referrers=referrers,
        foreign_layers=foreign_layers,
        max_concurrency=max_concurrency,
    )


def creation(*, create: bool) -> Literal["never", "if missing"]:
    """Return the argument that says whether a missing repository is created."""
    return "if missing" if create else "never"


def destination_tags(source: ImageName, destination: ImageName) -> list[str] | None:
    """Return the tags in the destination: its own, or else that of the source.

    Raises:
        click.UsageError: The destination has a digest.
    """
    if destination.digest is not None:
        raise click.UsageError("DESTINATION must be REPOSITORY or REPOSITORY:TAG, without a digest")
    tag = destination.tag or source.tag
    return None if tag is None else [tag]


def state_file(path: str | None) -> StateFile | None:
    """Return the state file with a path, if one is given."""
    from ecrclient.images import StateFile

    return None if path is None else StateFile(path)


def print_report(report: TransferReport, *, as_json: bool) -> None:
    """Print what a transfer did."""
    if as_json:
        print_json(dataclasses.asdict(report))
        return
    skipped = report.blobs_mounted + report.blobs_present
    print_line(
        f"{report.digest}: {size(report.bytes_copied)} in {counted(report.blobs_copied, 'blob')} "
        f"transferred, {size(report.bytes_skipped)} in {counted(skipped, 'blob')} "
        "present or mounted"
    )


def print_plan(plan: CopyPlan, *, as_json: bool) -> None:
    """Print what a transfer would do."""
    if as_json:
        print_json(
            {
                "source": plan.source,
                "destination": plan.destination,
                "digest": plan.image.digest,
                "tags": list(plan.tags),
                "manifests": [planned.manifest.digest for planned in plan.manifests],
                "blobs": [blob.digest for blob in plan.blobs],
                "bytes": plan.bytes,
                "calls": plan.calls,
            }
        )
        return
    print_line(
        f"{plan.image.digest}: {size(plan.bytes)} in {counted(len(plan.blobs), 'blob')} and "
        f"{counted(len(plan.manifests), 'manifest')} to write, {counted(plan.calls, 'call')}"
    )

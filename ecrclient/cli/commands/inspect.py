"""``ecrclient inspect``: show what an image is, without pulling it."""

from __future__ import annotations

import json
from typing import Any

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_line
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.text import size, time
from ecrclient.images.manifests import ImageConfig, ImageIndex, ImageManifest, Manifest

__all__ = ["command"]

_IMAGE_CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)


@click.command("inspect", cls=Command)
@click.argument("image", type=places.image)
@click.option("--platform", metavar="OS/ARCH", help="The platform to choose from an index.")
@click.option("--raw", is_flag=True, help="Print the manifest as it is stored.")
@pass_settings
def command(
    settings: Settings, image: places.ImageName, *, platform: str | None, raw: bool
) -> ExitCode:
    """Show the manifest and the configuration of an image, without pulling its layers."""
    reference = image.reference

    async def show() -> None:
        async with settings.client(region=image.region) as ecr:
            images = image.images(ecr)
            manifest = await images.manifest(reference, platform=platform)
            config = None
            if (
                not raw
                and isinstance(manifest, ImageManifest)
                and manifest.config.media_type in _IMAGE_CONFIGS
            ):
                config = await images.config(manifest.digest)
        if raw:
            click.echo(manifest.raw, nl=False)
        elif settings.json:
            print_json(_document(image.repository, manifest, config))
        else:
            _print(image.repository, manifest, config)

    return settings.run(show)


def _document(repository: str, manifest: Manifest, config: ImageConfig | None) -> dict[str, Any]:
    return {
        "repository": repository,
        "digest": manifest.digest,
        "media_type": manifest.media_type,
        "manifest": json.loads(manifest.raw),
        "config": None if config is None else json.loads(config.raw),
    }


def _print(repository: str, manifest: Manifest, config: ImageConfig | None) -> None:
    print_line(f"repository   {repository}")
    print_line(f"digest       {manifest.digest}")
    print_line(f"media type   {manifest.media_type}")
    if isinstance(manifest, ImageIndex):
        for child in manifest.manifests:
            print_line(f"image        {child.digest} {child.platform or child.artifact_type or ''}")
    if isinstance(manifest, ImageManifest):
        total = sum(layer.size for layer in manifest.layers)
        print_line(f"layers       {len(manifest.layers)} ({size(total)})")
        if manifest.subject is not None:
            print_line(f"subject      {manifest.subject.digest}")
    if config is None:
        return
    container = config.container
    for name, value in (
        ("platform", str(config.platform)),
        ("created", time(config.created) if config.created else ""),
        ("user", container.user),
        ("directory", container.working_directory),
        ("entry point", " ".join(container.entry_point)),
        ("command", " ".join(container.command)),
    ):
        if value:
            print_line(f"{name:<12} {value}")
    for name, value in sorted(container.labels.items()):
        print_line(f"label        {name}={value}")

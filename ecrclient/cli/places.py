"""Images and files on the command line: ``team/app:v1``, a URI, or ``oci:DIRECTORY:v1``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from ecrclient.references import ImageReference, ImageReferenceError, RegistryHost

if TYPE_CHECKING:
    from ecrclient.client import ECRClient
    from ecrclient.images import Images, ImageStore

__all__ = ["FileName", "ImageName", "file", "image", "repository"]

_FILE_KINDS = ("oci", "oci-archive", "docker-archive")
# The host is not used: it only completes the reference, so that one parser checks all of them.
_PLACEHOLDER = RegistryHost("000000000000", "us-east-1")


@dataclass(frozen=True)
class ImageName:
    """A repository, or an image in it."""

    repository: str
    tag: str | None = None
    digest: str | None = None
    account_id: str | None = None
    """The account of the registry; None for the caller's own."""
    region: str | None = None
    """The AWS Region of the registry; None for that of the options."""

    @property
    def reference(self) -> str:
        """The digest, or else the tag.

        Raises:
            click.UsageError: The text has neither.
        """
        found = self.digest or self.tag
        if found is None:
            raise click.UsageError(
                f"{self.repository} names a repository: add :TAG or @DIGEST to name an image"
            )
        return found

    def images(self, client: ECRClient) -> Images:
        """Return the images of the repository."""
        return client.images(self.repository, registry_id=self.account_id)

    @classmethod
    def parse(cls, text: str) -> ImageName:
        """Parse the text.

        Raises:
            ImageReferenceError: It is not a reference to an image.
        """
        first, slash, _ = text.removeprefix("https://").partition("/")
        if slash and ("." in first and ".dkr" in first):
            found = ImageReference.parse(text)
            registry = found.registry
            return cls(
                found.repository_name,
                found.tag,
                found.digest,
                registry.account_id,
                registry.region,
            )
        name, at, digest = text.partition("@")
        name, colon, tag = name.partition(":")
        found = ImageReference(_PLACEHOLDER, name, tag if colon else None, digest if at else None)
        return cls(found.repository_name, found.tag, found.digest)


@dataclass(frozen=True)
class FileName:
    """A layout or an archive, and optionally the name of an image in it."""

    kind: str
    path: str
    name: str | None = None

    @property
    def tag(self) -> str | None:
        """The tag of the image's name."""
        return None if self.name is None else self.name.rpartition(":")[2]

    def store(self) -> ImageStore:
        """Return the source or destination of a transfer."""
        from ecrclient.images import DockerArchive, Layout, OCIArchive

        match self.kind:
            case "oci":
                return Layout(self.path)
            case "oci-archive":
                return OCIArchive(self.path)
            case _:
                repository = (self.name or "").rpartition(":")[0]
                return DockerArchive(self.path, repository=repository or None)

    @classmethod
    def parse(cls, text: str) -> FileName:
        """Parse the text.

        Raises:
            ValueError: It does not name a file in a known format.
        """
        kind, colon, rest = text.partition(":")
        if kind not in _FILE_KINDS or not colon or not rest:
            raise ValueError(
                f"{text!r}: a file is oci:DIRECTORY, oci-archive:FILE or docker-archive:FILE"
            )
        drive = re.match(r"[A-Za-z]:[\\/]", rest)
        start = drive.end() if drive else 0
        path, _, name = rest[start:].partition(":")
        return cls(kind, rest[:start] + path, name or None)


def image(text: str) -> ImageName:
    """Convert an argument that names an image."""
    try:
        return ImageName.parse(text)
    except ImageReferenceError as error:
        raise click.BadParameter(str(error)) from None


def repository(text: str) -> ImageName:
    """Convert an argument that names a repository, without a tag and a digest."""
    found = image(text)
    if found.tag or found.digest:
        raise click.BadParameter(f"{text!r}: name a repository, without a tag and a digest")
    return found


def file(text: str) -> FileName:
    """Convert an argument that names a layout or an archive."""
    try:
        return FileName.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None

"""The names of images in layouts and archives.

A layout names an image by an annotation, which is a tag such as ``v1`` according to the OCI Image
Format Specification ("Annotations"). skopeo, crane and podman write whole names there, such as
``example.com/team/app:v1``. Docker and containerd write both, in two annotations.
"""

from __future__ import annotations

from collections.abc import Iterable

from ecrclient.images.manifests import Descriptor

__all__ = ["CONTAINERD_NAME", "REF_NAME", "find_named", "full_name", "labels", "tag_of"]

REF_NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"
_DEFAULT_REGISTRY = "docker.io"


def find_named(images: Iterable[Descriptor], name: str) -> dict[str, Descriptor]:
    """Return the images with a name, by digest.

    If no image has exactly this name, it may be the end of a whole name: ``app:v1`` and ``v1`` find
    ``example.com/team/app:v1``.
    """
    images = list(images)
    exact = {image.digest: image for image in images if name in _names(image)}
    ends = (f"/{name}", f":{name}")
    return exact or {
        image.digest: image
        for image in images
        if any(whole.endswith(ends) for whole in _names(image))
    }


def _names(image: Descriptor) -> list[str]:
    """The names of an image, the longer one first."""
    annotations = (image.annotations.get(name) for name in (CONTAINERD_NAME, REF_NAME))
    return [name for name in annotations if name is not None]


def labels(images: Iterable[Descriptor]) -> str:
    """Return the names of images for a message, or the digests of those without a name."""
    return ", ".join(sorted((*_names(image), image.digest)[0] for image in images)) or "none"


def tag_of(name: str) -> str:
    """Return the tag of a name such as ``example.com/team/app:v1``, or of a tag alone."""
    return name.rpartition(":")[2]


def full_name(name: str) -> str:
    """Return a name as containerd writes it: ``docker.io/library/app:v1`` for ``app:v1``."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"{_DEFAULT_REGISTRY}/{'' if slash else 'library/'}{name}"

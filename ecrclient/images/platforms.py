"""Platforms, such as ``linux/arm64/v8``, and the choice of an image for one.

Sources: "Image Index" in the OCI Image Format Specification for the members; the package
``platforms`` of containerd for equivalent spellings and for which variants run on which.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ecrclient._awsjson.protocol.argument_checks import wrong_argument
from ecrclient.images.manifests import Platform

if TYPE_CHECKING:
    from ecrclient.images.manifests import Descriptor

__all__ = ["choose", "parse_platform"]

_PART = re.compile(r"[A-Za-z0-9_.-]+")
_PARTS = range(2, 4)

_ARCHITECTURES = {
    "x86_64": ("amd64", None),
    "x86-64": ("amd64", None),
    "aarch64": ("arm64", None),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "i386": ("386", None),
    "i686": ("386", None),
}
_DEFAULT_VARIANTS = {"arm64": "v8", "arm": "v7", "amd64": "v1"}


def parse_platform(function: str, platform: object) -> Platform:
    """Return a platform that a caller passed: a `Platform`, or ``os/architecture/variant``.

    Raises:
        RequestValidationError: It is neither.
    """
    if isinstance(platform, Platform):
        return platform
    parts = platform.split("/") if isinstance(platform, str) else []
    if len(parts) not in _PARTS or not all(map(_PART.fullmatch, parts)):
        raise wrong_argument(
            function, "platform", "must be a Platform or a text such as linux/arm64/v8"
        )
    return Platform(os=parts[0], architecture=parts[1], variant=(*parts[2:], None)[0])


def choose(descriptors: Sequence[Descriptor], platform: Platform) -> Descriptor | None:
    """Return the best of several images for a platform; None: there is none.

    An exact match of the variant is best. Otherwise the newest older variant is used, since
    processors run code for the older variants of their architecture.
    """
    os, architecture, variant = _normal(platform)
    level = _level(variant)
    best: tuple[int, Descriptor] | None = None
    for descriptor in descriptors:
        if descriptor.platform is None:
            continue
        other_os, other_architecture, other_variant = _normal(descriptor.platform)
        if (other_os, other_architecture) != (os, architecture):
            continue
        if platform.os_version and descriptor.platform.os_version != platform.os_version:
            continue
        if other_variant == variant:
            return descriptor
        other_level = _level(other_variant)
        if level is None or other_level is None or other_level > level:
            continue
        if best is None or other_level > best[0]:
            best = (other_level, descriptor)
    return None if best is None else best[1]


def _normal(platform: Platform) -> tuple[str, str, str | None]:
    architecture = platform.architecture.lower()
    variant = platform.variant
    if architecture in _ARCHITECTURES:
        architecture, implied = _ARCHITECTURES[architecture]
        variant = variant or implied
    if variant is not None:
        variant = variant.lower()
        if variant.isdigit():
            variant = f"v{variant}"
    return platform.os.lower(), architecture, variant or _DEFAULT_VARIANTS.get(architecture)


def _level(variant: str | None) -> int | None:
    if variant is None or not variant.startswith("v") or not variant[1:].isdigit():
        return None
    return int(variant[1:])

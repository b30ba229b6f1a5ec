"""Digests, and the verification of content while it streams.

Source: "Descriptors" in the OCI Image Format Specification. The algorithms are the registered ones,
SHA-256 and SHA-512; ECR itself uses SHA-256.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from ecrclient.images.errors import ContentMismatchError

if TYPE_CHECKING:
    from ecrclient.images.manifests import Descriptor

__all__ = [
    "ContentCheck",
    "check_content",
    "cosign_tags",
    "is_digest",
    "is_referrers_tag",
    "is_tag",
    "sha256",
]

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_REFERRERS_TAG = re.compile(r"(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})(\..+)?")
_COSIGN_SUFFIXES = ("sig", "att", "sbom")


def is_digest(text: str) -> bool:
    """Whether a text is a digest: ``sha256:`` or ``sha512:`` and hexadecimal digits."""
    return _DIGEST.fullmatch(text) is not None


def is_tag(text: object) -> bool:
    """Whether an object is a tag ("Pulling manifests" in the OCI Distribution Specification)."""
    return isinstance(text, str) and _TAG.fullmatch(text) is not None


def cosign_tags(digest: str) -> list[str]:
    """Return the tags by which cosign finds what belongs to an image, such as its signatures."""
    return [f"{digest.replace(':', '-')}.{suffix}" for suffix in _COSIGN_SUFFIXES]


def is_referrers_tag(tag: str) -> bool:
    """Whether a tag is made of a digest: one of cosign, or of OCI's "Referrers Tag Schema"."""
    return _REFERRERS_TAG.fullmatch(tag) is not None


def sha256(content: bytes) -> str:
    """Return the digest of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class ContentCheck:
    """Counts and hashes content, and compares it with its descriptor.

    The methods compute without waiting. Call them in a worker thread for large pieces.

    Args:
        descriptor: The digest and the size that the content must have.
    """

    def __init__(self, descriptor: Descriptor) -> None:
        self._descriptor = descriptor
        self._hash = hashlib.new(descriptor.digest.partition(":")[0])
        self.size = 0
        """The number of bytes so far."""

    def update(self, piece: bytes | bytearray | memoryview) -> None:
        """Add a piece of the content.

        Raises:
            ContentMismatchError: The content is longer than the descriptor says.
        """
        with memoryview(piece) as view:
            self.size += view.nbytes
        if self.size > self._descriptor.size:
            raise ContentMismatchError(
                self._descriptor.digest, f"longer than its {self._descriptor.size} bytes"
            )
        self._hash.update(piece)

    def finish(self) -> None:
        """Compare the whole content with the descriptor.

        Raises:
            ContentMismatchError: The size or the digest differs.
        """
        expected = self._descriptor
        if self.size != expected.size:
            problem = f"ends after {self.size} of {expected.size} bytes"
            raise ContentMismatchError(expected.digest, problem)
        found = f"{self._hash.name}:{self._hash.hexdigest()}"
        if found != expected.digest:
            raise ContentMismatchError(expected.digest, f"the content has the digest {found}")


def check_content(descriptor: Descriptor, content: bytes) -> None:
    """Verify the size and the digest of content in memory.

    Raises:
        ContentMismatchError: The size or the digest differs.
    """
    check = ContentCheck(descriptor)
    check.update(content)
    check.finish()

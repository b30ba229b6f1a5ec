"""Digests and tags.

Source: "Descriptors" in the OCI Image Format Specification. The algorithms are the registered ones,
SHA-256 and SHA-512; ECR itself uses SHA-256.
"""

from __future__ import annotations

import hashlib
import re

__all__ = ["cosign_tags", "is_digest", "is_referrers_tag", "is_tag", "sha256", "subject_of_tag"]

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


def subject_of_tag(tag: str) -> str | None:
    """Return the digest of which a tag is made; None: it is not such a tag."""
    match = _REFERRERS_TAG.fullmatch(tag)
    return match and match[1].replace("-", ":", 1)


def sha256(content: bytes) -> str:
    """Return the digest of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"

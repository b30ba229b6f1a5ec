"""Images and rules in the members of ECR's API, with ages in days instead of times."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["NOW", "Members", "ago", "archive", "expire", "image", "policy_text"]

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
Members = Mapping[str, Any]
_IMAGE = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def image(
    name: str,
    *tags: str,
    pushed: float | None,
    pulled: float | None = None,
    archived: float | None = None,
    restored: float | None = None,
    subject: str | None = None,
    is_index: bool = False,
) -> Members:
    """An item of DescribeImages, whose digest is its name; *pushed* days ago, and so on."""
    is_archived = archived is not None and (restored is None or restored > archived)
    members = {
        "imageDigest": name,
        "imageTags": list(tags),
        "imagePushedAt": None if pushed is None else ago(pushed),
        "imageStatus": "ARCHIVED" if is_archived else "ACTIVE",
        "lastRecordedPullTime": None if pulled is None else ago(pulled),
        "lastArchivedAt": None if archived is None else ago(archived),
        "lastActivatedAt": None if restored is None else ago(restored),
        "subjectManifestDigest": subject,
        "imageManifestMediaType": _INDEX if is_index else _IMAGE,
    }
    # ECR omits members that have no value.
    return {name: value for name, value in members.items() if value not in (None, [])}


def _rule(priority: int, tags: str | Sequence[str], limit: str, action: Members) -> Members:
    """A rule; *tags* ``any``, ``untagged``, or patterns; prefixes begin with ``^``."""
    selection: dict[str, Any] = {"tagStatus": tags if isinstance(tags, str) else "tagged"}
    if not isinstance(tags, str):
        prefixes = [tag[1:] for tag in tags if tag.startswith("^")]
        selection |= {"tagPrefixList": prefixes} if prefixes else {"tagPatternList": list(tags)}
    kind, number = limit.split()
    kinds = {
        "count": "imageCountMoreThan",
        "pushed": "sinceImagePushed",
        "pulled": "sinceImagePulled",
        "archived": "sinceImageTransitioned",
    }
    selection |= {"countType": kinds[kind], "countNumber": int(number)}
    if kind != "count":
        selection["countUnit"] = "days"
    if kind == "archived":
        selection["storageClass"] = "archive"
    return {"rulePriority": priority, "selection": selection, "action": action}


def expire(priority: int, tags: str | Sequence[str], limit: str) -> Members:
    """A rule that expires; the limit is such as ``count 1`` or ``pushed 14``."""
    return _rule(priority, tags, limit, {"type": "expire"})


def archive(priority: int, tags: str | Sequence[str], limit: str) -> Members:
    """A rule that archives."""
    return _rule(priority, tags, limit, {"type": "transition", "targetStorageClass": "archive"})


def policy_text(*rules: Members) -> str:
    return json.dumps({"rules": rules})

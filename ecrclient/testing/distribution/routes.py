"""The resources of the ``/v2/`` API, by path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

__all__ = ["PREFIX", "Route", "find_route"]

PREFIX = "/v2"

_ROUTES = {
    name: re.compile(PREFIX + path)
    for name, path in {
        "base": "/?",
        "catalog": "/_catalog",
        # The first that matches is used: a repository's name may contain slashes.
        "uploads": "/(?P<name>.+)/blobs/uploads/?",
        "upload": "/(?P<name>.+)/blobs/uploads/(?P<reference>[^/]+)",
        "blob": "/(?P<name>.+)/blobs/(?P<reference>[^/]+)",
        "manifest": "/(?P<name>.+)/manifests/(?P<reference>[^/]+)",
        "tags": "/(?P<name>.+)/tags/list",
        "referrers": "/(?P<name>.+)/referrers/(?P<reference>[^/]+)",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Route:
    """A resource."""

    resource: str
    """The kind of resource, such as ``manifest``."""
    name: str = ""
    """The repository's name."""
    reference: str = ""
    """The tag, the digest or the upload ID."""


def find_route(path: str) -> Route | None:
    """Return the resource at a path, which may be percent-encoded; None if there is none."""
    for resource, pattern in _ROUTES.items():
        match = pattern.fullmatch(path)
        if match is not None:
            parts = {key: unquote(value) for key, value in match.groupdict().items()}
            return Route(resource, **parts)
    return None

"""Lists of tags, repositories and referrers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ecrclient.operations import DESCRIBE_REPOSITORIES, LIST_IMAGE_REFERRERS, LIST_IMAGES

from ..http_messages import HttpResponse
from .errors import DistributionError

if TYPE_CHECKING:
    from ecrclient.models import ImageReferrer

    from .exchange import Exchange

__all__ = ["list_referrers", "list_repositories", "list_tags"]

_INDEX = "application/vnd.oci.image.index.v1+json"
_MOST = 1000
_DEFAULT = 1000


def list_tags(exchange: Exchange) -> HttpResponse:
    """Return the tags of active images, in order."""
    exchange.request_of(LIST_IMAGES, repositoryName=exchange.name)
    repository, now = exchange.repository(), exchange.registry.clock()
    tags = [
        tag
        for tag, digest in repository.tags.items()
        if repository.images[digest].status(now) == "ACTIVE"
    ]
    page, headers = _page(exchange, tags)
    return _json({"name": exchange.name, "tags": page}, headers)


def list_repositories(exchange: Exchange) -> HttpResponse:
    """Return the names of the repositories, in order."""
    exchange.call(DESCRIBE_REPOSITORIES)
    page, headers = _page(exchange, exchange.registry.repositories)
    return _json({"repositories": page}, headers)


def list_referrers(exchange: Exchange) -> HttpResponse:
    """Return an index of the artifacts that are attached to a manifest, which need not exist."""
    kind = exchange.parameter("artifactType")
    members: dict[str, object] = {
        "repositoryName": exchange.name,
        "subjectId": {"imageDigest": exchange.reference},
    }
    if kind:
        members["filter"] = {"artifactTypes": [kind]}
    manifests: list[dict[str, object]] = []
    while True:
        page = exchange.call(LIST_IMAGE_REFERRERS, **members)
        manifests += map(_descriptor, page.referrers)
        if page.next_token is None:
            break
        members["nextToken"] = page.next_token
    headers = {"content-type": _INDEX}
    if kind:
        headers["oci-filters-applied"] = "artifactType"
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": manifests}
    return _json(index, headers)


def _descriptor(referrer: ImageReferrer) -> dict[str, object]:
    descriptor: dict[str, object] = {
        "mediaType": referrer.media_type,
        "size": referrer.size,
        "digest": referrer.digest,
    }
    if referrer.artifact_type is not None:
        descriptor["artifactType"] = referrer.artifact_type
    if referrer.annotations:
        descriptor["annotations"] = dict(referrer.annotations)
    return descriptor


def _page(exchange: Exchange, names: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Return one page in ASCII order, and the header that links to the next."""
    text, last = exchange.parameter("n"), exchange.parameter("last") or ""
    if text is not None and not text.isdecimal():
        raise DistributionError(
            400, "PAGINATION_NUMBER_INVALID", f"n must be a number from 0 to {_MOST}, not {text!r}"
        )
    size = min(int(text), _MOST) if text is not None else _DEFAULT
    rest = sorted(name for name in names if name > last)
    page = rest[:size]
    if not page or len(rest) == len(page):
        return page, {}
    query = urlencode({"n": size, "last": page[-1]})
    return page, {"link": f'<{exchange.request.path}?{query}>; rel="next"'}


def _json(document: object, headers: dict[str, str]) -> HttpResponse:
    return HttpResponse(
        200, {"content-type": "application/json", **headers}, json.dumps(document).encode()
    )

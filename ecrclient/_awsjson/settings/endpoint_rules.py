"""The functions that generated endpoint rules call.

Source: "Rules engine standard library" in the Smithy specification, and AWS's functions beside it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, urlsplit

__all__ = [
    "Arn",
    "SignedURL",
    "URLParts",
    "is_valid_host_label",
    "item_at",
    "parse_arn",
    "parse_url",
    "substring",
    "uri_encode",
]

# RFC 1123, section 2.1.
_HOST_LABEL = re.compile(r"(?!-)[a-zA-Z0-9-]{1,63}(?<!-)")
_ARN_PARTS = 6


class SignedURL(NamedTuple):
    """An endpoint whose requests are signed for another region or service than the client's."""

    url: str
    signing_region: str | None = None
    """None: the client's region."""
    signing_name: str | None = None
    """None: the service's name."""


class Arn(NamedTuple):
    """The parts of an Amazon Resource Name."""

    partition: str
    service: str
    region: str
    account_id: str
    resource_id: tuple[str, ...]


class URLParts(NamedTuple):
    """The parts of a URL without a query."""

    scheme: str
    authority: str
    path: str
    normalized_path: str
    """The path, which begins and ends with a slash."""
    is_ip: bool


def parse_arn(value: str | None) -> Arn | None:
    """Return the parts of an ARN; None if *value* is not one."""
    parts = (value or "").split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS or parts[0] != "arn":
        return None
    _, partition, service, region, account_id, resource = parts
    if not (partition and service and resource):
        return None
    resource_id = tuple(resource.replace(":", "/").split("/"))
    return Arn(partition, service, region, account_id, resource_id)


def parse_url(value: str | None) -> URLParts | None:
    """Return the parts of a URL; None if it is invalid or has a query."""
    try:
        parts = urlsplit(value or "")
        host = parts.hostname or ""
        _ = parts.port  # raises if it is not a number
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or parts.query:
        return None
    path = quote(parts.path)
    normalized = "/" + "".join(f"{part}/" for part in path.split("/") if part)
    return URLParts(parts.scheme, parts.netloc, parts.path, normalized, _is_ip(host))


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_valid_host_label(value: str | None, allow_subdomains: bool) -> bool:  # noqa: FBT001
    """Return whether *value* can be a label of a host name, or several with dots between them."""
    labels = (value or "").split(".") if allow_subdomains else [value or ""]
    return all(_HOST_LABEL.fullmatch(label) for label in labels)


def substring(value: str | None, start: int, stop: int, reverse: bool) -> str | None:  # noqa: FBT001
    """Return the characters from *start* to *stop*; counted from the end if *reverse*.

    None if *value* is shorter, or not ASCII.
    """
    if value is None or start >= stop or len(value) < stop or not value.isascii():
        return None
    return value[len(value) - stop : len(value) - start] if reverse else value[start:stop]


def item_at(items: Sequence[str | None] | None, index: int) -> str | None:
    """Return an item of a list; None if the list is shorter."""
    return items[index] if items is not None and index < len(items) else None


def uri_encode(value: str | None) -> str | None:
    """Return *value* with all but unreserved characters percent-encoded."""
    return None if value is None else quote(value, safe="-_.~")

"""Resource tags: labels of a repository, not of its images."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ecrclient.errors import (
    InvalidTagParameterException,
    RepositoryNotFoundException,
    TooManyTagsException,
)
from ecrclient.models import (
    ListTagsForResourceRequest,
    ListTagsForResourceResponse,
    Tag,
    TagResourceRequest,
    TagResourceResponse,
    UntagResourceRequest,
    UntagResourceResponse,
)
from ecrclient.operations import LIST_TAGS_FOR_RESOURCE, TAG_RESOURCE, UNTAG_RESOURCE

from ..errors import invalid_parameter, refuse

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import Registry, RepositoryRecord

__all__ = ["ResourceTags", "merge_tags"]

_MOST_TAGS = 50
_LONGEST_KEY = 128
_LONGEST_VALUE = 256
_RESERVED_PREFIX = "aws:"
_PUNCTUATION = "_.:/=+-@"
_ARN_PARTS = 6


class ResourceTags:
    """TagResource, UntagResource, ListTagsForResource."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(TAG_RESOURCE, self.tag)
        handlers.on(UNTAG_RESOURCE, self.untag)
        handlers.on(LIST_TAGS_FOR_RESOURCE, self.list_tags)

    def tag(self, request: TagResourceRequest) -> TagResourceResponse:
        """Add tags; an existing key gets the new value."""
        repository = self._repository(request.resource_arn)
        repository.resource_tags = merge_tags(repository.resource_tags, request.tags)
        return TagResourceResponse()

    def untag(self, request: UntagResourceRequest) -> UntagResourceResponse:
        """Remove tags; keys that do not exist are ignored."""
        repository = self._repository(request.resource_arn)
        for key in request.tag_keys:
            _check_key(key)
        for key in request.tag_keys:
            repository.resource_tags.pop(key, None)
        return UntagResourceResponse()

    def list_tags(self, request: ListTagsForResourceRequest) -> ListTagsForResourceResponse:
        """Return all tags of a repository."""
        tags = self._repository(request.resource_arn).resource_tags
        return ListTagsForResourceResponse(
            tags=[Tag(key=key, value=value) for key, value in tags.items()]
        )

    def _repository(self, arn: str) -> RepositoryRecord:
        parts = arn.split(":", _ARN_PARTS - 1)
        # arn:<partition>:ecr:<region>:<account>:repository/<name>
        if len(parts) != _ARN_PARTS or parts[0] != "arn" or parts[2] != "ecr":
            raise invalid_parameter("resourceArn", "Invalid ARN")
        kind, _, name = parts[-1].partition("/")
        if kind != "repository" or not name:
            raise invalid_parameter("resourceArn", "Invalid ARN")
        if arn != self._registry.arn(name):
            raise refuse(RepositoryNotFoundException, f"There is no repository with the ARN {arn}")
        return self._registry.repository(name)


def merge_tags(present: dict[str, str], added: Iterable[Tag]) -> dict[str, str]:
    """Return the *present* tags of a resource with the *added* ones.

    Raises:
        InvalidTagParameterException: A tag is malformed, or a key appears twice.
        TooManyTagsException: There would be more than 50 tags.
    """
    new: dict[str, str] = {}
    for tag in added:
        _check_key(tag.key)
        _check_text("value", tag.value, _LONGEST_VALUE)
        if tag.key in new:
            raise refuse(InvalidTagParameterException, f"Tag key '{tag.key}' must appear only once")
        new[tag.key] = tag.value
    merged = present | new
    if len(merged) > _MOST_TAGS:
        raise refuse(
            TooManyTagsException,
            f"A resource must have at most {_MOST_TAGS} tags, not {len(merged)}",
        )
    return merged


def _check_key(key: str) -> None:
    if not key:
        raise refuse(InvalidTagParameterException, "A tag key must not be empty")
    if key.lower().startswith(_RESERVED_PREFIX):
        raise refuse(
            InvalidTagParameterException,
            f"Tag key '{key}' must not begin with '{_RESERVED_PREFIX}'",
        )
    _check_text("key", key, _LONGEST_KEY)


def _check_text(kind: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise refuse(
            InvalidTagParameterException,
            f"A tag {kind} must have at most {longest} characters, not {len(text)}",
        )
    # Letters, numbers and separators of any script, as AWS allows in all its tags.
    if not all(unicodedata.category(char)[0] in "LNZ" or char in _PUNCTUATION for char in text):
        raise refuse(
            InvalidTagParameterException,
            f"Tag {kind} '{text}' must only have letters, numbers, spaces and {_PUNCTUATION}",
        )

"""Python names from the names on the wire."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable

import botocore
from pydantic import BaseModel

__all__ = [
    "camel_case",
    "class_prefix",
    "error_member_name",
    "member_name",
    "pascal_case",
    "snake_case",
]

# botocore has no type annotations, so the function gets its type here.
_xform_name: Callable[[str], str] = getattr(botocore, "xform_name")  # noqa: B009
_RESERVED = frozenset(dir(BaseModel)) | frozenset(keyword.kwlist) | {"self", "response_metadata"}
# The attributes of the runtime's ServiceError, which have a type and a meaning for every error.
_ERROR_ATTRIBUTES = frozenset(dir(Exception)) | {
    "attempts",
    "code",
    "details",
    "is_modelled",
    "is_retryable",
    "is_throttling",
    "message",
    "operation",
    "request_id",
    "retry_after",
    "status",
}


def snake_case(name: str) -> str:
    """Botocore's spelling of *name*: ``get_download_url`` for ``GetDownloadUrl``."""
    return _xform_name(name)


def member_name(wire_name: str) -> str:
    """The attribute of a member, with an underscore if Python or pydantic reserve the name."""
    # pydantic has private attributes with an underscore in front; ``ACLs`` would become ``_acls``.
    name = snake_case(re.sub(r"\W", "_", wire_name)).lstrip("_")
    if not name.isidentifier() and not keyword.iskeyword(name):
        name = f"n{name}"
    return f"{name}_" if name in _RESERVED or name.startswith("model_") else name


def error_member_name(wire_name: str) -> str:
    """The attribute of an error's member, with an underscore if every error has the attribute."""
    name = member_name(wire_name)
    return f"{name}_" if name in _ERROR_ATTRIBUTES else name


def class_prefix(service_id: str) -> str:
    """The beginning of a class name: ``SecretsManager`` for ``Secrets Manager``."""
    return re.sub(r"\W", "", service_id)


def camel_case(name: str) -> str:
    """``imageTag`` for ``image_tag``, by the same rule as the runtime."""
    head, *tail = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in tail)


def pascal_case(name: str) -> str:
    """``ImageTag`` for ``image_tag``, by the same rule as the runtime."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))

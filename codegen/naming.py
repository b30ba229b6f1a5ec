"""How names on the wire become Python names."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable

import botocore
from pydantic import BaseModel

__all__ = ["camel_case", "class_prefix", "member_name", "pascal_case", "snake_case"]

# botocore has no types; this is the one function of it that is called here.
_xform_name: Callable[[str], str] = getattr(botocore, "xform_name")  # noqa: B009
_RESERVED = frozenset(dir(BaseModel)) | frozenset(keyword.kwlist) | {"self", "response_metadata"}


def snake_case(name: str) -> str:
    """The spelling that botocore gives *name*: ``GetDownloadUrl`` is ``get_download_url``."""
    return _xform_name(name)


def member_name(wire_name: str) -> str:
    """The attribute for a member; an underscore follows where Python or pydantic has the name."""
    name = snake_case(re.sub(r"\W", "_", wire_name))
    return f"{name}_" if name in _RESERVED or name.startswith("model_") else name


def class_prefix(service_id: str) -> str:
    """``Secrets Manager`` is ``SecretsManager``: the service's name as a class name may begin."""
    return re.sub(r"\W", "", service_id)


def camel_case(name: str) -> str:
    """``image_tag`` is ``imageTag``; the runtime has the same rule for the wire."""
    head, *tail = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in tail)


def pascal_case(name: str) -> str:
    """``image_tag`` is ``ImageTag``; the runtime has the same rule for the wire."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))

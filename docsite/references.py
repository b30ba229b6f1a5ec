"""Convert references and ``::`` in docstrings to Markdown for the site.

In a docstring, a name in single backticks is a reference, which editors show as code. The site
shows a link: ``[`Batches`][ecrclient.Batches]``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import griffe

__all__ = ["References", "to_markdown"]

_REFERENCE = re.compile(r"(?<!`)`(?P<name>[A-Za-z_][\w.]*)`(?!`)")
_LITERAL = re.compile(r"^(?P<lead>.*?)::\n\n(?P<block>(?: {4}.*\n?|\n)+)", re.MULTILINE)
# Hand-written bases, whose methods the site shows as the client's own.
_BASES = {
    "ecrclient._helpers.ClientHelpers": "ecrclient.ECRClient",
    "ecrclient._awsjson.client.BaseClient": "ecrclient.ECRClient",
}


def to_markdown(text: str, resolve: Callable[[str], str]) -> str:
    """A docstring's text as Markdown.

    Args:
        text: The docstring.
        resolve: Returns the full path of a name in the docstring.
    """

    def link(match: re.Match[str]) -> str:
        return f"[`{match['name']}`][{resolve(match['name'])}]"

    def fence(match: re.Match[str]) -> str:
        lines = [line.removeprefix("    ") for line in match["block"].strip("\n").splitlines()]
        lead = f"{match['lead']}:\n\n" if match["lead"] else ""
        return f"{lead}```\n" + "\n".join(lines) + "\n```\n\n"

    return _LITERAL.sub(fence, _REFERENCE.sub(link, text))


class References(griffe.Extension):
    """Rewrites all docstrings of a package after it is loaded."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Rewrite the docstrings in *pkg*."""
        _rewrite(pkg, pkg)
        # The methods' docstrings name errors that their module does not import.
        client, errors = pkg["client"], pkg["errors"]
        for name, error in errors.classes.items():
            client.set_member(name, griffe.Alias(name, error))


def _rewrite(obj: griffe.Object, package: griffe.Module) -> None:
    if obj.docstring is not None:
        obj.docstring.value = to_markdown(
            obj.docstring.value, lambda name: _path(obj, name, package)
        )
    for member in obj.members.values():
        if isinstance(member, griffe.Object):
            _rewrite(member, package)


def _path(obj: griffe.Object, name: str, package: griffe.Module) -> str:
    """The full path that *name* refers to in the docstring of *obj*."""
    within = obj if obj.is_class or obj.parent is None else obj.parent
    head, dot, rest = name.partition(".")
    if within.is_class and head in within.all_members:
        return f"{_BASES.get(within.path, within.path)}.{name}"
    if within.path in _BASES:
        return f"{_BASES[within.path]}.{name}"
    if head in package.members and package.members[head].is_alias:
        return f"{package.path}.{name}"
    try:
        return f"{obj.resolve(head)}{dot}{rest}"
    except griffe.NameResolutionError:
        # A public name that the module does not import.
        return f"{package.path}.{name}"
